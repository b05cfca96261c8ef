/* The script of a partner that is played. */
#ifndef MESSAGING_SIMULATE_INT_H
#define MESSAGING_SIMULATE_INT_H

#include "messaging/messaging_int.h"

enum { SCRIPT_ROWS_MAX = 200 };

struct script_row {
	const char *on;           /* "ping", "any", or an action: "FORM-D" */
	int64_t after;            /* so many of these are answered as they should be before */
	int64_t times;            /* for so many; INTEGER_NONE: for all */
	const char *act;          /* "do": a row of the acts */
	int64_t seconds;          /* "delay", "away", "clock" */
	int64_t status;           /* "status" */
	const char *error;        /* "refuse": a rule of ours or an ebMS code */
	int64_t seen, used;       /* not in the file */
	enum ebms_rule_name rule; /* .error, understood */
};
struct script {
	struct script_row *rows;
	size_t count;
};

/* TEXT (JSON) in ARENA; SIM-001 … for what is wrong. */
enum err_code script_read(struct arena *arena, struct bytes text, struct script *script, struct findings *findings,
			  struct err *err) MUST_USE;
/* The row for a message of ACTION, which counts; NULL: none applies. By one thread at a time. */
const struct script_row *script_next(struct script *script, const char *action);
/* Whether there is such an act. */
bool act_known(const char *name);

#endif
