/* A document type for tests of the mapping engine, and how mappings of it are played. */
#ifndef TEST_MAPPING_TRIAL_H
#define TEST_MAPPING_TRIAL_H

#include "../unit.h"

#include <stdio.h>

#include "base/text.h"
#include "kernel/edition.h"
#include "kernel/mapping.h"

enum { ARENA = 64 << 20, TEXT_MAX = 1 << 16 };

/* --- A document type --- */

struct part {
	const char *code;
	int64_t count;
};
struct item {
	int64_t number;
	const char *goods;
	struct decimal mass;
	struct part *parts;
	size_t parts_count;
};
struct party {
	const char *name, *country;
};
struct trial {
	const char *reference;
	date day;
	bool urgent;
	struct party *sender, *receiver;
	struct item *items;
	size_t items_count;
};

static const struct field part_rows[] = {
	FIELD_TEXT(struct part, code, .json = "code", .min = 1),
	FIELD_INT(struct part, count, .json = "count"),
};
static const struct fields part = FIELDS(struct part, part_rows);
static const struct field item_rows[] = {
	FIELD_INT(struct item, number, .json = "number", .min = 1, .law = "rule 3"),
	FIELD_TEXT(struct item, goods, .json = "goods"),
	FIELD_DEC(struct item, mass, .json = "mass"),
	FIELD_LIST(struct item, parts, parts_count, struct part, part, .json = "part", .max = 9),
};
static const struct fields item = FIELDS(struct item, item_rows);
static const struct field party_rows[] = {
	FIELD_TEXT(struct party, name, .json = "name", .min = 1, .label = "name", .law = "rule 2"),
	FIELD_TEXT(struct party, country, .json = "country"),
};
static const struct fields party = FIELDS(struct party, party_rows);
static const struct field trial_rows[] = {
	FIELD_TEXT(struct trial, reference, .json = "reference", .min = 1, .label = "reference", .law = "rule 1"),
	FIELD_DAY(struct trial, day, .json = "day"),
	FIELD_FLAG(struct trial, urgent, .json = "urgent"),
	FIELD_GROUP(struct trial, sender, struct party, party, .json = "sender", .min = 1, .label = "sender"),
	FIELD_GROUP(struct trial, receiver, struct party, party, .json = "receiver"),
	FIELD_LIST(struct trial, items, items_count, struct item, item, .json = "item", .max = 99),
};
static const struct fields trial = FIELDS(struct trial, trial_rows);
static const struct schema trial_schema = { .name = "TRIAL", .fields = &trial };
static const struct doctype trial_doctype = { .code = "TRIAL", .schema = &trial_schema };
static const struct edition_kind trial_kind = { .name = "trial.records", .schema = &trial_schema };
static const struct capability capability = { .doctypes = (const struct doctype *const[]){ &trial_doctype, NULL },
					      .editions = (const struct edition_kind *const[]){ &trial_kind, NULL } };
static const struct kernel kernel = { .capabilities = (const struct capability *const[]){ &capability, NULL } };

/* --- Playing --- */

/* "MAP-003 /row/0/to; …" */
__attribute__((unused)) static const char *codes_of(struct arena *arena, const struct findings *findings)
{
	const char *all = "";

	for (size_t i = 0; findings_at(findings, i); i++)
		all = arena_printf(arena, "%s%s%s%s%s", all, *all ? "; " : "", findings_at(findings, i)->rule->code,
				   *findings_at(findings, i)->path ? " " : "", findings_at(findings, i)->path);
	return all;
}

/* JSON with ' for ", to be read by people. */
static const char *quoted(struct arena *arena, const char *text)
{
	char *copy = arena_text(arena, text);

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

static const struct mapping *load(struct arena *arena, const char *text, bool reverse, const char *expected)
{
	struct findings *findings = findings_new(arena);
	const struct mapping *mapping = NULL;
	struct err err = { 0 };

	assert_int_equal(mapping_load(arena, &kernel, bytes_of(quoted(arena, text)), reverse, &mapping, findings, &err),
			 OK);
	assert_string_equal(codes_of(arena, findings), expected);
	assert_true((mapping != NULL) == (findings_errors(findings) == 0));
	return mapping;
}

struct text_source {
	const char *text;
	size_t at;
};

static enum err_code read_text(void *arg, void *to, size_t room, size_t *got, struct err *err)
{
	struct text_source *source = arg;
	size_t left = strlen(source->text) - source->at;

	(void)err;
	*got = left < room ? left : room;
	memcpy(to, source->text + source->at, *got);
	source->at += *got;
	return OK;
}

static enum err_code rewind_text(void *arg, struct err *err)
{
	(void)err;
	((struct text_source *)arg)->at = 0;
	return OK;
}

/* What the engine made: each document's JSON on a line, behind it each finding with its place in the source. */
struct made {
	struct arena *arena;
	struct buf text;
};

static enum err_code take(void *arg, const struct mapping_document *document, struct err *err)
{
	struct made *made = arg;
	struct trial record;

	buf_put_bytes(&made->text, document->json);
	buf_putc(&made->text, '\n');
	TRY(field_read_json(document->arena, &trial_schema, document->json, NULL, &record, document->findings, err));
	for (size_t i = 0; findings_at(document->findings, i); i++) {
		const struct finding *finding = findings_at(document->findings, i);
		const char *place = mapping_place(document, finding);
		if (place)
			buf_printf(&made->text, "%s %s at %s\n", finding->rule->code, finding->path, place);
	}
	return OK;
}

/* EXPECTED with ' for ", and behind the documents the findings about the file. */
static void assert_maps(const char *mapping_text, const char *source_text, const char *expected)
{
	arena_auto arena = arena_new(ARENA);
	struct text_source source = { quoted(arena, source_text), 0 };
	const struct mapping_input input = { { read_text, &source }, rewind_text };
	struct made made = { .arena = arena };
	struct findings *findings = findings_new(arena);
	const struct mapping *mapping = load(arena, mapping_text, false, "");
	struct err err = { 0 };

	buf_init(&made.text, TEXT_MAX);
	enum err_code code = mapping_read(mapping, &input, take, &made, findings, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(code, OK);
	for (size_t i = 0; findings_at(findings, i); i++)
		buf_printf(&made.text, "%s %s\n", findings_at(findings, i)->rule->code, findings_at(findings, i)->text);
	const char *wanted = quoted(arena, expected);
	const char *made_text = quoted(arena, buf_text(&made.text));
	assert_string_equal(made_text, wanted);
	buf_done(&made.text);
}

#define CSV(inside)                                                                                                    \
	"{'title':'t','documentType':'TRIAL','format':'csv','csv':{'delimiter':';','lineEnd':'lf'}," inside "}"
#define RECORDS(inside) "{'title':'t','records':'trial.records','format':'csv','csv':{'delimiter':';'}," inside "}"
#define SENDER          "{'to':'/reference','from':'REF'},{'to':'/sender/name','from':'FROM'}"
#define ITEMS           "{'to':'/item/*/number','from':'NO'},{'to':'/item/*/goods','from':'GOODS'}"

#endif
