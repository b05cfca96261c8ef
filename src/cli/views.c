/* What commands of their own answer with --json: structs with field tables, as the interface's answers are. */
#include "cli/cli_int.h"
#include "kernel/user.h"

enum { ITEMS_MAX = 1000, JSON_MAX = 8 << 20 };

struct doctype_view {
	const char *code, *version, *title, *law, *from_seat, *to_seat;
};
struct setting_view {
	const char *section, *name, *value, *default_value, *help;
};
struct migration_view {
	int64_t schema, pending;
	bool dry_run;
	const char *sql;
};
struct schema_view {
	int64_t number, applied_us;
	const char *name, *lost;
	bool back;
};
struct state_view {
	const char *name;
};
struct transition_view {
	const char *from, *event, *to, *timer, *timer_event, *law;
	bool condition;
	int64_t timer_days;
};
struct machine_view {
	const char *name, *title, *initial;
	struct state_view *final;
	size_t final_count;
	struct transition_view *rows;
	size_t rows_count;
};

#define TEXT_FIELD(view, member, name, least)                                                                          \
	FIELD_TEXT(struct view, member, .json = name, .min = (least), .max_length = TEXT_MAX)

static const struct field doctype_rows[] = {
	TEXT_FIELD(doctype_view, code, "code", 1),          TEXT_FIELD(doctype_view, version, "version", 1),
	TEXT_FIELD(doctype_view, title, "title", 1),        TEXT_FIELD(doctype_view, law, "law", 0),
	TEXT_FIELD(doctype_view, from_seat, "fromSeat", 1), TEXT_FIELD(doctype_view, to_seat, "toSeat", 1),
};
static const struct fields doctype_fields = FIELDS(struct doctype_view, doctype_rows);

static const struct field setting_rows[] = {
	TEXT_FIELD(setting_view, section, "section", 1), TEXT_FIELD(setting_view, name, "name", 1),
	TEXT_FIELD(setting_view, value, "value", 1),     TEXT_FIELD(setting_view, default_value, "default", 0),
	TEXT_FIELD(setting_view, help, "help", 1),
};
static const struct fields setting_fields = FIELDS(struct setting_view, setting_rows);

static const struct field migration_rows[] = {
	FIELD_INT(struct migration_view, schema, .json = "schema", .min = 1),
	FIELD_INT(struct migration_view, pending, .json = "pending", .min = 1),
	FIELD_FLAG(struct migration_view, dry_run, .json = "dryRun", .min = 1),
	TEXT_FIELD(migration_view, sql, "sql", 0),
};
static const struct fields migration_fields = FIELDS(struct migration_view, migration_rows);
static const struct schema migration_schema = { .name = "migration", .fields = &migration_fields };

static const struct field schema_rows[] = {
	FIELD_INT(struct schema_view, number, .json = "number", .min = 1),
	TEXT_FIELD(schema_view, name, "name", 1),
	FIELD_TIME(struct schema_view, applied_us, .json = "appliedAt"),
	FIELD_FLAG(struct schema_view, back, .json = "back", .min = 1),
	TEXT_FIELD(schema_view, lost, "lost", 0),
};
static const struct fields schema_fields = FIELDS(struct schema_view, schema_rows);

static const struct field state_rows[] = { TEXT_FIELD(state_view, name, "name", 1) };
static const struct fields state_fields = FIELDS(struct state_view, state_rows);

static const struct field transition_rows[] = {
	TEXT_FIELD(transition_view, from, "from", 1),
	TEXT_FIELD(transition_view, event, "event", 1),
	FIELD_FLAG(struct transition_view, condition, .json = "condition", .min = 1),
	TEXT_FIELD(transition_view, to, "to", 1),
	TEXT_FIELD(transition_view, timer, "clock", 0),
	TEXT_FIELD(transition_view, timer_event, "clockEvent", 0),
	FIELD_INT(struct transition_view, timer_days, .json = "clockDays"),
	TEXT_FIELD(transition_view, law, "law", 0),
};
static const struct fields transition_fields = FIELDS(struct transition_view, transition_rows);

