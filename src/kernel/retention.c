#include "kernel/retention.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/uuid.h"
#include "crypto/digest.h"
#include "kernel/capability.h"
#include "kernel/hold.h"
#include "kernel/message_int.h"

/* What one transaction looks at and deletes: a message is at most a few hundred megabytes, and others wait. */
#define LOOK_AT_ONCE     200
#define DELETE_AT_ONCE   16
#define STEP_ARENA_BYTES ((size_t)16 << 20)
#define PAUSE_US         HOUR_US
#define RECORDS_MAX      ((size_t)1 << 20)

/* One message that may go, and all that decides about it. */
struct candidate {
	struct message message;
	int64_t archived_us;
	struct kept_document document; /* .id NULL: it carries none */
	struct retention_item item;
};

/* --- What decides --- */

static bool is_final(const struct machine *machine, const char *state)
{
	for (const char *const *final = machine ? machine->final : NULL; final && *final; final++)
		if (same(*final, state))
			return true;
	return false;
}

static int64_t later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

static int64_t day_us(date day)
{
	return day == DATE_NONE ? TIME_NONE : (int64_t)day * DAY_US;
}

static const struct machine *message_machine(const struct message *message)
{
	return same(message->direction, "in") ? &message_in_machine : &message_out_machine;
}

static bool is_at_rest(const struct machine *machine, int64_t since_us, int64_t at_us)
{
	return machine && machine->rest_months &&
	       retention_end_us(since_us, (struct retention_term){ .years = machine->rest_months / 12,
								   .days = machine->rest_months % 12 * 31 }) <= at_us;
}

/* Arena's, and never NULL: a reason that could not be told is still one. */
static const char *because(struct arena *arena, const char *before, const char *what, const char *after)
{
	const char *text = arena_printf(arena, "%s%s%s", before, what, after);

	return text ? text : "there is no memory to say why";
}

/* *OPEN: the machine and state of a case of DOCUMENT that is neither at its end nor at rest at AT_US, arena's; NULL:
 * all are. */
static enum err_code read_cases(struct kernel *kernel, struct tx *tx, struct arena *arena, const char *document,
				int64_t at_us, int64_t *last_us, const char **open, struct err *err)
{
	db_query_auto query = { 0 };

	*open = NULL;
	TRY(db_query(tx, &sql_retention_cases, BINDS(BIND_TEXT(document)), &query, err));
	while (db_next(&query)) {
		const char *name = db_text(arena, &query, 0), *state = db_text(arena, &query, 1);
		const struct machine *machine = name ? machine_find(kernel, name) : NULL;
		int64_t since_us = db_int(&query, 2);
		*last_us = later(*last_us, since_us);
		if (name && state && !is_final(machine, state) && !is_at_rest(machine, since_us, at_us))
			*open = because(arena, name, " is ", state);
	}
	return db_end(&query, err);
}

static enum err_code read_wire_last(struct tx *tx, const char *message, int64_t *last_us, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_retention_wire_last, BINDS(BIND_TEXT(message)), &query, err));
	*last_us = db_next(&query) ? db_time(&query, 0) : TIME_NONE;
	return db_end(&query, err);
}

static void decide(struct retention_item *item, const char *verdict, const char *why)
{
	if (same(item->verdict, RETENTION_DUE)) {
		item->verdict = verdict;
		item->why = why;
	}
}

static enum err_code judge_holds(struct tx *tx, struct arena *arena, struct candidate *c, int64_t at_us,
				 struct err *err)
{
	struct hold hold;
	const struct hold_question question = { .document = c->message.document,
						.about = c->document.about,
						.partner = c->message.partner,
						.organisation = c->item.organisation,
						.at_us = at_us };

	TRY(hold_find(tx, arena, &question, &hold, err));
	if (hold.id)
		decide(&c->item, RETENTION_HELD, because(arena, "hold ", hold.id, ""));
	return OK;
}

/* Of a message whose document, if there was any, is not here. */
static const char *type_of(const struct kernel *kernel, const struct message *message)
{
	if (doctype_find(kernel, message->action))
		return message->action;
	return message->test ? RETENTION_PING : RETENTION_MESSAGE;
}

