/* The two machines of a message. Their states stand in the message's own row, because workers find their work by them.
 */
#include "kernel/message_int.h"

/* Of both bindings: the law of a journal entry does not tell by which a message went. */
#define RELIABLE_MESSAGING "AS4 profile 1.0 §3.2; ebMS 2.0 §6.5"

static const char *const out_final[] = { "delivered", "abandoned", NULL };
static const char *const in_final[] = { "processed", "abandoned", NULL };

/* A receipt that was verified settles the message whatever was decided meanwhile: the partner has it. What was
 * abandoned is at its end; the receipt is then kept as evidence alone. */
static const struct fsm_row out_rows[] = {
	{ .from = "queued", .event = MESSAGE_DELIVERED, .to = "delivered", .law = RELIABLE_MESSAGING },
	{ .from = "queued", .event = MESSAGE_GIVEN_UP, .to = "dead", .law = RELIABLE_MESSAGING },
	{ .from = "queued", .event = "hold", .to = "held" },
	{ .from = "queued", .event = MESSAGE_RETRY, .to = "queued" },
	{ .from = "held", .event = "release", .to = "queued" },
	{ .from = "held", .event = MESSAGE_ABANDON, .to = "abandoned" },
	{ .from = "held", .event = MESSAGE_DELIVERED, .to = "delivered", .law = RELIABLE_MESSAGING },
	{ .from = "dead", .event = MESSAGE_RETRY, .to = "queued" },
	{ .from = "dead", .event = MESSAGE_ABANDON, .to = "abandoned" },
	{ .from = "dead", .event = MESSAGE_DELIVERED, .to = "delivered", .law = RELIABLE_MESSAGING },
	{ 0 },
};

static const struct fsm_row in_rows[] = {
	{ .from = "received", .event = MESSAGE_PROCESSED, .to = "processed" },
	{ .from = "received", .event = MESSAGE_FAILED, .to = "failed" },
	{ .from = "received", .event = MESSAGE_RETRY, .to = "received" },
	{ .from = "failed", .event = MESSAGE_RETRY, .to = "received" },
	{ .from = "failed", .event = MESSAGE_ABANDON, .to = "abandoned" },
	{ 0 },
};

const struct machine message_out_machine = {
	.name = "message.out",
	.title = "A message that we send",
	.initial = "queued",
	.final = out_final,
	.rows = out_rows,
	.subject_type = "message",
	.get = &sql_message_state,
	.set = &sql_message_state_set,
};

const struct machine message_in_machine = {
	.name = "message.in",
	.title = "A message that we received",
	.initial = "received",
	.final = in_final,
	.rows = in_rows,
	.subject_type = "message",
	.get = &sql_message_state,
	.set = &sql_message_state_set,
};

struct fsm_case message_case(struct kernel *kernel, struct arena *arena, const struct message *message,
			     const struct actor *actor, int64_t now_us, const char *detail)
{
	return (struct fsm_case){
		.kernel = kernel,
		.arena = arena,
		.id = message->id,
		.organisation = message->organisation,
		.actor = *actor,
		.now_us = now_us,
		.detail = detail,
	};
}

enum err_code message_fire(struct tx *tx, const struct fsm_case *fsm_case, const struct machine *machine,
			   const char *event, const char **to, struct err *err)
{
	struct findings *aside = findings_new(fsm_case->arena);

	if (!aside)
		return fail(err, ERR_MEMORY, "no memory left to move message %s", fsm_case->id);
	return fsm_fire(tx, machine, fsm_case, event, to, aside, err);
}
