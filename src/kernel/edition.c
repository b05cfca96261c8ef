/* What is known of editions, what is decided about them, which one counts, and how those go that are gone. */
#include "kernel/edition.h"

#include "base/text.h"
#include "kernel/capability.h"
#include "kernel/edition_int.h"
#include "kernel/store_int.h"

#define DECIDING_ARENA ((size_t)4 << 20)

/* clang-format off */
const struct rule edition_rules[] = {
	[EDITION_NO_SUBJECT]    = { .code = "EDN-001", .text = "\"{1}\" is no subject: give 1 to 64 letters, digits, '.', '-' or '_'" },
	[EDITION_DAYS]          = { .code = "EDN-002", .text = "it would end on {2}, before it begins on {1}" },
	[EDITION_NO_DAY]        = { .code = "EDN-003", .text = "give the day from which it counts" },
	[EDITION_TOO_LARGE]     = { .code = "EDN-004", .text = "the file has {1} bytes, and one edition takes {2}" },
	[EDITION_TOO_MANY]      = { .code = "EDN-005", .text = "the file has more than {1} records" },
	[EDITION_OTHER_MAPPING] = { .code = "EDN-006", .text = "the mapping is of {1}, and the edition would be of {2}" },
	[EDITION_SAME_EYES]     = { .code = "EDN-007", .text = "{1} has imported it: somebody else approves it" },
	[EDITION_NOT_APPROVED]  = { .code = "EDN-008", .text = "somebody else than {1}, who has imported it, approves it first" },
	{ 0 },
};
/* clang-format on */

/* --- The machine --- */

static bool guard_other_eyes(const struct fsm_case *fsm_case, struct findings *findings)
{
	const struct edition_case *about = fsm_case->context;

	if (!about->kind->four_eyes || !same(about->edition->imported_by, fsm_case->actor.name))
		return true;
	finding_add(findings, &edition_rules[EDITION_SAME_EYES], "", fsm_case->actor.name, NULL);
	return false;
}

static bool guard_two_eyes(const struct fsm_case *fsm_case, struct findings *findings)
{
	const struct edition_case *about = fsm_case->context;

	if (!about->kind->four_eyes)
		return true;
	finding_add(findings, &edition_rules[EDITION_NOT_APPROVED], "", about->edition->imported_by, NULL);
	return false;
}

/* Who asks what edition counts asks anew. */
static enum err_code emit_counting(struct tx *tx, const struct fsm_case *fsm_case, struct err *err)
{
	(void)fsm_case;
	return db_exec(tx, &sql_counter_grow, BINDS(BIND_TEXT("edition-serial")), NULL, err);
}

static const char *const final_states[] = { "withdrawn", "failed", "discarded", NULL };

static const struct fsm_row machine_rows[] = {
	{ .from = "loading", .event = EDITION_STAGE, .to = "staged" },
	{ .from = "loading", .event = EDITION_FAIL, .to = "failed" },
	{ .from = "staged", .event = "approve", .guard = guard_other_eyes, .to = "approved" },
	{ .from = "staged", .event = "activate", .guard = guard_two_eyes, .to = "active", .emit = emit_counting },
	{ .from = "staged", .event = "discard", .to = "discarded" },
	{ .from = "approved", .event = "activate", .to = "active", .emit = emit_counting },
	{ .from = "approved", .event = "discard", .to = "discarded" },
	{ .from = "active", .event = "withdraw", .to = "withdrawn", .emit = emit_counting },
	{ 0 },
};

const struct machine edition_machine = {
	.name = "edition",
	.title = "An edition of reference data",
	.initial = "loading",
	.final = final_states,
	.rows = machine_rows,
	.subject_type = "edition",
	.get = &sql_edition_state,
	.set = &sql_edition_state_set,
};

struct fsm_case edition_case_of(struct kernel *kernel, struct arena *arena, const struct edition_case *about,
				const struct actor *actor, int64_t now_us, const char *reason)
{
	const struct edition *edition = about->edition;
	char from[DATE_SIZE];

	return (struct fsm_case){
		.kernel = kernel,
		.arena = arena,
		.id = edition->id,
		.actor = *actor,
		.now_us = now_us,
		.detail = arena_printf(arena, "%s %s from %s%s%s", edition->kind, edition->subject,
				       date_format(edition->from, from), reason ? ": " : "", reason ? reason : ""),
		.content = edition->digest,
		.context = about,
	};
}

/* --- Reading --- */

