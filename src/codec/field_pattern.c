/* Patterns of field tables: POSIX extended regular expressions, compiled once a process.
 *
 * Patterns come from tables, never from input, so their number is bounded by the program. Characters and ranges are
 * those of Unicode, whatever locale an operator's terminal has: "[a-z]" must not depend on a language. */
#include <locale.h>
#include <pthread.h>
#include <regex.h>
#include <stdlib.h>

#include "codec/field_int.h"

#define PLACES       1024 /* a power of two */
#define PATTERNS_MAX (PLACES / 2)

struct pattern {
	char *text; /* NULL: a free place */
	regex_t regex;
	bool broken;
};

/* Never emptied: an entry, once made, is read without the lock. */
static struct {
	pthread_mutex_t lock;
	struct pattern *places[PLACES]; /* open addressing */
	size_t count;
} cache = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_once_t locale_once = PTHREAD_ONCE_INIT;
static locale_t pattern_locale;

static void make_locale(void)
{
	pattern_locale = newlocale(LC_CTYPE_MASK | LC_COLLATE_MASK, "C.UTF-8", (locale_t)0);
	if (pattern_locale == (locale_t)0) /* a system without it: characters beyond ASCII count as several */
		pattern_locale = newlocale(LC_CTYPE_MASK | LC_COLLATE_MASK, "C", (locale_t)0);
}

static void pattern_free(struct pattern *pattern)
{
	if (!pattern->broken)
		regfree(&pattern->regex);
	free(pattern->text);
	free(pattern);
}

/* A compiled copy of TEXT, or NULL without memory. */
static struct pattern *pattern_new(const char *text)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	buf_auto whole;
	int failed = REG_ESPACE;

	buf_init(&whole, 4096);
	buf_printf(&whole, "^(%s)$", text);
	if (pattern)
		pattern->text = strdup(text);
	if (pattern && pattern->text && whole.failed == OK)
		failed = regcomp(&pattern->regex, buf_text(&whole), REG_EXTENDED | REG_NOSUB);
	if (pattern)
		pattern->broken = failed != 0;
	if (pattern && failed == REG_ESPACE) {
		pattern_free(pattern);
		return NULL;
	}
	return pattern;
}

/* FNV-1a, 64 bits. */
static size_t place_of(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (size_t)(hash & (PLACES - 1));
}

/* The place of TEXT or the free one where it belongs; half of the places stay free. */
static struct pattern **find_place(const char *text)
{
	size_t at = place_of(text);

	while (cache.places[at] && !same(cache.places[at]->text, text))
		at = (at + 1) & (PLACES - 1);
	return &cache.places[at];
}

/* The compiled TEXT. *OWNED: the cache is full, and the caller frees it. */
static struct pattern *pattern_get(const char *text, bool *owned)
{
	pthread_mutex_lock(&cache.lock);
	struct pattern **place = find_place(text);
	struct pattern *pattern = *place ? *place : pattern_new(text);
	*owned = !*place && cache.count == PATTERNS_MAX;
	if (pattern && !*place && !*owned) {
		*place = pattern;
		cache.count++;
	}
	pthread_mutex_unlock(&cache.lock);
	return pattern;
}

bool field_matches(const char *pattern, const char *text, bool *no_memory)
{
	bool owned;

	pthread_once(&locale_once, make_locale);
	locale_t before = uselocale(pattern_locale);
	struct pattern *compiled = pattern_get(pattern, &owned);
	int result = compiled && !compiled->broken ? regexec(&compiled->regex, text, 0, NULL, 0) : REG_NOMATCH;
	uselocale(before);

	if (!compiled || result == REG_ESPACE)
		*no_memory = true;
	if (compiled && owned)
		pattern_free(compiled);
	return result == 0;
}
