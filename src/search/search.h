/* Finding a tariff code from what people really write: a few words of trade language, a brand, a line of a declaration,
 * with misspellings, abbreviations and missing diacritics, in the languages of the member states; or a code, whole, in
 * part, dotted.
 *
 * What is searched is the lines of a book (a nomenclature, in one edition) and precedents (rulings, released
 * declarations: a text and the code that it got). The answer is always a ranked list with its reasons, never a
 * decision. No network, no models: words are counted (bench/README.md says how well that does).
 *
 * A segment is immutable. An engine holds one that was built in one go, and a small one of what was added since;
 * readers never wait, not even while one is swapped for another. */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

/* Bounds. A text or query that is longer is cut at a character; more documents are refused with ERR_LIMIT. */
#define SEARCH_TEXT_MAX       ((size_t)16 << 10) /* bytes of a text of the book or of a precedent */
#define SEARCH_QUERY_MAX      ((size_t)2 << 10)  /* bytes of a query: a line of a declaration has some 250 */
#define SEARCH_QUERY_WORDS    96
#define SEARCH_HITS_MAX       100
#define SEARCH_LINES_MAX      ((size_t)50000)
#define SEARCH_PRECEDENTS_MAX ((size_t)1000000)
#define SEARCH_SYNONYMS_MAX   ((size_t)5000)
#define SEARCH_DELTA_MAX      ((size_t)1000) /* precedents added since the segment was built; then build it anew */
#define SEARCH_SEGMENT_MAX    ((size_t)1 << 30)
#define SEARCH_CODE_DIGITS    12

/* --- what is searched --- */

/* Where in the book a text stands: the nearer to the line, the more its words weigh. */
enum search_field {
	SEARCH_OWN,        /* the line's own text, "Hom Mali rice" */
	SEARCH_SUBHEADING, /* its subheading of six digits */
	SEARCH_ANCESTORS,  /* what stands between heading and line, coded or not */
	SEARCH_HEADING,
	SEARCH_CHAPTER,
	SEARCH_NOTES, /* notes, explanatory notes, other names */
	SEARCH_FIELDS
};

struct search_text {
	enum search_field field;
	struct bytes text; /* UTF-8 in any language; one text is one language */
};

struct search_line {
	const char *code; /* digits without dots */
	const struct search_text *texts;
	size_t count;
};

struct search_precedent {
	const char *id;    /* the caller's, handed back with a hit */
	const char *code;  /* digits without dots; at least six */
	const char *owner; /* who alone may see it; NULL: published */
	struct bytes text;
};

/* What people write, and what the tariff calls it: "laptop", "portable automatic data processing machine". */
struct search_synonym {
	const char *words;
	const char *means;
};

struct search_source {
	const struct search_line *lines;
	size_t line_count;
	const struct search_precedent *precedents;
	size_t precedent_count;
	const struct search_synonym *synonyms;
	size_t synonym_count;
};

/* Copies all it needs. ERR_LIMIT: more than the bounds above; ERR_INVALID: a code that is none. */
struct search_segment;
enum err_code search_segment_build(const struct search_source *source, struct search_segment **segment,
				   struct err *err) MUST_USE;
void search_segment_free(struct search_segment *segment); /* NULL is fine */

/* --- the engine --- */

struct search_engine;
enum err_code search_engine_new(struct search_engine **engine, struct err *err) MUST_USE;
void search_engine_free(struct search_engine *engine); /* no search may be under way; NULL is fine */

/* Takes SEGMENT over, in the place of the one before and of all that was added since. ERR_BUSY, and SEGMENT remains the
 * caller's, if too many searches still hold older ones. */
enum err_code search_engine_swap(struct search_engine *engine, struct search_segment *segment,
				 struct err *err) MUST_USE;

/* Precedents that every search which begins after this finds. One writer at a time; others wait, searches do not. */
enum err_code search_engine_add(struct search_engine *engine, const struct search_precedent *precedents, size_t count,
				struct err *err) MUST_USE;

/* --- a search --- */

struct search_query {
	struct bytes text;
	int digits;                /* of the codes wanted: 2 to 8 */
	size_t most;               /* hits, at most SEARCH_HITS_MAX */
	const char *const *owners; /* whose precedents the asker may see, beside published ones */
	size_t owner_count;
};

struct search_hit {
	char code[SEARCH_CODE_DIGITS + 1];
	char line[SEARCH_CODE_DIGITS + 1]; /* the line of the book below CODE that matches best; "" if none does */
	double score;                      /* 0 to 1, of this search alone: not a probability */
	double by_book, by_near, by_words; /* its parts: the book's text, similar precedents, words of precedents */
	const char *precedent;             /* id of the nearest one with this code; NULL if there is none */
	const char *words;                 /* of the query that its line or precedent has, with spaces; "" if none */
};

struct search_result {
	const struct search_hit *hits; /* the best first; equal ones by code */
	size_t count;
	const char *meant; /* the query with words mended, if any was; NULL otherwise */
};

/* *RESULT is ARENA's. Nothing but punctuation gives no hits. */
enum err_code search_run(struct search_engine *engine, const struct search_query *query, struct arena *arena,
			 struct search_result *result, struct err *err) MUST_USE;

#endif
