#include <stdlib.h>

#include "codec/field.h"
#include "customs/nomenclature/nomenclature_int.h"

/* clang-format off */
static const struct statement sql_versions = { "nomenclature.versions",
	"SELECT code, title, base, valid_from, valid_until, digits FROM nomenclature_version ORDER BY code" };
static const struct statement sql_version_put = { "nomenclature.version-put",
	"INSERT INTO nomenclature_version (code, title, base, valid_from, valid_until, digits, put_by, put_us)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (code) DO UPDATE SET title = excluded.title, base = excluded.base,"
	" valid_from = excluded.valid_from, valid_until = excluded.valid_until, digits = excluded.digits, put_by = excluded.put_by,"
	" put_us = excluded.put_us" };
static const struct statement sql_record_put = { "nomenclature.record-put",
	"INSERT INTO nomenclature_record (edition, number, content) VALUES ($1, $2, $3)" };
static const struct statement sql_records = { "nomenclature.records",
	"SELECT number, content FROM nomenclature_record WHERE edition = $1 ORDER BY number" };
static const struct statement sql_records_drop = { "nomenclature.records-drop",
	"DELETE FROM nomenclature_record WHERE edition = $1 AND number IN"
	" (SELECT number FROM nomenclature_record WHERE edition = $1 ORDER BY number LIMIT $2)" };
/* clang-format on */

static const struct statement *const rows[] = {
	&sql_versions, &sql_version_put, &sql_record_put, &sql_records, &sql_records_drop,
};
const struct statements nomenclature_statements = { rows, COUNT(rows) };

enum { VERSIONS_MAX = 1000, RECORD_BYTES_MAX = 1 << 20, SCRATCH_BYTES_MAX = 8 << 20, SCRATCH_RECORDS = 200 };

static int version_order(const void *a, const void *b)
{
	return strcmp(((const struct nomenclature_version *)a)->code, ((const struct nomenclature_version *)b)->code);
}

enum err_code store_versions(struct tx *tx, struct arena *arena, struct nomenclature_version_list *list,
			     struct err *err)
{
	struct nomenclature_version *items = arena_array(arena, VERSIONS_MAX, sizeof(*items));
	size_t count = 0;
	db_query_auto query = { 0 };

	if (!items)
		return fail(err, ERR_MEMORY, "no memory for the versions of the nomenclature");
	while (count < VERSIONS_MAX && version_shipped(count, &items[count]))
		count++;
	TRY(db_query(tx, &sql_versions, NO_BINDS, &query, err));
	while (db_next(&query)) {
		if (count == VERSIONS_MAX)
			return fail(err, ERR_LIMIT, "there are more than %d versions of the nomenclature",
				    VERSIONS_MAX);
		items[count++] = (struct nomenclature_version){
			.code = db_text(arena, &query, 0),
			.title = db_text(arena, &query, 1),
			.base = db_text(arena, &query, 2),
			.from = db_day(&query, 3),
			.until = db_day(&query, 4),
			.digits = db_int(&query, 5),
			.national = true,
		};
	}
	TRY(db_end(&query, err));
	qsort(items, count, sizeof(*items), version_order);
	*list = (struct nomenclature_version_list){ .items = items, .count = count };
	return OK;
}

enum err_code store_version_put(struct tx *tx, const struct nomenclature_version *version, const struct actor *actor,
				int64_t now_us, struct err *err)
{
	char from[DATE_SIZE], until[DATE_SIZE];

	return db_exec(tx, &sql_version_put,
		       BINDS(BIND_TEXT(version->code), BIND_TEXT(version->title), BIND_TEXT(version->base),
			     BIND_TEXT(date_format(version->from, from)),
			     BIND_TEXT(version->until == DATE_NONE ? NULL : date_format(version->until, until)),
			     BIND_INT(version->digits), BIND_TEXT(actor->name), BIND_INT(now_us)),
		       NULL, err);
}

enum err_code store_record_put(struct tx *tx, const char *edition, int64_t number, const struct schema *schema,
			       const void *record, struct err *err)
{
	buf_auto json;

	buf_init(&json, RECORD_BYTES_MAX);
	field_put_json(&json, schema, record);
	TRY(buf_check(&json, "a record of the nomenclature", err));
	return db_exec(tx, &sql_record_put, BINDS(BIND_TEXT(edition), BIND_INT(number), BIND_TEXT(buf_text(&json))),
		       NULL, err);
}

enum err_code store_records_drop(struct tx *tx, const char *edition, int64_t limit, bool *more, struct err *err)
{
	int64_t dropped = 0;

	TRY(db_exec(tx, &sql_records_drop, BINDS(BIND_TEXT(edition), BIND_INT(limit)), &dropped, err));
	*more = dropped == limit;
	return OK;
}

/* Hands over at most SCRATCH_RECORDS of QUERY, with memory of their own. */
static enum err_code some_records(struct query *query, const struct schema *schema, size_t record_bytes,
				  record_fn *each, void *arg, bool *more, struct err *err)
{
	arena_auto scratch = arena_new(SCRATCH_BYTES_MAX);
	struct findings *findings = scratch ? findings_new(scratch) : NULL;
	void *record = scratch ? arena_alloc(scratch, record_bytes) : NULL;

	*more = true;
	if (!findings || !record)
		return fail(err, ERR_MEMORY, "no memory to read the nomenclature");
	for (int i = 0; i < SCRATCH_RECORDS; i++) {
		*more = db_next(query);
		if (!*more)
			return OK;
		int64_t number = db_int(query, 0);
		const char *json = db_text(scratch, query, 1);
		if (!json)
			return fail(err, ERR_MEMORY, "no memory to read the nomenclature");
		/* It was judged when it came in; a code that has left its list since is still what the file said. */
		TRY(field_read_json(scratch, schema, bytes_of(json), NULL, record, findings, err));
		TRY(each(arg, number, record, scratch, err));
	}
	return OK;
}

enum err_code store_records(struct tx *tx, const char *edition, const struct schema *schema, size_t record_bytes,
			    record_fn *each, void *arg, struct err *err)
{
	db_query_auto query = { 0 };
	bool more = true;

	TRY(db_query(tx, &sql_records, BINDS(BIND_TEXT(edition)), &query, err));
	while (more)
		TRY(some_records(&query, schema, record_bytes, each, arg, &more, err));
	return db_end(&query, err);
}
