/* Parameters of the query that several routes take. */
#include "base/text.h"
#include "base/uuid.h"
#include "interface/route.h"
#include "kernel/capability.h"
#include "kernel/party.h"

static bool is_listed(const char *list, const char *text)
{
	for (const char *c = list; c && *c; c += strcspn(c, ","), c += strspn(c, ", "))
		if (bytes_same(bytes(c, strcspn(c, ",")), bytes_of(text)))
			return true;
	return false;
}

void query_word(struct query_words *words, const char *text)
{
	words->known = words->known || same(words->wanted, text);
	if (words->known || is_listed(words->list, text))
		return;
	words->list =
		words->list ? arena_printf(words->arena, "%s, %s", words->list, text) : arena_text(words->arena, text);
}

void query_states(struct query_words *words, const struct machine *machine)
{
	query_word(words, machine->initial);
	for (const struct fsm_row *row = machine->rows; row->from; row++)
		query_word(words, row->to);
}

static enum err_code partners(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	struct partner_list list;
	TRY(partner_list(tx, call->arena, &list, err));
	for (size_t i = 0; i < list.count; i++)
		query_word(words, list.items[i].code);
	return OK;
}

static enum err_code organisations(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	struct organisation_list list;
	TRY(organisation_list(tx, call->arena, &list, err));
	for (size_t i = 0; i < list.count; i++)
		if (call_sees(call, list.items[i].code))
			query_word(words, list.items[i].code);
	return OK;
}

static enum err_code doctypes(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	const struct doctype *doctype;
	(void)tx, (void)err;
	for (size_t i = 0; (doctype = doctype_at(call->kernel, i)); i++)
		query_word(words, doctype->code);
	return OK;
}

static enum err_code purposes(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	const char *c = call->purposes;
	(void)tx;
	for (size_t size; c && *c; c += size, c += strspn(c, ", ")) {
		size = strcspn(c, ", ");
		const char *purpose = arena_text_of(call->arena, bytes(c, size));
		if (!purpose)
			return fail(err, ERR_MEMORY, "no memory for a query");
		query_word(words, purpose);
	}
	return OK;
}

enum err_code query_ids(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	(void)tx, (void)call, (void)err;
	words->known = uuid_valid(words->wanted);
	words->list = "the ids that lists show";
	return OK;
}

const struct query_row query_organisation = { .name = "organisation",
					      .kind = QUERY_WORD,
					      .summary = "code of an organisation of this node",
					      .words = organisations,
					      .what = "organisation" };
const struct query_row query_partner = { .name = "partner",
					 .kind = QUERY_WORD,
					 .summary = "code of a partner",
					 .words = partners,
					 .what = "partner",
					 .more = "lintas partner add (POST /api/v1/partners) adds one" };
const struct query_row query_type = { .name = "type",
				      .kind = QUERY_WORD,
				      .summary = "document type",
				      .words = doctypes,
				      .fixed = true,
				      .what = "document type" };
const struct query_row query_direction = {
	.name = "direction", .kind = QUERY_WORD, .summary = "in or out", .among = "in out", .what = "direction"
};
const struct query_row query_before = { .name = "before",
					.kind = QUERY_WORD,
					.summary = "an id: older than this one, which is the next page",
					.cursor = true,
					.words = query_ids,
					.what = "id" };
const struct query_row query_limit = { .name = "limit", .kind = QUERY_COUNT, .summary = "at most so many items" };
const struct query_row query_purpose = {
	.name = "purpose",
	.kind = QUERY_WORD,
	.summary = "for what it is read, one of [interface] purposes of the node: it stands in the document's timeline",
	.words = purposes,
	.what = "purpose",
	.more = "the setting [interface] purposes has those of this node"
};
