/* The script of a played partner: a closed grammar of rows, so that a test says in one file what its partner will do.
 */
#include "base/text.h"
#include "messaging/simulate_int.h"

/* More than a year: a clock may be behind by more than what a gateway remembers. */
enum { SECONDS_MAX = 400 * 86400, TIMES_MAX = 1000000 };

static const struct field row_rows[] = {
	FIELD_TEXT(struct script_row, on, .json = "on", .min = 1, .label = "ping, any, or the action of a message"),
	FIELD_INT(struct script_row, after, .json = "after", .label = "so many before are as they should be"),
	FIELD_INT(struct script_row, times, .json = "times", .label = "for so many; absent: for all"),
	FIELD_TEXT(struct script_row, act, .json = "do", .min = 1),
	FIELD_INT(struct script_row, seconds, .json = "seconds"),
	FIELD_INT(struct script_row, status, .json = "status"),
	FIELD_TEXT(struct script_row, error, .json = "error", .label = "MSG-080, EBMS:0004, SecurityFailure"),
};
static const struct fields row_fields = FIELDS(struct script_row, row_rows);
static const struct field script_rows[] = {
	FIELD_LIST(struct script, rows, count, struct script_row, row_fields, .json = "rows", .max = SCRIPT_ROWS_MAX),
};
static const struct fields script_fields = FIELDS(struct script, script_rows);
static const struct schema script_schema = {
	.name = "script", .root = "script", .ns = "", .prefix = "", .fields = &script_fields
};

const struct rule simulate_rules[] = {
	[SIM_UNKNOWN_ACT] = { .code = "SIM-001",
			      .text = "{1} is nothing that a played partner does: see docs/simulator.md" },
	[SIM_UNKNOWN_ERROR] = { .code = "SIM-002",
				.text = "{1} is neither a rule (MSG-080) nor an ebMS error (EBMS:0004)" },
	[SIM_NEEDS] = { .code = "SIM-003", .text = "do: {1} needs {2}" },
	[SIM_RANGE] = { .code = "SIM-004", .text = "{1} must lie within {2}" },
	[SIM_SIDE] = { .code = "SIM-005", .text = "do: {1} is for a partner that {2}: see docs/simulator.md" },
	[SIM_PROFILE] = { .code = "SIM-006", .text = "{1} is no security profile: lintas help partner add names them" },
	[SIM_DOCTYPE] = { .code = "SIM-007", .text = "{1} is no document type: lintas doctype list names them" },
	[SIM_PARTY] = { .code = "SIM-008", .text = "for whom it is is not said: give its --card, or its --to-party" },
	[SIM_URL] = { .code = "SIM-009", .text = "where it is sent is not said: give --to URL" },
	[SIM_ENCRYPT] = { .code = "SIM-010",
			  .text = "no certificate for which profile {1} can encrypt: give a --card or an --encrypt "
				  "that has one, or another --profile" },
	[SIM_CERTIFICATE] = { .code = "SIM-011", .text = "{1} is no certificate: {2}" },
	[SIM_AGREEMENT] = { .code = "SIM-012", .text = "profile {1} {2}" },
	[SIM_NOT_PARTY] = { .code = "SIM-013",
			    .text = "{1} is none of the parties of {2}: give one of them as --party" },
	[SIM_ROUTE] = { .code = "SIM-014",
			.text = "by agreement {1}, if it is in force at all, --party sends no {2}: give the agreement that says so" },
	{ 0 },
};

void simulate_found(struct findings *findings, enum simulate_rule rule, const char *path, const char *first,
		    const char *second)
{
	finding_add(findings, &simulate_rules[rule], path, first, second);
}

