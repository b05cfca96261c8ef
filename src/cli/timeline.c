/* `lintas timeline`: what happened, and for a message that waits, why it waits: an attempt to which nobody answered
 * leaves no entry. */
#include "cli/cli_int.h"

#include "base/text.h"

/* The message that the entries are about, the newest if there are several; NULL if there is none. */
static const char *message_in(const struct event_list_view *list)
{
	const char *id = NULL;
	for (size_t i = 0; i < list->count; i++)
		if (same(list->items[i].subject_type, "message"))
			id = list->items[i].subject;
	return id;
}

static void print_waiting(const struct message_view *m)
{
	char next[TIME_SIZE];
	if (!same(m->state, "queued") || !m->last_error)
		return;
	printf("not delivered after %lld attempt%s: %s\n", (long long)m->attempts, m->attempts == 1 ? "" : "s",
	       m->last_error);
	if (m->next_attempt_us != TIME_NONE)
		printf("Next: mend the cause; it is sent again %s, or now with lintas outbox retry %s\n",
		       when(m->next_attempt_us, next), m->id);
}

enum err_code run_timeline(struct invocation *in, struct err *err)
{
	struct http_answer answer = { 0 };
	struct event_list_view events;
	struct message_view message;
	if (in->json)
		return remote_run(in, bytes(NULL, 0), err);
	TRY(remote_answer(in, bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, &event_list_schema, &answer, &events, err));
	print_timeline(stdout, &events);
	const char *id = message_in(&events);
	const char *path = id ? arena_printf(in->arena, "/api/v1/messages/%s", id) : NULL;
	if (!path)
		return OK;
	TRY(remote_call(in, "GET", path, bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, &message_schema, &answer, &message, err));
	print_waiting(&message);
	return OK;
}
