/* The query of a request: what may stand in it, as rows. A value that nothing can have is a mistake of who asks, not an
 * empty list: he would believe that there is nothing. */
#include "api/call_int.h"
#include "base/text.h"
#include "base/uuid.h"
#include "kernel/journal.h"
#include "kernel/party.h"

enum {
	RULE_LIMIT,
	RULE_FLAG,
	RULE_CURSOR,
	RULE_WORD,
	RULE_DIGEST,
	RULE_UNKNOWN,
	RULE_TWICE,
	RULE_UNREADABLE,
	RULE_DAY,
	RULE_PURPOSE
};
const struct rule query_rules[] = {
	[RULE_LIMIT] = { .code = "API-001", .text = "{1} is a whole number from 1 to {2}" },
	[RULE_FLAG] = { .code = "API-002", .text = "{1} is true or false, not {2}" },
	[RULE_CURSOR] = { .code = "API-003", .text = "{1} is the cursor of an earlier page, a whole number, not {2}" },
	[RULE_WORD] = { .code = "API-004", .text = "there is no {1}: {2}" },
	[RULE_DIGEST] = { .code = "API-005",
			  .text = "{1} is 64 hexadecimal digits, as lintas audit verify (POST /api/v1/audit/verify) tells it, "
				  "not {2}" },
	[RULE_UNKNOWN] = { .code = "API-006", .text = "{1} is no parameter of this request, which takes {2}" },
	[RULE_TWICE] = { .code = "API-007", .text = "{1} stands twice" },
	[RULE_UNREADABLE] = { .code = "API-008", .text = "the value of {1} cannot be read" },
	[RULE_DAY] = { .code = "API-013", .text = "{1} is a day such as 2031-11-02, not {2}" },
	[RULE_PURPOSE] = { .code = "API-014", .text = "say for what it is read: purpose is one of {1}" },
	{ 0 },
};

static const struct query_row rows[] = {
	{ QUERY_DIRECTION, QUERY_WORD, "direction", "in or out" },
	{ QUERY_STATE, QUERY_WORD, "state", "state of the message" },
	{ QUERY_PARTNER, QUERY_WORD, "partner", "code of a partner" },
	{ QUERY_ORGANISATION, QUERY_WORD, "organisation", "code of an organisation of this node" },
	{ QUERY_TYPE, QUERY_WORD, "type", "document type" },
	{ QUERY_REFERENCE, QUERY_TEXT, "reference", "reference of the document, as its issuer wrote it" },
	{ QUERY_BEFORE, QUERY_WORD, "before", "an id: older than this one, which is the next page" },
	{ QUERY_AFTER, QUERY_CURSOR, "after", "the cursor of the page before" },
	{ QUERY_UNTIL, QUERY_CURSOR, "until", "up to this cursor and with it" },
	{ QUERY_LIMIT, QUERY_COUNT, "limit", "at most so many items" },
	{ QUERY_TEST, QUERY_FLAG, "test", "mark it as a test: no business follows from it" },
	{ QUERY_EVIDENCE, QUERY_FLAG, "evidence", "also that what is stored is what the journal names" },
	{ QUERY_HEAD, QUERY_DIGEST, "head", "also that this head, written down earlier, is a seal" },
	{ QUERY_USER, QUERY_TEXT, "user", "name of a user" },
	{ QUERY_OPEN, QUERY_FLAG, "open", "only what waits: for its electronic twin, or for an officer" },
	{ QUERY_SERIAL, QUERY_TEXT, "serial", "of the card that was looked at: another one may have come since" },
	{ QUERY_AFTER_NAME, QUERY_TEXT, "after", "the name with which the page before ended" },
	{ QUERY_AFTER_ID, QUERY_WORD, "after", "an id: the message with which the page before ended" },
	{ QUERY_AT, QUERY_DAY, "at", "as it will be at the end of this day, UTC (now)" },
	{ QUERY_MAP, QUERY_WORD, "map", "a mapping of this node: in the national shape that it says" },
	{ QUERY_DOCUMENT, QUERY_TEXT, "document", "id of a document, or a reference that one document alone has" },
	{ QUERY_DOCUMENT_STATE, QUERY_WORD, "state", "state of the document's case" },
	{ QUERY_SINCE, QUERY_DAY, "since", "sent or received here on this day, UTC, or later" },
	{ QUERY_UNTIL_DAY, QUERY_DAY, "until", "sent or received here on this day, UTC, or before" },
	{ QUERY_PURPOSE, QUERY_WORD, "purpose",
	  "for what it is read, one of [interface] purposes of the node: it stands in the document's timeline" },
};

