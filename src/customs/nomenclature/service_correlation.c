/* What became of a code: by tables, or, for digits that the HS does not know, by the table of its subheading. */
#include <stdlib.h>

#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"

enum { ROWS_BYTES_MAX = 128 << 20, PARTS_BYTES_MAX = 16 << 20, INTERNED_MAX = 64 };

struct correlator {
	struct arena *arena;
	struct nomenclature_version from, to;
	struct nomenclature_version from_root, to_root; /* the HS below them */
	const char *middle;                             /* NULL: a table is about the two */
	bool direct;                                    /* a table is about the versions themselves */
	const struct correlation_book *rows;
	const struct book *from_book, *to_book; /* NULL: no lines here */
};

/* --- Rows --- */

struct reading {
	struct arena *arena;
	struct pair *rows;
	size_t count, room;
	const char *versions[INTERNED_MAX];
};

static const char *interned(struct reading *reading, const char *version)
{
	for (size_t i = 0; i < INTERNED_MAX; i++) {
		if (!reading->versions[i])
			return reading->versions[i] = arena_text(reading->arena, version);
		if (same(reading->versions[i], version))
			return reading->versions[i];
	}
	return arena_text(reading->arena, version);
}

static enum err_code read_row(void *arg, int64_t number, const void *given, struct arena *scratch, struct err *err)
{
	struct reading *reading = arg;
	const struct correlation_record *record = given;
	char from[CODE_SIZE], to[CODE_SIZE];

	(void)number;
	(void)scratch;
	if (!code_parse(record->from_code, from) || !code_parse(record->to_code, to))
		return OK;
	struct pair row = { interned(reading, record->from_version), arena_text(reading->arena, from),
			    interned(reading, record->to_version), arena_text(reading->arena, to) };
	reading->rows = array_with_room(reading->arena, reading->rows, reading->count, &reading->room, sizeof(row));
	if (!reading->rows || !row.from_version || !row.from || !row.to_version || !row.to)
		return fail(err, ERR_MEMORY, "a correlation takes more than %d bytes", ROWS_BYTES_MAX);
	reading->rows[reading->count++] = row;
	return OK;
}

static enum err_code load_rows(struct tx *tx, const struct edition_list *editions, const char *key,
			       struct correlation_book *book, struct err *err)
{
	struct reading reading = { .arena = book->shared.arena };

	book->shared.key = arena_text(reading.arena, key);
	for (size_t i = 0; i < editions->count; i++)
		TRY(store_records(tx, editions->items[i].id, &correlation_schema, sizeof(struct correlation_record),
				  read_row, &reading, err));
	if (!book->shared.key || !correlation_sort(book, reading.arena, reading.rows, reading.count))
		return fail(err, ERR_MEMORY, "a correlation takes more than %d bytes", ROWS_BYTES_MAX);
	return OK;
}

static enum err_code open_rows(struct tx *tx, struct arena *arena, date as_of, const struct correlation_book **rows,
			       struct err *err)
{
	struct edition_list editions;
	struct correlation_book *book;
	const char *key = correlation_kind.name;
	enum err_code code;

	TRY(edition_between(tx, arena, correlation_kind.name, as_of, as_of, &editions, err));
	for (size_t i = 0; key && i < editions.count; i++)
		key = arena_printf(arena, "%s %s", key, editions.items[i].id);
	if (!key)
		return fail(err, ERR_MEMORY, "no memory for the editions of a correlation");
	*rows = shelf_find(key);
	if (*rows)
		return OK;
	book = shared_new(ROWS_BYTES_MAX, sizeof(*book));
	if (!book)
		return fail(err, ERR_MEMORY, "no memory for a correlation");
	code = load_rows(tx, &editions, key, book, err);
	if (code == OK) {
		shelf_put(&book->shared);
		*rows = book;
	} else {
		shared_close(&book->shared);
	}
	return code;
}

/* --- Two versions --- */

struct correlating {
	struct correlator *correlator;
	const char *from, *to;
	date as_of;
	struct findings *findings;
};