struct edition edition_row(struct arena *arena, const struct query *query)
{
	return (struct edition){
		.id = db_text(arena, query, 0),
		.kind = db_text(arena, query, 1),
		.subject = db_text(arena, query, 2),
		.title = db_text(arena, query, 3),
		.state = db_text(arena, query, 4),
		.from = (date)db_int(query, 5),
		.until = db_null(query, 6) ? DATE_NONE : (date)db_int(query, 6),
		.digest = db_text(arena, query, 7),
		.records = db_int(query, 8),
		.warnings = db_int(query, 9),
		.imported_by = db_text(arena, query, 10),
		.imported_us = db_int(query, 11),
		.approved_by = db_text(arena, query, 12),
		.approved_us = db_time(query, 13),
		.activated_by = db_text(arena, query, 14),
		.activated_us = db_time(query, 15),
		.withdrawn_by = db_text(arena, query, 16),
		.withdrawn_us = db_time(query, 17),
	};
}

/* The only row of a query, or none. */
static enum err_code one_row(struct tx *tx, struct arena *arena, const struct statement *statement,
			     const struct bind *binds, size_t count, struct edition *edition, struct err *err)
{
	struct edition found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	if (db_next(&query))
		found = edition_row(arena, &query);
	TRY(db_end(&query, err));
	*edition = found;
	return OK;
}

static enum err_code all_rows(struct tx *tx, struct arena *arena, const struct statement *statement,
			      const struct bind *binds, size_t count, struct edition_list *list, struct err *err)
{
	struct edition_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of editions");
		found.items[found.count++] = edition_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code edition_get(struct tx *tx, struct arena *arena, const char *id, struct edition *edition, struct err *err)
{
	return one_row(tx, arena, &sql_edition_get, BINDS(BIND_TEXT(id)), edition, err);
}

enum err_code edition_list(struct tx *tx, struct arena *arena, const char *kind, const char *subject, const char *state,
			   const char *before, size_t limit, struct edition_list *list, struct err *err)
{
	return all_rows(
		tx, arena, &sql_edition_all,
		BINDS(BIND_TEXT(kind), BIND_TEXT(subject), BIND_TEXT(state), BIND_TEXT(before), BIND_INT(limit)), list,
		err);
}

enum err_code edition_on(struct tx *tx, struct arena *arena, const char *kind, const char *subject, date day,
			 struct edition *edition, struct err *err)
{
	return one_row(tx, arena, &sql_edition_on, BINDS(BIND_TEXT(kind), BIND_TEXT(subject), BIND_INT(day)), edition,
		       err);
}

static bool covers(const struct edition *edition, date day)
{
	return edition->from <= day && (edition->until == DATE_NONE || edition->until >= day);
}

/* Whether the item INDEX of LIST, which is in the order in which one goes before another, counts on a day from FROM to
 * UNTIL: from each day on which a later one of its subject counts it is looked at behind that one's end. */
static bool counts_somewhere(const struct edition_list *list, size_t index, date from, date until)
{
	const struct edition *edition = &list->items[index];
	date day = edition->from > from ? edition->from : from;

	for (size_t i = index + 1; i < list->count && same(list->items[i].subject, edition->subject);) {
		const struct edition *later = &list->items[i];
		if (!covers(later, day)) {
			i++;
			continue;
		}
		if (later->until == DATE_NONE || later->until >= until)
			return false;
		day = later->until + 1;
		i = index + 1;
	}
	return day <= until && covers(edition, day);
}

enum err_code edition_between(struct tx *tx, struct arena *arena, const char *kind, date from, date until,
			      struct edition_list *list, struct err *err)
{
	struct edition_list all = { 0 }, counting = { 0 };

	TRY(all_rows(tx, arena, &sql_edition_between, BINDS(BIND_TEXT(kind), BIND_INT(from), BIND_INT(until)), &all,
		     err));
	counting.items = arena_array(arena, all.count, sizeof(*counting.items));
	if (!counting.items)
		return fail(err, ERR_MEMORY, "no memory left for the list of editions");
	for (size_t i = 0; i < all.count; i++)
		if (counts_somewhere(&all, i, from, until))
			counting.items[counting.count++] = all.items[i];
	*list = counting;
	return OK;
}

enum err_code edition_serial(struct tx *tx, int64_t *serial, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_counter_get, BINDS(BIND_TEXT("edition-serial")), &query, err));
	int64_t found = db_next(&query) ? db_int(&query, 0) : 0;
	TRY(db_end(&query, err));
	*serial = found;
	return OK;
}

enum err_code edition_warnings(struct tx *tx, struct arena *arena, const char *id, struct edition_warnings *warnings,
			       struct err *err)
{
	struct edition_warnings found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_edition_warning_all, BINDS(BIND_TEXT(id)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the warnings of an edition");
		found.items[found.count++] = (struct edition_warning){ .code = db_text(arena, &query, 0),
								       .place = db_text(arena, &query, 1),
								       .text = db_text(arena, &query, 2),
								       .law = db_text(arena, &query, 3) };
	}
	TRY(db_end(&query, err));
	*warnings = found;
	return OK;
}

