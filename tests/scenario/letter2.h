/* Messages and signals of ebMS 2 as a partner, or somebody who would like to be one, may make them: right but for what
 * a test changes in them, before they are signed or after. */
#ifndef SCENARIO_LETTER2_H
#define SCENARIO_LETTER2_H

#include "forge.h"
#include "letter.h"

enum { EDITS_MAX = 4 };
struct edit {
	const char *from, *to; /* the first FROM, which must be there */
};

struct letter2 {
	const char *keys; /* whose, in the keyring */
	const char *from, *from_type, *to;
	const char *from_role, *to_role;
	const char *cpa, *service, *action;
	const char *message_id, *conversation, *ref_to;
	int64_t timestamp_us;
	struct ebms2_wishes wishes;
	struct bytes payload;          /* no .data: no payload */
	struct edit before[EDITS_MAX]; /* it is signed */
	struct edit after[EDITS_MAX];
	struct forgery forgery; /* how, if something is changed before; keys are .keys' */
	bool is_unsigned;
};

/* What VN's node would send to TH's by the agreement that the region has: an e-Form D with NUMBER. */
struct letter2 letter2_new(struct region *region, unsigned number);
/* A signal without payload, role or wishes but for a synchronous answer: "Ping", "StatusRequest", … */
struct letter2 letter2_signal(struct region *region, unsigned number, const char *action);
struct wire letter2_pack(struct region *region, const struct letter2 *letter);

/* What VN says about SENT, which is TH's: an acknowledgment, or an error with the code of RULE, changed likewise. */
struct answer2 {
	const char *keys;
	enum ebms_kind kind;
	enum ebms_rule_name rule;
	struct edit before[EDITS_MAX], after[EDITS_MAX];
	bool is_unsigned;
};
struct wire answer2_pack(struct region *region, const struct answer2 *answer, const struct wire *sent);

#endif