/* Everything of .item but the verdict. *OPEN: a case that is not at its end; NULL. */
static enum err_code describe(struct kernel *kernel, struct tx *tx, struct arena *arena, struct candidate *c,
			      int64_t at_us, const char **open, struct err *err)
{
	const struct message *message = &c->message;
	const struct kept_document *document = &c->document;
	int64_t wired_us, least_us = kernel->retention ? kernel->retention->least_us : 0;
	int64_t last_us = later(message->created_us, later(message->settled_us, message->accepted_us));

	*open = NULL;
	TRY(read_wire_last(tx, message->id, &wired_us, err));
	last_us = later(last_us, wired_us);
	/* A document that another message carries by now is judged, and deleted, with that one. */
	c->item = (struct retention_item){ .message = message->id,
					   .type = type_of(kernel, message),
					   .organisation = message->organisation,
					   .partner = message->partner,
					   .direction = message->direction,
					   .issued_on = DATE_NONE,
					   .verdict = RETENTION_DUE };
	if (document->id) {
		last_us = later(last_us, later(document->created_us, day_us(document->issued_on)));
		TRY(read_cases(kernel, tx, arena, document->id, at_us, &last_us, open, err));
		c->item.type = document->doctype;
		c->item.document = document->id;
		c->item.organisation = document->organisation;
		c->item.reference = document->reference;
		c->item.issuer_state = document->issuer_state;
		c->item.issued_on = document->issued_on;
	}
	c->item.rule = retention_term_of(kernel, c->item.type, c->item.organisation);
	/* What happened since is not in the archive: a case at rest may have moved once more. */
	c->item.archived_us = c->archived_us < last_us ? TIME_NONE : c->archived_us;
	c->item.last_us = last_us;
	c->item.due_us = later(retention_end_us(last_us, c->item.rule.term), last_us + least_us);
	c->item.settled = !*open && is_final(message_machine(message), message->state);
	return OK;
}

/* All that is known of C; .item.verdict says whether it may go at AT_US if its term is over by then. */
static enum err_code judge(struct kernel *kernel, struct tx *tx, struct arena *arena, struct candidate *c,
			   int64_t at_us, struct err *err)
{
	const struct keeper *keeper = keeper_of(kernel);
	const struct message *message = &c->message;
	const char *open;

	if (keeper && message->document)
		TRY(keeper->find(tx, arena, message->document, &c->document, err));
	TRY(describe(kernel, tx, arena, c, at_us, &open, err));
	if (c->item.due_us > at_us)
		return OK;
	if (!is_final(message_machine(message), message->state))
		decide(&c->item, RETENTION_UNSETTLED, because(arena, "the message is ", message->state, ""));
	if (open)
		decide(&c->item, RETENTION_OPEN, because(arena, "its case is not at its end: ", open, ""));
	if (c->document.referred_by)
		decide(&c->item, RETENTION_REFERRED,
		       because(arena, "document ", c->document.referred_by, " is about it and is kept"));
	TRY(judge_holds(tx, arena, c, at_us, err));
	if (kernel->retention && kernel->retention->archived_first && c->item.archived_us == TIME_NONE &&
	    !same(c->item.type, RETENTION_PING))
		decide(&c->item, RETENTION_UNARCHIVED, "it stands in no archive yet: lintas archive write DIR");
	return OK;
}

static struct candidate candidate_row(struct arena *arena, const struct query *query)
{
	return (struct candidate){ .message = message_row(arena, query),
				   .archived_us = db_time(query, MESSAGE_COLUMNS_COUNT),
				   .document = { .issued_on = DATE_NONE } };
}

/* --- The walk --- */

/* No term is shorter, whatever the type: what is younger need not be looked at. */
static int64_t oldest_us(const struct kernel *kernel, int64_t at_us)
{
	struct retention_term term, least;
	const char *type, *law;
	int64_t shortest_us = INT64_MAX;

	for (size_t i = 0; (type = retention_type_at(kernel, i, &term, &least, &law)); i++) {
		int64_t us = retention_end_us(0, retention_term_of(kernel, type, NULL).term);
		shortest_us = us < shortest_us ? us : shortest_us;
	}
	for (size_t i = 0; kernel->retention && i < kernel->retention->count; i++) {
		int64_t us = retention_end_us(0, kernel->retention->rules[i].term);
		shortest_us = us < shortest_us ? us : shortest_us;
	}
	/* Years are not of one length. */
	return at_us - shortest_us + 30 * DAY_US;
}

