#include "kernel/fsm.h"

static bool is_final(const struct machine *machine, const char *state)
{
	for (const char *const *final = machine->final; final && *final; final++)
		if (same(*final, state))
			return true;
	return false;
}

static void put_cell(struct buf *out, const char *text)
{
	buf_puts(out, " | ");
	buf_puts(out, text ? text : "");
}

static void put_table(struct buf *out, const struct machine *machine)
{
	buf_puts(out, "| from | event | condition | to | clock | law |\n|---|---|---|---|---|---|\n");
	for (const struct fsm_row *row = machine->rows; row->from; row++) {
		buf_printf(out, "| %s", row->from);
		put_cell(out, row->event);
		put_cell(out, row->guard ? "yes" : NULL);
		put_cell(out, row->to);
		put_cell(out, NULL);
		if (row->timer)
			buf_printf(out, "%s: %s after %d days", row->timer->name, row->timer->event, row->timer->days);
		put_cell(out, row->law ? row->law : row->timer ? row->timer->law : NULL);
		buf_puts(out, " |\n");
	}
}

/* An identifier of Mermaid: the names of our states have '-' and '.', which it would read as something else. */
static void put_id(struct buf *out, const char *state)
{
	for (; *state; state++)
		buf_putc(out, *state == '-' || *state == '.' || *state == ' ' ? '_' : *state);
}

/* True if the state named by *NAME in an earlier row has its line already. */
static bool declared(const struct machine *machine, const struct fsm_row *row, const char *state)
{
	if (same(machine->initial, state))
		return true;
	for (const struct fsm_row *earlier = machine->rows; earlier < row; earlier++)
		if (same(earlier->from, state) || same(earlier->to, state))
			return true;
	return false;
}

static void put_state(struct buf *out, const char *state)
{
	buf_printf(out, "    state \"%s\" as ", state);
	put_id(out, state);
	buf_putc(out, '\n');
}

static void put_end(struct buf *out, const struct machine *machine, const char *state)
{
	if (!is_final(machine, state))
		return;
	buf_puts(out, "    ");
	put_id(out, state);
	buf_puts(out, " --> [*]\n");
}

static void put_diagram(struct buf *out, const struct machine *machine)
{
	buf_puts(out, "\n```mermaid\nstateDiagram-v2\n");
	put_state(out, machine->initial);
	for (const struct fsm_row *row = machine->rows; row->from; row++) {
		if (!declared(machine, row, row->from))
			put_state(out, row->from);
		if (!declared(machine, row, row->to) && !same(row->from, row->to))
			put_state(out, row->to);
	}
	buf_puts(out, "    [*] --> ");
	put_id(out, machine->initial);
	buf_putc(out, '\n');
	for (const struct fsm_row *row = machine->rows; row->from; row++) {
		buf_puts(out, "    ");
		put_id(out, row->from);
		buf_puts(out, " --> ");
		put_id(out, row->to);
		buf_printf(out, " : %s\n", row->event);
	}
	for (const char *const *final = machine->final; final && *final; final++)
		put_end(out, machine, *final);
	buf_puts(out, "```\n");
}

void fsm_put_markdown(struct buf *out, const struct machine *machine)
{
	buf_printf(out, "## %s\n\n%s. It begins as `%s`.\n\n", machine->name, machine->title, machine->initial);
	put_table(out, machine);
	put_diagram(out, machine);
}
