#include "messaging/health_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "kernel/link.h"
#include "kernel/task.h"
#include "messaging/send_int.h"
#include "messaging/uris_int.h"

enum { TELL_ARENA = 4 << 20, TASKS_ARENA = 16 << 20, BEAT_ARENA = 64 << 20 };
#define TELL_US (3 * SECOND_US)

/* Of one partner since it was told last. */
struct pulse {
	char partner[32], reason[256];
	struct link_seen seen; /* its .partner and .reason are those above */
	bool news;
	int64_t beat_us; /* no heartbeat before; 0: it is not known */
};
struct health {
	pthread_mutex_t lock; /* guards the pulses */
	struct pulse pulses[PEERS_MAX];
	size_t count;
	int64_t told_us; /* messaging_watch's own */
};

struct health *health_new(void)
{
	struct health *health = calloc(1, sizeof *health);
	if (!health)
		return NULL;
	pthread_mutex_init(&health->lock, NULL);
	health->told_us = TIME_NONE;
	return health;
}

void health_free(struct health *health)
{
	if (!health)
		return;
	pthread_mutex_destroy(&health->lock);
	free(health);
}

/* --- Seeing --- */

static void seen_clear(struct link_seen *seen)
{
	*seen = (struct link_seen){
		.heard_us = TIME_NONE, .answered_us = TIME_NONE, .receipt_us = TIME_NONE, .failing_us = TIME_NONE
	};
}

/* The lock is held. NULL: there are as many partners as there may be. */
static struct pulse *pulse_of(struct health *health, const char *partner)
{
	for (size_t i = 0; i < health->count; i++)
		if (same(health->pulses[i].partner, partner))
			return &health->pulses[i];
	if (health->count == PEERS_MAX)
		return NULL;
	struct pulse *pulse = &health->pulses[health->count++];
	snprintf(pulse->partner, sizeof pulse->partner, "%s", partner);
	seen_clear(&pulse->seen);
	return pulse;
}

/* Takes the lock; a partner that has news is returned, to be put down by let_go(). */
static struct pulse *take_up(struct messaging *messaging, const char *partner)
{
	pthread_mutex_lock(&messaging->health->lock);
	struct pulse *pulse = pulse_of(messaging->health, partner);
	if (pulse)
		pulse->news = true;
	else
		pthread_mutex_unlock(&messaging->health->lock);
	return pulse;
}

static void let_go(struct messaging *messaging)
{
	pthread_mutex_unlock(&messaging->health->lock);
}

void health_heard(struct messaging *messaging, const char *partner, int64_t now_us)
{
	struct pulse *pulse = take_up(messaging, partner);
	if (!pulse)
		return;
	pulse->seen.heard_us = now_us;
	let_go(messaging);
}

static void note_answer(struct pulse *pulse, int64_t now_us)
{
	struct link_seen *seen = &pulse->seen;
	seen->heard_us = seen->answered_us = now_us;
	seen->failures = 0;
	seen->failing_us = TIME_NONE;
}

void health_answered(struct messaging *messaging, const char *partner, int64_t now_us)
{
	struct pulse *pulse = take_up(messaging, partner);
	if (!pulse)
		return;
	note_answer(pulse, now_us);
	let_go(messaging);
}

void health_receipt(struct messaging *messaging, const char *partner, int64_t delay_us, int64_t now_us)
{
	struct pulse *pulse = take_up(messaging, partner);
	if (!pulse)
		return;
	struct link_seen *seen = &pulse->seen;
	note_answer(pulse, now_us);
	seen->receipt_us = now_us;
	/* Of more than are kept, those that came first since the last telling are as good as the others. */
	if (delay_us != TIME_NONE && seen->delays_count < LINK_DELAYS)
		seen->delays_ms[seen->delays_count++] = delay_us / 1000;
	let_go(messaging);
}

