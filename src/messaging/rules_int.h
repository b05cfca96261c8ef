/* Rules by which messages are refused, and the ebMS errors that tell a partner. */
#ifndef MESSAGING_RULES_INT_H
#define MESSAGING_RULES_INT_H

#include "base/buf.h"
#include "base/findings.h"

/* Where in the opening of a message a rule is decided, in this order. */
enum ebms_stage {
	STAGE_MIME,
	STAGE_HEADER,
	STAGE_PROFILE,
	STAGE_SIGNATURE,
	STAGE_TRUST,
	STAGE_DECRYPTION,
	STAGE_EXPANSION,
	STAGE_AGREEMENT,
	STAGE_DUPLICATE,
	STAGE_RECEIPT,
	STAGE_COUNT
};

/* "MIME", "header", … for people. */
const char *ebms_stage_name(enum ebms_stage stage);

enum ebms_code {
#define EBMS_ERROR(name, code, short_description, severity, category, code2, final) EBMS_##name,
#include "messaging/errors.def"
#undef EBMS_ERROR
};

struct ebms_error_row {
	const char *code, *short_description, *severity, *category;
	const char *code2; /* in ebMS 2 */
	bool final;        /* sending the same again is in vain */
};
const struct ebms_error_row *ebms_error_row(enum ebms_code code);
/* What of LAW, "eDelivery AS4 1.15 §3.2; ebMS 2.0 §2.1.2", speaks of a binding: without the provisions that are of the
 * other one alone. Appends it to OUT, escaped for XML, behind BEFORE; nothing if nothing is left, or LAW is NULL. */
void ebms_put_law(struct buf *out, const char *before, const char *law, bool ebms2);
/* By its code in the one version or the other; NULL if it is none of ours. */
const struct ebms_error_row *ebms_error_find(const char *code);

enum ebms_rule_name {
#define EBMS_RULE(name, code, stage, ebms, text, law) RULE_##name,
#include "messaging/rules.def"
#undef EBMS_RULE
	RULE_COUNT
};

/* The rule as a finding's row, and what follows from it. */
const struct rule *ebms_rule(enum ebms_rule_name name);
/* Of one of our rules. Rules of others (certificates) belong to STAGE_TRUST and EBMS_FAILED_AUTHENTICATION. */
enum ebms_stage ebms_rule_stage(const struct rule *rule);
enum ebms_code ebms_rule_ebms(const struct rule *rule);

#endif
