/* Duty expressions: one grammar (tariff.h), read into a small tree and written in one form. */
#include <stdio.h>

#include "base/text.h"
#include "customs/tariff/tariff_int.h"
#include "kernel/codelist.h"

enum { WORD_MAX = 8, FRACTION_MAX = 8, NUMBER_MAX = 30, SHOWN_MAX = 40 };

struct parser {
	struct arena *arena;
	const char *text, *at;
	const char *path;
	struct findings *findings;
	struct duty_node nodes[TARIFF_DUTY_PARTS];
	size_t count;
	bool failed;
};

/* --- Words --- */

static void refuse(struct parser *parser, enum duty_rule rule, const char *at, const char *what)
{
	char place[24];

	snprintf(place, sizeof(place), "%zu", (size_t)(at - parser->text) + 1);
	if (!parser->failed)
		finding_add(parser->findings, &tariff_duty_rules[rule], parser->path, place, what);
	parser->failed = true;
}

static void refuse_long(struct parser *parser, const char *most)
{
	if (!parser->failed)
		finding_add(parser->findings, &tariff_duty_rules[DUTY_LONG], parser->path, most, NULL);
	parser->failed = true;
}

/* What stands AT, as far as it is one word, or one character. */
static const char *shown(const char *at, char buffer[static SHOWN_MAX])
{
	static const char word[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,";
	size_t length = strspn(at, word);

	if (!*at)
		return "the end";
	if (length == 0)
		length = utf8_first(bytes_of(at));
	snprintf(buffer, SHOWN_MAX, "\"%.*s\"", (int)(length < SHOWN_MAX - 3 ? length : SHOWN_MAX - 3), at);
	return buffer;
}

static void not_understood(struct parser *parser)
{
	char buffer[SHOWN_MAX];

	refuse(parser, DUTY_NOT_UNDERSTOOD, parser->at, shown(parser->at, buffer));
}

static void skip_blanks(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t\r\n");
}

/* Steps over CHARACTER, if it is next. */
static bool take(struct parser *parser, char character)
{
	skip_blanks(parser);
	if (*parser->at != character)
		return false;
	parser->at++;
	return true;
}

/* The letters and digits that are next, in capitals; false if there are none or too many. */
static bool word(const char *at, char buffer[static WORD_MAX + 1], size_t *length)
{
	for (*length = 0; *length <= WORD_MAX; ++*length) {
		char c = at[*length];
		bool small = c >= 'a' && c <= 'z';
		if (!small && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			break;
		if (*length < WORD_MAX)
			buffer[*length] = small ? (char)(c - 'a' + 'A') : c;
	}
	buffer[*length <= WORD_MAX ? *length : 0] = '\0';
	return *length > 0 && *length <= WORD_MAX;
}

static bool take_word(struct parser *parser, const char *expected)
{
	char found[WORD_MAX + 1];
	size_t length;

	skip_blanks(parser);
	if (!word(parser->at, found, &length) || !same(found, expected))
		return false;
	parser->at += length;
	return true;
}

/* --- Parts --- */

/* Index of a new node; 0, which is the place of the whole, if the limit is reached. */
static size_t node_new(struct parser *parser, enum duty_kind kind)
{
	if (parser->count == TARIFF_DUTY_PARTS) {
		refuse_long(parser, "64 parts");
		return 0;
	}
	parser->nodes[parser->count] = (struct duty_node){ .kind = kind };
	return parser->count++;
}

static void take_number(struct parser *parser, struct decimal *number)
{
	char text[NUMBER_MAX + 1];
	const char *at = parser->at;
	size_t length = strspn(at, "0123456789.,");
	struct decimal value, whole;

	snprintf(text, sizeof(text), "%.*s", (int)(length < NUMBER_MAX ? length : NUMBER_MAX), at);
	if (*at == '-') {
		refuse(parser, DUTY_NEGATIVE, at, NULL);
	} else if (strchr(text, ',')) {
		refuse(parser, DUTY_COMMA, at, text);
	} else if (length > NUMBER_MAX) {
		refuse(parser, DUTY_NUMBER_LONG, at, NULL);
	} else if (!decimal_parse(text, &value)) {
		refuse(parser, DUTY_NO_NUMBER, at, text);
	} else {
		value = decimal_trim(value);
		decimal_parse("999999999999.99999999", &whole);
		if (decimal_compare(value, whole) > 0 ||
		    decimal_compare(decimal_round(value, FRACTION_MAX), value) != 0)
			refuse(parser, DUTY_NUMBER_LONG, at, NULL);
		*number = value;
		parser->at += length;
	}
}

static void take_unit(struct parser *parser, struct duty_node *node, size_t index)
{
	char code[WORD_MAX + 1];
	size_t length;

	skip_blanks(parser);
	if (!word(parser->at, code, &length)) {
		not_understood(parser);
		return;
	}
	node->units[index] = tariff_unit_find(code);
	if (!node->units[index])
		refuse(parser, DUTY_UNIT, parser->at, code);
	else if (!decimal_parse(node->units[index]->factor, &node->factors[index]))
		refuse(parser, DUTY_UNIT, parser->at, code);
	parser->at += length;
}

static void take_units(struct parser *parser, struct duty_node *node)
{
	size_t count = 0;

	while (!parser->failed && (take(parser, '/') || take_word(parser, "PER"))) {
		if (count == DUTY_UNITS) {
			refuse_long(parser, "two units of one rate");
			return;
		}
		take_unit(parser, node, count++);
	}
	if (count == 0 && !parser->failed)
		not_understood(parser);
}

/* A number and what it is of. */
static size_t take_rate(struct parser *parser)
{
	size_t index = node_new(parser, DUTY_PERCENT);
	struct duty_node *node = &parser->nodes[index];
	char code[WORD_MAX + 1];
	size_t length;

	if (parser->failed)
		return 0;
	take_number(parser, &node->number);
	if (parser->failed || take(parser, '%'))
		return index;
	skip_blanks(parser);
	if (!word(parser->at, code, &length)) {
		not_understood(parser);
		return index;
	}
	node->kind = DUTY_SPECIFIC;
	if (length != CURRENCY_SIZE - 1 || !codelist_name("ISO4217", code))
		refuse(parser, DUTY_CURRENCY, parser->at, code);
	else
		memcpy(node->currency, code, CURRENCY_SIZE);
	parser->at += length;
	if (!parser->failed)
		take_units(parser, node);
	return index;
}

static size_t sum(struct parser *parser, unsigned depth);

static size_t alternatives(struct parser *parser, enum duty_kind kind, const char *from, unsigned depth)
{
	size_t index = node_new(parser, kind), last = 0, count = 0;

	if (!parser->failed && !take(parser, '('))
		not_understood(parser);
	do {
		if (parser->failed)
			return 0;
		size_t one = sum(parser, depth + 1);
		if (last)
			parser->nodes[last].next = one;
		else
			parser->nodes[index].first = one;
		last = one;
		count++;
	} while (take(parser, ','));
	if (!parser->failed && count < 2)
		refuse(parser, DUTY_ALTERNATIVES, from, kind == DUTY_MAX ? "max" : "min");
	if (!parser->failed && !take(parser, ')'))
		not_understood(parser);
	return index;
}

static size_t part(struct parser *parser, unsigned depth)
{
	static const char *const alone[] = { "FREE", "EXCLUDED" };
	char limit[8];

	skip_blanks(parser);
	const char *from = parser->at;
	if (depth > TARIFF_DUTY_DEPTH) {
		snprintf(limit, sizeof(limit), "%d", TARIFF_DUTY_DEPTH);
		refuse(parser, DUTY_DEEP, from, limit);
		return 0;
	}
	for (size_t i = 0; i < COUNT(alone); i++)
		if (take_word(parser, alone[i])) {
			refuse(parser, DUTY_ALONE, from, i == 0 ? "free" : "excluded");
			return 0;
		}
	if (take_word(parser, "MAX"))
		return alternatives(parser, DUTY_MAX, from, depth);
	if (take_word(parser, "MIN"))
		return alternatives(parser, DUTY_MIN, from, depth);
	if (take(parser, '(')) {
		size_t inner = sum(parser, depth + 1);
		if (!parser->failed && !take(parser, ')'))
			not_understood(parser);
		return inner;
	}
	if (strspn(from, "0123456789.-") == 0) {
		not_understood(parser);
		return 0;
	}
	return take_rate(parser);
}

/* Parts with "+" between them; a sum within a sum is one with it. */
static size_t sum(struct parser *parser, unsigned depth)
{
	size_t first = part(parser, depth), index = first, last;

	skip_blanks(parser);
	while (!parser->failed && take(parser, '+')) {
		if (parser->nodes[index].kind != DUTY_SUM) {
			index = node_new(parser, DUTY_SUM);
			parser->nodes[index].first = first;
		}
		for (last = parser->nodes[index].first; parser->nodes[last].next;)
			last = parser->nodes[last].next;
		size_t more = part(parser, depth);
		if (parser->failed)
			return 0;
		parser->nodes[last].next = parser->nodes[more].kind == DUTY_SUM ? parser->nodes[more].first : more;
		skip_blanks(parser);
	}
	return index;
}

/* "free" and "excluded", which are no parts. */
static bool word_alone(struct parser *parser)
{
	static const struct {
		const char *word;
		enum duty_kind kind;
	} rows[] = { { "FREE", DUTY_FREE }, { "EXCLUDED", DUTY_EXCLUDED } };

	for (size_t i = 0; i < COUNT(rows); i++) {
		parser->at = parser->text;
		if (!take_word(parser, rows[i].word))
			continue;
		skip_blanks(parser);
		if (*parser->at)
			break;
		parser->nodes[0].kind = rows[i].kind;
		return true;
	}
	parser->at = parser->text;
	return false;
}

/* --- Writing --- */

static void put_node(const struct duty_node *nodes, const struct duty_node *node, struct buf *out);

static void put_parts(const struct duty_node *nodes, const struct duty_node *node, struct buf *out)
{
	bool sum = node->kind == DUTY_SUM;

	if (!sum)
		buf_puts(out, node->kind == DUTY_MAX ? "max(" : "min(");
	for (size_t at = node->first; at; at = nodes[at].next) {
		put_node(nodes, &nodes[at], out);
		if (nodes[at].next)
			buf_puts(out, sum ? " + " : ", ");
	}
	if (!sum)
		buf_putc(out, ')');
}

static void put_node(const struct duty_node *nodes, const struct duty_node *node, struct buf *out)
{
	char number[DECIMAL_SIZE];

	switch (node->kind) {
	case DUTY_FREE:
	case DUTY_EXCLUDED:
		buf_puts(out, node->kind == DUTY_FREE ? "free" : "excluded");
		break;
	case DUTY_PERCENT:
		buf_printf(out, "%s%%", decimal_format(node->number, number));
		break;
	case DUTY_SPECIFIC:
		buf_printf(out, "%s %s", decimal_format(node->number, number), node->currency);
		for (size_t i = 0; i < DUTY_UNITS && node->units[i]; i++)
			buf_printf(out, "/%s", node->units[i]->code);
		break;
	case DUTY_SUM:
	case DUTY_MAX:
	case DUTY_MIN:
		put_parts(nodes, node, out);
		break;
	}
}

void tariff_duty_format(const struct tariff_duty *duty, struct buf *out)
{
	put_node(duty->nodes, duty->nodes, out);
}

/* --- Reading --- */

static const struct tariff_duty *keep(struct parser *parser)
{
	struct tariff_duty *duty = arena_alloc(parser->arena, sizeof(*duty));
	const struct duty_node *nodes = arena_copy(parser->arena, parser->nodes, parser->count * sizeof(*nodes));
	buf_auto text = { 0 };

	buf_init(&text, (size_t)4 * TARIFF_DUTY_MAX);
	if (!duty || !nodes)
		return NULL;
	*duty = (struct tariff_duty){ .nodes = nodes, .count = parser->count };
	tariff_duty_format(duty, &text);
	duty->text = text.failed ? NULL : arena_text(parser->arena, buf_text(&text));
	return duty->text ? duty : NULL;
}

const struct tariff_duty *tariff_duty_parse(struct arena *arena, const char *text, const char *path,
					    struct findings *findings, bool *full)
{
	struct parser parser = { .arena = arena, .text = text, .at = text, .path = path, .findings = findings };

	*full = false;
	if (strlen(text) > TARIFF_DUTY_MAX) {
		refuse_long(&parser, "512 octets");
		return NULL;
	}
	skip_blanks(&parser);
	if (!*parser.at) {
		finding_add(findings, &tariff_duty_rules[DUTY_EMPTY], path, NULL, NULL);
		return NULL;
	}
	/* The whole comes first, wherever its parts stand: it is put there when it is known. */
	parser.count = 1;
	if (!word_alone(&parser)) {
		size_t whole = sum(&parser, 0);
		skip_blanks(&parser);
		if (!parser.failed && *parser.at)
			not_understood(&parser);
		parser.nodes[0] = parser.nodes[whole];
	}
	if (parser.failed)
		return NULL;
	const struct tariff_duty *duty = keep(&parser);
	*full = !duty;
	return duty;
}
