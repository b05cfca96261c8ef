/* The side that has lost something: it asks, compares with what it has, fetches the rest and says what came of it. */
#include "kernel/catch_up_int.h"

#include <stdio.h>

#include "base/date.h"
#include "base/uuid.h"
#include "kernel/party.h"

#define WORK_ARENA_BYTES ((size_t)4 << 20)
/* So often a message is asked for, and nothing comes; a partner that lists it and does not return it has its reasons.
 */
#define ASKED_MAX     3
#define TASK_CATCH_UP "catch-up"

/* --- Reading --- */

static struct catch_up row_of(struct arena *arena, const struct query *query)
{
	return (struct catch_up){
		.id = db_text(arena, query, 0),
		.partner = db_text(arena, query, 1),
		.conversation = db_text(arena, query, 2),
		.since_us = db_int(query, 3),
		.begun_us = db_int(query, 4),
		.begun_by = db_text(arena, query, 5),
		.hold_until_us = db_int(query, 6),
		.state = db_text(arena, query, 7),
		.settled_us = db_time(query, 8),
		.reason = db_text(arena, query, 9),
		.wanted = db_int(query, 10),
		.recovered = db_int(query, 11),
		.known = db_int(query, 12),
		.refused = db_int(query, 13),
		.unavailable = db_int(query, 14),
	};
}

/* .id is NULL if there is none. */
static enum err_code get(struct tx *tx, struct arena *arena, const char *id, struct catch_up *catch_up, struct err *err)
{
	db_query_auto query = { 0 };

	*catch_up = (struct catch_up){ 0 };
	TRY(db_query(tx, &sql_catch_up_get, BINDS(BIND_TEXT(id)), &query, err));
	if (db_next(&query))
		*catch_up = row_of(arena, &query);
	return db_end(&query, err);
}

enum err_code catch_up_list(struct tx *tx, struct arena *arena, const char *partner, size_t limit,
			    struct catch_up_list *list, struct err *err)
{
	struct catch_up_list found = { .items = arena_array(arena, limit, sizeof(*found.items)) };
	db_query_auto query = { 0 };

	if (!found.items)
		return fail(err, ERR_MEMORY, "no memory left for the list of catch-ups");
	TRY(db_query(tx, &sql_catch_up_all, BINDS(BIND_TEXT(partner), BIND_INT(limit)), &query, err));
	while (found.count < limit && db_next(&query))
		found.items[found.count++] = row_of(arena, &query);
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code catch_up_left(struct tx *tx, struct arena *arena, const char *id, size_t limit,
			    struct catch_up_left_list *list, struct err *err)
{
	struct catch_up_left_list found = { .items = arena_array(arena, limit, sizeof(*found.items)) };
	db_query_auto query = { 0 };