const struct query_row *api_query_at(size_t index)
{
	return index < COUNT(rows) ? &rows[index] : NULL;
}

/* --- Words: what is allowed depends on what there is --- */

/* What is allowed, each once. */
struct words {
	struct arena *arena;
	const char *wanted;
	bool known;
	const char *list; /* for people */
};

static void word(struct words *words, const char *text)
{
	if (words->known || same(words->wanted, text)) {
		words->known = true;
		return;
	}
	words->list =
		words->list ? arena_printf(words->arena, "%s, %s", words->list, text) : arena_text(words->arena, text);
}

static enum err_code directions(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	(void)tx, (void)call, (void)err;
	word(words, "in");
	word(words, "out");
	return OK;
}

/* Whether MACHINE begins in STATE, or a row before END (NULL: any) leads to it. Every state is one or the other. */
static bool has_state(const struct machine *machine, const struct fsm_row *end, const char *state)
{
	for (const struct fsm_row *row = machine->rows; row->from && row != end; row++)
		if (same(row->to, state))
			return true;
	return same(machine->initial, state);
}

/* Of the box that is asked for, or of both. */
static enum err_code message_states(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	const char *direction = call_query(call, "direction");
	const struct machine *first = same(direction, "in") ? &message_in_machine : &message_out_machine;
	const struct machine *second = same(direction, "out") ? first : &message_in_machine;
	(void)tx, (void)err;
	word(words, first->initial);
	for (const struct fsm_row *row = first->rows; row->from; row++)
		if (!has_state(first, row, row->to))
			word(words, row->to);
	if (second == first)
		return OK;
	word(words, second->initial);
	for (const struct fsm_row *row = second->rows; row->from; row++)
		if (!has_state(second, row, row->to) && !has_state(first, NULL, row->to))
			word(words, row->to);
	return OK;
}

/* Whether MACHINE is of documents, as they are sent or received: not a clock, a paper. */
static bool of_documents(const struct machine *machine)
{
	return !machine->subject_type || same(machine->subject_type, "document");
}

/* Whether a machine of documents before that one, which is the INDEXth of the CAPABILITYth, has STATE. */
static bool said_before(const struct capability *const *capabilities, size_t capability, size_t index,
			const char *state)
{
	for (size_t c = 0; c <= capability; c++)
		for (size_t i = 0; capabilities[c]->machines && capabilities[c]->machines[i]; i++)
			if (c == capability && i == index)
				return false;
			else if (of_documents(capabilities[c]->machines[i]) &&
				 has_state(capabilities[c]->machines[i], NULL, state))
				return true;
	return false;
}

static enum err_code document_states(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	const struct capability *const *all = call->kernel->capabilities;
	(void)tx, (void)err;
	for (size_t c = 0; all[c]; c++)
		for (size_t i = 0; all[c]->machines && all[c]->machines[i]; i++) {
			const struct machine *machine = all[c]->machines[i];
			if (!of_documents(machine))
				continue;
			if (!said_before(all, c, i, machine->initial))
				word(words, machine->initial);
			for (const struct fsm_row *row = machine->rows; row->from; row++)
				if (!has_state(machine, row, row->to) && !said_before(all, c, i, row->to))
					word(words, row->to);
		}
	return OK;
}

static enum err_code partners(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	struct partner_list list;
	TRY(partner_list(tx, call->arena, &list, err));
	for (size_t i = 0; i < list.count; i++)
		word(words, list.items[i].code);
	return OK;
}

static enum err_code organisations(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	struct organisation_list list;
	TRY(organisation_list(tx, call->arena, &list, err));
	for (size_t i = 0; i < list.count; i++)
		if (call_sees(call, list.items[i].code))
			word(words, list.items[i].code);
	return OK;
}

static enum err_code doctypes(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	const struct doctype *doctype;
	(void)tx, (void)err;
	for (size_t i = 0; (doctype = doctype_at(call->kernel, i)); i++)
		word(words, doctype->code);
	return OK;
}

static enum err_code maps(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	const struct national_mapping *mapping;
	(void)tx, (void)err;
	for (size_t i = 0; (mapping = national_mapping_at(call->api->options.mappings, i)); i++)
		word(words, mapping->name);
	return OK;
}

