/* A whole book to search, from collected reference data: HS 2022, its legal text, AHTN 2022 in three languages. */
#ifndef BENCH_BOOK_H
#define BENCH_BOOK_H

#include "search/search.h"

struct sheet {
	const char ***rows; /* the first names the columns */
	size_t count;
	size_t width;
};

struct book {
	struct search_source source; /* without precedents */
	const char **english;        /* of each line, for plain BM25 */
	const char **vietnamese;
};

void die(const char *what, const struct err *err); /* ERR NULL: errno says why */

/* NAME in FOLDER; "" is no folder. */
struct sheet sheet_read(struct arena *arena, const char *folder, const char *name);
size_t column(const struct sheet *sheet, const char *name);

/* SYNONYMS: a CSV file with the columns words,means. WITH_ALIASES: the examples of train_synthetic_hs6_examples.csv as
 * notes of their subheadings. */
struct book book_read(struct arena *arena, const char *data, const char *synonyms, bool with_aliases);

#endif
