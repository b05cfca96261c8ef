/* Messages of ebMS 2 in the world of this folder's tests: right ones, and ones that are changed before they are signed
 * or after. */
#ifndef TESTS_MESSAGING_EBMS2_WORLD_H
#define TESTS_MESSAGING_EBMS2_WORLD_H

#include "forge.h"
#include "world.h"

/* A message that asks for a signed acknowledgment, later; LETTER points into itself. */
struct letter2 {
	struct letter base;
	struct ebms_agreement agreement;
	struct ebms2_wishes wishes;
};
void letter2_init(struct letter2 *letter, size_t parts);
void letter2_pack(const struct letter2 *letter, struct wire_copy *wire);

/* Our own key, and nothing otherwise than we would sign. */
struct forgery forgery_new(void);
void open_wire(struct opening *opening, const struct wire_copy *wire);

enum edits { EDITS = 3 };
struct wrong {
	const char *name;
	enum ebms_rule_name rule; /* of the first finding */
	enum step step;
	struct {
		const char *from, *to;
	} before[EDITS], after[EDITS]; /* it is signed: first FROM in the message */
	struct forgery forgery;
	bool bare;     /* no parts */
	bool as_it_is; /* not signed anew */
};
/* A message of two parts, with SyncReply, as ROW says; NULL: nothing is wrong with it. */
void wrong_pack(const struct wrong *row, struct wire_copy *wire);
/* False, and said, if it passes or fails otherwise. */
bool wrong_is_refused(const struct wrong *row);
/* Ends the test after all rows if one of them was not refused as it says. */
void wrong_run(const struct wrong *rows, size_t count);

#endif
