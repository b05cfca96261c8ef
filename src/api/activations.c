/* /api/v1/activations, and those of one partner: which document types are exchanged with it, and from which day on. */
#include "kernel/activation.h"

#include "api/partner_int.h"

/* One decision, or one look. */
struct activation_call {
	struct partner_call partner; /* first, so that the transaction finds both */
	struct activation wanted;
	struct activation_list rows;
	const char *card[2]; /* what is changed on our own card, by direction */
};
static const char *const directions[2] = { "in", "out" };

/* --- What is shown --- */

/* What a page is filled from. */
struct matrix {
	struct activation_list_view page;
	const struct activation_list *rows;
	const char *document; /* of this type alone; NULL: of all */
	date today;
};

static bool is_over(const struct activation *row, date today)
{
	return row->until_day != DATE_NONE && (row->until_day < today || row->until_day < row->from_day);
}

static struct activation_view view_of(const struct activation *row, date today)
{
	return (struct activation_view){ .partner = row->partner,
					 .document = row->document,
					 .direction = row->direction,
					 .version = row->version,
					 .state = row->state,
					 .now = activation_covers(row, today),
					 .declared = row->declared,
					 .from_day = row->from_day,
					 .until_day = row->until_day,
					 .law = row->law,
					 .note = row->note,
					 .decided_by = row->decided_by,
					 .decided_us = row->decided_us };
}

/* Of VIEW and what is on TOP of it today, what the partner declares goes before; VIEW is then the other, if there is.
 */
static void put_on_top(struct activation_view *view, struct activation_view *top)
{
	struct activation_view other = *top;
	if (top->state && top->declared) {
		view->now = false;
		return;
	}
	*top = *view;
	*view = other;
	view->now = false;
}

/* What counts today comes first, whether a row says it or none does; then what is to come. */
static void show_cell(struct matrix *matrix, const char *partner, const struct doctype *doctype, const char *direction)
{
	struct activation_list_view *page = &matrix->page;
	struct activation_view *now = &page->items[page->count++];
	bool is_explicit = false;
	*now = (struct activation_view){ .partner = partner,
					 .document = doctype->code,
					 .direction = direction,
					 .version = doctype->version,
					 .now = true,
					 .from_day = DATE_NONE,
					 .until_day = DATE_NONE,
					 .decided_us = TIME_NONE };
	for (size_t i = 0; i < matrix->rows->count; i++) {
		const struct activation *row = &matrix->rows->items[i];
		if (!same(row->partner, partner) || !same(row->document, doctype->code))
			continue;
		is_explicit = is_explicit || !row->declared;
		if (!same(row->direction, direction) || is_over(row, matrix->today))
			continue;
		struct activation_view view = view_of(row, matrix->today);
		if (view.now && same(row->version, doctype->version))
			put_on_top(&view, now);
		if (view.state)
			page->items[page->count++] = view;
	}
	if (!now->state)
		now->state = is_explicit ? ACTIVATION_NOT_YET : ACTIVATION_ACTIVE;
}

static void show_partner(struct matrix *matrix, const struct kernel *kernel, const char *partner)
{
	const struct doctype *type;
	for (size_t i = 0; (type = doctype_at(kernel, i)); i++) {
		if (matrix->document && !same(type->code, matrix->document))
			continue;
		show_cell(matrix, partner, type, "in");
		show_cell(matrix, partner, type, "out");
	}
}

static void show_line(const void *item, void *view)
{
	*(struct activation_view *)view = *(const struct activation_view *)item;
}

/* With what counts today of a direction goes what the decision changes on our card. */
static void show_card(const struct activation_call *a, struct activation_list_view *page)
{
	for (size_t i = 0; i < page->count; i++)
		for (size_t k = 0; k < COUNT(directions); k++)
			if (page->items[i].now && same(page->items[i].direction, directions[k]))
				page->items[i].card = a->card[k];
}

