/* The test message of each binding: ebMS 3.0 core §5.2.2.8 (test service), ebMS 2.0 §8.2 (Ping). */
#include "base/text.h"
#include "base/uuid.h"
#include "kernel/journal.h"
#include "messaging/send_int.h"
#include "messaging/uris_int.h"

bool ebms_is_ping(const char *service, const char *action)
{
	return same(service, URI_TEST_SERVICE) && same(action, URI_TEST_ACTION);
}

enum err_code probe_message(const struct messaging *messaging, struct arena *arena, const struct peer *peer,
			    const char *from, const char *to, struct message *message, struct err *err)
{
	const struct kernel *kernel = messaging->options.kernel;
	int64_t now_us = clock_now_us(kernel->clock);
	char uuid[UUID_SIZE];
	uuid_new(uuid, now_us);
	message->id = arena_text(arena, uuid);
	message->message_id = arena_printf(arena, "%s" MESSAGE_LINK_TEST, uuid);
	message->conversation = message->id;
	message->direction = "out";
	message->partner = peer->partner.code;
	message->test = true;
	message->created_us = now_us;
	message->original_sender = arena_printf(arena, "%s:%s", kernel->state, from);
	message->final_recipient = arena_printf(arena, "%s:%s", peer->partner.code, to);
	if (!message->message_id || !message->id || !message->final_recipient || !message->original_sender)
		return fail(err, ERR_MEMORY, "no memory to test the link with %s", peer->partner.code);
	return OK;
}

struct pinging {
	struct messaging *messaging;
	struct arena *arena;
	const char *partner;
	const struct actor *actor;
	int64_t now_us;
	struct message message;
};

static enum err_code put_ping(struct tx *tx, void *arg, struct err *err)
{
	struct pinging *p = arg;
	struct kernel *kernel = p->messaging->options.kernel;
	struct partner partner;
	struct organisation customs;
	struct message_parts none = { 0 };
	TRY(partner_find(tx, p->arena, p->partner, &partner, err));
	if (!partner.code)
		return fail(err, ERR_NOT_FOUND, "there is no partner %s; see lintas partner list", p->partner);
	TRY(organisation_of_seat(tx, p->arena, "customs", &customs, err));
	p->message = (struct message){ .partner = partner.code,
				       .organisation = customs.code,
				       .service = URI_TEST_SERVICE,
				       .action = URI_TEST_ACTION,
				       .test = true,
				       .original_sender = arena_printf(p->arena, "%s:%s", kernel->state, customs.code),
				       .final_recipient = arena_printf(p->arena, "%s:customs", partner.code) };
	return outbox_put(kernel, tx, p->arena, &p->message, &none, p->actor, p->now_us, err);
}

enum err_code messaging_ping(struct messaging *messaging, struct arena *arena, const char *partner,
			     const struct actor *actor, int64_t now_us, const char **id, struct err *err)
{
	struct pinging pinging = {
		.messaging = messaging, .arena = arena, .partner = partner, .actor = actor, .now_us = now_us
	};
	TRY(db_write(messaging->options.kernel->db, put_ping, &pinging, err));
	*id = pinging.message.id;
	return OK;
}
