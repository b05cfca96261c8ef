#include "kernel/activation.h"

#include "base/uuid.h"
#include "kernel/capability.h"
#include "kernel/store_int.h"

/* clang-format off */
enum { RULE_TYPE, RULE_VERSION, RULE_DIRECTION, RULE_STATE, RULE_PAST, RULE_LAW, RULE_OVERLAP, RULE_NOTHING, RULE_TOO_MANY,
       RULE_INHERITED };
const struct rule activation_rules[] = {
	[RULE_TYPE]      = { .code = "ACT-001", .text = "{1} is no document type of this node: give one of {2}" },
	[RULE_VERSION]   = { .code = "ACT-002", .text = "this node has version {2} of {1}, and no other" },
	[RULE_DIRECTION] = { .code = "ACT-003", .text = "{1} is no direction: give in (from the partner) or out (to it); without one it is both" },
	[RULE_STATE]     = { .code = "ACT-004", .text = "{1} is no state of an exchange: give active, opted-out or not-yet" },
	[RULE_PAST]      = { .code = "ACT-005", .text = "{1} is in the past: what was exchanged stays as it was; today is {2} (UTC)" },
	[RULE_LAW]       = { .code = "ACT-006", .text = "an opt-out rests on a declaration: name it", .law = "ATIGA OCP rule 27(2)" },
	[RULE_OVERLAP]   = { .code = "ACT-007", .text = "{1}, and the two would overlap: take that back first ({2})" },
	[RULE_NOTHING]   = { .code = "ACT-008", .text = "{1} already: nothing would change" },
	[RULE_TOO_MANY]  = { .code = "ACT-009", .text = "there are {1} rows of partner {2}: no more can be kept" },
	[RULE_INHERITED] = { .code = "ACT-010", .law = "ATIGA OCP rule 27(2)", .severity = SEVERITY_WARNING,
		.text = "{1} is opted out with {2}, too, as with every other partner; if it is exchanged with {2}: lintas partner activate" },
	{ 0 },
};
/* clang-format on */

static const char *const directions[] = { "in", "out" };

/* Each state, the event of the journal that brings it about, and how people say it. */
static const struct state {
	const char *name, *event, *words;
} states[] = {
	{ ACTIVATION_ACTIVE, "activated", "active" },
	{ ACTIVATION_OPTED_OUT, "opted-out", "opted out" },
	{ ACTIVATION_NOT_YET, "deactivated", "not activated" },
};

static const struct state *state_find(const char *name)
{
	for (size_t i = 0; i < COUNT(states); i++)
		if (same(states[i].name, name))
			return &states[i];
	return NULL;
}

/* --- Reading --- */

static struct activation activation_row(struct arena *arena, const struct query *query)
{
	return (struct activation){
		.partner = db_text(arena, query, 0),
		.document = db_text(arena, query, 1),
		.direction = db_text(arena, query, 2),
		.version = db_text(arena, query, 3),
		.state = db_text(arena, query, 4),
		.from_day = (date)db_int(query, 5),
		.until_day = db_null(query, 6) ? DATE_NONE : (date)db_int(query, 6),
		.law = db_text(arena, query, 7),
		.note = db_text(arena, query, 8),
		.decided_by = db_text(arena, query, 9),
		.decided_us = db_int(query, 10),
		.id = db_text(arena, query, 11),
		.declared = db_int(query, 12) != 0,
	};
}