void health_failed(struct messaging *messaging, const char *partner, const char *reason, int64_t now_us)
{
	struct pulse *pulse = take_up(messaging, partner);
	if (!pulse)
		return;
	struct link_seen *seen = &pulse->seen;
	if (!seen->failures++)
		seen->failing_us = now_us;
	/* What a partner said may be in any script. */
	size_t fits = utf8_fitting(bytes_of(reason ? reason : ""), sizeof pulse->reason - 1);
	snprintf(pulse->reason, sizeof pulse->reason, "%.*s", (int)fits, reason ? reason : "");
	let_go(messaging);
}

/* --- Telling --- */

struct telling {
	struct messaging *messaging;
	struct arena *arena;
	struct pulse *pulses; /* copies, of those that have news */
	struct link_change *changes;
	size_t count;
	int64_t now_us;
};

static enum err_code take_news(struct telling *t, struct err *err)
{
	struct health *health = t->messaging->health;
	pthread_mutex_lock(&health->lock);
	size_t news = 0;
	for (size_t i = 0; i < health->count; i++)
		news += health->pulses[i].news;
	t->pulses = arena_array(t->arena, news + 1, sizeof *t->pulses);
	t->changes = arena_array(t->arena, news + 1, sizeof *t->changes);
	bool room = t->pulses && t->changes;
	for (size_t i = 0; room && i < health->count; i++) {
		struct pulse *pulse = &health->pulses[i];
		if (!pulse->news)
			continue;
		t->pulses[t->count++] = *pulse;
		pulse->news = false;
		seen_clear(&pulse->seen);
	}
	pthread_mutex_unlock(&health->lock);
	return room ? OK : fail(err, ERR_MEMORY, "no memory to tell of the links");
}

