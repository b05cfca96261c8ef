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

/* What they do not send does not come in here, and what they do not receive does not go out. */
enum err_code card_opt_outs_of(const struct partner_call *p, const struct card *card, struct activation_list *list,
			       struct err *err)
{
	*list = (struct activation_list){ .items = arena_array(p->call->arena, 2 * card->opt_outs_count + 1,
							       sizeof *list->items) };
	if (!list->items)
		return fail(err, ERR_MEMORY, "no memory for a card");
	for (size_t i = 0; i < card->opt_outs_count; i++) {
		const struct card_opt_out *row = &card->opt_outs[i];
		const struct card_document *document = document_of(card, row->document);
		const struct doctype *type = doctype_find(p->call->kernel, row->document);
		if (!type) /* nothing of it is exchanged anyway */
			continue;
		struct activation declared = { .partner = p->code,
					       .document = type->code,
					       .version = type->version,
					       .state = ACTIVATION_OPTED_OUT,
					       .from_day = row->since,
					       .until_day = DATE_NONE,
					       .law = row->law,
					       .note = "by its card",
					       .declared = true };
		declared.direction = "in";
		if (!document || !document->sends)
			list->items[list->count++] = declared;
		declared.direction = "out";
		if (!document || !document->receives)
			list->items[list->count++] = declared;
	}
	return OK;
}

enum err_code card_opt_outs_apply(struct tx *tx, struct partner_call *p, const struct card *card, struct err *err)
{
	struct call *call = p->call;
	struct activation_list declared;
	TRY(card_opt_outs_of(p, card, &declared, err));
	TRY(activation_declare(tx, call->arena, p->code, &declared, &call->actor, call->now_us, p->findings, err));
	return partner_refuse(p, err);
}
