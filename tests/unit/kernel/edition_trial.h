/* A kind of reference data for tests of the editions: codes with texts and measures, and tables of its own. */
#ifndef TEST_EDITION_TRIAL_H
#define TEST_EDITION_TRIAL_H

#include "kernel/capability.h"
#include "kernel/edition.h"

struct trial_text {
	const char *language, *text;
};
struct trial_measure {
	const char *agreement, *unit;
	date from;
	struct decimal rate;
	bool excluded;
};
struct trial_rate {
	const char *code;
	int64_t level;
	struct trial_text *texts;
	struct trial_measure *measures;
	size_t texts_count, measures_count;
};

extern const struct edition_kind trial_rates, trial_open; /* of four eyes, and of two */
extern const struct capability trial_capability;

/* The record with this number cannot be put away; 0: each can. -1: nor can any be deleted. */
extern int64_t trial_fails_at;
/* Called for each record that is put away, in its transaction; NULL. */
extern void (*trial_at_put)(int64_t number);

extern const struct statement trial_tables[2]; /* that make the tables */
extern const struct statement trial_count;     /* of records, whatever their edition */
extern const struct statement trial_seen;      /* of $1: records that put_whole counted; no row: it did not run */

#endif
