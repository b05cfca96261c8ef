/* The case of a phytosanitary certificate on both sides. What was withdrawn may still be replaced: an organization that
 * mends a certificate withdraws it first, or says so only in the one that follows. */
#include "customs/phyto/phyto_int.h"

static const char *const ended[] = { "replaced", NULL };

/* Where the appendix refers to how certificates are replaced. */
#define REPLACED "ISPM 12, Appendix 1, link 5"

/* clang-format off */
#define MOVES(from)                                              \
	{ from, "withdraw", NULL, "withdrawn", NULL, NULL, NULL }, \
	REPLACE(from)
#define REPLACE(from) { from, "replace", NULL, "replaced", NULL, NULL, REPLACED }

static const struct fsm_row sent_rows[] = {
	DOCUMENT_SENDING(NULL),
	MOVES("submitted"),
	MOVES("abandoned"),
	MOVES("transmitted"),
	REPLACE("withdrawn"),
	{ 0 },
};
/* clang-format on */
const struct machine phyto_sent_machine = {
	.name = "e-phyto.sent",
	.title = "Phytosanitary certificate at the issuing side",
	.initial = "submitted",
	.final = ended,
	DOCUMENT_RESTS,
	.rows = sent_rows,
};

static const struct fsm_row received_rows[] = {
	DOCUMENT_SEEN, MOVES("received"), MOVES("seen"), REPLACE("withdrawn"), { 0 },
};
const struct machine phyto_received_machine = {
	.name = "e-phyto.received",
	.title = "Phytosanitary certificate at the importing side",
	.initial = "received",
	.final = ended,
	DOCUMENT_RESTS,
	.rows = received_rows,
};
