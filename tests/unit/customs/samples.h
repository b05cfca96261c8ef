/* The golden samples as test data, and variations of them. LINTAS_SOURCE names the checkout. */
#ifndef CUSTOMS_SAMPLES_H
#define CUSTOMS_SAMPLES_H

#include "../kernel/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define SAMPLE_MAX ((size_t)64 << 10)

/* tests/golden/NAME, e.g. "form-d/good-ordinary.xml". */
static inline const char *sample(struct arena *arena, const char *name)
{
	const char *root = getenv("LINTAS_SOURCE");
	const char *path = arena_printf(arena, "%s/tests/golden/%s", root ? root : ".", name);
	char *text = arena_alloc(arena, SAMPLE_MAX);
	FILE *file = path ? fopen(path, "rb") : NULL;

	assert_non_null(text);
	if (!file)
		fail_msg("cannot open %s", name);
	text[fread(text, 1, SAMPLE_MAX - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* TEXT with every FROM replaced by TO; FROM must be there. */
static inline const char *with(struct arena *arena, const char *text, const char *from, const char *to)
{
	buf_auto out;

	if (!strstr(text, from))
		fail_msg("\"%s\" is not in the sample", from);
	buf_init(&out, SAMPLE_MAX);
	for (const char *at; (at = strstr(text, from)); text = at + strlen(from)) {
		buf_put(&out, text, (size_t)(at - text));
		buf_puts(&out, to);
	}
	buf_puts(&out, text);
	return arena_text(arena, buf_text(&out));
}

#endif
