/* What may be said against a CPA, and how a place in it is named. */
#ifndef MESSAGING_CPA_RULES_INT_H
#define MESSAGING_CPA_RULES_INT_H

#include "messaging/cpa_int.h"

enum cpa_rule_name {
#define CPA_RULE(name, code, severity, text, law) CPA_RULE_##name,
#include "messaging/cpa_rules.def"
#undef CPA_RULE
};

const struct rule *cpa_rule(enum cpa_rule_name name);

/* A name from the CPA as it stands in a place: printable, and cut where it is long. Returns BUFFER. */
#define CPA_LABEL_SIZE 65
const char *cpa_label(char buffer[static CPA_LABEL_SIZE], const char *text);

/* As in the CPA: "perMessage", "never", "always". */
extern const char *const cpa_when_names[];

/* More is taken for a mistake. */
enum { CPA_RETRIES_MAX = 1000 };
#define CPA_DURATION_MAX_US (3650 * DAY_US)

/* PnDTnHnMnS, at most ten years; false for anything else. Fractions of a microsecond are cut. */
bool cpa_duration_parse(const char *text, int64_t *duration_us);
/* Returns BUFFER. */
#define CPA_DURATION_SIZE 48
const char *cpa_duration_format(int64_t duration_us, char buffer[static CPA_DURATION_SIZE]);

#endif
