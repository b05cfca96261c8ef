#include "kernel/drop.h"

#include "kernel/store_int.h"

static enum err_code read_file(struct arena *arena, struct query *query, struct drop_file *found, struct err *err)
{
	struct drop_file file = { 0 };

	if (db_next(query))
		file = (struct drop_file){
			.id = db_text(arena, query, 0),
			.organisation = db_text(arena, query, 1),
			.folder = db_text(arena, query, 2),
			.name = db_text(arena, query, 3),
			.digest = db_text(arena, query, 4),
			.taken_us = db_int(query, 5),
			.report = db_text(arena, query, 6),
		};
	TRY(db_end(query, err));
	*found = file;
	return OK;
}

enum err_code drop_file_find(struct tx *tx, struct arena *arena, const struct drop_file *file, struct drop_file *found,
			     struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_drop_file_get,
		     BINDS(BIND_TEXT(file->organisation), BIND_TEXT(file->folder), BIND_TEXT(file->name),
			   BIND_TEXT(file->digest)),
		     &query, err));
	return read_file(arena, &query, found, err);
}

enum err_code drop_file_by_id(struct tx *tx, struct arena *arena, const char *id, struct drop_file *found,
			      struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_drop_file_by_id, BINDS(BIND_TEXT(id)), &query, err));
	return read_file(arena, &query, found, err);
}

enum err_code drop_files_of(struct tx *tx, struct arena *arena, const char *document, struct drop_files *files,
			    struct err *err)
{
	struct drop_files found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_drop_files_of, BINDS(BIND_TEXT(document), BIND_INT(DROP_FILES_MAX)), &query, err));
	while (found.count < DROP_FILES_MAX && db_next(&query))
		found.id[found.count++] = db_text(arena, &query, 0);
	TRY(db_end(&query, err));
	*files = found;
	return OK;
}

enum err_code drop_file_begin(struct tx *tx, const struct drop_file *file, struct err *err)
{
	return db_exec(tx, &sql_drop_file_put,
		       BINDS(BIND_TEXT(file->id), BIND_TEXT(file->organisation), BIND_TEXT(file->folder),
			     BIND_TEXT(file->name), BIND_TEXT(file->digest), BIND_INT(file->taken_us)),
		       NULL, err);
}

enum err_code drop_file_end(struct tx *tx, const char *id, const char *report, struct err *err)
{
	return db_exec(tx, &sql_drop_file_end, BINDS(BIND_TEXT(id), BIND_TEXT(report)), NULL, err);
}

enum err_code drop_file_count(struct tx *tx, const char *organisation, int64_t *count, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_drop_files_count, BINDS(BIND_TEXT(organisation)), &query, err));
	int64_t files = db_next(&query) ? db_int(&query, 0) : 0;
	TRY(db_end(&query, err));
	*count = files;
	return OK;
}

enum err_code drop_document_note(struct tx *tx, const char *file, size_t number, const char *document, struct err *err)
{
	return db_exec(tx, &sql_drop_document_put, BINDS(BIND_TEXT(file), BIND_INT(number), BIND_TEXT(document)), NULL,
		       err);
}

enum err_code drop_document_noted(struct tx *tx, struct arena *arena, const char *file, size_t number,
				  const char **document, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_drop_document_get, BINDS(BIND_TEXT(file), BIND_INT(number)), &query, err));
	const char *noted = db_next(&query) ? db_text(arena, &query, 0) : NULL;
	TRY(db_end(&query, err));
	*document = noted;
	return OK;
}

enum err_code drop_states(struct tx *tx, struct arena *arena, const char *file, struct drop_state **states,
			  size_t *count, struct err *err)
{
	struct drop_state *items = NULL;
	size_t found = 0;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_drop_states, BINDS(BIND_TEXT(file)), &query, err));
	while (db_next(&query)) {
		items = list_grow(arena, items, found, sizeof(*items));
		if (!items)
			return fail(err, ERR_MEMORY, "no memory left for the states of a file's documents");
		items[found++] = (struct drop_state){ .number = db_int(&query, 0),
						      .state = db_text(arena, &query, 1),
						      .since_us = db_int(&query, 2) };
	}
	TRY(db_end(&query, err));
	*states = items;
	*count = found;
	return OK;
}

enum err_code drop_cursor(struct tx *tx, const char *organisation, int64_t *sequence, struct err *err)
{
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_drop_cursor_get, BINDS(BIND_TEXT(organisation)), &query, err));
	int64_t at = db_next(&query) ? db_int(&query, 0) : INTEGER_NONE;
	TRY(db_end(&query, err));
	*sequence = at;
	return OK;
}

enum err_code drop_cursor_begin(struct tx *tx, const char *organisation, struct err *err)
{
	return db_exec(tx, &sql_drop_cursor_begin, BINDS(BIND_TEXT(organisation)), NULL, err);
}

enum err_code drop_cursor_move(struct tx *tx, const char *organisation, int64_t sequence, struct err *err)
{
	return db_exec(tx, &sql_drop_cursor_move, BINDS(BIND_TEXT(organisation), BIND_INT(sequence)), NULL, err);
}
