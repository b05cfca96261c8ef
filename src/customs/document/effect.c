/* What a document that did not go did here: an officer who gives it up must know what holds on one side alone. */
#include "base/text.h"
#include "customs/document/document_int.h"
#include "kernel/journal.h"

const char *document_cause(struct arena *arena, const char *id)
{
	return arena_printf(arena, "by document %s", id);
}

/* The last change of ABOUT's case on account of the document ID; NULL if there was none, or the case has moved on. */
static enum err_code last_change(struct tx *tx, struct arena *arena, const char *id, const struct document *about,
				 const struct journal_entry **change, struct err *err)
{
	struct journal_list list;
	const char *cause = document_cause(arena, id);

	*change = NULL;
	if (!cause)
		return fail(err, ERR_MEMORY, "no memory left for the history of document %s", about->id);
	TRY(journal_said(tx, arena, about->id, cause, &list, err));
	for (size_t i = 0; i < list.count; i++)
		if (list.entries[i].to_state && !same(list.entries[i].to_state, list.entries[i].from_state))
			*change = same(list.entries[i].to_state, about->state) ? &list.entries[i] : NULL;
	return OK;
}

enum err_code document_effect(struct tx *tx, struct arena *arena, const char *id, const char **effect, struct err *err)
{
	struct document document, about = { 0 };
	const struct journal_entry *change = NULL;
	char day[DATE_SIZE];

	*effect = NULL;
	TRY(store_by_id(tx, arena, NULL, id, &document, err));
	if (document.id && document.about)
		TRY(store_by_id(tx, arena, NULL, document.about, &about, err));
	if (about.id)
		TRY(last_change(tx, arena, id, &about, &change, err));
	if (!change)
		return OK;
	*effect = arena_printf(arena,
			       "By %s %s the %s %s of %s is %s here, and stays so; unless %s has got it all the same, "
			       "it is still %s there",
			       document.doctype, document.reference, about.doctype, about.reference,
			       date_format(about.issued_on, day), change->to_state, document.partner,
			       change->from_state ? change->from_state : "as it was");
	return *effect ? OK : fail(err, ERR_MEMORY, "no memory left for the effects of document %s", id);
}
