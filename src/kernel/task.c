#include "kernel/task.h"

#include "base/date.h"
#include "base/uuid.h"
#include "kernel/store_int.h"

enum err_code task_open(struct tx *tx, const struct task *task, int64_t now_us, struct err *err)
{
	char id[UUID_SIZE];

	id_new(id, now_us);
	return db_exec(tx, &sql_task_put,
		       BINDS(BIND_TEXT(id), BIND_TEXT(task->organisation), BIND_TEXT(task->kind),
			     BIND_TEXT(task->subject), BIND_TEXT(task->text), BIND_INT(now_us)),
		       NULL, err);
}

enum err_code task_close(struct tx *tx, const char *subject, const char *kind, int64_t now_us, struct err *err)
{
	return db_exec(tx, &sql_task_done, BINDS(BIND_TEXT(subject), BIND_INT(now_us), BIND_TEXT(kind)), NULL, err);
}

static struct task task_row(struct arena *arena, const struct query *query)
{
	return (struct task){
		.id = db_text(arena, query, 0),
		.organisation = db_text(arena, query, 1),
		.kind = db_text(arena, query, 2),
		.subject = db_text(arena, query, 3),
		.text = db_text(arena, query, 4),
		.state = db_text(arena, query, 5),
		.created_us = db_int(query, 6),
		.done_us = db_null(query, 7) ? TIME_NONE : db_int(query, 7),
	};
}

enum err_code task_list(struct tx *tx, struct arena *arena, const char *organisation, size_t limit,
			struct task_list *list, struct err *err)
{
	struct task_list found = { 0 };
	db_query_auto query = { 0 };

	if (organisation)
		TRY(db_query(tx, &sql_task_organisation, BINDS(BIND_INT(limit), BIND_TEXT(organisation)), &query, err));
	else
		TRY(db_query(tx, &sql_task_all, BINDS(BIND_INT(limit)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of tasks");
		found.items[found.count++] = task_row(arena, &query);
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code task_count(struct tx *tx, const char *organisation, int64_t *open, struct err *err)
{
	db_query_auto query = { 0 };

	if (organisation)
		TRY(db_query(tx, &sql_task_count_organisation, BINDS(BIND_TEXT(organisation)), &query, err));
	else
		TRY(db_query(tx, &sql_task_count, NO_BINDS, &query, err));
	int64_t found = db_next(&query) ? db_int(&query, 0) : 0;
	TRY(db_end(&query, err));
	*open = found;
	return OK;
}