static enum err_code rows_read(struct tx *tx, struct arena *arena, const struct statement *statement,
			       const struct bind *binds, size_t count, struct activation_list *list, struct err *err)
{
	struct activation_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the activations");
		found.items[found.count++] = activation_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code activation_list(struct tx *tx, struct arena *arena, const char *partner, struct activation_list *list,
			      struct err *err)
{
	return rows_read(tx, arena, &sql_activation_all, BINDS(BIND_TEXT(partner)), list, err);
}

bool activation_covers(const struct activation *row, date day)
{
	return row->from_day <= day && (row->until_day == DATE_NONE || day <= row->until_day);
}

/* Else it was taken back before it began. */
static bool counts(const struct activation *row)
{
	return row->until_day == DATE_NONE || row->until_day >= row->from_day;
}

static bool same_cell(const struct activation *a, const struct activation *b)
{
	return same(a->document, b->document) && same(a->direction, b->direction) && same(a->version, b->version);
}

static const char *cell_text(struct arena *arena, const struct activation *cell)
{
	return arena_printf(arena, "%s %s %s", cell->document, same(cell->direction, "in") ? "from" : "to",
			    cell->partner);
}

/* "ACDD from TH is opted out since 2026-11-02", or will be. */
static const char *row_text(struct arena *arena, const struct activation *row, date today)
{
	char from[DATE_SIZE];

	return arena_printf(arena, "%s is %s %s %s", cell_text(arena, row), state_find(row->state)->words,
			    row->from_day > today ? "from" : "since", date_format(row->from_day, from));
}

/* --- Judging --- */

struct cell_view {
	const struct activation *now;  /* what counts on the day; NULL */
	const struct activation *next; /* the first activation after it; NULL */
	bool is_explicit;              /* we have decided something of this type */
};

static struct cell_view cell_look(const struct activation_list *list, const struct activation *cell, date day)
{
	struct cell_view view = { 0 };

	for (size_t i = 0; i < list->count; i++) {
		const struct activation *row = &list->items[i];
		view.is_explicit = view.is_explicit || !row->declared;
		if (!same_cell(row, cell) || !counts(row))
			continue;
		if (activation_covers(row, day))
			view.now = view.now && view.now->declared ? view.now : row;
		else if (row->from_day > day && !view.next && same(row->state, ACTIVATION_ACTIVE))
			view.next = row;
	}
	return view;
}

enum err_code activation_judge(struct tx *tx, struct arena *arena, const struct activation *cell, bool test, date day,
			       struct activation_verdict *verdict, struct err *err)
{
	struct activation_list list;

	TRY(rows_read(tx, arena, &sql_activation_of, BINDS(BIND_TEXT(cell->partner), BIND_TEXT(cell->document)), &list,
		      err));
	struct cell_view view = cell_look(&list, cell, day);
	bool out = view.now && same(view.now->state, ACTIVATION_OPTED_OUT);
	bool active = view.now ? same(view.now->state, ACTIVATION_ACTIVE) : !view.is_explicit;

	*verdict = (struct activation_verdict){ 0 };
	if (active || (test && !out))
		return OK;
	*verdict = (struct activation_verdict){ .refused = true,
						.opted_out = out,
						.law = out ? view.now->law : NULL,
						.note = out ? view.now->note : NULL };
	if (!out && view.next)
		verdict->text = row_text(arena, view.next, day);
	else if (view.now)
		verdict->text = row_text(arena, view.now, day);
	else
		verdict->text = arena_printf(arena, "%s is not activated", cell_text(arena, cell));
	return verdict->text ? OK : fail(err, ERR_MEMORY, "no memory left for the activation of %s", cell->document);
}

/* --- Deciding --- */

struct decision {
	struct kernel *kernel;
	struct tx *tx;
	struct arena *arena;
	struct activation row; /* what is wanted, whole but for its direction */
	bool wanted[COUNT(directions)];
	struct activation_list list; /* of the partner */
	size_t rows_of_type;
	date today;
	const struct actor *actor;
	struct findings *findings;
};

static void find(const struct decision *decision, int rule, const char *path, const char *first, const char *second)
{
	finding_add(decision->findings, &activation_rules[rule], path, first, second);
}

static void check_type(struct decision *decision)
{
	struct activation *row = &decision->row;
	const struct doctype *type = doctype_find(decision->kernel, row->document);

	if (!type)
		find(decision, RULE_TYPE, "/document", row->document, doctype_codes(decision->kernel, decision->arena));
	else if (row->version && !same(row->version, type->version))
		find(decision, RULE_VERSION, "/version", type->code, type->version);
	else
		row->version = type->version;
}

static void check_direction(struct decision *decision)
{
	const char *direction = decision->row.direction;
	bool known = !direction;

	for (size_t i = 0; i < COUNT(directions); i++) {
		decision->wanted[i] = !direction || same(direction, directions[i]);
		known = known || decision->wanted[i];
	}
	if (!known)
		find(decision, RULE_DIRECTION, "/direction", direction, NULL);
}

static void check_form(struct decision *decision)
{
	struct activation *row = &decision->row;
	char from[DATE_SIZE], today[DATE_SIZE];

	check_type(decision);
	check_direction(decision);
	if (!state_find(row->state))
		find(decision, RULE_STATE, "/state", row->state, NULL);
	if (row->from_day == DATE_NONE)
		row->from_day = decision->today;
	else if (row->from_day < decision->today)
		find(decision, RULE_PAST, "/from", date_format(row->from_day, from),
		     date_format(decision->today, today));
	if (same(row->state, ACTIVATION_OPTED_OUT) && (!row->law || !*row->law))
		find(decision, RULE_LAW, "/law", NULL, NULL);
}

/* Whether ROW, in the cell of what is wanted, is what it wants anyhow. */
static bool says_the_same(const struct activation *row, const struct activation *wanted)
{
	return same(row->state, wanted->state) && (!wanted->law || same(row->law, wanted->law));
}

/* The command that does it. */
static const char *taking_back(struct arena *arena, const struct activation *row)
{
	char from[DATE_SIZE];

	return arena_printf(arena, "lintas partner deactivate %s %s --direction %s --from %s", row->partner,
			    row->document, row->direction, date_format(row->from_day, from));
}

/* What is planned otherwise must be taken back by somebody who knows of it. *STAYS: the row that has it so already. */
static void check_cell(const struct decision *decision, const struct activation *wanted,
		       const struct activation **stays)
{
	bool takes_back = same(wanted->state, ACTIVATION_NOT_YET);

	*stays = NULL;
	for (size_t i = 0; i < decision->list.count; i++) {
		const struct activation *row = &decision->list.items[i];
		if (row->declared || !same_cell(row, wanted) || !counts(row))
			continue;
		if (activation_covers(row, wanted->from_day) && row->until_day == DATE_NONE &&
		    says_the_same(row, wanted))
			*stays = row;
		else if (row->from_day >= wanted->from_day && !takes_back && !same(row->state, ACTIVATION_NOT_YET) &&
			 !same(row->state, wanted->state))
			find(decision, RULE_OVERLAP, "/from", row_text(decision->arena, row, decision->today),
			     taking_back(decision->arena, row));
	}
}

/* Directions in which nothing would change are left as they are. */
static void check_cells(struct decision *decision)
{
	const struct activation *last = NULL;
	bool changes = false;

	for (size_t i = 0; i < COUNT(directions); i++) {
		const struct activation *stays = NULL;
		if (!decision->wanted[i])
			continue;
		decision->row.direction = directions[i];
		check_cell(decision, &decision->row, &stays);
		decision->wanted[i] = !stays;
		changes = changes || !stays;
		last = stays ? stays : last;
	}
	if (!changes && last)
		find(decision, RULE_NOTHING, "", row_text(decision->arena, last, decision->today), NULL);
}

static void check_room(const struct decision *decision)
{
	/* What one decision adds: a row for each direction, and as many for what goes on. */
	if (decision->list.count + 2 * COUNT(directions) > ACTIVATIONS_MAX)
		find(decision, RULE_TOO_MANY, "", arena_printf(decision->arena, "%zu", decision->list.count),
		     decision->row.partner);
}

static enum err_code row_journal(const struct decision *decision, const struct activation *row, const char *event,
				 struct err *err)
{
	char from[DATE_SIZE];
	const char *detail = arena_printf(decision->arena, "%s %s, version %s, from %s%s%s", row->document,
					  row->direction, row->version, date_format(row->from_day, from),
					  row->note ? ": " : "", row->note ? row->note : "");

	if (!detail)
		return fail(err, ERR_MEMORY, "no memory left for the activation of %s", row->document);
	return partner_journal(decision->tx,
			       &(struct journal_entry){ .at_us = row->decided_us,
							.actor = decision->actor->name,
							.organisation = decision->actor->organisation,
							.subject_type = "partner",
							.subject = row->partner,
							.event = event,
							.detail = detail,
							.law = row->law },
			       err);
}

static enum err_code row_keep(const struct decision *decision, const struct activation *row, struct err *err)
{
	char id[UUID_SIZE];

	id_new(id, row->decided_us);
	TRY(db_exec(decision->tx, &sql_activation_put,
		    BINDS(BIND_TEXT(id), BIND_TEXT(row->partner), BIND_TEXT(row->document), BIND_TEXT(row->direction),
			  BIND_TEXT(row->version), BIND_TEXT(row->state), BIND_INT(row->from_day), BIND_TEXT(row->law),
			  BIND_TEXT(row->note), BIND_TEXT(row->decided_by), BIND_INT(row->decided_us),
			  BIND_INT(row->declared)),
		    NULL, err));
	return row_journal(decision, row, state_find(row->state)->event, err);
}

/* ROW counts from its day on, and nothing else that we decided of its cell does. */
static enum err_code row_put(const struct decision *decision, const struct activation *row, struct err *err)
{
	TRY(db_exec(decision->tx, &sql_activation_end,
		    BINDS(BIND_TEXT(row->partner), BIND_TEXT(row->document), BIND_TEXT(row->direction),
			  BIND_TEXT(row->version), BIND_INT(row->from_day), BIND_INT(row->from_day - 1)),
		    NULL, err));
	return row_keep(decision, row, err);
}

/* The first row of a type ends something: what it does not name, and the days before it, go on. */
static enum err_code put_what_goes_on(const struct decision *decision, struct err *err)
{
	for (size_t i = 0; i < COUNT(directions); i++) {
		struct activation row = decision->row;
		if (decision->wanted[i] && row.from_day == decision->today)
			continue;
		row.direction = directions[i];
		row.state = ACTIVATION_ACTIVE;
		row.from_day = decision->today;
		row.law = NULL;
		row.note = "as before the first row";
		TRY(row_put(decision, &row, err));
	}
	return OK;
}

/* An opt-out rests on a declaration: who ends one by any other decision, or decides beneath one of the partner's, sees
 * it in the answer and in the journal. */
static enum err_code note_opt_outs(const struct decision *decision, struct activation *wanted, struct err *err)
{
	char from[DATE_SIZE];

	if (same(wanted->state, ACTIVATION_OPTED_OUT))
		return OK;
	for (size_t i = 0; i < decision->list.count; i++) {
		const struct activation *row = &decision->list.items[i];
		if (!same_cell(row, wanted) || !counts(row) || !same(row->state, ACTIVATION_OPTED_OUT) ||
		    (row->until_day != DATE_NONE && row->until_day < wanted->from_day))
			continue;
		wanted->note = arena_printf(decision->arena, "%s%s%s the opt-out of %s (%s)",
					    wanted->note ? wanted->note : "", wanted->note ? "; " : "",
					    row->declared ? "counts after the partner's card ends" : "ends",
					    date_format(row->from_day, from), row->law);
		if (!wanted->note)
			return fail(err, ERR_MEMORY, "no memory left for the activation of %s", wanted->document);
	}
	return OK;
}

static enum err_code decide(struct decision *decision, struct err *err)
{
	if (decision->rows_of_type == 0 && !same(decision->row.state, ACTIVATION_ACTIVE))
		TRY(put_what_goes_on(decision, err));
	for (size_t i = 0; i < COUNT(directions); i++) {
		if (!decision->wanted[i])
			continue;
		struct activation row = decision->row;
		row.direction = directions[i];
		TRY(note_opt_outs(decision, &row, err));
		TRY(row_put(decision, &row, err));
	}
	return OK;
}

static enum err_code put(struct decision *decision, struct err *err)
{
	const char *document = decision->row.document;
	size_t errors = findings_errors(decision->findings);

	check_form(decision);
	TRY(activation_list(decision->tx, decision->arena, decision->row.partner, &decision->list, err));
	check_room(decision);
	for (size_t i = 0; i < decision->list.count; i++)
		decision->rows_of_type +=
			!decision->list.items[i].declared && same(decision->list.items[i].document, document);
	if (findings_errors(decision->findings) == errors)
		check_cells(decision);
	return findings_errors(decision->findings) == errors ? decide(decision, err) : OK;
}

enum err_code activation_put(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct activation *wanted,
			     const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err)
{
	struct decision decision = {
		.kernel = kernel,
		.tx = tx,
		.arena = arena,
		.row = *wanted,
		.today = date_of_time(now_us),
		.actor = actor,
		.findings = findings,
	};

	decision.row.decided_by = actor->name;
	decision.row.decided_us = now_us;
	return put(&decision, err);
}

/* --- What the partner declares --- */

static date from_today(const struct activation *row, date today)
{
	return row->from_day > today ? row->from_day : today;
}

/* Whether LIST has a declared row that says what ROW says, from TODAY on and without end. */
static bool declared_in(const struct activation_list *list, const struct activation *row, date today)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct activation *item = &list->items[i];
		if (item->declared && item->until_day == DATE_NONE && same_cell(item, row) &&
		    same(item->law, row->law) && from_today(item, today) == from_today(row, today))
			return true;
	}
	return false;
}