/* --- Deciding --- */

static bool is_subject(const char *subject)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	size_t size = subject ? strlen(subject) : 0;

	return size > 0 && size <= 64 && strspn(subject, letters) == size;
}

enum err_code edition_admit(struct tx *tx, struct arena *arena, const struct edition_kind *kind,
			    const struct edition *edition, struct findings *findings, struct err *err)
{
	char from[DATE_SIZE], until[DATE_SIZE];
	size_t errors = findings_errors(findings);

	if (!is_subject(edition->subject))
		finding_add(findings, &edition_rules[EDITION_NO_SUBJECT], "/subject", edition->subject, NULL);
	if (edition->from == DATE_NONE)
		finding_add(findings, &edition_rules[EDITION_NO_DAY], "/from", NULL, NULL);
	else if (edition->until != DATE_NONE && edition->until < edition->from)
		finding_add(findings, &edition_rules[EDITION_DAYS], "/until", date_format(edition->from, from),
			    date_format(edition->until, until));
	if (findings_errors(findings) > errors || !kind->admit)
		return OK;
	return kind->admit(tx, arena, edition, findings, err);
}

struct deciding {
	struct kernel *kernel;
	struct arena *arena;
	const char *id, *event, *reason;
	date from;
	const struct actor *actor;
	int64_t now_us;
	struct findings *findings;
	struct edition edition;
};

/* Who did it, and when, beside the state. */
static enum err_code put_decision(struct tx *tx, const struct deciding *deciding, const struct edition *edition,
				  const char *to, struct err *err)
{
	const struct bind binds[] = { BIND_TEXT(edition->id), BIND_TEXT(deciding->actor->name),
				      BIND_INT(deciding->now_us), BIND_INT(edition->from) };

	if (same(to, "approved"))
		return db_exec(tx, &sql_edition_approved, binds, 3, NULL, err);
	if (same(to, "active"))
		return db_exec(tx, &sql_edition_activated, binds, 4, NULL, err);
	if (same(to, "withdrawn"))
		return db_exec(tx, &sql_edition_withdrawn, binds, 3, NULL, err);
	return OK;
}

static enum err_code decide(struct tx *tx, void *arg, struct err *err)
{
	struct deciding *deciding = arg;
	struct edition edition;
	const char *to = NULL;
	struct findings *findings = findings_new(deciding->arena);

	TRY(edition_get(tx, deciding->arena, deciding->id, &edition, err));
	if (!edition.id)
		return fail(err, ERR_NOT_FOUND,
			    "there is no edition %s; lintas edition list (GET /api/v1/editions) shows what there is",
			    deciding->id);
	const struct edition_kind *kind = edition_kind_find(deciding->kernel, edition.kind);
	if (!kind)
		return fail(err, ERR_CONFLICT, "this node does not know what %s are", edition.kind);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory left to decide on an edition");
	deciding->findings = findings;
	if (same(deciding->event, "activate")) {
		edition.from = deciding->from == DATE_NONE ? edition.from : deciding->from;
		TRY(edition_admit(tx, deciding->arena, kind, &edition, findings, err));
	}
	if (findings_errors(findings))
		return OK;
	const struct edition_case about = { &edition, kind };
	const struct fsm_case fsm_case = edition_case_of(deciding->kernel, deciding->arena, &about, deciding->actor,
							 deciding->now_us, deciding->reason);
	if (!fsm_case.detail)
		return fail(err, ERR_MEMORY, "no memory left to decide on an edition");
	TRY(fsm_fire(tx, &edition_machine, &fsm_case, deciding->event, &to, findings, err));
	if (!to)
		return OK;
	TRY(put_decision(tx, deciding, &edition, to, err));
	return edition_get(tx, deciding->arena, deciding->id, &deciding->edition, err);
}

enum err_code edition_decide(struct kernel *kernel, struct arena *arena, const char *id, const char *event, date from,
			     const struct actor *actor, const char *reason, int64_t now_us, struct edition *edition,
			     struct findings *findings, struct err *err)
{
	static const char *const events[] = { "approve", "activate", "withdraw", "discard" };
	struct deciding deciding = { .kernel = kernel,
				     .arena = arena,
				     .id = id,
				     .event = event,
				     .reason = reason,
				     .from = from,
				     .actor = actor,
				     .now_us = now_us };
	bool known = false;