/* One page: the matrix of the partners in .list, or of .partner alone. */
static enum err_code answer(struct activation_call *a, const char *document, struct err *err)
{
	struct call *call = a->partner.call;
	const struct partner_list *list = &a->partner.list;
	size_t cells = 2 * doctype_count(call->kernel) * (list->count + 1);
	struct matrix matrix = { .rows = &a->rows, .document = document, .today = date_of_time(call->now_us) };
	matrix.page.items = arena_array(call->arena, a->rows.count + cells, sizeof *matrix.page.items);
	if (!matrix.page.items)
		return fail(err, ERR_MEMORY, "no memory for the activations");
	if (a->partner.code)
		show_partner(&matrix, call->kernel, a->partner.code);
	for (size_t i = 0; i < list->count; i++)
		show_partner(&matrix, call->kernel, list->items[i].code);
	show_card(a, &matrix.page);
	return call_answer_page(call, PAGE(matrix.page, activation_view, show_line, NULL), err);
}

/* --- One and all --- */

static enum err_code read_rows(struct tx *tx, void *arg, struct err *err)
{
	struct activation_call *a = arg;
	struct arena *arena = a->partner.call->arena;
	if (a->partner.code)
		TRY(partner_read(tx, &a->partner, err));
	else
		TRY(partner_list(tx, arena, &a->partner.list, err));
	return activation_list(tx, arena, a->partner.code, &a->rows, err);
}

static enum err_code look(struct call *call, const char *partner, struct err *err)
{
	struct activation_call a = { .partner = { .call = call, .code = partner } };
	TRY(db_read(call->kernel->db, read_rows, &a, err));
	return answer(&a, NULL, err);
}

enum err_code activations_list(struct call *call, struct err *err)
{
	return look(call, NULL, err);
}

enum err_code activations_of(struct call *call, struct err *err)
{
	return look(call, call->parameters[0], err);
}

/* --- Deciding --- */

/* Whether our card has, or will have, an opt-out of what is wanted, by direction. */
static enum err_code look_at_card(struct tx *tx, const struct activation_call *a, bool has[static COUNT(directions)],
				  struct err *err)
{
	const struct call *call = a->partner.call;
	struct partner_list partners;
	struct activation_list rows;
	TRY(partner_list(tx, call->arena, &partners, err));
	TRY(activation_list(tx, call->arena, NULL, &rows, err));
	const struct activation_stance stance = {
		.rows = &rows, .partners = &partners, .day = date_of_time(call->now_us), .planned = true
	};
	for (size_t i = 0; i < COUNT(directions); i++)
		has[i] = activation_state_opt_out(&stance, a->wanted.document, directions[i]) != NULL;
	return OK;
}

static enum err_code write_row(struct tx *tx, void *arg, struct err *err)
{
	struct activation_call *a = arg;
	struct partner_call *p = &a->partner;
	struct call *call = p->call;
	p->findings = findings_new(call->arena);
	if (!p->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	bool before[COUNT(directions)], after[COUNT(directions)];
	TRY(partner_read(tx, p, err));
	TRY(look_at_card(tx, a, before, err));
	TRY(activation_put(call->kernel, tx, call->arena, &a->wanted, &call->actor, call->now_us, p->findings, err));
	TRY(partner_refuse(p, err));
	TRY(look_at_card(tx, a, after, err));
	for (size_t i = 0; i < COUNT(directions); i++)
		a->card[i] = before[i] == after[i] ? NULL
			     : after[i]            ? ACTIVATION_CARD_DECLARES
						   : ACTIVATION_CARD_WITHDRAWS;
	return activation_list(tx, call->arena, p->code, &a->rows, err);
}

enum err_code activations_put(struct call *call, struct err *err)
{
	struct new_activation_view view;
	struct activation_call a = { .partner = { .call = call, .code = call->parameters[0] } };
	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	a.wanted = (struct activation){ .partner = a.partner.code,
					.document = view.document,
					.direction = view.direction,
					.version = view.version,
					.state = view.state,
					.from_day = view.from_day,
					.law = view.law,
					.note = view.note };
	TRY(partner_write(&a.partner, write_row, err));
	return answer(&a, view.document, err);
}