static enum err_code purposes(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	const char *c = call->api->options.purposes;
	(void)tx;
	for (size_t size; c && *c; c += size, c += strspn(c, ", ")) {
		size = strcspn(c, ", ");
		const char *purpose = arena_text_of(call->arena, bytes(c, size));
		if (!purpose)
			return fail(err, ERR_MEMORY, "no memory for a query");
		word(words, purpose);
	}
	return OK;
}

/* A page begins below an id that a page before it gave. */
static enum err_code ids(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	(void)tx, (void)err;
	bool done = call->route->response == &task_list_schema && starts_with(words->wanted, TASK_CURSOR_DONE);
	words->known = uuid_valid(words->wanted + (done ? strlen(TASK_CURSOR_DONE) : 0));
	words->list = "the ids that lists show";
	return OK;
}

static const struct word_row {
	enum query_bit bit;
	bool fixed; /* by the program: whatever the node has */
	enum err_code (*allowed)(struct tx *tx, const struct api_call *call, struct words *words, struct err *err);
	const char *what;
	const char *more; /* how there would be one more; NULL */
} word_rows[] = {
	{ QUERY_DIRECTION, true, directions, "direction", NULL },
	{ QUERY_STATE, true, message_states, "state", NULL },
	{ QUERY_DOCUMENT_STATE, true, document_states, "state of a document", NULL },
	{ QUERY_PARTNER, false, partners, "partner", "lintas partner add (POST /api/v1/partners) adds one" },
	{ QUERY_ORGANISATION, false, organisations, "organisation", NULL },
	{ QUERY_TYPE, true, doctypes, "document type", NULL },
	{ QUERY_BEFORE, false, ids, "id", NULL },
	{ QUERY_AFTER_ID, false, ids, "id", NULL },
	{ QUERY_PURPOSE, false, purposes, "purpose", "the setting [interface] purposes has those of this node" },
	{ QUERY_MAP, false, maps, "mapping", "the setting [national] mappings names their folder" },
};

const char *query_words(struct arena *arena, struct kernel *kernel, enum query_bit bit)
{
	const struct http_request request = { .arena = arena, .query = "" };
	const struct api_call call = { .arena = arena, .kernel = kernel, .request = &request };
	struct words words = { .arena = arena };
	struct err none;
	for (size_t i = 0; i < COUNT(word_rows); i++)
		if (word_rows[i].bit == bit && word_rows[i].fixed &&
		    word_rows[i].allowed(NULL, &call, &words, &none) != OK)
			return NULL;
	return words.list;
}

/* --- Checks --- */

struct checking {
	struct api_call *call;
	struct findings *findings; /* of this run of the transaction, which may be repeated */
};

static void complain(const struct checking *checking, unsigned rule, const char *name, const char *first,
		     const char *second)
{
	finding_add(checking->findings, &query_rules[rule], arena_printf(checking->call->arena, "/%s", name), first,
		    second);
}

static enum err_code check_among(struct tx *tx, const struct checking *checking, const char *name,
				 const struct word_row *row, const char *value, struct err *err)
{
	struct arena *arena = checking->call->arena;
	struct words words = { .arena = arena, .wanted = value };
	TRY(row->allowed(tx, checking->call, &words, err));
	if (words.known)
		return OK;
	const char *wrong = arena_printf(arena, "%s \"%s\"", row->what, value);
	const char *right =
		arena_printf(arena, "%s%s%s%s", words.list ? "it is one of " : "there is none yet",
			     words.list ? words.list : "", row->more ? "; " : "", row->more ? row->more : "");
	if (!wrong || !right)
		return fail(err, ERR_MEMORY, "no memory for a finding");
	complain(checking, RULE_WORD, name, wrong, right);
	return OK;
}

static enum err_code check_word(struct tx *tx, const struct checking *checking, const struct query_row *row,
				const char *value, struct err *err)
{
	for (size_t i = 0; i < COUNT(word_rows); i++)
		if (word_rows[i].bit == row->bit)
			return check_among(tx, checking, row->name, &word_rows[i], value, err);
	return fail(err, ERR_INTERNAL, "no words for the parameter %s", row->name);
}

static bool is_digest(struct arena *arena, const char *value)
{
	struct bytes digest;
	return strlen(value) == JOURNAL_HASH_SIZE - 1 && hex_parse(arena, value, &digest);
}

