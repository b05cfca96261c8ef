/* `lintas simulate partner --send`: sends, and shows what came of each. */
#include "base/text.h"
#include "cli/simulate_int.h"
#include "customs/registry.h"

enum { COUNT_MAX = 1000, ITEMS_MAX = 2 * COUNT_MAX };

enum { WRONG_COUNT };
const struct rule simulate_send_rules[] = {
	[WRONG_COUNT] = { .code = "SIM-022", .text = "--count is a number from 1 to 1000, not {1}" },
	{ 0 },
};

struct simulated_list {
	struct simulated *items;
	size_t count;
	int64_t accepted;
};
#define TEXT(member, name, least)                                                                                      \
	FIELD_TEXT(struct simulated, member, .json = name, .min = (least), .max_length = TEXT_MAX)
static const struct field simulated_rows[] = {
	FIELD_INT(struct simulated, number, .json = "number", .min = 1),
	FIELD_INT(struct simulated, copy, .json = "copy", .min = 1),
	TEXT(act, "do", 0),
	TEXT(action, "action", 1),
	TEXT(message_id, "messageId", 1),
	FIELD_TIME(struct simulated, at_us, .json = "at", .min = 1),
	TEXT(outcome, "outcome", 1),
	FIELD_INT(struct simulated, status, .json = "httpStatus"),
	TEXT(error, "error", 0),
	TEXT(rule, "rule", 0),
	TEXT(text, "text", 0),
	TEXT(signer, "signer", 0),
	FIELD_INT(struct simulated, took_ms, .json = "tookMs", .min = 1),
};
static const struct fields simulated_fields = FIELDS(struct simulated, simulated_rows);
static const struct field list_rows[] = {
	FIELD_INT(struct simulated_list, accepted, .json = "accepted", .min = 1),
	FIELD_LIST(struct simulated_list, items, count, struct simulated, simulated_fields, .json = "items",
		   .max = ITEMS_MAX),
};
static const struct fields list_fields = FIELDS(struct simulated_list, list_rows);
static const struct schema list_schema = { .name = "SimulatedList", .fields = &list_fields };

struct telling {
	struct invocation *in;
	struct simulated_list list;
};

/* --- For people --- */

static const struct column columns[] = { { "n", -4 },    { "do", 14 },  { "outcome", 12 },
					 { "http", -4 }, { "rule", 9 }, { "said, or signed by", 0 } };

static void print_result(const struct simulated *result)
{
	enum { NUMBER_SIZE = 24 };
	char number[NUMBER_SIZE], status[NUMBER_SIZE] = "";
	snprintf(number, sizeof number, "%lld%s", (long long)result->number, result->copy > 1 ? ".2" : "");
	if (result->status != INTEGER_NONE)
		snprintf(status, sizeof status, "%lld", (long long)result->status);
	ROW(stdout, columns, number, result->act, result->outcome, status, result->rule ? result->rule : result->error,
	    result->text ? result->text : result->signer);
	fflush(stdout);
}

/* --- For both --- */

static void keep(struct telling *t, const struct simulated *result)
{
	struct arena *arena = t->in->arena;
	struct simulated *kept = &t->list.items[t->list.count++];
	*kept = *result;
	kept->message_id = arena_text(arena, result->message_id);
	kept->error = arena_text(arena, result->error);
	kept->rule = arena_text(arena, result->rule);
	kept->text = arena_text(arena, result->text);
	kept->signer = arena_text(arena, result->signer);
}

static void tell(void *arg, const struct simulated *result)
{
	struct telling *t = arg;
	if (!t->list.count) {
		FILE *out = t->in->json ? stderr : stdout;
		fprintf(out, "SIMULATOR, no partner: it believes everybody and keeps nothing\n");
		if (!t->in->json)
			print_heads(out, columns, COUNT(columns));
	}
	keep(t, result);
	t->list.accepted += same(result->outcome, SIMULATED_ACCEPTED);
	if (!t->in->json)
		print_result(result);
}

static enum err_code read_options(struct invocation *in, struct simulator_mail *mail, struct http_tls *tls,
				  struct err *err)
{
	const char *count = option_value(in, "--count");
	mail->count = 1;
	if (count && (!int64_parse(count, &mail->count) || mail->count < 1 || mail->count > COUNT_MAX))
		finding_add(in->findings, &simulate_send_rules[WRONG_COUNT], "", count, NULL);
	TRY(simulate_input(in, "--send", &mail->document, err));
	TRY(simulate_input(in, "--script", &mail->script, err));
	TRY(simulate_input(in, "--card", &mail->card, err));
	TRY(simulate_input(in, "--sign", &mail->sign, err));
	TRY(simulate_input(in, "--encrypt", &mail->encrypt, err));
	TRY(simulate_input(in, "--agreement", &mail->agreement, err));
	if (!mail->party_type && !mail->card.size)
		mail->party_type = CONFIG_PARTY_TYPE;
	if (option_value(in, "--plain"))
		return OK;
	mail->tls = tls;
	return simulate_tls(in, tls, err);
}

static enum err_code send_and_tell(struct telling *t, const struct simulator_mail *mail, struct err *err)
{
	struct invocation *in = t->in;
	TRY(simulator_send(mail, tell, t, in->findings, err));
	if (findings_errors(in->findings))
		return simulate_wrong(err);
	if (in->json)
		TRY(json_put(&list_schema, &t->list, err));
	else
		printf("%zu sent, %lld accepted\n", t->list.count, (long long)t->list.accepted);
	/* As a link that was tested: nothing was wrong with the call. */
	return t->list.accepted == (int64_t)t->list.count ? OK : ERR_BUSY;
}

enum err_code simulate_send(struct invocation *in, struct err *err)
{
	const struct kernel kernel = { .clock = &clock_system, .capabilities = customs_capabilities };
	struct http_tls tls = { 0 };
	struct simulator_mail mail = { .keys_directory = option_value(in, "--keys"),
				       .other_keys_directory = option_value(in, "--other-keys"),
				       .profile = simulate_profile(in),
				       .kernel = &kernel,
				       .party_id = option_value(in, "--party"),
				       .party_type = option_value(in, "--party-type"),
				       .doctype = option_value(in, "--type"),
				       .to_party = option_value(in, "--to-party"),
				       .url = option_value(in, "--to"),
				       .allow_plain = option_value(in, "--plain") != NULL };
	struct telling t = { .in = in, .list.items = arena_array(in->arena, ITEMS_MAX, sizeof *t.list.items) };
	if (!t.list.items)
		return fail(err, ERR_MEMORY, "no memory to send");
	TRY(read_options(in, &mail, &tls, err));
	return send_and_tell(&t, &mail, err);
}
