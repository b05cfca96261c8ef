/* `lintas rule show`: what the codes of findings mean, from the rows by which they are found. */
#include "base/text.h"
#include "cli/cli_int.h"
#include "codec/csv.h"
#include "customs/registry.h"
#include "kernel/edition.h"
#include "kernel/mapping.h"

enum { RULES_PRINTED_MAX = 1 << 20 };

struct showing {
	struct buf out;
	const char *wanted; /* a code; NULL: all */
	const char *head;   /* what stands above the next row; NULL: it stands there */
	size_t count;
};

/* In a table a bar would end the cell. */
static void put_cell(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
}

static void put_rule(struct showing *showing, const struct rule *rule)
{
	struct buf *out = &showing->out;
	if (showing->wanted && !same(showing->wanted, rule->code))
		return;
	if (showing->head)
		buf_printf(out, "%s%s\n\n| code | it says | law | |\n|---|---|---|---|\n", showing->count ? "\n" : "",
			   showing->head);
	showing->head = NULL;
	showing->count++;
	buf_printf(out, "| %s | ", rule->code);
	put_cell(out, rule->text);
	buf_puts(out, " | ");
	put_cell(out, rule->law ? rule->law : "");
	buf_printf(out, " | %s |\n", rule->severity == SEVERITY_WARNING ? "warning" : "");
}

static void put_rules(struct showing *showing, const struct rule *rules)
{
	for (; rules->code; rules++)
		put_rule(showing, rules);
}

/* Rules of the records of each kind of reference data; several kinds may have the same. */
static void put_kinds(struct showing *showing)
{
	const struct kernel kernel = { .capabilities = customs_capabilities };
	const struct edition_kind *kind, *earlier;

	for (size_t i = 0; (kind = edition_kind_at(&kernel, i)); i++) {
		bool shown = !kind->rules;
		for (size_t j = 0; j < i && (earlier = edition_kind_at(&kernel, j)); j++)
			shown = shown || earlier->rules == kind->rules;
		if (!shown)
			put_rules(showing, kind->rules);
	}
}

static void put_all(struct showing *showing)
{
	const struct rule *rule;
	showing->head = "{1} and {2} stand for what was found.\n\n## Form\n\nWhat a field table says of XML and JSON.";
	for (size_t i = 0; i < field_rules_count; i++)
		put_rule(showing, &field_rules[i]);
	showing->head =
		"## Documents\n\nA law that the document's type brings (DOC-010 and others) is named where the rule is "
		"broken.";
	for (size_t c = 0; customs_capabilities[c]; c++)
		for (const struct rule *const *r = customs_capabilities[c]->rules; r && *r; r++)
			put_rules(showing, *r);
	put_rules(showing, fsm_rules);
	showing->head =
		"## Reference data and national shapes\n\nA place in the file is named where the rule is broken.";
	put_rules(showing, edition_rules);
	put_kinds(showing);
	put_rules(showing, mapping_rules);
	put_rules(showing, csv_rules);
	showing->head =
		"## Messages\n\nBy these a message is refused before anything in it is looked at, with a signed error.";
	for (size_t i = 0; (rule = messaging_rule_at(i)); i++)
		put_rule(showing, rule);
}

enum err_code run_rule_show(struct invocation *in, struct err *err)
{
	struct showing showing = { .wanted = in->arguments_count ? in->arguments[0] : NULL };
	buf_init(&showing.out, RULES_PRINTED_MAX);
	put_all(&showing);
	enum err_code code =
		showing.count ? buf_check(&showing.out, "the table of rules", err)
			      : fail(err, ERR_NOT_FOUND, "nothing is refused by a rule %s; lintas rule show lists all",
				     showing.wanted);
	if (code == OK)
		fputs(buf_text(&showing.out), stdout);
	buf_done(&showing.out);
	return code;
}
