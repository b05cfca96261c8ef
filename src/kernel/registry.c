#include "kernel/capability.h"

#include "base/buf.h"
#include "base/date.h"
#include "base/text.h"

const struct doctype *doctype_at(const struct kernel *kernel, size_t index)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct doctype *const *doctype = (*capability)->doctypes; doctype && *doctype; doctype++)
			if (index-- == 0)
				return *doctype;
	return NULL;
}

size_t doctype_count(const struct kernel *kernel)
{
	size_t count = 0;

	while (doctype_at(kernel, count))
		count++;
	return count;
}

const char *doctype_codes(const struct kernel *kernel, struct arena *arena)
{
	const struct doctype *doctype;
	const char *codes = "";

	for (size_t i = 0; codes && (doctype = doctype_at(kernel, i)); i++)
		codes = arena_printf(arena, "%s%s%s", codes, i ? ", " : "", doctype->code);
	return codes;
}

const struct doctype *doctype_find(const struct kernel *kernel, const char *code)
{
	const struct doctype *doctype;

	for (size_t i = 0; (doctype = doctype_at(kernel, i)); i++)
		if (same(doctype->code, code))
			return doctype;
	return NULL;
}

const struct machine *machine_find(const struct kernel *kernel, const char *name)
{
	for (const struct capability *const *capability = kernel->capabilities; *capability; capability++)
		for (const struct machine *const *machine = (*capability)->machines; machine && *machine; machine++)
			if (same((*machine)->name, name))
				return *machine;
	return NULL;
}

/* "LINTAS-TEST-TH-20261102T080000.123": as long as a reference may be (35 characters), and read by people. */
static const char *reference_of(struct arena *arena, const struct sample_names *names)
{
	char at[TIME_SIZE], plain[TIME_SIZE] = "";
	size_t used = 0;

	time_format(names->at_us, at);
	for (const char *c = at; *c && *c != 'Z'; c++)
		if (*c != '-' && *c != ':')
			plain[used++] = *c;
	return arena_printf(arena, "LINTAS-TEST-%s-%s", names->from, plain);
}

const char *doctype_sample(struct arena *arena, const struct doctype *doctype, const struct sample_names *names)
{
	enum { SAMPLE_MAX = 64 << 10 };
	char today[DATE_SIZE];
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "@FROM@", names->from },
		{ "@TO@", names->to },
		{ "@TODAY@", date_format(date_of_time(names->at_us), today) },
		{ "@REFERENCE@", reference_of(arena, names) },
	};
	buf_auto out;

	buf_init(&out, SAMPLE_MAX);
	for (const char *c = doctype->sample; *c;) {
		size_t row = 0;
		while (row < COUNT(rows) && !starts_with(c, rows[row].name))
			row++;
		if (row == COUNT(rows))
			buf_putc(&out, *c++);
		else if (rows[row].value)
			buf_puts(&out, rows[row].value);
		else
			return NULL;
		c += row < COUNT(rows) ? strlen(rows[row].name) : 0;
	}
	return out.failed == OK ? arena_text(arena, buf_text(&out)) : NULL;
}
