#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"
#include "kernel/journal.h"

/* --- Versions --- */

enum err_code nomenclature_versions(struct tx *tx, struct arena *arena, struct nomenclature_version_list *list,
				    struct err *err)
{
	return store_versions(tx, arena, list, err);
}

enum err_code nomenclature_version_find(struct tx *tx, struct arena *arena, const char *code,
					struct nomenclature_version *version, struct err *err)
{
	struct nomenclature_version_list list;
	const struct nomenclature_version *found;

	TRY(store_versions(tx, arena, &list, err));
	found = version_among(&list, version_named(arena, code));
	*version = found ? *found : (struct nomenclature_version){ 0 };
	return OK;
}

struct putting {
	struct kernel *kernel;
	struct arena *arena;
	const struct nomenclature_version *version;
	const struct actor *actor;
	struct findings *findings;
};

static enum err_code put_version(struct tx *tx, void *arg, struct err *err)
{
	struct putting *putting = arg;
	struct findings *findings = findings_new(putting->arena);
	int64_t now_us = clock_now_us(putting->kernel->clock);
	struct nomenclature_version_list list;

	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a version of the nomenclature");
	putting->findings = findings;
	TRY(store_versions(tx, putting->arena, &list, err));
	version_check(putting->version, &list, findings);
	if (findings_errors(findings))
		return OK;
	TRY(store_version_put(tx, putting->version, putting->actor, now_us, err));
	return journal_put(tx,
			   &(struct journal_entry){
				   .at_us = now_us,
				   .actor = putting->actor->name,
				   .organisation = putting->actor->organisation,
				   .subject_type = "nomenclature",
				   .subject = putting->version->code,
				   .event = version_among(&list, putting->version->code) ? "changed" : "created",
				   .detail = putting->version->title,
			   },
			   err);
}

enum err_code nomenclature_version_put(struct kernel *kernel, struct arena *arena,
				       const struct nomenclature_version *version, const struct actor *actor,
				       struct findings *findings, struct err *err)
{
	struct putting putting = { .kernel = kernel, .arena = arena, .version = version, .actor = actor };

	TRY(db_write(kernel->db, put_version, &putting, err));
	findings_append(findings, putting.findings);
	return OK;
}

/* --- Kinds --- */

static enum err_code admit(struct tx *tx, struct arena *arena, const struct edition *edition, bool parts,
			   struct findings *findings, struct err *err)
{
	const char *code = arena_text_of(arena, bytes(edition->subject, strcspn(edition->subject, ".")));
	struct nomenclature_version version;

	if (!code)
		return fail(err, ERR_MEMORY, "no memory for the name of a version");
	TRY(nomenclature_version_find(tx, arena, code, &version, err));
	subject_check(edition, same(version.code, code) ? &version : NULL, parts, findings);
	return OK;
}

/* That of the version; of a table of correlation, which names none, today. */
static enum err_code first_day(struct tx *tx, struct arena *arena, const struct edition *edition, date *from,
			       struct err *err)
{
	const char *code = arena_text_of(arena, bytes(edition->subject, strcspn(edition->subject, ".")));
	struct nomenclature_version version;

	if (!code)
		return fail(err, ERR_MEMORY, "no memory for the name of a version");
	TRY(nomenclature_version_find(tx, arena, code, &version, err));
	*from = same(version.code, code) ? version.from : date_of_time(edition->imported_us);
	return OK;
}

static enum err_code admit_version(struct tx *tx, struct arena *arena, const struct edition *edition,
				   struct findings *findings, struct err *err)
{
	return admit(tx, arena, edition, false, findings, err);
}

static enum err_code admit_part(struct tx *tx, struct arena *arena, const struct edition *edition,
				struct findings *findings, struct err *err)
{
	return admit(tx, arena, edition, true, findings, err);
}

static enum err_code put_record(struct tx *tx, const void *work, const struct edition *edition, int64_t number,
				const void *record, struct err *err)
{
	(void)work;
	for (size_t i = 0; nomenclature_kinds[i]; i++)
		if (same(nomenclature_kinds[i]->name, edition->kind))
			return store_record_put(tx, edition->id, number, nomenclature_kinds[i]->schema, record, err);
	return fail(err, ERR_INTERNAL, "%s is no kind of the nomenclature", edition->kind);
}

static enum err_code put_line(struct tx *tx, const void *work, const struct edition *edition, int64_t number,
			      const void *record, struct err *err)
{
	return line_is_of_another(record, edition->subject) ? OK : put_record(tx, work, edition, number, record, err);
}

#define KIND(name_, title_, schema_, ...)                                                                              \
	{                                                                                                              \
		.name = "nomenclature." name_, .title = (title_), .schema = &(schema_), .rules = nomenclature_rules,   \
		.first_day = first_day, .drop = store_records_drop, __VA_ARGS__                                        \
	}
const struct edition_kind lines_kind = KIND("lines", "lines of a nomenclature", line_schema, .admit = admit_version,
					    .begin = lines_begin, .check = lines_check, .put = put_line);
const struct edition_kind headings_kind =
	KIND("headings", "headings and subheadings of a nomenclature whose lines are in another file", line_schema,
	     .admit = admit_version, .begin = lines_begin, .check = lines_check, .put = put_line);
const struct edition_kind notes_kind =
	KIND("notes", "General Rules, notes and Supplementary Explanatory Notes of a nomenclature", note_schema,
	     .admit = admit_part, .begin = records_begin, .check = notes_check, .put = put_record);
const struct edition_kind correlation_kind =
	KIND("correlation", "what became of codes from one version to another", correlation_schema,
	     .begin = records_begin, .check = correlation_check, .put = put_record);
const struct edition_kind units_kind =
	KIND("units", "units of quantity of a nomenclature", unit_schema, .admit = admit_part, .begin = records_begin,
	     .check = units_check, .put = put_record);
const struct edition_kind *const nomenclature_kinds[] = { &lines_kind,       &headings_kind, &notes_kind,
							  &correlation_kind, &units_kind,    NULL };