	if (!found.items)
		return fail(err, ERR_MEMORY, "no memory left for what a catch-up did not bring back");
	TRY(db_query(tx, &sql_catch_up_item_left, BINDS(BIND_TEXT(id), BIND_INT(limit)), &query, err));
	while (found.count < limit && db_next(&query))
		found.items[found.count++] = (struct catch_up_left){
			.direction = db_text(arena, &query, 0),
			.message_id = db_text(arena, &query, 1),
			.action = db_text(arena, &query, 2),
			.state = db_text(arena, &query, 3),
			.reason = db_text(arena, &query, 4),
		};
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

/* --- Asking --- */

/* A step of CATCH_UP, in a transaction. */
struct step {
	struct kernel *kernel;
	struct arena *arena;
	const struct catch_up *catch_up;
	int64_t now_us;
};

static enum err_code ask(struct tx *tx, const struct step *step, const char *action, struct catch_up_note note,
			 const char **conversation, struct err *err)
{
	const struct catch_up *catch_up = step->catch_up;

	note.id = catch_up->id;
	return catch_up_put(tx,
			    &(struct catch_up_letter){ .kernel = step->kernel,
						       .arena = step->arena,
						       .partner = catch_up->partner,
						       .conversation = catch_up->conversation,
						       .action = action,
						       .note = &note,
						       .now_us = step->now_us },
			    conversation, err);
}

static enum err_code ask_page(struct tx *tx, const struct step *step, const char *after, int64_t after_us,
			      const char **conversation, struct err *err)
{
	return ask(tx, step, CATCH_UP_REQUEST,
		   (struct catch_up_note){ .since_us = step->catch_up->since_us - CATCH_UP_SKEW_US,
					   .after = after,
					   .after_us = after_us,
					   .next_us = INTEGER_NONE },
		   conversation, err);
}

struct beginning {
	struct kernel *kernel;
	const struct catch_up_order *order;
	struct arena *arena;
	int64_t now_us;
	int64_t from_us; /* what is asked for; .order has the time of the backup */
	unsigned begun;
};

/* What nobody else has. */
static enum err_code tell_the_operators(struct tx *tx, const struct beginning *beginning, struct err *err)
{
	char since[TIME_SIZE];
	bool late = beginning->from_us > beginning->order->since_us;
	const char *text = arena_printf(
		beginning->arena,
		"This node was put back to what it was on %s. What partners had acknowledged since then is asked back "
		"from them (lintas catch-up status). What was submitted here since then and had not been sent is gone "
		"for everybody: have it submitted again. What was sent already is recognised by its name and bytes, "
		"and is not doubled%s",
		time_format(beginning->order->since_us, since),
		late ? ". The backup is older than the seven days of which partners give back: for what was before "
		       "have them send the evidence (lintas evidence export)"
		     : "");

	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	return task_open(tx, &(struct task){ .kind = TASK_CATCH_UP, .subject = since, .text = text }, beginning->now_us,
			 err);
}

static enum err_code begin_with(struct tx *tx, struct beginning *beginning, const struct partner *partner,
				struct err *err)
{
	const struct catch_up_order *order = beginning->order;
	char uuid[UUID_SIZE];
	const char *conversation;
	int64_t changed = 0;
	struct catch_up catch_up = {
		.id = uuid, .partner = partner->code, .since_us = beginning->from_us, .begun_us = beginning->now_us
	};
	const struct step step = { beginning->kernel, beginning->arena, &catch_up, beginning->now_us };

	id_new(uuid, beginning->now_us);
	TRY(db_exec(tx, &sql_catch_up_put,
		    BINDS(BIND_TEXT(uuid), BIND_TEXT(partner->code), BIND_INT(beginning->from_us),
			  BIND_INT(beginning->now_us), BIND_TEXT(order->actor.name),
			  BIND_INT(beginning->now_us + CATCH_UP_HOLD_US)),
		    &changed, err));
	if (changed == 0)
		return order->partner ? fail(err, ERR_CONFLICT,
					     "a catch-up with %s is open; see lintas catch-up status, or end it by "
					     "lintas catch-up end %s",
					     partner->code, partner->code)
				      : OK;
	TRY(ask_page(tx, &step, NULL, INTEGER_NONE, &conversation, err));
	TRY(db_exec(tx, &sql_catch_up_conversation, BINDS(BIND_TEXT(uuid), BIND_TEXT(conversation)), NULL, err));
	beginning->begun++;
	return catch_up_journal(tx, uuid, order->actor.name, "catch-up-begun", partner->code, beginning->now_us, err);
}

static enum err_code begin_with_all(struct tx *tx, struct beginning *beginning, struct err *err)
{
	const char *wanted = beginning->order->partner;
	struct partner_list partners;
	bool found = false;

	beginning->begun = 0;
	TRY(partner_list(tx, beginning->arena, &partners, err));
	for (size_t i = 0; i < partners.count; i++) {
		const struct partner *partner = &partners.items[i];
		if (wanted ? !same(partner->code, wanted) : !same(partner->status, "active"))
			continue;
		found = true;
		TRY(begin_with(tx, beginning, partner, err));
	}
	if (beginning->begun > 0)
		TRY(tell_the_operators(tx, beginning, err));
	return found || !wanted ? OK
				: fail(err, ERR_NOT_FOUND, "there is no partner %s; see lintas partner list", wanted);
}

static enum err_code begin_run(struct tx *tx, void *arg, struct err *err)
{
	struct beginning *beginning = arg;