static enum err_code declared_end(const struct decision *decision, const struct activation *row, int64_t now_us,
				  struct err *err)
{
	struct activation over = *row;

	over.from_day = from_today(row, decision->today);
	over.note = "its card has it no more, and what we decided counts again";
	over.decided_us = now_us;
	TRY(db_exec(decision->tx, &sql_activation_declared_end,
		    BINDS(BIND_TEXT(row->id), BIND_INT(decision->today - 1)), NULL, err));
	return row_journal(decision, &over, "opt-out-ended", err);
}

enum err_code activation_declare(struct tx *tx, struct arena *arena, const char *partner,
				 const struct activation_list *declared, const struct actor *actor, int64_t now_us,
				 struct findings *findings, struct err *err)
{
	struct decision decision = {
		.tx = tx, .arena = arena, .today = date_of_time(now_us), .actor = actor, .findings = findings
	};
	const struct activation_list *list = &decision.list;

	TRY(activation_list(tx, arena, partner, &decision.list, err));
	if (list->count + declared->count > ACTIVATIONS_MAX) {
		find(&decision, RULE_TOO_MANY, "", arena_printf(arena, "%zu", list->count), partner);
		return OK;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct activation *row = &list->items[i];
		bool lasts = row->until_day == DATE_NONE || row->until_day >= decision.today;
		if (row->declared && lasts && !declared_in(declared, row, decision.today))
			TRY(declared_end(&decision, row, now_us, err));
	}
	for (size_t i = 0; i < declared->count; i++) {
		struct activation row = declared->items[i];
		row.from_day = from_today(&row, decision.today);
		row.decided_by = actor->name;
		row.decided_us = now_us;
		if (!declared_in(list, &row, decision.today))
			TRY(row_keep(&decision, &row, err));
	}
	return OK;
}