static const struct field machine_rows[] = {
	TEXT_FIELD(machine_view, name, "name", 1),
	TEXT_FIELD(machine_view, title, "title", 1),
	TEXT_FIELD(machine_view, initial, "initial", 1),
	FIELD_LIST(struct machine_view, final, final_count, struct state_view, state_fields, .json = "final",
		   .max = ITEMS_MAX),
	FIELD_LIST(struct machine_view, rows, rows_count, struct transition_view, transition_fields,
		   .json = "transitions", .max = ITEMS_MAX),
};
static const struct fields machine_fields = FIELDS(struct machine_view, machine_rows);

#define LIST(thing)                                                                                                    \
	LIST_VIEW(thing##_list_view, struct thing##_view);                                                             \
	static const struct field thing##_list_rows[] = {                                                              \
		FIELD_LIST(struct thing##_list_view, items, count, struct thing##_view, thing##_fields,                \
			   .json = "items", .max = ITEMS_MAX),                                                         \
	};                                                                                                             \
	static const struct fields thing##_list_fields = FIELDS(struct thing##_list_view, thing##_list_rows);          \
	static const struct schema thing##_list_schema = { .name = #thing "List", .fields = &thing##_list_fields };
LIST(doctype)
LIST(setting)
LIST(machine)
LIST(schema)

enum err_code json_put(const struct schema *schema, const void *view, struct err *err)
{
	buf_auto json;
	buf_init(&json, JSON_MAX);
	field_put_json(&json, schema, view);
	TRY(buf_check(&json, "the answer", err));
	printf("%s\n", buf_text(&json));
	return OK;
}

enum err_code json_doctypes(struct invocation *in, const struct kernel *kernel, struct err *err)
{
	const struct doctype *d;
	struct doctype_list_view list = { .items = arena_array(in->arena, ITEMS_MAX, sizeof *list.items) };
	if (!list.items)
		return fail(err, ERR_MEMORY, "no memory for the document types");
	for (size_t i = 0; (d = doctype_at(kernel, i)) && list.count < ITEMS_MAX; i++)
		list.items[list.count++] = (struct doctype_view){ .code = d->code,
								  .version = d->version,
								  .title = d->title,
								  .law = d->law,
								  .from_seat = d->from_seat,
								  .to_seat = d->to_seat };
	return json_put(&doctype_list_schema, &list, err);
}

static enum err_code machine_view_of(struct arena *arena, const struct machine *machine, struct machine_view *view,
				     struct err *err)
{
	size_t rows = 0, finals = 0;
	while (machine->rows[rows].from)
		rows++;
	while (machine->final && machine->final[finals])
		finals++;
	*view = (struct machine_view){ .name = machine->name,
				       .title = machine->title,
				       .initial = machine->initial,
				       .final = arena_array(arena, finals + 1, sizeof *view->final),
				       .final_count = finals,
				       .rows = arena_array(arena, rows + 1, sizeof *view->rows),
				       .rows_count = rows };
	if (!view->final || !view->rows)
		return fail(err, ERR_MEMORY, "no memory for a machine");
	for (size_t i = 0; i < finals; i++)
		view->final[i].name = machine->final[i];
	for (size_t i = 0; i < rows; i++) {
		const struct fsm_row *row = &machine->rows[i];
		const struct fsm_timer *timer = row->timer;
		view->rows[i] = (struct transition_view){ .from = row->from,
							  .event = row->event,
							  .condition = row->guard != NULL,
							  .to = row->to,
							  .timer = timer ? timer->name : NULL,
							  .timer_event = timer ? timer->event : NULL,
							  .timer_days = timer ? timer->days : INTEGER_NONE,
							  .law = row->law ? row->law
								 : timer  ? timer->law
									  : NULL };
	}
	return OK;
}