	TRY(journal_turned(tx, beginning->order->since_us, beginning->now_us, err));
	return begin_with_all(tx, beginning, err);
}

enum err_code catch_up_begin(struct kernel *kernel, const struct catch_up_order *order, int64_t now_us, unsigned *begun,
			     struct err *err)
{
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	struct beginning beginning = {
		.kernel = kernel, .order = order, .arena = arena, .now_us = now_us, .from_us = order->since_us
	};

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to begin a catch-up");
	if (order->since_us > now_us || order->since_us < now_us - CATCH_UP_WINDOW_US)
		return fail(err, ERR_INVALID,
			    "partners give back what was exchanged in the last seven days, and the time of the backup "
			    "is not in them");
	TRY(db_write(kernel->db, begin_run, &beginning, err));
	*begun = beginning.begun;
	return OK;
}

/* --- Behind a restore --- */

struct resuming {
	struct kernel *kernel;
	struct arena *arena;
	int64_t now_us;
	int64_t lost_us, backup_us, restored_us; /* of the restore behind which nothing was begun */
	bool found;
};

static enum err_code unbegun_read(struct tx *tx, void *arg, struct err *err)
{
	struct resuming *resuming = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_recovery_unbegun, NO_BINDS, &query, err));
	resuming->found = db_next(&query);
	if (resuming->found) {
		resuming->lost_us = db_int(&query, 0);
		resuming->backup_us = db_int(&query, 1);
		resuming->restored_us = db_int(&query, 2);
	}
	return db_end(&query, err);
}

/* What the backup itself was catching up with is asked for again: its answers may be among what is lost. */
static enum err_code resume_run(struct tx *tx, void *arg, struct err *err)
{
	struct resuming *resuming = arg;
	const int64_t now_us = resuming->now_us, window_us = now_us - CATCH_UP_WINDOW_US;

	TRY(unbegun_read(tx, resuming, err));
	if (!resuming->found)
		return OK;
	const struct catch_up_order order = { .since_us = resuming->backup_us, .actor = actor_system };
	struct beginning beginning = { .kernel = resuming->kernel,
				       .order = &order,
				       .arena = resuming->arena,
				       .now_us = now_us,
				       .from_us = resuming->lost_us > window_us ? resuming->lost_us : window_us };
	TRY(db_exec(tx, &sql_catch_up_supersede, BINDS(BIND_INT(now_us), BIND_INT(resuming->restored_us)), NULL, err));
	TRY(begin_with_all(tx, &beginning, err));
	return beginning.begun ? OK : db_exec(tx, &sql_recovery_done, NO_BINDS, NULL, err);
}

enum err_code catch_up_resume(struct kernel *kernel, int64_t now_us, struct err *err)
{
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	struct resuming resuming = { .kernel = kernel, .arena = arena, .now_us = now_us };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to begin a catch-up");
	TRY(db_read(kernel->db, unbegun_read, &resuming, err));
	return resuming.found ? db_write(kernel->db, resume_run, &resuming, err) : OK;
}

enum err_code catch_up_recovery(struct tx *tx, struct recovery_state *recovery, struct err *err)
{
	struct recovery_state found = { .restored_us = TIME_NONE, .backup_us = TIME_NONE };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_recovery_open, NO_BINDS, &query, err));
	if (db_next(&query))
		found = (struct recovery_state){ .restored_us = db_int(&query, 0),
						 .backup_us = db_int(&query, 1),
						 .asking = db_int(&query, 2) != 0 };
	TRY(db_end(&query, err));
	*recovery = found;
	return OK;
}

/* --- Ending --- */

static enum err_code close_it(struct tx *tx, const struct step *step, const char *actor, const char *state,
			      const char *reason, struct err *err)
{
	const struct catch_up *c = step->catch_up;
	char event[40];
	int64_t changed = 0;

	snprintf(event, sizeof(event), "catch-up-%s", state);
	TRY(db_exec(tx, &sql_catch_up_settle,
		    BINDS(BIND_TEXT(c->id), BIND_TEXT(state), BIND_INT(step->now_us), BIND_TEXT(reason)), &changed,
		    err));
	if (changed == 0)
		return OK;
	TRY(db_exec(tx, &sql_recovery_done, NO_BINDS, NULL, err));
	TRY(catch_up_journal(tx, c->id, actor, event, reason ? reason : c->partner, step->now_us, err));
	if (same(state, CATCH_UP_DONE) && c->refused + c->unavailable == 0)
		return OK;
	const char *text =
		arena_printf(step->arena,
			     "The catch-up with %s is %s%s%s. What it did not bring back must be asked for by other "
			     "means; see lintas catch-up status --partner %s",
			     c->partner, state, reason ? ": " : "", reason ? reason : "", c->partner);
	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a task");
	return task_open(tx, &(struct task){ .kind = TASK_CATCH_UP, .subject = c->id, .text = text }, step->now_us,
			 err);
}

static enum err_code finish(struct tx *tx, struct step step, struct err *err)
{
	struct catch_up counted;