/* --- What the state takes no part in, whoever the partner is --- */

static const struct activation *own_opt_out(const struct activation_stance *stance, const char *partner,
					    const char *document, const char *direction)
{
	for (size_t i = 0; i < stance->rows->count; i++) {
		const struct activation *row = &stance->rows->items[i];
		bool later = stance->planned && row->from_day > stance->day && row->until_day == DATE_NONE;
		if (!row->declared && same(row->partner, partner) && same(row->document, document) &&
		    same(row->direction, direction) && same(row->state, ACTIVATION_OPTED_OUT) &&
		    (later || activation_covers(row, stance->day)))
			return row;
	}
	return NULL;
}

const struct activation *activation_state_opt_out(const struct activation_stance *stance, const char *document,
						  const char *direction)
{
	const struct activation *last = NULL;

	for (size_t i = 0; i < stance->partners->count; i++) {
		const char *partner = stance->partners->items[i].code;
		if (same(partner, stance->except))
			continue;
		const struct activation *row = own_opt_out(stance, partner, document, direction);
		if (!row)
			return NULL;
		if (!last || row->from_day > last->from_day)
			last = row;
	}
	return last;
}

/* Each direction as the state has it, with the day since when: the card, which names it, stays the same. */
static enum err_code inherit_type(struct decision *decision, const struct activation *const opt_outs[],
				  const char *partner, struct err *err)
{
	const struct activation *any = opt_outs[0] ? opt_outs[0] : opt_outs[1];

	for (size_t i = 0; i < COUNT(directions); i++) {
		const struct activation *theirs = opt_outs[i];
		struct activation row = *any;
		row.partner = partner;
		row.direction = directions[i];
		row.decided_by = decision->actor->name;
		row.decided_us = decision->row.decided_us;
		if (!theirs || theirs->from_day > decision->today) {
			row.state = ACTIVATION_ACTIVE;
			row.from_day = decision->today;
			row.law = NULL;
			row.note = "until the opt-out, or beside it";
			TRY(row_put(decision, &row, err));
		}
		if (!theirs)
			continue;
		row.state = ACTIVATION_OPTED_OUT;
		row.from_day = theirs->from_day;
		row.law = theirs->law;
		row.note = "as with every other partner";
		TRY(row_put(decision, &row, err));
	}
	find(decision, RULE_INHERITED, "", arena_printf(decision->arena, "%s (%s)", any->document, any->law), partner);
	return OK;
}

static bool named_before(const struct activation_list *rows, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same(rows->items[i].document, rows->items[index].document))
			return true;
	return false;
}

enum err_code activation_inherit(struct tx *tx, struct arena *arena, const char *partner, const struct actor *actor,
				 int64_t now_us, struct findings *findings, struct err *err)
{
	struct decision decision = {
		.tx = tx, .arena = arena, .today = date_of_time(now_us), .actor = actor, .findings = findings
	};
	struct partner_list partners;
	struct activation_list rows;

	decision.row.decided_us = now_us;
	TRY(partner_list(tx, arena, &partners, err));
	TRY(activation_list(tx, arena, NULL, &rows, err));
	const struct activation_stance stance = {
		.rows = &rows, .partners = &partners, .except = partner, .day = decision.today, .planned = true
	};
	for (size_t i = 0; i < rows.count; i++) {
		const struct activation *opt_outs[COUNT(directions)];
		if (named_before(&rows, i))
			continue;
		for (size_t k = 0; k < COUNT(directions); k++)
			opt_outs[k] = activation_state_opt_out(&stance, rows.items[i].document, directions[k]);
		if (opt_outs[0] || opt_outs[1])
			TRY(inherit_type(&decision, opt_outs, partner, err));
	}
	return OK;
}
