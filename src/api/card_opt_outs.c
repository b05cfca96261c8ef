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

static enum err_code opt_out(struct tx *tx, struct partner_call *p, const struct card_opt_out *row,
			     const struct doctype *type, const char *direction, struct err *err)
{
	struct api_call *call = p->call;
	date today = date_of_time(call->now_us), from = row->since > today ? row->since : today;
	const struct activation wanted = { .partner = p->code,
					   .document = type->code,
					   .direction = direction,
					   .version = type->version,
					   .state = ACTIVATION_OPTED_OUT,
					   .from_day = from,
					   .until_day = DATE_NONE,
					   .law = row->law,
					   .note = "by its card" };
	struct activation_verdict verdict;
	TRY(activation_judge(tx, call->arena, &wanted, false, from, &verdict, err));
	if (verdict.refused && verdict.opted_out)
		return OK;
	return activation_put(call->kernel, tx, call->arena, &wanted, &call->actor, call->now_us, p->findings, err);
}

/* What they do not send does not come in here, and what they do not receive does not go out. */
enum err_code card_opt_outs_apply(struct tx *tx, struct partner_call *p, const struct card *card, struct err *err)
{
	for (size_t i = 0; i < card->opt_outs_count; i++) {
		const struct card_opt_out *row = &card->opt_outs[i];
		const struct card_document *document = document_of(card, row->document);
		const struct doctype *type = doctype_find(p->call->kernel, row->document);
		if (!type)
			continue; /* nothing of it is exchanged anyway */
		if (!document || !document->sends)
			TRY(opt_out(tx, p, row, type, "in", err));
		if (!document || !document->receives)
			TRY(opt_out(tx, p, row, type, "out", err));
	}
	return partner_refuse(p, err);
}
