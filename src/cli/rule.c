/* `lintas rule show`: what the codes of findings mean, from the rows by which they are found. */
#include "base/text.h"
#include "cli/simulate_int.h"
#include "codec/csv.h"
#include "customs/registry.h"
#include "kernel/activation.h"
#include "kernel/edition.h"
#include "kernel/user.h"

enum { RULES_PRINTED_MAX = 1 << 20, TABLES_MAX = 5 };

/* Every table of rules of the program stands here, but those of capabilities, which bring them
 * (tests/lint/test_findings.py). */
static const struct group {
	const char *title, *note;
	bool capabilities; /* theirs, before .tables */
	const struct rule *tables[TABLES_MAX + 1];
} groups[] = {
	{ .title = "Form", .note = "What a field table says of XML and JSON.", .tables = { field_rules } },
	{ .title = "Documents",
	  .note = "A law that the document's type brings (DOC-010 and others) is named where the rule is broken.",
	  .capabilities = true,
	  .tables = { fsm_rules } },
	{ .title = "Messages",
	  .note = "By these a message is refused before anything in it is looked at, with a signed error.",
	  .tables = { message_rules } },
	{ .title = "Catching up",
	  .note = "Of what a partner asks or gives back after a restore (docs/catch-up.md).",
	  .tables = { catch_up_rules } },
	{ .title = "Certificates",
	  .note = "Of whoever signs, of a connection, and of what is given to pin.",
	  .tables = { cert_rules } },
	{ .title = "Mappings and national files",
	  .note = "What is wrong with a mapping, and with a file that is read or written by one.",
	  .tables = { mapping_rules, mapping_file_rules, csv_rules, drop_rules } },
	{ .title = "Reference data",
	  .note = "Of editions: a file that is imported, and what is decided of it. What a kind finds stands with the documents.",
	  .tables = { edition_rules, edition_call_rules } },
	{ .title = "Partners",
	  .note = "What is wrong with a partner as it is added or changed, and with what is to be exchanged with it.",
	  .tables = { partner_rules, partner_tls_rules, activation_rules, notice_rules } },
	{ .title = "Cards",
	  .note = "Why a partner's card is not taken, or not proposed.",
	  .tables = { jws_rules, card_rules, card_take_rules, card_import_rules } },
	{ .title = "Agreements",
	  .note = "Why a CPA (ebMS 2) is not taken, or what its author should know.",
	  .tables = { cpa_rules, agree_rules, agreement_rules } },
	{ .title = "Webhooks", .tables = { webhook_rules, webhook_call_rules } },
	{ .title = "Users and tokens", .tables = { user_rules, access_rules } },
	{ .title = "Requests",
	  .note = "What is wrong with a request to the interface, whatever it is about.",
	  .tables = { query_rules, repeat_rules, map_call_rules, hold_rules } },
	{ .title = "Settings",
	  .note = "Of lintas.conf, and of what it leads to (`lintas config check`).",
	  .tables = { config_rules, check_rules, place_rules } },
	{ .title = "Played partners",
	  .note = "Of the script and the options of `lintas simulate partner`.",
	  .tables = { simulate_rules, simulate_option_rules, simulate_send_rules } },
};

struct showing {
	struct buf out;
	void (*put)(struct showing *showing, const struct rule *rule);
	const struct group *group, *begun; /* of this rule; of the one before it */
	const char *wanted;                /* a code; NULL: all */
	size_t count;
};

/* --- All, as Markdown --- */

/* In a table a bar would end the cell. */
static void put_cell(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
}

static void put_row(struct showing *showing, const struct rule *rule)
{
	struct buf *out = &showing->out;
	const struct group *group = showing->group;
	if (showing->begun != group)
		buf_printf(out, "\n## %s\n\n%s%s| code | it says | law | |\n|---|---|---|---|\n", group->title,
			   group->note ? group->note : "", group->note ? "\n\n" : "");
	buf_printf(out, "| %s | ", rule->code);
	put_cell(out, rule->text);
	buf_puts(out, " | ");
	put_cell(out, rule->law ? rule->law : "");
	buf_printf(out, " | %s |\n", rule->severity == SEVERITY_WARNING ? "warning" : "");
}

/* --- One, for people --- */

static void put_one(struct showing *showing, const struct rule *rule)
{
	struct buf *out = &showing->out;
	const struct group *group = showing->group;
	buf_printf(out, "%s  %s\n  says  %s\n", rule->code, severity_name(rule->severity), rule->text);
	if (strstr(rule->text, "{1}"))
		buf_printf(out, "        %s for what was found\n",
			   strstr(rule->text, "{2}") ? "{1} and {2} stand" : "{1} stands");
	if (rule->law)
		buf_printf(out, "  law   %s\n", rule->law);
	buf_printf(out, "  see   docs/findings.md, %s\n", group->title);
	if (group->note)
		buf_printf(out, "        %s\n", group->note);
}

/* --- Which --- */

static void put_rules(struct showing *showing, const struct rule *rule)
{
	for (; rule->code; rule++) {
		if (showing->wanted && !same(showing->wanted, rule->code))
			continue;
		showing->put(showing, rule);
		showing->begun = showing->group;
		showing->count++;
	}
}

static void put_group(struct showing *showing, const struct group *group)
{
	showing->group = group;
	for (size_t c = 0; group->capabilities && customs_capabilities[c]; c++)
		for (const struct rule *const *r = customs_capabilities[c]->rules; r && *r; r++)
			put_rules(showing, *r);
	for (size_t t = 0; group->tables[t]; t++)
		put_rules(showing, group->tables[t]);
}

/* How many rules have the code WANTED (NULL: any). */
static size_t put_wanted(struct showing *showing, const char *wanted)
{
	showing->wanted = wanted;
	showing->count = 0;
	for (size_t i = 0; i < COUNT(groups); i++)
		put_group(showing, &groups[i]);
	return showing->count;
}

static void put_codes(struct invocation *in, struct showing *showing, const char **unknown)
{
	for (size_t i = 0; i < in->arguments_count; i++) {
		const char *code = in->arguments[i];
		if (!put_wanted(showing, code))
			*unknown = *unknown ? arena_printf(in->arena, "%s, %s", *unknown, code) : code;
	}
}

enum err_code run_rule_show(struct invocation *in, struct err *err)
{
	struct showing showing = { .put = in->arguments_count ? put_one : put_row };
	const char *unknown = NULL;
	buf_init(&showing.out, RULES_PRINTED_MAX);
	put_codes(in, &showing, &unknown);
	if (!in->arguments_count) {
		buf_puts(&showing.out, "{1} and {2} stand for what was found. `lintas rule show CODE` shows one.\n");
		put_wanted(&showing, NULL);
	}
	enum err_code code = buf_check(&showing.out, "the table of rules", err);
	if (code == OK)
		fputs(buf_text(&showing.out), stdout);
	buf_done(&showing.out);
	if (code == OK && unknown)
		return fail(err, ERR_NOT_FOUND, "no rule has the code %s; lintas rule show lists all", unknown);
	return code;
}
