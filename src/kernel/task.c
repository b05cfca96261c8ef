#include "kernel/task.h"

#include "base/date.h"
#include "base/uuid.h"
#include "kernel/store_int.h"

/* Open tasks of a kind that is kept: their number is that of what they are about. */
#define KEEP_ARENA_BYTES ((size_t)64 << 20)

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
	const struct bind binds[] = { BIND_TEXT(subject), BIND_INT(now_us), BIND_TEXT(kind) };

	if (!kind)
		return db_exec(tx, &sql_task_done_all, binds, COUNT(binds) - 1, NULL, err);
	return db_exec(tx, &sql_task_done, binds, COUNT(binds), NULL, err);
}

struct keeping {
	const char *kind;
	const struct task_list *wanted;
	task_others_fn *are_others; /* NULL: all are ours */
	void *arg;
	int64_t now_us;
	bool write, changed;
};

static bool contains(const struct task_list *list, const struct task *task)
{
	for (size_t i = 0; i < list->count; i++)
		if (same(list->items[i].subject, task->subject) && same(list->items[i].text, task->text))
			return true;
	return false;
}

static enum err_code read_open(struct tx *tx, struct arena *arena, const char *kind, struct task_list *list,
			       struct err *err)
{
	struct task_list found = { 0 };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_task_open, BINDS(BIND_TEXT(kind)), &query, err));
	while (db_next(&query)) {
		found.items = list_grow(arena, found.items, found.count, sizeof(*found.items));
		if (!found.items)
			return fail(err, ERR_MEMORY, "no memory left for the list of tasks");
		found.items[found.count++] =
			(struct task){ .subject = db_text(arena, &query, 0), .text = db_text(arena, &query, 1) };
	}
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

static enum err_code is_to_close(struct tx *tx, const struct keeping *keeping, const struct task *task, bool *close,
				 struct err *err)
{
	bool others = false;

	*close = false;
	if (contains(keeping->wanted, task))
		return OK;
	if (keeping->are_others)
		TRY(keeping->are_others(tx, keeping->arg, task, &others, err));
	*close = !others;
	return OK;
}

static enum err_code keep_run(struct tx *tx, void *arg, struct err *err)
{
	struct keeping *keeping = arg;
	struct task_list open = { 0 };
	arena_auto arena = arena_new(KEEP_ARENA_BYTES);

	if (!arena)
		return fail(err, ERR_MEMORY, "no memory left for the list of tasks");
	keeping->changed = false;
	TRY(read_open(tx, arena, keeping->kind, &open, err));
	for (size_t i = 0; i < open.count; i++) {
		bool close;
		TRY(is_to_close(tx, keeping, &open.items[i], &close, err));
		if (!close)
			continue;
		keeping->changed = true;
		if (keeping->write)
			TRY(task_close(tx, open.items[i].subject, keeping->kind, keeping->now_us, err));
	}
	for (size_t i = 0; i < keeping->wanted->count; i++) {
		struct task task = keeping->wanted->items[i];
		if (contains(&open, &task))
			continue;
		task.kind = keeping->kind;
		keeping->changed = true;
		if (keeping->write)
			TRY(task_open(tx, &task, keeping->now_us, err));
	}
	return OK;
}

enum err_code task_keep(struct kernel *kernel, const char *kind, const struct task_list *wanted, int64_t now_us,
			bool *changed, struct err *err)
{
	return task_keep_ours(kernel, kind, wanted, NULL, NULL, now_us, changed, err);
}

enum err_code task_keep_ours(struct kernel *kernel, const char *kind, const struct task_list *wanted,
			     task_others_fn *are_others, void *arg, int64_t now_us, bool *changed, struct err *err)
{
	struct keeping keeping = {
		.kind = kind, .wanted = wanted, .are_others = are_others, .arg = arg, .now_us = now_us
	};

	/* Looking first costs no commit while nothing happens. */
	TRY(db_read(kernel->db, keep_run, &keeping, err));
	keeping.write = true;
	if (keeping.changed)
		TRY(db_write(kernel->db, keep_run, &keeping, err));
	*changed = keeping.changed;
	return OK;
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
		.done_us = db_time(query, 7),
	};
}

enum err_code task_list(struct tx *tx, struct arena *arena, const char *organisation, const struct task *after,
			size_t limit, struct task_list *list, struct err *err)
{
	static const struct task top = { .state = "z", .id = "" }; /* sorts behind all states */
	const struct task *place = after ? after : &top;
	struct task_list found = { 0 };
	db_query_auto query = { 0 };

	if (organisation)
		TRY(db_query(
			tx, &sql_task_organisation,
			BINDS(BIND_INT(limit), BIND_TEXT(place->state), BIND_TEXT(place->id), BIND_TEXT(organisation)),
			&query, err));
	else
		TRY(db_query(tx, &sql_task_all, BINDS(BIND_INT(limit), BIND_TEXT(place->state), BIND_TEXT(place->id)),
			     &query, err));
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