enum err_code json_machines(struct invocation *in, const struct machine *const *machines, size_t count, struct err *err)
{
	struct machine_list_view list = { .items = arena_array(in->arena, count + 1, sizeof *list.items),
					  .count = count };
	if (!list.items)
		return fail(err, ERR_MEMORY, "no memory for the machines");
	for (size_t i = 0; i < count; i++)
		TRY(machine_view_of(in->arena, machines[i], &list.items[i], err));
	return json_put(&machine_list_schema, &list, err);
}

enum err_code json_migration(bool dry_run, const struct migration_status *status, const char *sql, struct err *err)
{
	const struct migration_view view = {
		.schema = status->applied, .pending = status->pending, .dry_run = dry_run, .sql = sql
	};
	return json_put(&migration_schema, &view, err);
}

enum err_code json_schema(struct invocation *in, const int64_t *applied_us, struct err *err)
{
	struct schema_list_view list = { .items = arena_array(in->arena, kernel_migrations_count, sizeof *list.items) };
	if (!list.items)
		return fail(err, ERR_MEMORY, "no memory for the migrations");
	for (size_t i = 0; i < kernel_migrations_count; i++) {
		const struct migration *m = &kernel_migrations[i];
		list.items[list.count++] =
			(struct schema_view){ .number = m->number,
					      .name = m->name,
					      .applied_us = applied_us[i] ? applied_us[i] : TIME_NONE,
					      .back = m->back != NULL,
					      .lost = m->lost };
	}
	return json_put(&schema_list_schema, &list, err);
}

enum err_code json_settings(struct invocation *in, const struct config *config, struct err *err)
{
	struct setting_list_view list = { .items = arena_array(in->arena, ITEMS_MAX, sizeof *list.items) };
	buf_auto value;
	buf_init(&value, TEXT_MAX);
	if (!list.items)
		return fail(err, ERR_MEMORY, "no memory for the settings");
	for (const struct setting *s = config_setting(0); s && list.count < ITEMS_MAX; s = config_setting(list.count)) {
		buf_clear(&value);
		config_put_value(&value, s, config);
		list.items[list.count++] = (struct setting_view){ .section = s->section,
								  .name = s->name,
								  .value = arena_text(in->arena, buf_text(&value)),
								  .default_value = s->value,
								  .help = s->help };
	}
	TRY(buf_check(&value, "a setting", err));
	return json_put(&setting_list_schema, &list, err);
}

enum err_code show_keys(struct invocation *in, const struct key_list *keys, struct err *err)
{
	struct key_list_view list = { .items = arena_array(in->arena, keys->count + 1, sizeof *list.items),
				      .count = keys->count };
	int64_t now_us = clock_now_us(&clock_system);
	if (!list.items)
		return fail(err, ERR_MEMORY, "no memory for the keys");
	for (size_t i = 0; i < keys->count; i++)
		list.items[i] = key_view_of(&keys->keys[i], now_us);
	if (in->json)
		return json_put(&key_list_schema, &list, err);
	print_keys(stdout, &list);
	return OK;
}

/* Rows of this program: no node is needed. */
enum err_code run_role_list(struct invocation *in, struct err *err)
{
	size_t count = 0;
	while (role_at(count))
		count++;
	struct role_list_view list = { .items = arena_array(in->arena, count + 1, sizeof *list.items), .count = count };
	if (!list.items)
		return fail(err, ERR_MEMORY, "no memory for the roles");
	for (size_t i = 0; i < count; i++) {
		const struct role *r = role_at(i);
		list.items[i] = (struct role_view){
			.name = r->name, .title = r->title, .permissions = r->permissions, .node = r->node
		};
	}
	if (in->json)
		return json_put(&role_list_schema, &list, err);
	print_roles(stdout, &list);
	return OK;
}
