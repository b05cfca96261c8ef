/* Findings: the document or request is wrong. All of them at once, each with its rule, its place and its law.
 *
 * What can be found is declared as rows (struct rule), so that the same row gives the text, the documentation and the
 * translation key. Faults (we could not do it) are in base/err.h. */
#ifndef BASE_FINDINGS_H
#define BASE_FINDINGS_H

#include "base/arena.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };
/* "error", "warning". */
const char *severity_name(enum severity severity);

struct rule {
	const char *code; /* stable, e.g. "FRM-014"; also the message id for translators */
	const char *text; /* English; {1} and {2} stand for the arguments */
	const char *law;  /* the provision, e.g. "ATIGA OCP rule 14(1)"; NULL if it is a matter of form */
	enum severity severity;
};

struct finding {
	const struct rule *rule;
	const char
		*path; /* JSON Pointer (RFC 6901) into the document, e.g. "/goodsItem/2/grossMass"; "" is the whole */
	const char *text; /* the rule's text with its arguments */
	const char *law;
};

struct findings;

/* An empty list in ARENA. It keeps at most FINDINGS_MAX and counts on; see findings_count(). NULL beyond the arena's
 * bound. */
#define FINDINGS_MAX 1000
struct findings *findings_new(struct arena *arena);

/* Adds a finding; FIRST and SECOND (may be NULL) fill {1} and {2}. Everything is copied. Out
 * of memory counts, too, as a finding that is an error: nothing passes because its findings were lost. */
void finding_add(struct findings *findings, const struct rule *rule, const char *path, const char *first,
		 const char *second);
/* The same with the provision known only at run time. */
void finding_add_law(struct findings *findings, const struct rule *rule, const char *path, const char *law,
		     const char *first, const char *second);

/* Adds FINDING as it is said elsewhere: with another PATH and TEXT (NULL: there was no memory for them). */
void finding_restate(struct findings *findings, const struct finding *finding, const char *path, const char *text);

/* Adds what FROM holds; the two may be in different arenas. */
void findings_append(struct findings *findings, const struct findings *from);

/* Whether an error stands at PATH: what is there was given, and could not be taken. */
bool findings_error_at(const struct findings *findings, const char *path);

/* How many there were, also beyond FINDINGS_MAX; findings_errors() counts only those of SEVERITY_ERROR. */
size_t findings_count(const struct findings *findings);
size_t findings_errors(const struct findings *findings);
/* The INDEXth kept finding, in the order in which they were added, or NULL. */
const struct finding *findings_at(const struct findings *findings, size_t index);

/* "/goodsItem/2/grossMass" -> "/goodsItem[3]/grossMass", as people count. Arena's; NULL out of memory. */
char *finding_path_for_people(struct arena *arena, const char *path);

#endif
