/* Rules about the records of a file, one by one in its order: what a finding says of each line stands at that line. */
#include <stdio.h>

#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"

/* --- What has been seen --- */

struct seen {
	struct arena *arena;
	const char **slot;
	size_t room, used; /* room: a power of two */
};

static size_t hash_of(const char *key)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return (size_t)(hash ^ (hash >> 29));
}

static const char **slot_of(const struct seen *seen, const char *key)
{
	size_t at = hash_of(key) & (seen->room - 1);

	while (seen->slot[at] && strcmp(seen->slot[at], key) != 0)
		at = (at + 1) & (seen->room - 1);
	return &seen->slot[at];
}

static enum err_code grow(struct seen *seen, struct err *err)
{
	struct seen larger = { .arena = seen->arena, .room = seen->room ? 2 * seen->room : 1024 };

	larger.slot = arena_array(seen->arena, larger.room, sizeof(*larger.slot));
	if (!larger.slot)
		return fail(err, ERR_MEMORY, "too many records for the memory of an import");
	for (size_t i = 0; i < seen->room; i++)
		if (seen->slot[i])
			*slot_of(&larger, seen->slot[i]) = seen->slot[i];
	larger.used = seen->used;
	*seen = larger;
	return OK;
}

/* KEY is copied. */
static enum err_code see(struct seen *seen, const char *key, bool *before, struct err *err)
{
	if (2 * seen->used >= seen->room)
		TRY(grow(seen, err));
	const char **slot = slot_of(seen, key);
	*before = *slot != NULL;
	if (*before)
		return OK;
	*slot = arena_text(seen->arena, key);
	seen->used++;
	return *slot ? OK : fail(err, ERR_MEMORY, "too many records for the memory of an import");
}

/* --- Lines --- */

struct lines_work {
	struct arena *arena;
	const char *subject;
	bool quiet; /* headings stand beside lines: what is between them is in the other file */
	struct nomenclature_version version;
	struct book_tree tree;
	char last_line[CODE_SIZE]; /* the last code that was a line's own */
	struct findings *findings; /* of the record in hand */
	const char *code;
};

static void warn(void *arg, const struct book_line *line)
{
	struct lines_work *work = arg;
	char dashes[32], code[CODE_TEXT_SIZE];

	if (work->quiet)
		return;
	if (line->origin == BOOK_LOST) {
		snprintf(dashes, sizeof(dashes), "%d", line->depth - 1);
		finding_add(work->findings, &nomenclature_rules[NOM_LOST], "/code", dashes,
			    code_format(work->code, code));
	} else if (line->origin == BOOK_MADE && !work->version.base) {
		finding_add(work->findings, &nomenclature_rules[NOM_MADE], "/code", code_format(line->code, code),
			    NULL);
	}
}

enum err_code lines_begin(struct arena *arena, const struct edition *edition, void **work, struct err *err)
{
	struct lines_work *lines = arena_alloc(arena, sizeof(*lines));
	struct nomenclature_version shipped;

	if (!lines)
		return fail(err, ERR_MEMORY, "no memory to read lines of a nomenclature");
	lines->arena = arena;
	lines->subject = edition->subject;
	lines->quiet = same(edition->kind, headings_kind.name);
	/* A national version is built on another one, whose lines are not missing in its file. */
	lines->version = (struct nomenclature_version){
		.code = edition->subject,
		.base = "",
		.digits = CODE_DIGITS_MAX,
	};
	for (size_t i = 0; version_shipped(i, &shipped); i++)
		if (same(shipped.code, edition->subject))
			lines->version = shipped;
	lines->tree = (struct book_tree){ .arena = arena, .version = &lines->version, .emit = warn, .arg = lines };
	*work = lines;
	return OK;
}

bool line_is_of_another(const struct line_record *record, const char *subject)
{
	return record->version && !same(record->version, subject);
}

static void check_order(struct lines_work *work, const char *code, bool group, struct findings *findings)
{
	char text[CODE_TEXT_SIZE], last[CODE_TEXT_SIZE];
	int order = strcmp(code, work->tree.last);

	if (order < 0)
		finding_add(findings, &nomenclature_rules[NOM_DISORDER], "/code", code_format(code, text),
			    code_format(work->tree.last, last));
	else if (!group && same(code, work->last_line))
		finding_add(findings, &nomenclature_rules[NOM_TWICE], "/code", code_format(code, text), NULL);
	if (!group)
		memcpy(work->last_line, code, strlen(code) + 1);
}

static void check_code(struct lines_work *work, const struct line_record *record, const char *code, bool group,
		       struct findings *findings)
{
	char text[CODE_TEXT_SIZE], most[32];
	const char *section = section_of(code), *numeral = record->section;

