/* The nomenclature: which lines there are, what they are called, which notes govern them, and what became of a code in
 * another version.
 *
 * Harmonized System (HS Convention), its General Interpretative Rules and notes; ASEAN Harmonised Tariff Nomenclature
 * (AHTN Protocol) and its Supplementary Explanatory Notes; national books under it. Versions stand side by side; each
 * is filled by editions (kernel/edition.h), and read as a book: an immutable tree of one version on one day. */
#ifndef CUSTOMS_NOMENCLATURE_H
#define CUSTOMS_NOMENCLATURE_H

#include <stdatomic.h>

#include "base/date.h"
#include "kernel/capability.h"

/* --- Codes --- */

#define CODE_DIGITS_MAX 12
#define CODE_SIZE       (CODE_DIGITS_MAX + 1)
#define CODE_TEXT_SIZE  (2 * CODE_SIZE)

/* "8517.62" or "851762": 2 to 12 digits, dots between digits. DIGITS gets the digits alone; false, and DIGITS
 * untouched, if TEXT is anything else. */
bool code_parse(const char *text, char digits[static CODE_SIZE]) MUST_USE;
/* As books print it: "85", "85.17", "8517.62", "8517.62.53". Returns TEXT. */
const char *code_format(const char *digits, char text[static CODE_TEXT_SIZE]);

/* --- Versions --- */

struct nomenclature_version {
	const char *code;  /* "AHTN2022"; NULL: there is none */
	const char *title; /* "ASEAN Harmonised Tariff Nomenclature 2022" */
	const char *base;  /* the version that it is built on: its upper lines are that one's; NULL */
	date from, until;  /* when it is in force, both inclusive; DATE_NONE: no end */
	int64_t digits;    /* of its longest codes */
	const char *law;   /* NULL */
	bool national;     /* this node added it; the others come with the program */
};
struct nomenclature_version_list {
	struct nomenclature_version *items;
	size_t count;
};
/* By code. */
enum err_code nomenclature_versions(struct tx *tx, struct arena *arena, struct nomenclature_version_list *list,
				    struct err *err) MUST_USE;
enum err_code nomenclature_version_find(struct tx *tx, struct arena *arena, const char *code,
					struct nomenclature_version *version, struct err *err) MUST_USE;
/* Adds a national version, or changes one; findings if it cannot be. */
enum err_code nomenclature_version_put(struct kernel *kernel, struct arena *arena,
				       const struct nomenclature_version *version, const struct actor *actor,
				       struct findings *findings, struct err *err) MUST_USE;

/* --- Texts --- */

/* One text in several languages (ISO 639); NULL where there is none. Those of the member states, and of partners. */
struct nomenclature_texts {
	const char *en, *id, *km, *lo, *ms, *my, *th, *vi, *fil, *tl, *ta, *zh, *pt, *tet, *ar, *de, *es, *fr, *hi, *ja,
		*ko, *ru;
};
extern const struct schema nomenclature_texts_schema;
/* In LANGUAGE; NULL if there is none. */
const char *texts_in(const struct nomenclature_texts *texts, const char *language);
/* In LANGUAGE, in English, or in any; *IN: which it is (may be NULL). NULL if there is no text at all. */
const char *texts_best(const struct nomenclature_texts *texts, const char *language, const char **in);
/* The INDEXth language in which there can be texts; NULL after the last. */
const char *texts_language(size_t index);

/* --- Books --- */

#define BOOK_NONE      UINT32_MAX
#define BOOK_DEPTH_MAX 16 /* a path: chapter, heading, levels with dashes */

/* Where a line is from. */
enum book_origin {
	BOOK_FILE,     /* the edition of lines */
	BOOK_HEADINGS, /* the edition of headings beside it */
	BOOK_PATH,     /* named in the path that the file gives for lines below it */
	BOOK_BASE,     /* the version that this one is built on */
	BOOK_MADE,     /* nobody gave it, but there are lines below it */
	BOOK_LOST,     /* a level that the source has lost: how many lines below it belong together is not known */
};
/* "file", "headings", "path", "base", "made", "lost". */
const char *book_origin_name(enum book_origin origin);

struct book_line {
	const char *code;    /* digits; "" if it is an uncoded group */
	uint32_t parent;     /* index; BOOK_NONE */
	uint32_t end;        /* index behind the last line below it: its own index + 1 if there is none */
	unsigned char depth; /* 0 chapter, 1 heading, then one a dash */
	unsigned char origin;
	bool national;                          /* a state's own, in a book of ASEAN's (chapters 98 and 99) */
	const char *unit;                       /* UN/ECE Rec 20, inherited from lines above; NULL */
	const char *unit_basis;                 /* where the unit is from, if not from the book; NULL */
	const struct nomenclature_texts *texts; /* never NULL */
};