/* A version between the two about which tables are; NULL. */
static const char *middle_of(const struct correlation_book *rows, const struct nomenclature_version_list *versions,
			     const char *from, const char *to)
{
	for (size_t i = 0; i < versions->count; i++) {
		const char *middle = versions->items[i].code;

		if (!same(middle, from) && !same(middle, to) && correlation_about(rows, from, middle) &&
		    correlation_about(rows, middle, to))
			return middle;
	}
	return NULL;
}

static enum err_code find_versions(struct tx *tx, void *arg, struct err *err)
{
	struct correlating *correlating = arg;
	struct correlator *correlator = correlating->correlator;
	struct arena *arena = correlator->arena;
	struct findings *findings = findings_new(arena);
	struct nomenclature_version_list versions;

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a correlation");
	correlating->findings = findings;
	if (correlator->rows) /* it may run again */
		shared_close(&correlator->rows->shared);
	correlator->rows = NULL;
	TRY(store_versions(tx, arena, &versions, err));
	const char *names[] = { version_named(arena, correlating->from), version_named(arena, correlating->to) };
	const struct nomenclature_version *from = version_among(&versions, names[0]);
	const struct nomenclature_version *to = version_among(&versions, names[1]);
	if (!from)
		finding_add(findings, &nomenclature_rules[NOM_NO_VERSION], "/fromVersion", correlating->from, NULL);
	if (!to)
		finding_add(findings, &nomenclature_rules[NOM_NO_VERSION], "/toVersion", correlating->to, NULL);
	if (from && same(names[0], names[1]))
		finding_add(findings, &nomenclature_rules[NOM_SAME_VERSION], "/toVersion", names[0], NULL);
	if (findings_errors(findings))
		return OK;
	correlator->from = *from;
	correlator->to = *to;
	correlator->from_root = *version_root(&versions, from->code);
	correlator->to_root = *version_root(&versions, to->code);
	TRY(open_rows(tx, arena, correlating->as_of, &correlator->rows, err));
	correlator->direct = correlation_about(correlator->rows, from->code, to->code);
	if (!correlator->direct && !same(correlator->from_root.code, correlator->to_root.code) &&
	    !correlation_about(correlator->rows, correlator->from_root.code, correlator->to_root.code)) {
		correlator->middle =
			middle_of(correlator->rows, &versions, correlator->from_root.code, correlator->to_root.code);
		if (!correlator->middle)
			finding_add(findings, &nomenclature_rules[NOM_NO_TABLE], "/toVersion",
				    correlator->from_root.code, correlator->to_root.code);
	}
	return OK;
}

static enum err_code open_correlator(struct kernel *kernel, struct correlating *correlating, struct err *err)
{
	struct correlator *correlator = correlating->correlator;

	TRY(db_read(kernel->db, find_versions, correlating, err));
	if (findings_errors(correlating->findings))
		return OK;
	TRY(book_open(kernel, correlator->from.code, correlating->as_of, &correlator->from_book, err));
	return book_open(kernel, correlator->to.code, correlating->as_of, &correlator->to_book, err);
}

enum err_code correlator_open(struct kernel *kernel, const char *from_version, const char *to_version, date as_of,
			      struct correlator **made, struct findings *findings, struct err *err)
{
	struct arena *arena = arena_new(PARTS_BYTES_MAX);
	struct correlator *correlator = arena ? arena_alloc(arena, sizeof(*correlator)) : NULL;
	struct correlating correlating = { correlator, from_version, to_version, as_of, NULL };
	enum err_code code;

	if (!correlator) {
		arena_free(arena);
		return fail(err, ERR_MEMORY, "no memory for a correlation");
	}
	correlator->arena = arena;
	code = open_correlator(kernel, &correlating, err);
	if (code == OK && correlating.findings)
		findings_append(findings, correlating.findings);
	if (code == OK && !findings_errors(correlating.findings)) {
		*made = correlator;
		return OK;
	}
	correlator_close(correlator);
	if (code == OK)
		*made = NULL;
	return code;
}