	for (size_t i = 0; i < COUNT(events); i++)
		known = known || same(events[i], event);
	if (!known)
		return fail(err, ERR_INVALID,
			    "nobody decides \"%s\" on an edition: approve, activate, withdraw, discard", event);
	TRY(db_write(kernel->db, decide, &deciding, err));
	findings_append(findings, deciding.findings);
	if (deciding.edition.id)
		*edition = deciding.edition;
	return OK;
}

/* --- What is gone --- */

struct failing {
	struct kernel *kernel;
	struct arena *arena;
	const struct edition *edition;
	const struct actor *actor;
	int64_t now_us;
	const char *reason;
};

static enum err_code fail_one(struct tx *tx, void *arg, struct err *err)
{
	const struct failing *failing = arg;
	const struct edition_case about = { failing->edition, NULL };
	const struct fsm_case fsm_case = edition_case_of(failing->kernel, failing->arena, &about, failing->actor,
							 failing->now_us, failing->reason);
	struct findings *aside = findings_new(failing->arena);

	if (!fsm_case.detail || !aside)
		return fail(err, ERR_MEMORY, "no memory left to end the reading of an edition");
	return fsm_fire(tx, &edition_machine, &fsm_case, EDITION_FAIL, NULL, aside, err);
}

enum err_code edition_fail(struct kernel *kernel, struct arena *arena, const struct edition *edition,
			   const struct actor *actor, int64_t now_us, const char *reason, struct err *err)
{
	struct failing failing = { kernel, arena, edition, actor, now_us, reason };

	return db_write(kernel->db, fail_one, &failing, err);
}

struct dropping {
	const struct edition_kind *kind;
	const char *id;
	int64_t limit;
	bool more;
};

static enum err_code drop_some(struct tx *tx, void *arg, struct err *err)
{
	struct dropping *dropping = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_edition_is_gone, BINDS(BIND_TEXT(dropping->id)), &query, err));
	bool gone = db_next(&query);
	TRY(db_end(&query, err));
	dropping->more = false;
	if (!gone) /* it was staged after all, when nobody knew whether that was durable */
		return OK;
	TRY(dropping->kind->drop(tx, dropping->id, dropping->limit, &dropping->more, err));
	return dropping->more ? OK : db_exec(tx, &sql_edition_swept, BINDS(BIND_TEXT(dropping->id)), NULL, err);
}

enum err_code edition_drop(struct kernel *kernel, const struct edition_kind *kind, const char *id, int64_t limit,
			   bool *more, struct err *err)
{
	struct dropping dropping = { .kind = kind, .id = id, .limit = limit };

	TRY(db_write(kernel->db, drop_some, &dropping, err));
	*more = dropping.more;
	return OK;
}

/* The next edition to be failed, and the next one behind .after whose records are to be deleted. */
struct sweeping {
	struct arena *arena;
	int64_t late_us;
	const char *after;
	struct edition late;
	const char *id, *kind;
};

static enum err_code find_gone(struct tx *tx, void *arg, struct err *err)
{
	struct sweeping *sweeping = arg;
	db_query_auto query = { 0 };

	TRY(one_row(tx, sweeping->arena, &sql_edition_late, BINDS(BIND_INT(sweeping->late_us)), &sweeping->late, err));
	TRY(db_query(tx, &sql_edition_gone, BINDS(BIND_TEXT(sweeping->after)), &query, err));
	sweeping->id = NULL;
	if (db_next(&query)) {
		sweeping->id = db_text(sweeping->arena, &query, 0);
		sweeping->kind = db_text(sweeping->arena, &query, 1);
	}
	return db_end(&query, err);
}

enum err_code edition_sweep_step(struct kernel *kernel, int64_t now_us, unsigned limit, unsigned *done, struct err *err)
{
	arena_auto arena = arena_new(DECIDING_ARENA);
	struct sweeping sweeping = { .arena = arena, .late_us = now_us - EDITION_LATE_US, .after = "" };
	const struct edition_kind *kind = NULL;
	bool more;

	*done = 0;
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left to delete editions");
	/* One of a kind that this program does not know waits for one that does. */
	do {
		TRY(db_read(kernel->db, find_gone, &sweeping, err));
		if (sweeping.late.id)
			break;
		if (!sweeping.id)
			return OK;
		kind = edition_kind_find(kernel, sweeping.kind);
		sweeping.after = sweeping.id;
	} while (!kind);
	*done = 1;
	if (sweeping.late.id)
		return edition_fail(kernel, arena, &sweeping.late, &actor_system, now_us,
				    "the node stopped while it was read", err);
	return edition_drop(kernel, kind, sweeping.id, limit, &more, err);
}
