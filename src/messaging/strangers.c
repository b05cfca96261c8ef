/* Who was turned away. A stranger costs us a counter and a place in a ring, and a line of log a second for all of them:
 * no signature, no row, no text that tells it what to try next. */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "messaging/messaging_int.h"

void stranger_note(struct messaging *messaging, const char *peer, const struct finding *finding, int64_t now_us)
{
	const char *rule = finding ? finding->rule->code : "", *text = finding ? finding->text : "";
	pthread_mutex_lock(&messaging->lock);
	struct stranger *stranger = &messaging->strangers[messaging->strangers_seen++ % STRANGERS_KEPT];
	stranger->at_us = now_us;
	snprintf(stranger->peer, sizeof stranger->peer, "%s", peer ? peer : "");
	snprintf(stranger->rule, sizeof stranger->rule, "%s", rule);
	snprintf(stranger->text, sizeof stranger->text, "%.*s",
		 (int)utf8_fitting(bytes_of(text), sizeof stranger->text - 1), text);
	bool log = now_us - messaging->strangers_logged_us >= SECOND_US || now_us < messaging->strangers_logged_us;
	if (log)
		messaging->strangers_logged_us = now_us;
	pthread_mutex_unlock(&messaging->lock);
	long long total = ++messaging->strangers_total;
	if (log)
		LOG(LOG_WARN, "message.turned-away", LOG_TEXT("peer", peer), LOG_TEXT("rule", rule),
		    LOG_TEXT("why", text), LOG_INT("so_far", total));
}

enum err_code messaging_strangers(struct messaging *messaging, struct arena *arena, size_t limit,
				  struct messaging_strangers *list, struct err *err)
{
	struct messaging_stranger *items = arena_array(arena, STRANGERS_KEPT, sizeof *items);
	struct stranger *copy = arena_array(arena, STRANGERS_KEPT, sizeof *copy);
	if (!items || !copy)
		return fail(err, ERR_MEMORY, "no memory for the list of strangers");
	pthread_mutex_lock(&messaging->lock);
	size_t seen = messaging->strangers_seen;
	memcpy(copy, messaging->strangers, sizeof messaging->strangers);
	pthread_mutex_unlock(&messaging->lock);
	size_t count = seen < STRANGERS_KEPT ? seen : STRANGERS_KEPT;
	count = count < limit ? count : limit;
	for (size_t i = 0; i < count; i++) {
		const struct stranger *s = &copy[(seen - 1 - i) % STRANGERS_KEPT];
		items[i] = (struct messaging_stranger){
			.at_us = s->at_us, .peer = s->peer, .rule = s->rule, .text = s->text
		};
	}
	*list = (struct messaging_strangers){ .items = items, .count = count };
	return OK;
}
