/* What governs a line, what is near one that is not there, which versions are its neighbours. */
#include <ctype.h>

#include "base/text.h"
#include "customs/nomenclature/nomenclature_int.h"

static bool among_codes(const char *codes, const char *code)
{
	for (const char *at = codes; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
		char text[CODE_TEXT_SIZE] = "", digits[CODE_SIZE];
		size_t length = strcspn(at, "|");

		if (length >= sizeof(text))
			continue;
		memcpy(text, at, length);
		/* A note about a line governs what is below it. */
		if (code_parse(text, digits) && starts_with(code, digits))
			return true;
	}
	return false;
}

bool note_governs(const struct book_note *note, const char *code)
{
	if (same(note->kind, "gir"))
		return true;
	if (note->codes)
		return among_codes(note->codes, code);
	if (!note->place)
		return false;
	return same(note->place, section_of(code)) ||
	       (isdigit((unsigned char)*note->place) && starts_with(code, note->place));
}

size_t book_near(const struct book *book, const char *code, uint32_t *lines, size_t most)
{
	char prefix[CODE_SIZE];
	uint32_t first, found = 0;
	size_t count = 0;

	memcpy(prefix, code, strlen(code) + 1);
	for (size_t length = strlen(prefix); found == 0 && length >= 2; length--) {
		prefix[length] = '\0';
		found = book_prefix(book, prefix, &first);
		/* The line of the prefix alone is above it, not near it. */
		if (found == 1 && same(book->lines[book->by_code[first]].code, prefix) && length > 2)
			found = 0;
	}
	for (uint32_t i = 0; i < found && count < most; i++)
		if (strlen(book->lines[book->by_code[first + i]].code) >= 4)
			lines[count++] = book->by_code[first + i];
	return count;
}

static size_t letters(const char *code)
{
	return strcspn(code, "0123456789");
}

static bool same_kind(const char *a, const char *b)
{
	return letters(a) == letters(b) && strncmp(a, b, letters(a)) == 0;
}

void version_neighbours(const struct nomenclature_version_list *versions, const char *code, const char **before,
			const char **after)
{
	const struct nomenclature_version *version = version_among(versions, code), *earlier = NULL, *later = NULL;

	for (size_t i = 0; version && i < versions->count; i++) {
		const struct nomenclature_version *other = &versions->items[i];

		if (!same_kind(other->code, code))
			continue;
		if (other->from < version->from && (!earlier || other->from > earlier->from))
			earlier = other;
		if (other->from > version->from && (!later || other->from < later->from))
			later = other;
	}
	*before = earlier ? earlier->code : NULL;
	*after = later ? later->code : NULL;
}

const char *version_current(const struct nomenclature_version_list *versions, const char *state, date day)
{
	const char *const kinds[] = { state, "AHTN", "HS" };

	for (size_t i = 0; i < COUNT(kinds); i++)
		for (size_t j = 0; kinds[i] && j < versions->count; j++) {
			const struct nomenclature_version *version = &versions->items[j];

			if (letters(version->code) == strlen(kinds[i]) && starts_with(version->code, kinds[i]) &&
			    version_day(version, day) == day)
				return version->code;
		}
	return NULL;
}