/* No term begins before the message was made, so what is younger needs no look at its document, cases and records: of a
 * node's years most is. */
static bool may_be_due(const struct kernel *kernel, const struct message *message, int64_t at_us)
{
	struct retention_answer rule = retention_term_of(kernel, type_of(kernel, message), message->organisation);

	return (message->document && !doctype_find(kernel, message->action)) ||
	       retention_end_us(message->created_us, rule.term) <= at_us;
}

struct look {
	struct kernel *kernel;
	struct arena *arena;
	const char *organisation, *after;
	int64_t at_us;
	size_t limit;
	struct retention_list list;
	struct candidate *candidates; /* of this page */
	size_t count;
};

static enum err_code read_page(struct tx *tx, struct look *look, struct err *err)
{
	char before[UUID_SIZE];
	db_query_auto query = { 0 };

	uuid_floor(before, oldest_us(look->kernel, look->at_us));
	look->count = 0;
	look->candidates = arena_array(look->arena, look->limit, sizeof(*look->candidates));
	if (!look->candidates)
		return fail(err, ERR_MEMORY, "no memory left to look for what is due");
	TRY(db_query(tx, &sql_retention_walk,
		     BINDS(BIND_TEXT(look->after ? look->after : ""), BIND_TEXT(before), BIND_INT(look->limit)), &query,
		     err));
	while (look->count < look->limit && db_next(&query))
		look->candidates[look->count++] = candidate_row(look->arena, &query);
	return db_end(&query, err);
}

static enum err_code look_run(struct tx *tx, void *arg, struct err *err)
{
	struct look *look = arg;
	struct retention_list found = { 0 };

	TRY(read_page(tx, look, err));
	for (size_t i = 0; i < look->count; i++) {
		struct candidate *c = &look->candidates[i];
		if (!may_be_due(look->kernel, &c->message, look->at_us))
			continue;
		TRY(judge(look->kernel, tx, look->arena, c, look->at_us, err));
		if (c->item.due_us > look->at_us ||
		    (look->organisation && !same(look->organisation, c->item.organisation)))
			continue;
		found.items = list_grow(look->arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of what is due");
		found.items[found.count++] = c->item;
	}
	if (look->count == look->limit)
		found.next = look->candidates[look->count - 1].message.id;
	look->list = found;
	return OK;
}

enum err_code retention_list(struct kernel *kernel, struct arena *arena, const char *organisation, const char *after,
			     int64_t at_us, size_t look_at, struct retention_list *list, struct err *err)
{
	struct look look = { .kernel = kernel,
			     .arena = arena,
			     .organisation = organisation,
			     .after = after,
			     .at_us = at_us,
			     .limit = look_at };

	TRY(db_read(kernel->db, look_run, &look, err));
	*list = look.list;
	return OK;
}

/* --- Deleting --- */

/* What a deletion says of what was there, in the order in which it was written, as the journal has it: SHA-256 over a
 * line "parts DIGEST" and a line "wire RECORD" for each, so that who kept a copy can show that it is the one. */
static enum err_code deletion_digest(struct tx *tx, const struct message *message, char digest[static 65],
				     struct err *err)
{
	db_query_auto query = { 0 };
	arena_auto arena = arena_new(RECORDS_MAX);
	buf_auto text;