	TRY(get(tx, step.arena, step.catch_up->id, &counted, err));
	step.catch_up = &counted;
	const char *reason = counted.refused + counted.unavailable == 0
				     ? NULL
				     : arena_printf(step.arena, "%lld messages were not brought back",
						    (long long)(counted.refused + counted.unavailable));
	return close_it(tx, &step, actor_system.name, CATCH_UP_DONE, reason, err);
}

struct ending {
	struct kernel *kernel;
	struct arena *arena;
	const char *partner;
	const struct actor *actor;
	int64_t now_us;
};

static enum err_code end_run(struct tx *tx, void *arg, struct err *err)
{
	const struct ending *ending = arg;
	struct catch_up_list list;

	TRY(catch_up_list(tx, ending->arena, ending->partner, 1, &list, err));
	if (list.count == 0 || !same(list.items[0].state, CATCH_UP_OPEN))
		return fail(err, ERR_NOT_FOUND,
			    "no catch-up is open with %s; lintas catch-up status shows what there is", ending->partner);
	const struct step step = { ending->kernel, ending->arena, &list.items[0], ending->now_us };
	return close_it(tx, &step, ending->actor->name, CATCH_UP_ENDED, "an operator has ended it", err);
}

enum err_code catch_up_end(struct kernel *kernel, const char *partner, const struct actor *actor, int64_t now_us,
			   struct err *err)
{
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	struct ending ending = { kernel, arena, partner, actor, now_us };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to end a catch-up");
	return db_write(kernel->db, end_run, &ending, err);
}

struct dead {
	const char *id, *reason;
};
struct watching {
	struct kernel *kernel;
	struct arena *arena;
	struct dead *dead;
	size_t count;
	int64_t now_us;
	struct recovery_state recovery;
};

static enum err_code dead_read(struct tx *tx, void *arg, struct err *err)
{
	struct watching *watching = arg;
	db_query_auto query = { 0 };

	watching->dead = NULL;
	watching->count = 0;
	TRY(db_query(tx, &sql_catch_up_dead, NO_BINDS, &query, err));
	while (db_next(&query)) {
		watching->dead = list_grow(watching->arena, watching->dead, watching->count, sizeof(*watching->dead));
		if (!watching->dead)
			return fail(err, ERR_MEMORY, "no memory left to look at catch-ups");
		watching->dead[watching->count++] =
			(struct dead){ db_text(watching->arena, &query, 0), db_text(watching->arena, &query, 1) };
	}
	TRY(db_end(&query, err));
	return catch_up_recovery(tx, &watching->recovery, err);
}

static enum err_code watch_run(struct tx *tx, void *arg, struct err *err)
{
	const struct watching *watching = arg;

	for (size_t i = 0; i < watching->count; i++) {
		const struct dead *dead = &watching->dead[i];
		struct catch_up catch_up;
		TRY(get(tx, watching->arena, dead->id, &catch_up, err));
		const struct step step = { watching->kernel, watching->arena, &catch_up, watching->now_us };
		TRY(close_it(tx, &step, actor_system.name, CATCH_UP_REFUSED,
			     dead->reason ? dead->reason : "its request was abandoned", err));
	}
	/* Two that end at once do not see each other. */
	return db_exec(tx, &sql_recovery_done, NO_BINDS, NULL, err);
}

enum err_code catch_up_watch(struct kernel *kernel, int64_t now_us, struct err *err)
{
	arena_auto arena = arena_new(WORK_ARENA_BYTES);
	struct watching watching = { .kernel = kernel, .arena = arena, .now_us = now_us };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to look at catch-ups");
	TRY(db_read(kernel->db, dead_read, &watching, err));
	bool settled = watching.recovery.restored_us != TIME_NONE && !watching.recovery.asking;
	return watching.count || settled ? db_write(kernel->db, watch_run, &watching, err) : OK;
}

/* --- A page --- */

/* What "sent" means there is "in" here. */
static const char *ours(const char *direction)
{
	return same(direction, "sent") ? "in" : "out";
}

/* Known is what is here with the same payloads and, if we sent it, with its receipt. */
static enum err_code compare(struct tx *tx, const struct step *step, const struct catch_up_item *item, struct err *err)
{
	const char *direction = ours(item->direction), *partner = step->catch_up->partner;
	struct message here;

