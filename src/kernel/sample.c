/* The sample of a document type, filled in for a link test (doctype_sample() in kernel/capability.h). */
#include "kernel/capability.h"

#include "base/buf.h"
#include "base/date.h"
#include "base/text.h"

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