	buf_init(&text, RECORDS_MAX);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to delete a message");
	buf_printf(&text, "parts %s\n", message->digest);
	TRY(db_query(tx, &sql_retention_records, BINDS(BIND_TEXT(message->id)), &query, err));
	while (db_next(&query)) {
		const char *record = db_text(arena, &query, 0);
		buf_printf(&text, "wire %s\n", record ? record : "-");
	}
	TRY(db_end(&query, err));
	TRY(buf_check(&text, "the record of a deletion", err));
	sha256_hex(buf_bytes(&text), digest);
	return OK;
}

static enum err_code note_deletion(struct tx *tx, struct arena *arena, const struct candidate *c, const char *digest,
				   int64_t parts, int64_t wires, const struct actor *actor, int64_t now_us,
				   struct err *err)
{
	char term[RETENTION_TERM_SIZE];
	const struct retention_item *item = &c->item;
	bool with_document = c->document.id && same(c->document.message, c->message.id);
	const char *detail = arena_printf(arena, "%s %s, kept %s: %s%s%s%" PRId64 " parts, %" PRId64 " records%s",
					  item->type, item->direction, retention_term_format(item->rule.term, term),
					  with_document ? "document " : "", with_document ? c->document.id : "",
					  with_document ? ", " : "", parts, wires,
					  item->archived_us == TIME_NONE ? "" : "; archived before");
	struct journal_entry entry = { .at_us = now_us,
				       .actor = actor->name,
				       .organisation = item->organisation,
				       .subject_type = "deletion",
				       .subject = c->message.id,
				       .event = "deleted",
				       .detail = detail,
				       .law = item->rule.law,
				       .content = digest };

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left to delete a message");
	TRY(journal_put(tx, &entry, err));
	if (!with_document)
		return OK;
	/* The document has a timeline of its own. */
	entry.subject = c->document.id;
	entry.content = NULL;
	entry.event = "document-deleted";
	return journal_put(tx, &entry, err);
}

static enum err_code delete_one(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct candidate *c,
				const struct actor *actor, int64_t now_us, struct err *err)
{
	const char *id = c->message.id, *document = c->document.id;
	char digest[SHA256_HEX_SIZE];
	int64_t parts = 0, before = 0, wires = 0;

	TRY(deletion_digest(tx, &c->message, digest, err));
	TRY(db_exec(tx, &sql_part_drop, BINDS(BIND_TEXT(id)), &parts, err));
	TRY(db_exec(tx, &sql_retention_before_drop, BINDS(BIND_TEXT(id)), &before, err));
	TRY(db_exec(tx, &sql_retention_wire_drop, BINDS(BIND_TEXT(id)), &wires, err));
	if (document && same(c->document.message, id)) {
		TRY(db_exec(tx, &sql_retention_dropped_drop, BINDS(BIND_TEXT(document)), NULL, err));
		TRY(keeper_of(kernel)->drop(tx, document, err));
		TRY(db_exec(tx, &sql_retention_timer_drop, BINDS(BIND_TEXT(document)), NULL, err));
		TRY(db_exec(tx, &sql_retention_case_drop, BINDS(BIND_TEXT(document)), NULL, err));
	}
	TRY(db_exec(tx, &sql_retention_mark, BINDS(BIND_TEXT(id), BIND_INT(now_us)), NULL, err));
	return note_deletion(tx, arena, c, digest, parts + before, wires, actor, now_us, err);
}

struct deletion {
	struct kernel *kernel;
	bool referred; /* what was deleted was about another document, which may go now */
	struct arena *arena;
	const struct actor *actor;
	int64_t now_us;
	const struct retention_list *list;
	unsigned deleted;
};

/* As it stands in this transaction: since it was looked at, somebody may have placed a hold or referred to it. */
static enum err_code reread(struct tx *tx, const struct deletion *d, const char *id, struct candidate *c,
			    struct err *err)
{
	struct candidate found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_retention_one, BINDS(BIND_TEXT(id)), &query, err));
	if (db_next(&query))
		found = candidate_row(d->arena, &query);
	TRY(db_end(&query, err));
	if (found.message.id)
		TRY(judge(d->kernel, tx, d->arena, &found, d->now_us, err));
	*c = found;
	return OK;
}

static enum err_code delete_run(struct tx *tx, void *arg, struct err *err)
{
	struct deletion *d = arg;
	struct candidate c;