	TRY((same(direction, "in") ? message_find_in : message_find_out)(tx, step->arena, partner, item->message_id,
									 &here, err));
	bool known = here.id && (same(direction, "in") || same(here.state, "delivered"));
	return db_exec(tx, &sql_catch_up_item_put,
		       BINDS(BIND_TEXT(step->catch_up->id), BIND_TEXT(direction), BIND_TEXT(item->message_id),
			     BIND_TEXT(item->digest), BIND_TEXT(item->conversation), BIND_TEXT(item->action),
			     BIND_TEXT(known ? ITEM_KNOWN : ITEM_WANTED)),
		       NULL, err);
}

/* A message that was asked for too often is given up. */
static enum err_code next_items(struct tx *tx, const struct step *step, struct catch_up_note *note, struct err *err)
{
	db_query_auto query = { 0 };
	size_t count = 0;
	struct {
		const char *direction, *message_id;
		int64_t asked;
	} rows[CATCH_UP_FETCH_ITEMS];

	TRY(db_query(tx, &sql_catch_up_item_wanted,
		     BINDS(BIND_TEXT(step->catch_up->id), BIND_INT(CATCH_UP_FETCH_ITEMS)), &query, err));
	for (; count < COUNT(rows) && db_next(&query); count++) {
		rows[count].direction = db_text(step->arena, &query, 0);
		rows[count].message_id = db_text(step->arena, &query, 1);
		rows[count].asked = db_int(&query, 2);
	}
	TRY(db_end(&query, err));
	for (size_t i = 0; i < count; i++) {
		const struct bind key[] = { BIND_TEXT(step->catch_up->id), BIND_TEXT(rows[i].direction),
					    BIND_TEXT(rows[i].message_id), BIND_TEXT(ITEM_UNAVAILABLE),
					    BIND_TEXT("it was listed, and not returned when it was asked for") };
		if (rows[i].asked >= ASKED_MAX) {
			TRY(db_exec(tx, &sql_catch_up_item_settle, key, COUNT(key), NULL, err));
			continue;
		}
		TRY(db_exec(tx, &sql_catch_up_item_asked, key, 3, NULL, err));
		note->items[note->items_count++] =
			(struct catch_up_item){ .direction = same(rows[i].direction, "in") ? "sent" : "received",
						.message_id = rows[i].message_id };
	}
	return count && !note->items_count ? next_items(tx, step, note, err) : OK;
}

static enum err_code fetch_next(struct tx *tx, const struct step *step, struct err *err)
{
	struct catch_up_item items[CATCH_UP_FETCH_ITEMS];
	struct catch_up_note note = {
		.items = items, .since_us = TIME_NONE, .after_us = INTEGER_NONE, .next_us = INTEGER_NONE
	};

	TRY(next_items(tx, step, &note, err));
	return note.items_count ? ask(tx, step, CATCH_UP_FETCH, note, NULL, err) : finish(tx, *step, err);
}

static enum err_code items_count(struct tx *tx, const char *id, int64_t *count, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_catch_up_item_count, BINDS(BIND_TEXT(id)), &query, err));
	*count = db_next(&query) ? db_int(&query, 0) : 0;
	return db_end(&query, err);
}

static enum err_code take_page(struct tx *tx, const struct step *step, const struct catch_up_note *note,
			       struct err *err)
{
	int64_t before = 0, after = 0;

	if (note->refused)
		return close_it(tx, step, actor_system.name, CATCH_UP_REFUSED, note->refused, err);
	TRY(items_count(tx, step->catch_up->id, &before, err));
	for (size_t i = 0; i < note->items_count; i++)
		if (note->items[i].digest && note->items[i].conversation && note->items[i].action)
			TRY(compare(tx, step, &note->items[i], err));
	TRY(items_count(tx, step->catch_up->id, &after, err));
	/* A page that brings nothing new is the last one, whatever it says: or somebody lists for ever. */
	if (note->next && note->next_us != INTEGER_NONE && after > before && after < CATCH_UP_ITEMS_MAX)
		return ask_page(tx, step, note->next, note->next_us, NULL, err);
	return fetch_next(tx, step, err);
}

/* --- A return --- */

/* Whether the item is wanted, and the digest that it was listed with. */
static enum err_code item_find(struct tx *tx, const struct step *step, const char *direction, const char *message_id,
			       bool *wanted, const char **digest, struct err *err)
{
	db_query_auto query = { 0 };

	*wanted = false;
	*digest = NULL;
	TRY(db_query(tx, &sql_catch_up_item_get,
		     BINDS(BIND_TEXT(step->catch_up->id), BIND_TEXT(direction), BIND_TEXT(message_id)), &query, err));
	if (db_next(&query)) {
		*wanted = same(db_text(step->arena, &query, 0), ITEM_WANTED);
		*digest = db_text(step->arena, &query, 1);
	}
	return db_end(&query, err);
}

