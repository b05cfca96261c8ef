#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct err_row rows[ERR_COUNT] = {
	[OK] = { "OK", 200, "", 0, "", false, "done" },
#define ERROR(code, http, problem, exit, ebms, transient, meaning)                                                     \
	[code] = { #code, http, problem, exit, ebms, transient, meaning },
#include "base/errors.def"
#undef ERROR
};

const struct err_row *err_row(enum err_code code)
{
	return (unsigned)code < ERR_COUNT ? &rows[code] : &rows[ERR_INTERNAL];
}

/* A text cut in the middle of a character is not UTF-8 and would be refused by whoever shows it: the last character
 * goes if it has several bytes, cut or not. */
static void drop_cut_character(char *text, size_t size)
{
	size_t end = size;

	while (end > 0 && ((uint8_t)text[end - 1] & 0xC0U) == 0x80U)
		end--;
	if (end > 0 && (uint8_t)text[end - 1] >= 0xC0U)
		text[end - 1] = '\0';
}

enum err_code err_set(struct err *err, enum err_code code, const char *where, const char *format, ...)
{
	if (!err)
		return code;

	/* The arguments may point into err->text, when a caller adds to what the callee said. */
	char text[sizeof(err->text)];
	va_list args;
	va_start(args, format);
	int size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);

	if (size < 0)
		text[0] = '\0';
	else if ((size_t)size >= sizeof(text))
		drop_cut_character(text, sizeof(text) - 1);
	memcpy(err->text, text, sizeof(text));
	err->code = code;
	err->where = where;
	return code;
}