	d->deleted = 0;
	d->referred = false;
	TRY(db_exec(tx, &sql_counter_grow, BINDS(BIND_TEXT("retention")), NULL, err));
	for (size_t i = 0; i < d->list->count; i++) {
		if (!same(d->list->items[i].verdict, RETENTION_DUE))
			continue;
		TRY(reread(tx, d, d->list->items[i].message, &c, err));
		if (!c.message.id || !same(c.item.verdict, RETENTION_DUE) || c.item.due_us > d->now_us)
			continue;
		TRY(delete_one(d->kernel, tx, d->arena, &c, d->actor, d->now_us, err));
		d->referred = d->referred || c.document.about;
		d->deleted++;
	}
	return OK;
}

/* What is due of the page, at most DELETE_AT_ONCE, and no more of the page than up to the last of them. */
static void cut(struct retention_list *list)
{
	size_t due = 0;

	for (size_t i = 0; i < list->count; i++) {
		due += same(list->items[i].verdict, RETENTION_DUE);
		if (due == DELETE_AT_ONCE) {
			list->next = list->items[i].message;
			list->count = i + 1;
		}
	}
}

/* --- Refusals --- */

struct old_refusal {
	const char *id, *partner, *received, *error;
};

/* The oldest of all whose partner is not held, by whomever: they are of the node, not of one organisation. */
static enum err_code read_refusals(struct tx *tx, struct arena *arena, const char *before, int64_t now_us,
				   struct old_refusal *rows, size_t *count, struct err *err)
{
	db_query_auto query = { 0 };

	*count = 0;
	TRY(db_query(tx, &sql_retention_refusals, BINDS(BIND_TEXT(before), BIND_INT(DELETE_AT_ONCE), BIND_INT(now_us)),
		     &query, err));
	while (*count < DELETE_AT_ONCE && db_next(&query))
		rows[(*count)++] = (struct old_refusal){ .id = db_text(arena, &query, 0),
							 .partner = db_text(arena, &query, 1),
							 .received = db_text(arena, &query, 2),
							 .error = db_text(arena, &query, 3) };
	return db_end(&query, err);
}

static enum err_code delete_refusal(struct tx *tx, const struct deletion *d, const struct old_refusal *refusal,
				    const struct retention_answer *rule, struct err *err)
{
	const char *const wires[] = { refusal->received, refusal->error };
	char term[RETENTION_TERM_SIZE];
	const char *detail = arena_printf(d->arena, "%s of %s, kept %s", RETENTION_REFUSAL, refusal->partner,
					  retention_term_format(rule->term, term));

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left to delete a refusal");
	TRY(db_exec(tx, &sql_retention_refusal_drop, BINDS(BIND_TEXT(refusal->id)), NULL, err));
	for (size_t i = 0; i < COUNT(wires); i++)
		if (wires[i])
			TRY(db_exec(tx, &sql_retention_refusal_wire_drop, BINDS(BIND_TEXT(wires[i])), NULL, err));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = d->now_us,
						    .actor = d->actor->name,
						    .subject_type = "deletion",
						    .subject = refusal->id,
						    .event = "deleted",
						    .detail = detail,
						    .law = rule->law },
			   err);
}

static enum err_code refusals_run(struct tx *tx, void *arg, struct err *err)
{
	struct deletion *d = arg;
	struct retention_answer rule = retention_term_of(d->kernel, RETENTION_REFUSAL, NULL);
	struct old_refusal rows[DELETE_AT_ONCE];
	char before[UUID_SIZE];
	size_t count;

	d->deleted = 0;
	TRY(db_exec(tx, &sql_counter_grow, BINDS(BIND_TEXT("retention")), NULL, err));
	uuid_floor(before, 2 * d->now_us - retention_end_us(d->now_us, rule.term));
	TRY(read_refusals(tx, d->arena, before, d->now_us, rows, &count, err));
	for (size_t i = 0; i < count; i++) {
		TRY(delete_refusal(tx, d, &rows[i], &rule, err));
		d->deleted++;
	}
	return OK;
}

struct any_refusal {
	const char *before;
	int64_t now_us;
	bool found;
};

static enum err_code any_refusal_run(struct tx *tx, void *arg, struct err *err)
{
	struct any_refusal *any = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_retention_refusals, BINDS(BIND_TEXT(any->before), BIND_INT(1), BIND_INT(any->now_us)),
		     &query, err));
	any->found = db_next(&query);
	return db_end(&query, err);
}