struct book_note {
	const char *kind;     /* "gir", "section", "chapter", "heading", "subheading", "additional", "sen" */
	const char *place;    /* section in Roman numerals, or digits of a code; NULL: of its .codes, or of the whole */
	const char *codes;    /* of an SEN, digits separated by "|"; NULL */
	const char *number;   /* of a rule; NULL */
	const char *language; /* ISO 639 */
	const char *title;    /* NULL */
	const char *text;
	const char *source;  /* NULL */
	const char *version; /* whose note it is: this book's, or its base's */
	bool cut;            /* the source has not all of it */
};

/* Held by reference count; what is in it never changes. */
struct shared {
	const char *key; /* of the editions that it is made of: another key is another one */
	struct arena *arena;
	atomic_uint *references;
	const struct shared *below; /* that it refers to; NULL */
};

/* Everything in it lives as long as the book. */
struct book {
	struct shared shared; /* first */
	struct nomenclature_version version;
	date day; /* that is read: as_of, or the nearest day on which the version is in force */
	const char *edition, *edition_title; /* of the lines */
	date edition_from;
	const struct book *base;       /* NULL: none, or it has no lines here */
	const struct book_line *lines; /* in the order of the book: what is below a line follows it */
	uint32_t lines_count;
	bool dashed;             /* its levels are those of the printed book, not of the codes alone */
	const uint32_t *by_code; /* indices of coded lines, by code */
	uint32_t coded_count;
	const struct book_note *notes; /* of this version; .base has its own */
	uint32_t notes_count;
};

/* The book of VERSION as it is on the day AS_OF; *BOOK is NULL if it has no lines. The caller closes it. */
enum err_code book_open(struct kernel *kernel, const char *version, date as_of, const struct book **book,
			struct err *err) MUST_USE;
/* Nobody may use it afterwards; NULL is fine. */
void book_close(const struct book *book);
static inline void book_close_(const struct book **book)
{
	book_close(*book);
}
#define book_auto __attribute__((cleanup(book_close_), unused)) const struct book *

/* Index of the line of CODE (digits); a line whose further digits are zeros stands for it (0409 is 0409.00.00).
 * BOOK_NONE: there is none. */
uint32_t book_find(const struct book *book, const char *code);
/* The coded lines whose code begins with PREFIX: .by_code[*FIRST] to .by_code[*FIRST + result - 1]. */
uint32_t book_prefix(const struct book *book, const char *prefix, uint32_t *first);
/* Indices from the chapter to the line itself; returns how many. */
unsigned book_path(const struct book *book, uint32_t line, uint32_t path[static BOOK_DEPTH_MAX]);
/* "Live bovine animals > Cattle > Other > …": from the heading, in LANGUAGE where there is a text in it; a level that
 * is lost is "…". The arena's; NULL out of memory. */
const char *book_path_text(const struct book *book, uint32_t line, const char *language, struct arena *arena);
/* The next line with the same parent; BOOK_NONE. */
uint32_t book_sibling(const struct book *book, uint32_t line);
/* Roman numeral of the section of the chapter with which CODE begins; NULL (chapters 77, 98, 99). */
const char *section_of(const char *code);

/* --- What became of a code: correlation --- */

struct correlated {
	const char *code;  /* digits */
	const char *text;  /* in the language asked for; NULL */
	int64_t of;        /* how many codes of the version it is from go into it */
	bool inferred;     /* carried by the subheading of the HS; no table says so */
	bool missing;      /* inferred, and the book of that version has no such line */
	int64_t collapsed; /* stands for as many subheadings that take from everywhere (waste); 0: for itself */
};
struct correlation {
	const char *from_version, *from_code, *to_version;
	const char *relationship;      /* "1:1", "1:n", "n:1", "n:n"; "" if nothing is known of the code */
	const char *relationship_rest; /* the same without what is collapsed; equal if nothing is */
	const char *through;           /* a version between them, if no table is about the two; NULL */
	bool person;                   /* a person must decide */
	const char *why;               /* … because; NULL */
	struct correlated *items;
	size_t count;
};
/* What is asked about two versions. */
struct correlator;
/* Versions by code; "2022" is the HS. *CORRELATOR is NULL with an error in FINDINGS. */
enum err_code correlator_open(struct kernel *kernel, const char *from_version, const char *to_version, date as_of,
			      struct correlator **correlator, struct findings *findings, struct err *err) MUST_USE;
void correlator_close(struct correlator *correlator); /* NULL is fine */
static inline void correlator_close_(struct correlator **correlator)
{
	correlator_close(*correlator);
}
#define correlator_auto __attribute__((cleanup(correlator_close_), unused)) struct correlator *
/* What became of CODE, of 6 digits or more, with dots or without; texts in LANGUAGE. ALL: nothing is collapsed. With an
 * error in FINDINGS CORRELATION is untouched. In ARENA. */
enum err_code correlator_look(const struct correlator *correlator, struct arena *arena, const char *code,
			      const char *language, bool all, struct correlation *correlation,
			      struct findings *findings, struct err *err) MUST_USE;

extern const struct capability nomenclature_capability;

#endif
