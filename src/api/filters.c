/* What lists can be filtered by. A value that nothing can have is a mistake of who asks, not an empty list: he would
 * believe that there is nothing. */
#include "api/call_int.h"
#include "base/uuid.h"
#include "kernel/party.h"

static const struct rule filter_rule = { .code = "API-004", .text = "{1} is none of {2}" };

/* What a filter allows, each once. */
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
		word(words, list.items[i].code);
	return OK;
}

static enum err_code doctypes(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	(void)tx, (void)err;
	for (size_t c = 0; call->kernel->capabilities[c]; c++) {
		const struct capability *capability = call->kernel->capabilities[c];
		for (size_t i = 0; capability->doctypes && capability->doctypes[i]; i++)
			word(words, capability->doctypes[i]->code);
	}
	return OK;
}

/* A page begins below an id that a page before it gave. */
static enum err_code ids(struct tx *tx, const struct api_call *call, struct words *words, struct err *err)
{
	(void)tx, (void)call, (void)err;
	words->known = uuid_valid(words->wanted);
	words->list = "the ids that lists show";
	return OK;
}

static const struct filter {
	const char *name; /* the query parameter */
	enum err_code (*allowed)(struct tx *tx, const struct api_call *call, struct words *words, struct err *err);
} filters[] = {
	{ "direction", directions },       { "state", message_states }, { "partner", partners },
	{ "organisation", organisations }, { "type", doctypes },        { "before", ids },
};

struct checking {
	struct api_call *call;
	struct findings *findings; /* of this run of the transaction, which may be repeated */
};

static enum err_code check(struct tx *tx, const struct checking *checking, const struct filter *filter, struct err *err)
{
	struct api_call *call = checking->call;
	struct words words = { .arena = call->arena, .wanted = call_query(call, filter->name) };
	if (!words.wanted)
		return OK;
	TRY(filter->allowed(tx, call, &words, err));
	if (!words.known)
		finding_add(checking->findings, &filter_rule, arena_printf(call->arena, "/%s", filter->name),
			    words.wanted, words.list ? words.list : "what there is: there is none");
	return OK;
}

static enum err_code check_all(struct tx *tx, void *arg, struct err *err)
{
	struct checking *checking = arg;
	checking->findings = findings_new(checking->call->arena);
	if (!checking->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	for (size_t i = 0; i < COUNT(filters); i++)
		TRY(check(tx, checking, &filters[i], err));
	return OK;
}

enum err_code call_filters(struct api_call *call, struct err *err)
{
	struct checking checking = { .call = call };
	bool any = false;
	for (size_t i = 0; i < COUNT(filters); i++)
		any = any || call_query(call, filters[i].name);
	if (!any)
		return OK;
	TRY(db_read(call->kernel->db, check_all, &checking, err));
	findings_append(call->findings, checking.findings);
	return OK;
}
