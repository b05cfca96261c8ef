/* Cases of documents that need no more than to arrive. */
#include "customs/document/document_int.h"

#define RESTS .rest_months = 12, .rest_law = "no public text says it: a task was open all that time"

static const char *const transmitted[] = { "transmitted", NULL };
static const struct fsm_row sent_rows[] = {
	DOCUMENT_SENDING(NULL),
	{ 0 },
};
const struct machine document_sent_machine = {
	.name = "document.sent",
	.title = "A document that was sent",
	.initial = "submitted",
	.final = transmitted,
	RESTS,
	.rows = sent_rows,
};

static const char *const seen[] = { "seen", NULL };
static const struct fsm_row received_rows[] = {
	DOCUMENT_SEEN,
	{ 0 },
};
const struct machine document_received_machine = {
	.name = "document.received",
	.title = "A document that was received",
	.initial = "received",
	.final = seen,
	RESTS,
	.rows = received_rows,
};

static const char *const noted[] = { "refused-and-noted", NULL };
static const struct fsm_row refused_rows[] = {
	{ "refused", "seen", NULL, "refused-and-noted", NULL, NULL, NULL },
	{ 0 },
};
const struct machine document_refused_machine = {
	.name = "document.refused",
	.title = "A received document that breaks its rules",
	.initial = "refused",
	.final = noted,
	RESTS,
	.rows = refused_rows,
};
