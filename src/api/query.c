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

/* Of the box that is asked for, or of both. */
static enum err_code message_states(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	const char *direction = call_query(call, "direction");
	(void)tx, (void)err;
	if (!same(direction, "in"))
		query_states(words, &message_out_machine);
	if (!same(direction, "out"))
		query_states(words, &message_in_machine);
	return OK;
}

/* The open ones come first, and the cursor says in which part of the list the page begins. */
static enum err_code task_ids(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	TRY(query_ids(tx, call, words, err));
	if (starts_with(words->wanted, TASK_CURSOR_DONE))
		words->known = uuid_valid(words->wanted + strlen(TASK_CURSOR_DONE));
	return OK;
}

/* clang-format off */
const struct query_row
	query_state = { .name = "state", .kind = QUERY_WORD, .summary = "state of the message", .words = message_states,
			.fixed = true, .what = "state" },
	query_after = { .name = "after", .kind = QUERY_CURSOR, .summary = "the cursor of the page before", .cursor = true },
	query_until = { .name = "until", .kind = QUERY_CURSOR, .summary = "up to this cursor and with it" },
	query_evidence = { .name = "evidence", .kind = QUERY_FLAG,
			   .summary = "also that what is stored is what the journal names" },
	query_head = { .name = "head", .kind = QUERY_DIGEST,
		       .summary = "also that this head, written down earlier, is a seal" },
	query_user = { .name = "user", .kind = QUERY_TEXT, .summary = "name of a user" },
	query_serial = { .name = "serial", .kind = QUERY_TEXT,
			 .summary = "of the card that was looked at: another one may have come since" },
	query_after_name = { .name = "after", .kind = QUERY_TEXT, .summary = "the name with which the page before ended",
			     .cursor = true },
	query_after_id = { .name = "after", .kind = QUERY_WORD,
			   .summary = "an id: the message with which the page before ended", .cursor = true,
			   .words = query_ids, .what = "id" },
	query_task_before = { .name = "before", .kind = QUERY_WORD,
			      .summary = "an id: older than this one, which is the next page", .cursor = true,
			      .words = task_ids, .what = "id" },
	query_at = { .name = "at", .kind = QUERY_DAY, .summary = "as it will be at the end of this day, UTC (now)" },
	query_document = { .name = "document", .kind = QUERY_TEXT,
			   .summary = "id of a document, or a reference that one document alone has" };
/* clang-format on */

static enum err_code words_of(struct tx *tx, const struct call *call, const struct query_row *parameter,
			      struct query_words *words, struct err *err)
{
	struct bytes word;
	if (parameter->words)
		return parameter->words(tx, call, words, err);
	for (const char *rest = parameter->among; word_next(&rest, &word);) {
		const char *text = arena_text_of(words->arena, word);
		if (!text)
			return fail(err, ERR_MEMORY, "no memory for a query");
		query_word(words, text);
	}
	return OK;
}

const char *query_fixed_words(struct arena *arena, struct kernel *kernel, const struct query_row *parameter)
{
	const struct http_request request = { .arena = arena, .query = "" };
	struct asked asked = { .request = &request };
	const struct call call = { .router = &api_router, .asked = &asked, .arena = arena, .kernel = kernel };
	struct query_words words = { .arena = arena };
	struct err none;
	if (parameter->words && !parameter->fixed)
		return NULL;
	return words_of(NULL, &call, parameter, &words, &none) == OK ? words.list : NULL;
}

/* --- Checks --- */

struct checking {
	struct call *call;
	struct findings *findings; /* of this run of the transaction, which may be repeated */
};

static void complain(const struct checking *checking, unsigned rule, const char *name, const char *first,
		     const char *second)
{
	finding_add(checking->findings, &query_rules[rule], arena_printf(checking->call->arena, "/%s", name), first,
		    second);
}

static enum err_code check_word(struct tx *tx, const struct checking *checking, const struct query_row *row,
				const char *value, struct err *err)
{
	struct arena *arena = checking->call->arena;
	struct query_words words = { .arena = arena, .wanted = value };
	TRY(words_of(tx, checking->call, row, &words, err));
	if (words.known)
		return OK;
	const char *wrong = arena_printf(arena, "%s \"%s\"", row->what, value);
	const char *right =
		arena_printf(arena, "%s%s%s%s", words.list ? "it is one of " : "there is none yet",
			     words.list ? words.list : "", row->more ? "; " : "", row->more ? row->more : "");
	if (!wrong || !right)
		return fail(err, ERR_MEMORY, "no memory for a finding");
	complain(checking, RULE_WORD, row->name, wrong, right);
	return OK;
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

static const char *names_of(struct arena *arena, const struct route *route)
{
	const char *names = NULL;
	for (const struct query_row *const *row = route->query; row && *row; row++)
		names = names ? arena_printf(arena, "%s, %s", names, (*row)->name) : (*row)->name;
	return names ? names : "none";
}

/* The place of the parameter NAME among those of the route; NULL. */
static const struct query_row *const *row_of(const struct call *call, struct bytes name)
{
	for (const struct query_row *const *row = call->route->query; row && *row; row++)
		if (bytes_same(name, bytes_of((*row)->name)))
			return row;
	return NULL;
}

/* One NAME=VALUE as it stands in the query. */
static enum err_code check_parameter(struct tx *tx, const struct checking *checking, struct bytes name, unsigned *seen,
				     struct err *err)
{
	struct call *call = checking->call;
	const struct query_row *const *row = row_of(call, name);
	const char *text = row ? (*row)->name : arena_text_of(call->arena, name);
	if (!text)
		return fail(err, ERR_MEMORY, "no memory for a query");
	if (!row) {
		complain(checking, RULE_UNKNOWN, text, text, names_of(call->arena, call->route));
		return OK;
	}
	unsigned bit = 1U << (row - call->route->query);
	if (*seen & bit)
		complain(checking, RULE_TWICE, text, text, NULL);
	*seen |= bit;
	const char *value = call_query(call, text);
	if (!value) {
		complain(checking, RULE_UNREADABLE, text, text, NULL);
		return OK;
	}
	return check_value(tx, checking, *row, value, err);
}

static enum err_code check_all(struct tx *tx, void *arg, struct err *err)
{
	struct checking *checking = arg;
	unsigned seen = 0;
	checking->findings = findings_new(checking->call->arena);
	if (!checking->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	for (const char *c = checking->call->asked->request->query; *c;) {
		size_t size = strcspn(c, "&");
		if (size)
			TRY(check_parameter(tx, checking, bytes(c, strcspn(c, "=&")), &seen, err));
		c += size + (c[size] == '&');
	}
	return OK;
}

enum err_code call_check_query(struct call *call, struct err *err)
{
	struct checking checking = { .call = call };
	const struct api_options *options = &call->asked->api->options;
	if (options->purpose_required && route_takes(call->route, &query_purpose) && !call_query(call, "purpose"))
		finding_add(call->findings, &query_rules[RULE_PURPOSE], "/purpose", options->purposes, NULL);
	if (!*call->asked->request->query)
		return OK;
	TRY(db_read(call->kernel->db, check_all, &checking, err));
	findings_append(call->findings, checking.findings);
	return OK;
}
