/* A segment: an inverted index of documents of four kinds, each with statistics of its own, over one vocabulary. */
#ifndef SEARCH_SEGMENT_INT_H
#define SEARCH_SEGMENT_INT_H

#include "search/search.h"
#include "search/words_int.h"

/* Documents are numbered through, kind by kind. */
enum kind {
	LINE,      /* a line of the book */
	HEADING,   /* all lines of a heading together: a heading that many of its lines answer for */
	PRECEDENT, /* one text (or several that are equal) of one owner with one code */
	CODE,      /* all precedents of one owner with one code together */
	KINDS
};

struct document {
	uint32_t code;   /* into codes */
	uint32_t owner;  /* into names; 0: published, or of the book */
	uint32_t name;   /* into names: id of a precedent; 0: none */
	uint32_t copies; /* of equal text; of CODE: its precedents */
	uint32_t first;  /* of HEADING and CODE: the documents that it sums up, */
	uint32_t count;  /* and how many */
	float length;    /* weighted words */
};

struct posting {
	uint32_t document;
	float impact; /* 0 to 1: how much of the word's weight the document gets */
};

/* A word, a word with its diacritics, or two neighbours written as one ("lap top" as "laptop"). */
struct term {
	uint64_t hash;             /* 0: none stands here */
	uint32_t text;             /* into names; 0 for two neighbours, which are never a correction */
	uint32_t first[KINDS + 1]; /* into postings */
};

/* A word that a misspelt one may mean. Two words within two edits differ in at most four of their letters. */
struct spelling {
	uint32_t letters; /* a bit each */
	uint32_t term;
};

struct synonym {
	uint64_t hash;         /* of its words, written as one */
	uint32_t first, count; /* into meanings */
};

struct search_segment {
	struct arena *arena;
	struct document *documents;
	uint32_t first[KINDS + 1]; /* into documents */
	float mean_length[KINDS];
	struct term *terms; /* open addressing */
	uint32_t term_mask;
	struct posting *postings;
	char (*codes)[SEARCH_CODE_DIGITS + 1]; /* sorted */
	uint32_t code_count;
	const char *names;
	struct spelling *spellings;
	uint32_t spelling_count;
	struct synonym *synonyms; /* sorted by hash */
	uint32_t synonym_count;
	uint64_t *meanings;
};

static inline uint32_t count_of(const struct search_segment *segment, enum kind kind)
{
	return segment->first[kind + 1] - segment->first[kind];
}

/* Of a text, or of two written as one. Never 0. */
uint64_t term_hash(const char *text, const char *next);
/* NULL if no document has it. */
const struct term *term_find(const struct search_segment *segment, uint64_t hash);
uint32_t letters_of(const char *text);
const struct synonym *synonym_find(const struct search_segment *segment, uint64_t hash);

/* How texts and words are weighed. Each was chosen from a few round values by ./dev bench classify, where its
 * neighbours score within a point of it. */
static const struct {
	float k1,
		length_norm; /* BM25: when repeating a word stops to matter, how much a long text is held against it */
	float field[SEARCH_FIELDS];   /* BM25F, in the order of enum search_field */
	float excluded;               /* a word behind "other than" */
	float pair, accented, number; /* against a word's 1: two as one; the part of a word with its diacritics; "14" */
	float named_first,
		fading;  /* where names come first, the first word counts 1 + NAMED_FIRST, and FADING less on and on */
	float meaning;   /* all words of a synonym together, against the words it stands for */
	float smoothing; /* Dirichlet's, of CODE, in words */
} weights = {
	.k1 = 1.2f,
	.length_norm = 0.4f,
	.field = { 1, 1, 0.5f, 0.5f, 0.2f, 0.7f },
	.excluded = 0.2f,
	.pair = 0.3f,
	.accented = 0.6f,
	.number = 0.3f,
	.named_first = 3,
	.fading = 0.3f,
	.meaning = 1,
	.smoothing = 3000,
};

#endif