/* Members that are numbers. */
static const struct {
	const char *name, *range;
	size_t offset;
	int64_t min, max;
} range_rows[] = {
	{ "after", "0 to 1000000", offsetof(struct script_row, after), 0, TIMES_MAX },
	{ "times", "1 to 1000000", offsetof(struct script_row, times), 1, TIMES_MAX },
	{ "seconds", "-34560000 to 34560000", offsetof(struct script_row, seconds), -SECONDS_MAX, SECONDS_MAX },
	{ "status", "200 to 599", offsetof(struct script_row, status), 200, 599 },
};

static int64_t number_at(const struct script_row *row, size_t offset)
{
	int64_t value;
	memcpy(&value, (const char *)row + offset, sizeof value);
	return value;
}

/* A rule by its code, or the first one that is said with that error. */
static bool rule_of(const char *error, enum ebms_rule_name *rule)
{
	const struct ebms_error_row *row = ebms_error_find(error);
	for (int i = 0; i < RULE_COUNT; i++) {
		const struct rule *each = ebms_rule((enum ebms_rule_name)i);
		if (same(each->code, error) || (row && same(ebms_error_row(ebms_rule_ebms(each))->code, row->code))) {
			*rule = (enum ebms_rule_name)i;
			return true;
		}
	}
	return false;
}

static void check_act(const struct script_row *row, const char *path, enum side side, bool other_keys,
		      struct findings *findings)
{
	const struct act *act = act_find(row->act);
	if (!act) {
		simulate_found(findings, SIM_UNKNOWN_ACT, path, row->act, NULL);
		return;
	}
	if (!(act->side & side))
		simulate_found(findings, SIM_SIDE, path, row->act, side == SIDE_SENDS ? "answers" : "sends");
	if (same(row->act, "other-key") && !other_keys)
		simulate_found(findings, SIM_NEEDS, path, row->act, "--other-keys FOLDER");
	for (size_t i = 0; act->needs && i < COUNT(range_rows); i++)
		if (same(range_rows[i].name, act->needs) && number_at(row, range_rows[i].offset) == INTEGER_NONE)
			simulate_found(findings, SIM_NEEDS, path, row->act, act->needs);
}

static void check_row(struct script_row *row, const char *path, struct findings *findings)
{
	const char *error = row->error ? row->error : ebms_error_row(EBMS_OTHER)->code;
	for (size_t i = 0; i < COUNT(range_rows); i++) {
		int64_t value = number_at(row, range_rows[i].offset);
		if (value != INTEGER_NONE && (value < range_rows[i].min || value > range_rows[i].max))
			simulate_found(findings, SIM_RANGE, path, range_rows[i].name, range_rows[i].range);
	}
	if (!rule_of(error, &row->rule))
		simulate_found(findings, SIM_UNKNOWN_ERROR, path, error, NULL);
}

enum err_code script_read(struct arena *arena, struct bytes text, enum side side, bool other_keys,
			  struct script *script, struct findings *findings, struct err *err)
{
	struct script read = { 0 };
	TRY(field_read_json(arena, &script_schema, text, NULL, &read, findings, err));
	for (size_t i = 0; i < read.count; i++) {
		const char *path = arena_printf(arena, "/rows/%zu", i);
		if (read.rows[i].act)
			check_act(&read.rows[i], path, side, other_keys, findings);
		check_row(&read.rows[i], path, findings);
	}
	*script = read;
	return OK;
}

bool script_does(const struct script *script, const char *name)
{
	for (size_t i = 0; i < script->count; i++)
		if (same(script->rows[i].act, name))
			return true;
	return false;
}

const struct script_row *script_next(struct script *script, const char *action)
{
	const struct script_row *next = NULL;
	for (size_t i = 0; i < script->count; i++) {
		struct script_row *row = &script->rows[i];
		if (!same(row->on, "any") && !same(row->on, action))
			continue;
		bool begun = row->seen++ >= (row->after == INTEGER_NONE ? 0 : row->after);
		if (next || !begun || (row->times != INTEGER_NONE && row->used >= row->times))
			continue;
		row->used++;
		next = row;
	}
	return next;
}
