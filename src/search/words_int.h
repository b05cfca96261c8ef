/* From text to words: the one reader of texts, for what is indexed and for what is asked.
 *
 * Unicode NFKC with case folding (ICU), words at the boundaries between letters, digits and the rest ("14inch" is two);
 * Thai, Lao, Khmer, Burmese and Han, which write no spaces, by ICU's dictionaries. */
#ifndef SEARCH_WORDS_INT_H
#define SEARCH_WORDS_INT_H

#include "base/arena.h"
#include "search/search.h"

#define WORD_BYTES_MAX 64 /* of a word; what is longer is cut */

struct word {
	const char *text;  /* folded, diacritics kept */
	const char *plain; /* without diacritics, an English plural taken off */
	bool number;       /* begins with a digit */
	bool accented;     /* TEXT has diacritics, which PLAIN has not */
	bool little;       /* "of", "của", "untuk": says nothing about goods */
	bool excluded; /* stands behind "other than", "trừ", "selain" in the same clause: what the goods are not */
	bool after;    /* nothing but spaces or a hyphen stands between it and the word before */
};

struct words {
	struct word *words;
	size_t count;
	bool named_first; /* in Vietnamese, Indonesian, Thai and the like what the goods are comes first, then how they
			     are */
};

struct word_reader;
enum err_code word_reader_new(struct word_reader **reader, struct err *err) MUST_USE;
void word_reader_free(struct word_reader *reader);
static inline void word_reader_free_(struct word_reader **reader)
{
	word_reader_free(*reader);
}
#define word_reader_auto __attribute__((cleanup(word_reader_free_), unused)) struct word_reader *

/* At most MOST_BYTES of TEXT, which need not be well formed. *WORDS are the reader's until it reads again. */
enum err_code words_read(struct word_reader *reader, struct bytes text, size_t most_bytes, struct words *words,
			 struct err *err) MUST_USE;

/* How much more than others the word AT counts, by its place: 1 at least. */
float word_place(const struct words *words, size_t at);

#endif
