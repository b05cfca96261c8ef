/* What a state takes no part in (ATIGA OCP rule 27(2)), as its card says. */
#include "api/card_own_int.h"
#include "kernel/activation.h"

static const struct card_document *document_of(const struct card *card, const char *type)
{
	for (size_t i = 0; i < card->documents_count; i++)
		if (same(card->documents[i].type, type))
			return &card->documents[i];
	return NULL;
}

/* Counts the direction of CELL, and keeps it in *LAST, unless it is opted out on that day anyhow. */
static enum err_code count_in(struct tx *tx, struct partner_call *p, const struct activation *cell, const char **last,
			      size_t *count, struct err *err)
{
	struct activation_verdict verdict;
	TRY(activation_judge(tx, p->call->arena, cell, false, cell->from_day, &verdict, err));
	if (verdict.refused && verdict.opted_out)
		return OK;
	*last = cell->direction;
	++*count;
	return OK;
}

/* What they do not send does not come in here, and what they do not receive does not go out. Both are one decision:
 * after the first the type has rows, and with them a day that the second would meet. */
static enum err_code opt_out(struct tx *tx, struct partner_call *p, const struct card_opt_out *row,
			     const struct card_document *document, const struct doctype *type, struct err *err)
{
	struct api_call *call = p->call;
	const char *direction = NULL;
	size_t count = 0;
	date today = date_of_time(call->now_us);
	struct activation wanted = { .partner = p->code,
				     .document = type->code,
				     .version = type->version,
				     .state = ACTIVATION_OPTED_OUT,
				     .from_day = row->since > today ? row->since : today,
				     .until_day = DATE_NONE,
				     .law = row->law,
				     .note = "by its card" };
	wanted.direction = "in";
	if (!document || !document->sends)
		TRY(count_in(tx, p, &wanted, &direction, &count, err));
	wanted.direction = "out";
	if (!document || !document->receives)
		TRY(count_in(tx, p, &wanted, &direction, &count, err));
	if (!count)
		return OK;
	wanted.direction = count == 1 ? direction : NULL;
	return activation_declare(call->kernel, tx, call->arena, &wanted, &call->actor, call->now_us, p->findings, err);
}

enum err_code card_opt_outs_apply(struct tx *tx, struct partner_call *p, const struct card *card, struct err *err)
{
	for (size_t i = 0; i < card->opt_outs_count; i++) {
		const struct card_opt_out *row = &card->opt_outs[i];
		const struct doctype *type = doctype_find(p->call->kernel, row->document);
		if (type) /* else nothing of it is exchanged anyway */
			TRY(opt_out(tx, p, row, document_of(card, row->document), type, err));
	}
	return partner_refuse(p, err);
}
