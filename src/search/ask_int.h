/* What a query asks for: its words, mended and with what they mean, as terms with weights. */
#ifndef SEARCH_ASK_INT_H
#define SEARCH_ASK_INT_H

#include "search/segment_int.h"

#define SEARCH_SEGMENTS 2                        /* one built in one go, one of what was added since */
#define ASKED_MAX       (SEARCH_QUERY_WORDS * 8) /* terms of a query */

/* What a search reads: it does not change under it. */
struct view {
	const struct search_segment *segments[SEARCH_SEGMENTS];
	size_t count;
};

struct asked {
	uint64_t hash;
	float weight;  /* of the word's idf */
	uint32_t word; /* into words */
	bool meaning;  /* of a synonym: asked of the book alone, since precedents are in the words that people write */
};

struct ask {
	struct asked terms[ASKED_MAX];
	size_t count;
	const char *words[SEARCH_QUERY_WORDS]; /* as folded; the arena's */
	size_t word_count;
	const char *meant;                 /* NULL: nothing was mended */
	char code[SEARCH_CODE_DIGITS + 1]; /* digits of a code that was asked for; "": none */
	bool code_alone;                   /* and nothing else was */
};

enum err_code ask_read(const struct view *view, const struct search_query *query, struct word_reader *reader,
		       struct arena *arena, struct ask *ask, struct err *err) MUST_USE;

/* The asker may see precedents of OWNER, "" for published ones. */
bool ask_sees(const struct search_query *query, const char *owner);

#endif