static enum err_code tell_run(struct tx *tx, void *arg, struct err *err)
{
	struct telling *t = arg;
	arena_auto arena = arena_new(TELL_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory to tell of the links");
	for (size_t i = 0; i < t->count; i++) {
		struct link_seen seen = t->pulses[i].seen;
		seen.partner = t->pulses[i].partner;
		seen.reason = t->pulses[i].reason;
		struct link_change change;
		int64_t slow_us = t->messaging->options.health.slow_us;
		TRY(link_tell(tx, arena, &seen, slow_us ? slow_us : INT64_MAX, t->now_us, &change, err));
		/* The texts of a change are constants of link.h or the arena's. */
		t->changes[i] =
			(struct link_change){ arena_text(t->arena, change.from), arena_text(t->arena, change.to) };
	}
	return OK;
}

/* What could not be told is told next time. What was seen meanwhile is newer. */
static void put_back(struct telling *t)
{
	struct health *health = t->messaging->health;
	pthread_mutex_lock(&health->lock);
	for (size_t i = 0; i < t->count; i++) {
		struct pulse *pulse = pulse_of(health, t->pulses[i].partner);
		if (!pulse || pulse->news)
			continue;
		int64_t beat_us = pulse->beat_us;
		*pulse = t->pulses[i];
		pulse->beat_us = beat_us;
	}
	pthread_mutex_unlock(&health->lock);
}

static bool log_changes(const struct telling *t)
{
	bool changed = false;
	for (size_t i = 0; i < t->count; i++) {
		const struct link_change *change = &t->changes[i];
		if (same(change->from, change->to))
			continue;
		changed = true;
		bool down = same(change->to, LINK_DOWN);
		LOG(down ? LOG_WARN : LOG_INFO, "link.changed", LOG_TEXT("partner", t->pulses[i].partner),
		    LOG_TEXT("from", change->from), LOG_TEXT("to", change->to),
		    LOG_TEXT("why", down ? t->pulses[i].reason : ""));
	}
	return changed;
}

enum err_code health_tell(struct messaging *messaging, int64_t now_us, bool *changed, struct err *err)
{
	struct health *health = messaging->health;
	unsigned ended = 0;
	*changed = false;
	bool told = health->told_us != TIME_NONE && now_us >= health->told_us && now_us - health->told_us < TELL_US;
	if (told)
		return OK;
	arena_auto arena = arena_new(TELL_ARENA);
	struct telling telling = { .messaging = messaging, .arena = arena, .now_us = now_us };
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory to tell of the links");
	TRY(take_news(&telling, err));
	if (telling.count) {
		enum err_code code = db_write(messaging->options.kernel->db, tell_run, &telling, err);
		if (code != OK) {
			put_back(&telling);
			return code;
		}
	}
	TRY(link_notices_end(messaging->options.kernel, now_us, &ended, err));
	*changed = log_changes(&telling) || ended > 0;
	health->told_us = now_us;
	return OK;
}

/* --- Alarms --- */

struct listing {
	struct arena *arena;
	int64_t now_us;
	struct link_list links;
};

static enum err_code list_run(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;
	return link_list(tx, listing->arena, listing->now_us, &listing->links, err);
}

static bool is_alarm(const struct messaging *messaging, const struct directory *directory, const struct link *link,
		     int64_t now_us)
{
	const struct peer *peer = directory_peer(directory, link->partner);
	int64_t alarm_us = messaging->options.health.alarm_us;
	return alarm_us && peer && same(peer->partner.status, "active") && same(link->state, LINK_DOWN) &&
	       now_us - link->since_us >= alarm_us;
}

enum err_code health_tasks(struct messaging *messaging, int64_t now_us, struct err *err)
{
	arena_auto arena = arena_new(TASKS_ARENA);
	struct listing listing = { .arena = arena, .now_us = now_us };
	bool changed = false;
	char since[TIME_SIZE];
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory to look at the links");
	TRY(db_read(messaging->options.kernel->db, list_run, &listing, err));
	struct task_list wanted = { .items = arena_array(arena, listing.links.count + 1, sizeof *wanted.items) };
	if (!wanted.items)
		return fail(err, ERR_MEMORY, "no memory to look at the links");
	struct directory *directory = directory_get(messaging);
	for (size_t i = 0; i < listing.links.count; i++) {
		const struct link *link = &listing.links.items[i];
		if (!is_alarm(messaging, directory, link, now_us))
			continue;
		/* It holds nothing that changes while the link is down: so it is one task. */
		const char *text =
			arena_printf(arena,
				     "Partner %s: nothing that we send is answered since %s. Find out which side it "
				     "is on (lintas partner test %s), and ask them; until then paper goes",
				     link->partner, time_format(link->since_us, since), link->partner);
		wanted.items[wanted.count++] = (struct task){ .subject = link->partner, .text = text };
	}
	directory_release(directory);
	/* A task that is not wanted is closed. */
	for (size_t i = 0; i < wanted.count; i++)
		if (!wanted.items[i].text)
			return fail(err, ERR_MEMORY, "no memory to look at the links");
	return task_keep(messaging->options.kernel, TASK_LINK, &wanted, now_us, &changed, err);
}

/* --- Heartbeats --- */

/* A tenth to either side, so that nodes that were started together do not ping together. */
static int64_t with_jitter(int64_t interval_us)
{
	return interval_us - interval_us / 10 + (int64_t)random_below((uint64_t)(interval_us / 5 + 1));
}

/* By what this process knows: most looks end here, without the database. */
static bool may_be_due(struct messaging *messaging, const char *partner, int64_t now_us)
{
	struct health *health = messaging->health;
	pthread_mutex_lock(&health->lock);
	const struct pulse *pulse = pulse_of(health, partner);
	bool due = pulse && now_us >= pulse->beat_us;
	pthread_mutex_unlock(&health->lock);
	return due;
}

static void ask_again_at(struct messaging *messaging, const char *partner, int64_t next_us)
{
	struct health *health = messaging->health;
	pthread_mutex_lock(&health->lock);
	struct pulse *pulse = pulse_of(health, partner);
	if (pulse)
		pulse->beat_us = next_us;
	pthread_mutex_unlock(&health->lock);
}

/* Whether the answer comes with a request of its own, for which nobody waits. */
static bool answers_later(const struct peer *peer, const struct message *ping, int64_t now_us)
{
	struct ebms2_route route;
	struct err unused;
	return peer->profile->binding == &binding_ebms2 &&
	       pact_route(&peer->pacts, peer->partner.code, ping, "customs", now_us, &route, &unused) == OK &&
	       !route.wishes.sync;
}

static const char *reason_of(const struct probe *probe, bool believed)
{
	const struct probe_answer *answer = &probe->answer;
	const struct finding *finding = findings_at(answer->findings, 0);
	if (probe->unsent || probe->unanswered)
		return probe->unsent ? probe->unsent : probe->unanswered;
	if (believed && answer->error)
		return arena_printf(probe->arena, "%s refuses our ping: %s %s", probe->peer->partner.code,
				    answer->error, answer->text ? answer->text : "");
	if (answer->read && finding)
		return arena_printf(probe->arena, "no valid answer to our ping: %s %s", finding->rule->code,
				    finding->text);
	return arena_printf(probe->arena, "HTTP status %d without an answer to our ping", probe->http.status);
}

/* What came of it. An error says that they do not do with us what was agreed, so it is none of the answers by which a
 * link is up. */
static void judge(const struct probe *probe, bool later, int64_t now_us)
{
	const char *partner = probe->peer->partner.code;
	const struct probe_answer *answer = &probe->answer;
	bool believed = answer->read && !findings_errors(answer->findings);
	if (believed && (answer->kind == KIND_RECEIPT || answer->kind == KIND_PONG))
		health_receipt(probe->messaging, partner, probe->answered_us - probe->sent_us, now_us);
	else if (!probe->cut_off && (!later || !probe->taken))
		health_failed(probe->messaging, partner, reason_of(probe, believed), now_us);
}

static enum err_code ping(struct probe *probe, bool later, bool *answered, struct err *err)
{
	TRY(send_probe(probe, err));
	judge(probe, later, clock_now_us(probe->messaging->options.kernel->clock));
	*answered = !probe->unsent && !probe->unanswered;
	return OK;
}

enum err_code health_beat(struct messaging *messaging, struct directory *directory, const struct peer *peer,
			  int64_t now_us, unsigned *done, bool *answered, struct err *err)
{
	int64_t interval_us = messaging->options.health.heartbeat_us;
	const char *partner = peer->partner.code;
	struct message message = { .service = URI_TEST_SERVICE, .action = URI_TEST_ACTION };
	if (!interval_us || !may_be_due(messaging, partner, now_us))
		return OK;
	arena_auto arena = arena_new(BEAT_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a heartbeat to %s", partner);
	TRY(probe_message(messaging, arena, peer, "customs", "customs", &message, err));
	bool later = answers_later(peer, &message, now_us);
	struct link_beat beat = { .partner = partner,
				  .ping = later ? message.message_id : NULL,
				  .interval_us = with_jitter(interval_us),
				  .hurried_us = with_jitter(interval_us / 4) };
	TRY(link_beat(messaging->options.kernel, &beat, now_us, err));
	ask_again_at(messaging, partner, beat.next_us);
	if (!beat.claimed)
		return OK;
	if (beat.unanswered)
		health_failed(messaging, partner, "it took our ping and has not answered it", now_us);
	struct probe probe = { .messaging = messaging,
			       .arena = arena,
			       .directory = directory,
			       .peer = peer,
			       .message = &message,
			       .seat = "customs" };
	++*done;
	return ping(&probe, later, answered, err);
}

enum err_code health_signal(struct messaging *messaging, const struct peer *peer, const struct ebms_message *signal,
			    int64_t now_us, bool *taken, struct err *err)
{
	const char *partner = peer->partner.code;
	const struct ebms_error *error = signal->kind == KIND_ERROR ? signal->signal.errors : NULL;
	int64_t sent_us = TIME_NONE;
	*taken = false;
	if (!messaging->options.health.heartbeat_us || !signal->signal.info || !signal->signal.info->ref_to)
		return OK;
	TRY(link_beat_answered(messaging->options.kernel, partner, signal->signal.info->ref_to, &sent_us, err));
	*taken = sent_us != TIME_NONE;
	if (!*taken)
		return OK;
	if (signal->kind == KIND_PONG)
		health_receipt(messaging, partner, now_us - sent_us, now_us);
	else
		health_failed(messaging, partner, error ? error->code : "it answered our ping with no pong", now_us);
	return OK;
}
