/* The case of an ACDD on both sides. An accepted one can still be cancelled: the export may not take place. */
#include "customs/declaration/declaration_int.h"

static const char *const ended[] = { "rejected", "cancelled", NULL };

/* clang-format off */
#define MOVES(from)                                                \
	{ from, "accept", NULL, "accepted",  NULL, NULL, NULL },   \
	{ from, "reject", NULL, "rejected",  NULL, NULL, NULL },   \
	CANCEL(from)
#define CANCEL(from) { from, "cancel", NULL, "cancelled", NULL, NULL, NULL }

static const struct fsm_row sent_rows[] = {
	DOCUMENT_SENDING(NULL),
	MOVES("submitted"), /* the response may overtake our receipt */
	MOVES("abandoned"),
	MOVES("transmitted"),
	CANCEL("accepted"),
	{ 0 },
};
/* clang-format on */
const struct machine acdd_sent_machine = {
	.name = "acdd.sent",
	.title = "ACDD at the exporting side",
	.initial = "submitted",
	.final = ended,
	DOCUMENT_RESTS,
	.rows = sent_rows,
};

static const struct fsm_row received_rows[] = {
	DOCUMENT_SEEN, MOVES("received"), MOVES("seen"), CANCEL("accepted"), { 0 },
};
const struct machine acdd_received_machine = {
	.name = "acdd.received",
	.title = "ACDD at the importing side",
	.initial = "received",
	.final = ended,
	DOCUMENT_RESTS,
	.rows = received_rows,
};