void correlator_close(struct correlator *correlator)
{
	if (!correlator)
		return;
	if (correlator->rows)
		shared_close(&correlator->rows->shared);
	book_close(correlator->from_book);
	book_close(correlator->to_book);
	arena_free(correlator->arena);
}

/* --- A code --- */

/* The same digits below the subheadings that its subheading became: nobody has said so. */
static bool carry(const struct correlator *correlator, struct arena *arena, const char *digits,
		  struct correlation *correlation)
{
	const char *national = digits + 6;

	for (size_t i = 0; i < correlation->count; i++) {
		struct correlated *item = &correlation->items[i];

		if (item->collapsed)
			continue;
		item->code = arena_printf(arena, "%s%s", item->code, national);
		item->inferred = *national != '\0';
		if (!item->code)
			return false;
		item->missing = correlator->to_book && book_find(correlator->to_book, item->code) == BOOK_NONE;
		/* That it is inferred, its own mark says: a person is for what cannot be decided by it. */
		if (item->missing) {
			correlation->why = "the version has no line with the same digits";
			correlation->person = true;
		}
	}
	return true;
}

static void set_texts(const struct correlator *correlator, const char *language, struct correlation *correlation)
{
	for (size_t i = 0; correlator->to_book && i < correlation->count; i++) {
		struct correlated *item = &correlation->items[i];
		uint32_t line = book_find(correlator->to_book, item->code);

		if (line != BOOK_NONE)
			item->text = texts_best(correlator->to_book->lines[line].texts, language, NULL);
	}
}

static bool check_look(const struct correlator *correlator, const char *code, char digits[static CODE_SIZE],
		       struct findings *findings)
{
	if (!code_parse(code, digits))
		finding_add(findings, &nomenclature_rules[NOM_NO_CODE], "/code", code, NULL);
	else if (strlen(digits) < 6)
		finding_add(findings, &nomenclature_rules[NOM_SHORT], "/code", code, NULL);
	else if (correlator->from_book && book_find(correlator->from_book, digits) == BOOK_NONE)
		finding_add(findings, &nomenclature_rules[NOM_UNKNOWN_CODE], "/code", code, correlator->from.code);
	else
		return true;
	return false;
}

enum err_code correlator_look(const struct correlator *correlator, struct arena *arena, const char *code,
			      const char *language, bool all, struct correlation *correlation,
			      struct findings *findings, struct err *err)
{
	char digits[CODE_SIZE], subheading[CODE_SIZE];
	struct correlation found = { 0 };
	bool made = true;

	if (!check_look(correlator, code, digits, findings))
		return OK;
	memcpy(subheading, digits, CODE_SIZE);
	subheading[6] = '\0';
	if (correlator->direct) {
		made = correlation_look(correlator->rows, arena, correlator->from.code, digits, NULL,
					correlator->to.code, all, &found);
	} else if (same(correlator->from_root.code, correlator->to_root.code)) {
		found.items = arena_array(arena, 1, sizeof(*found.items));
		made = found.items && (found.items[0].code = arena_text(arena, subheading)) != NULL;
		found.count = made;
		found.relationship = found.relationship_rest = "1:1";
	} else {
		made = correlation_look(correlator->rows, arena, correlator->from_root.code, subheading,
					correlator->middle, correlator->to_root.code, all, &found);
	}
	/* Only a table about the versions themselves speaks of digits behind the subheading. */
	if (made && !correlator->direct && !same(correlator->to.code, correlator->to_root.code))
		made = carry(correlator, arena, digits, &found);
	found.from_version = arena_text(arena, correlator->from.code);
	found.to_version = arena_text(arena, correlator->to.code);
	found.from_code = arena_text(arena, digits);
	found.through = arena_text(arena, correlator->middle);
	if (!made || !found.from_version || !found.to_version || !found.from_code)
		return fail(err, ERR_MEMORY, "no memory for a correlation");
	if (found.count == 0) {
		found.person = true;
		found.why = "no table has it";
	}
	set_texts(correlator, language, &found);
	for (size_t i = 0; i < found.count; i++)
		found.items[i].text = arena_text(arena, found.items[i].text);
	*correlation = found;
	return OK;
}