	if ((int64_t)strlen(code) > work->version.digits) {
		snprintf(most, sizeof(most), "%lld", (long long)work->version.digits);
		finding_add(findings, &nomenclature_rules[NOM_TOO_LONG], "/code", code_format(code, text), most);
	}
	if (section && numeral && !same(section, numeral)) {
		char chapter[3] = { code[0], code[1], '\0' };
		finding_add(findings, &nomenclature_rules[NOM_SECTION], "/section", chapter, section);
	}
	check_order(work, code, group, findings);
}

static void check_levels(const struct line_record *record, bool group, struct findings *findings)
{
	char dashes[32], levels[32];

	if (group && record->dashes == INTEGER_NONE)
		finding_add(findings, &nomenclature_rules[NOM_GROUP_DASHES], "/dashLevel", NULL, NULL);
	if (!texts_best(record->text, NULL, NULL))
		finding_add(findings, &nomenclature_rules[NOM_NO_TEXT], "/text", NULL, NULL);
	if (record->path_count > 0 && record->dashes != INTEGER_NONE &&
	    record->dashes != (int64_t)record->path_count - 1) {
		snprintf(dashes, sizeof(dashes), "%lld", (long long)record->dashes);
		snprintf(levels, sizeof(levels), "%zu", record->path_count - 1);
		finding_add(findings, &nomenclature_rules[NOM_PATH_DASHES], "/dashLevel", dashes, levels);
	}
}

enum err_code lines_check(void *arg, int64_t number, const void *given, struct findings *findings, struct err *err)
{
	struct lines_work *work = arg;
	const struct line_record *record = given;
	size_t errors = findings_errors(findings);
	char code[CODE_SIZE] = "";

	(void)number;
	if (line_is_of_another(record, work->subject))
		return OK;
	if (record->code && !code_parse(record->code, code)) {
		finding_add(findings, &nomenclature_rules[NOM_NO_CODE], "/code", record->code, NULL);
		return OK;
	}
	bool group = !*code || same(record->kind, "group") || line_is_title(record, code);
	check_levels(record, group && !line_is_title(record, code), findings);
	if (*code)
		check_code(work, record, code, group, findings);
	if (findings_errors(findings) != errors)
		return OK;
	work->findings = findings;
	work->code = code;
	book_tree_add(&work->tree, record, code);
	return work->tree.full ? fail(err, ERR_MEMORY, "too many lines for the memory of an import") : OK;
}

/* --- Notes, correlation, units --- */

struct records_work {
	struct seen seen;
	const char *version; /* of the subject */
};

enum err_code records_begin(struct arena *arena, const struct edition *edition, void **work, struct err *err)
{
	struct records_work *records = arena_alloc(arena, sizeof(*records));
	size_t length = strcspn(edition->subject, ".");

	if (!records)
		return fail(err, ERR_MEMORY, "no memory to read records of a nomenclature");
	records->seen.arena = arena;
	records->version = arena_text_of(arena, bytes(edition->subject, length));
	*work = records;
	return records->version ? OK : fail(err, ERR_MEMORY, "no memory to read records of a nomenclature");
}

static enum err_code check_twice(struct records_work *work, const char *path, const char *key, const char *shown,
				 struct findings *findings, struct err *err)
{
	bool before = false;

	TRY(see(&work->seen, key, &before, err));
	if (before)
		finding_add(findings, &nomenclature_rules[NOM_TWICE], path, shown, NULL);
	return OK;
}

/* A list of codes between "|", each of which must be one. */
static void check_codes(const char *codes, struct findings *findings)
{
	char one[64], digits[CODE_SIZE];

	for (const char *at = codes; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
		size_t length = strcspn(at, "|");

		snprintf(one, sizeof(one), "%.*s", (int)(length < sizeof(one) ? length : sizeof(one) - 1), at);
		if (!code_parse(one, digits))
			finding_add(findings, &nomenclature_rules[NOM_NO_CODE], "/codes", one, NULL);
	}
}

static void check_place(const struct note_record *note, struct findings *findings)
{
	char digits[CODE_SIZE];
	bool about = same(note->kind, "gir") || same(note->kind, "additional") || note->codes;

	if (note->codes)
		check_codes(note->codes, findings);
	if (!note->place) {
		if (!about)
			finding_add(findings, &nomenclature_rules[NOM_NO_PLACE], "/place", NULL, NULL);
		return;
	}
	/* Files by chapters have the notes of a section with its first chapter. */
	bool known = section_known(note->place) || code_parse(note->place, digits);
	if (known && same(note->kind, "chapter"))
		known = strlen(note->place) == 2 && code_parse(note->place, digits);
	else if (known && same(note->kind, "section") && code_parse(note->place, digits))
		known = section_of(digits) != NULL;
	if (!known)
		finding_add(findings, &nomenclature_rules[NOM_PLACE], "/place", note->kind, note->place);
}