/* Looking first costs no commit while nothing is old enough. */
static enum err_code step_refusals(struct deletion *d, struct err *err)
{
	char before[UUID_SIZE];
	struct any_refusal any = { .before = before, .now_us = d->now_us };
	struct retention_answer rule = retention_term_of(d->kernel, RETENTION_REFUSAL, NULL);

	uuid_floor(before, 2 * d->now_us - retention_end_us(d->now_us, rule.term));
	d->deleted = 0;
	TRY(db_read(d->kernel->db, any_refusal_run, &any, err));
	return any.found ? db_write(d->kernel->db, refusals_run, d, err) : OK;
}

/* --- A step --- */

static bool any_due(const struct retention_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (same(list->items[i].verdict, RETENTION_DUE))
			return true;
	return false;
}

/* At the end of a walk refusals go, too, until none is left; and it begins anew at once if what was about a document is
 * gone, which may go now. */
static enum err_code end_walk(struct deletion *d, struct retention_walk *walk, unsigned *done, bool *more,
			      struct err *err)
{
	TRY(step_refusals(d, err));
	*done += d->deleted;
	*more = walk->again || d->deleted > 0;
	if (d->deleted == 0)
		*walk = (struct retention_walk){ .pause_until_us = *more ? 0 : d->now_us + PAUSE_US };
	return OK;
}

enum err_code retention_step(struct kernel *kernel, const struct actor *actor, int64_t now_us,
			     struct retention_walk *walk, unsigned *done, bool *more, struct err *err)
{
	struct retention_list list;
	arena_auto arena = arena_new(STEP_ARENA_BYTES);
	struct deletion d = { .kernel = kernel, .arena = arena, .actor = actor, .now_us = now_us, .list = &list };

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to look for what is due");
	*done = 0;
	*more = false;
	if (now_us < walk->pause_until_us)
		return OK;
	TRY(retention_list(kernel, arena, NULL, walk->after, now_us, LOOK_AT_ONCE, &list, err));
	cut(&list);
	if (any_due(&list))
		TRY(db_write(kernel->db, delete_run, &d, err));
	*done = d.deleted;
	walk->again = walk->again || d.referred;
	if (!list.next)
		return end_walk(&d, walk, done, more, err);
	*more = true;
	snprintf(walk->after, sizeof(walk->after), "%s", list.next);
	return OK;
}

/* --- Archives --- */

static enum err_code note_archived(struct tx *tx, struct arena *arena, const struct retention_volume *volume,
				   const struct retention_archived *item, const struct actor *actor, int64_t now_us,
				   struct err *err)
{
	struct message message;
	const char *detail = arena_printf(arena, "archive %s, volume %" PRId64, volume->archive, volume->number);

	TRY(message_find(tx, arena, item->message, &message, err));
	if (!message.id)
		return fail(err, ERR_NOT_FOUND, "there is no message %s: the archive is another node's", item->message);
	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left to note an archive");
	TRY(db_exec(tx, &sql_retention_archived, BINDS(BIND_TEXT(message.id), BIND_INT(item->at_us)), NULL, err));
	return journal_put(tx,
			   &(struct journal_entry){ .at_us = now_us,
						    .actor = actor->name,
						    .organisation = message.organisation,
						    .subject_type = "archive",
						    .subject = message.id,
						    .event = "archived",
						    .detail = detail,
						    .content = item->digest },
			   err);
}

enum err_code retention_note_volume(struct tx *tx, struct arena *arena, const struct retention_volume *volume,
				    const struct actor *actor, int64_t now_us, struct err *err)
{
	int64_t changed = 0;

	TRY(db_exec(tx, &sql_retention_volume_put,
		    BINDS(BIND_TEXT(volume->digest), BIND_TEXT(volume->archive), BIND_INT(volume->number),
			  BIND_INT(volume->count), BIND_INT(now_us)),
		    &changed, err));
	for (size_t i = 0; changed > 0 && i < volume->count; i++)
		TRY(note_archived(tx, arena, volume, &volume->items[i], actor, now_us, err));
	return OK;
}
