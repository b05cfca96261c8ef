/* The names of events, from the rows by which they happen. */
#include "base/text.h"
#include "kernel/capability.h"
#include "kernel/edition.h"
#include "kernel/event.h"
#include "kernel/fsm.h"
#include "kernel/message.h"

enum { NEAR_EDITS = 2, NEAR_LETTERS = 4, NEAR_MAX = 6 };

#define EVENT(subject_type_, name_, means_) { .subject_type = subject_type_, .name = name_, .means = means_ },
static const struct event_name rows[] = {
#include "kernel/event_names.def"
};

/* The machine INDEX: of messages and editions, then of the capabilities. */
static const struct machine *machine_at(const struct kernel *kernel, size_t index)
{
	static const struct machine *const own[] = { &message_out_machine, &message_in_machine, &edition_machine };

	if (index < COUNT(own))
		return own[index];
	index -= COUNT(own);
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct machine *const *machine = (*capability)->machines; machine && *machine; machine++)
			if (index-- == 0)
				return *machine;
	return NULL;
}

/* The STEPth name of MACHINE: its first state, then the events of its rows. NULL after the last. */
static const char *step_at(const struct machine *machine, size_t step)
{
	return step == 0 ? machine->initial : machine->rows[step - 1].from ? machine->rows[step - 1].event : NULL;
}

static const char *type_of(const struct machine *machine)
{
	return machine->subject_type ? machine->subject_type : "document";
}

bool event_name_next(const struct kernel *kernel, struct event_walk *walk, struct event_name *name)
{
	const struct machine *machine;
	const char *step;

	for (; (machine = machine_at(kernel, walk->machine)); walk->machine++, walk->step = 0) {
		if (!(step = step_at(machine, walk->step)))
			continue;
		*name = (struct event_name){ type_of(machine), step, machine->title };
		walk->step++;
		return true;
	}
	if (walk->row >= COUNT(rows))
		return false;
	*name = rows[walk->row++];
	return true;
}

bool event_name_known(const struct kernel *kernel, const char *name)
{
	struct event_walk walk = { 0 };
	struct event_name known;

	while (event_name_next(kernel, &walk, &known))
		if (same(known.name, name))
			return true;
	return false;
}

/* A slip of the hand, or the beginning of another word of the same stem: "issued", "issue". */
static bool is_near(const char *one, const char *other)
{
	size_t edits = text_edits(one, other), length = strlen(one);

	return (edits <= NEAR_EDITS && 2 * edits < length) || (length >= NEAR_LETTERS && strstr(other, one) != NULL);
}

const char *event_names_near(const struct kernel *kernel, struct arena *arena, const char *name)
{
	const char *all = NULL, *told[NEAR_MAX];
	struct event_walk walk = { 0 };
	struct event_name known;
	size_t count = 0;

	while (count < NEAR_MAX && event_name_next(kernel, &walk, &known)) {
		bool again = !is_near(name, known.name);
		for (size_t t = 0; t < count; t++)
			again = again || same(told[t], known.name);
		if (again)
			continue;
		told[count++] = known.name;
		all = all ? arena_printf(arena, "%s, %s", all, known.name) : known.name;
	}
	return all;
}