enum err_code notes_check(void *arg, int64_t number, const void *record, struct findings *findings, struct err *err)
{
	struct records_work *work = arg;
	const struct note_record *note = record;
	char key[64];
	size_t errors = findings_errors(findings);
	const char *parts[] = { note->kind,     note->place, note->codes, note->number,
				note->language, note->title, note->text };
	size_t hash = 0;

	(void)number;
	if (!note->text && !note->title)
		finding_add(findings, &nomenclature_rules[NOM_NO_TEXT], "/text", NULL, NULL);
	check_place(note, findings);
	if (findings_errors(findings) != errors)
		return OK;
	/* Two notes of a chapter differ in their text alone; its number of characters and hash are key enough. */
	for (size_t i = 0; i < COUNT(parts); i++)
		hash = hash * 31 + (parts[i] ? hash_of(parts[i]) : 0);
	snprintf(key, sizeof(key), "%zx %zu", hash, note->text ? strlen(note->text) : 0);
	return check_twice(work, "/text", key, "this note", findings, err);
}

static bool version_could_be(const char *code)
{
	struct nomenclature_version shipped;

	for (size_t i = 0; version_shipped(i, &shipped); i++)
		if (same(shipped.code, code))
			return true;
	return is_national_name(code);
}

enum err_code correlation_check(void *arg, int64_t number, const void *record, struct findings *findings,
				struct err *err)
{
	struct records_work *work = arg;
	const struct correlation_record *row = record;
	char from[CODE_SIZE], to[CODE_SIZE], key[128];
	size_t errors = findings_errors(findings);

	(void)number;
	if (!version_could_be(row->from_version))
		finding_add(findings, &nomenclature_rules[NOM_NO_VERSION], "/fromVersion", row->from_version, NULL);
	if (!version_could_be(row->to_version))
		finding_add(findings, &nomenclature_rules[NOM_NO_VERSION], "/toVersion", row->to_version, NULL);
	if (!code_parse(row->from_code, from))
		finding_add(findings, &nomenclature_rules[NOM_NO_CODE], "/fromCode", row->from_code, NULL);
	if (!code_parse(row->to_code, to))
		finding_add(findings, &nomenclature_rules[NOM_NO_CODE], "/toCode", row->to_code, NULL);
	if (same(row->from_version, row->to_version))
		finding_add(findings, &nomenclature_rules[NOM_SAME_VERSION], "/toVersion", row->to_version, NULL);
	if (findings_errors(findings) != errors)
		return OK;
	snprintf(key, sizeof(key), "%s %s %s %s", row->from_version, from, row->to_version, to);
	return check_twice(work, "/fromCode", key, key, findings, err);
}

enum err_code units_check(void *arg, int64_t number, const void *record, struct findings *findings, struct err *err)
{
	const struct unit_record *row = record;
	char code[CODE_SIZE], text[CODE_TEXT_SIZE];

	(void)number;
	if (!code_parse(row->code, code)) {
		finding_add(findings, &nomenclature_rules[NOM_NO_CODE], "/code", row->code, NULL);
		return OK;
	}
	return check_twice(arg, "/code", code, code_format(code, text), findings, err);
}

/* --- Editions --- */

static bool is_part(const char *part)
{
	return *part == '\0' || (strlen(part) > 1 && strlen(part) <= 40 &&
				 strspn(part + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(part + 1));
}

void subject_check(const struct edition *edition, const struct nomenclature_version *version, bool parts,
		   struct findings *findings)
{
	const char *part = edition->subject + strcspn(edition->subject, ".");
	char from[DATE_SIZE], until[DATE_SIZE], days[64];

	if (*part && (!parts || !is_part(part)))
		finding_add(findings, &nomenclature_rules[NOM_NO_SUBJECT], "/subject", edition->subject, NULL);
	else if (!version)
		finding_add(findings, &nomenclature_rules[NOM_NO_VERSION], "/subject", edition->subject, NULL);
	else if (edition->from != DATE_NONE &&
		 (edition->from < version->from || (version->until != DATE_NONE && edition->from > version->until))) {
		snprintf(days, sizeof(days), "from %s%s%s", date_format(version->from, from),
			 version->until != DATE_NONE ? " to " : "", date_format(version->until, until));
		finding_add(findings, &nomenclature_rules[NOM_OTHER_DAYS], "/from", version->code, days);
	}
}