static bool has_form(struct arena *arena, enum query_kind kind, const char *value)
{
	int64_t number;
	date day;
	switch (kind) {
	case QUERY_FLAG:
		return same(value, "true") || same(value, "false");
	case QUERY_COUNT:
		return int64_parse(value, &number) && number >= 1 && number <= PAGE_LIMIT;
	case QUERY_CURSOR:
		return int64_parse(value, &number) && number >= 0;
	case QUERY_DIGEST:
		return is_digest(arena, value);
	case QUERY_DAY:
		return date_parse(value, &day);
	case QUERY_TEXT:
	case QUERY_WORD:
		break;
	}
	return true;
}

static enum err_code check_value(struct tx *tx, const struct checking *checking, const struct query_row *row,
				 const char *value, struct err *err)
{
	static const unsigned rule_of[] = { [QUERY_FLAG] = RULE_FLAG,
					    [QUERY_COUNT] = RULE_LIMIT,
					    [QUERY_CURSOR] = RULE_CURSOR,
					    [QUERY_DIGEST] = RULE_DIGEST,
					    [QUERY_DAY] = RULE_DAY };
	struct arena *arena = checking->call->arena;
	if (row->kind == QUERY_WORD)
		return check_word(tx, checking, row, value, err);
	if (!has_form(arena, row->kind, value))
		complain(checking, rule_of[row->kind], row->name, row->name,
			 row->kind == QUERY_COUNT ? arena_printf(arena, "%d", PAGE_LIMIT) : value);
	return OK;
}

static const char *names_of(struct arena *arena, unsigned query)
{
	const char *names = NULL;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (query & rows[i].bit)
			names = names ? arena_printf(arena, "%s, %s", names, rows[i].name) : rows[i].name;
	return names ? names : "none";
}

static const struct query_row *row_of(const struct api_call *call, struct bytes name)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if ((call->route->query & rows[i].bit) && bytes_same(name, bytes_of(rows[i].name)))
			return &rows[i];
	return NULL;
}

/* One NAME=VALUE as it stands in the query. */
static enum err_code check_parameter(struct tx *tx, const struct checking *checking, struct bytes name, unsigned *seen,
				     struct err *err)
{
	struct api_call *call = checking->call;
	const struct query_row *row = row_of(call, name);
	const char *text = row ? row->name : arena_text_of(call->arena, name);
	if (!text)
		return fail(err, ERR_MEMORY, "no memory for a query");
	if (!row) {
		complain(checking, RULE_UNKNOWN, text, text, names_of(call->arena, call->route->query));
		return OK;
	}
	if (*seen & row->bit)
		complain(checking, RULE_TWICE, text, text, NULL);
	*seen |= row->bit;
	const char *value = call_query(call, row->name);
	if (!value) {
		complain(checking, RULE_UNREADABLE, text, text, NULL);
		return OK;
	}
	return check_value(tx, checking, row, value, err);
}

static enum err_code check_all(struct tx *tx, void *arg, struct err *err)
{
	struct checking *checking = arg;
	unsigned seen = 0;
	checking->findings = findings_new(checking->call->arena);
	if (!checking->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	for (const char *c = checking->call->request->query; *c;) {
		size_t size = strcspn(c, "&");
		if (size)
			TRY(check_parameter(tx, checking, bytes(c, strcspn(c, "=&")), &seen, err));
		c += size + (c[size] == '&');
	}
	return OK;
}

enum err_code call_check_query(struct api_call *call, struct err *err)
{
	struct checking checking = { .call = call };
	const struct api_options *options = &call->api->options;
	if (options->purpose_required && call->route->query & QUERY_PURPOSE && !call_query(call, "purpose"))
		finding_add(call->findings, &query_rules[RULE_PURPOSE], "/purpose", options->purposes, NULL);
	if (!*call->request->query)
		return OK;
	TRY(db_read(call->kernel->db, check_all, &checking, err));
	findings_append(call->findings, checking.findings);
	return OK;
}

/* --- Values, once they are checked --- */

const char *call_query(const struct api_call *call, const char *name)
{
	return http_query(call->request, name);
}

bool call_flag(const struct api_call *call, const char *name)
{
	return same(call_query(call, name), "true");
}

size_t call_limit(const struct api_call *call)
{
	int64_t limit = PAGE_DEFAULT;
	const char *text = call_query(call, "limit");
	return text && int64_parse(text, &limit) ? (size_t)limit : PAGE_DEFAULT;
}

const char *call_organisation(const struct api_call *call)
{
	return call->actor.organisation ? call->actor.organisation : call_query(call, "organisation");
}