static enum err_code item_take(struct tx *tx, const struct step *step, const struct catch_up_note *note,
			       const struct catch_up_evidence *evidence, const char **state, const char **reason,
			       struct err *err)
{
	const struct actor actor = actor_partner(step->arena, step->catch_up->partner);
	const struct catch_up_item *item = &note->items[0];

	*state = note->unavailable ? ITEM_UNAVAILABLE : ITEM_REFUSED;
	*reason = note->unavailable ? note->unavailable : evidence->refused;
	if (!*reason)
		TRY(catch_up_recover(step->kernel, tx, step->arena, step->catch_up, evidence, step->now_us, state,
				     reason, err));
	if (same(*state, ITEM_RECOVERED))
		return OK;
	const char *detail = arena_printf(step->arena, "%s: %s", item->message_id, *reason);
	if (!detail || !actor.name)
		return fail(err, ERR_MEMORY, "no memory left for what %s returned", step->catch_up->partner);
	return catch_up_journal(tx, step->catch_up->id, actor.name,
				same(*state, ITEM_REFUSED) ? "catch-up-not-believed" : "catch-up-unavailable", detail,
				step->now_us, err);
}

static enum err_code take_return(struct tx *tx, const struct step *step, const struct catch_up_note *note,
				 const struct catch_up_evidence *evidence, struct err *err)
{
	const struct catch_up_item *item = &note->items[0];
	const char *direction, *digest, *state, *reason;
	bool wanted;

	if (note->items_count == 1) {
		direction = ours(item->direction);
		TRY(item_find(tx, step, direction, item->message_id, &wanted, &digest, err));
		if (wanted) {
			struct catch_up_evidence judged = *evidence;
			if (!judged.refused && !same(judged.message.digest, digest))
				judged.refused = "its payloads are not those that were listed";
			TRY(item_take(tx, step, note, &judged, &state, &reason, err));
			TRY(db_exec(tx, &sql_catch_up_item_settle,
				    BINDS(BIND_TEXT(step->catch_up->id), BIND_TEXT(direction),
					  BIND_TEXT(item->message_id), BIND_TEXT(state), BIND_TEXT(reason)),
				    NULL, err));
			TRY(db_exec(tx, &sql_catch_up_item_answered,
				    BINDS(BIND_TEXT(step->catch_up->id), BIND_INT(CATCH_UP_FETCH_ITEMS)), NULL, err));
		}
	}
	return note->last ? fetch_next(tx, step, err) : OK;
}

/* --- What comes --- */

/* A page or a return is taken from the partner that was asked, while it is open; else nothing follows from it. */
static enum err_code take_answer(struct kernel *kernel, struct tx *tx, struct arena *arena,
				 const struct message *message, const struct catch_up_note *note,
				 const struct catch_up_evidence *evidence, int64_t now_us, struct err *err)
{
	struct catch_up catch_up;
	const struct step step = { kernel, arena, &catch_up, now_us };

	TRY(get(tx, arena, note->id, &catch_up, err));
	if (!catch_up.id || !same(catch_up.partner, message->partner) || !same(catch_up.state, CATCH_UP_OPEN))
		return OK;
	return evidence ? take_return(tx, &step, note, evidence, err) : take_page(tx, &step, note, err);
}

enum err_code catch_up_take(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct message *message,
			    const struct catch_up_note *note, const struct catch_up_evidence *evidence, int64_t now_us,
			    struct err *err)
{
	if (same(message->action, CATCH_UP_REQUEST))
		return catch_up_asked(kernel, tx, arena, message, note, now_us, err);
	if (same(message->action, CATCH_UP_FETCH))
		return catch_up_fetched(kernel, tx, arena, message, note, now_us, err);
	return take_answer(kernel, tx, arena, message, note, evidence, now_us, err);
}

enum err_code catch_up_read(struct kernel *kernel, struct arena *arena, struct catch_up_evidence *evidence,
			    struct err *err)
{
	const struct intake *intake = intake_of(kernel, &evidence->message);

	if (!intake || evidence->parts.count == 0)
		return OK;
	return intake->read(kernel, arena, &evidence->message, &evidence->parts, evidence->at_us, &evidence->read, err);
}
