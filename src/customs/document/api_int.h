/* What the routes of documents and papers take and answer; the commands read and print it. */
#ifndef DOCUMENT_API_INT_H
#define DOCUMENT_API_INT_H

#include "customs/document/document.h"
#include "interface/command.h"
#include "interface/route.h"

struct document_view {
	const char *id, *organisation, *doctype, *direction, *partner, *issuer_state, *reference, *state, *sender,
		*recipient, *digest, *message, *conversation, *about, *paper;
	date issued_on;
	bool test;
	int64_t created_us;
	/* Of one document alone, not in a list of them. */
	int64_t others; /* of the reference by which it was asked for; INTEGER_NONE */
	const char *message_state, *message_error, *effect;
	struct finding_view *findings;
	size_t findings_count;
};
/* A paper that was accepted while the electronic document could not come. */
struct paper_view {
	const char *id, *organisation, *partner, *doctype, *reference, *issuer, *reason, *accepted_by, *document,
		*state;
	date issued_on;
	int64_t accepted_us, twin_us;
	int64_t age_days; /* whole days since it was accepted, until its twin came */
	const char *closed_because;
	const char *link;              /* how it stood when it was accepted */
	struct finding_view *findings; /* warnings, in the answer to accepting */
	size_t findings_count;
};
struct new_paper_view {
	const char *organisation, *partner, *doctype, *reference, *issuer, *reason;
	date issued_on;
};
struct paper_close_view {
	const char *reason;
};
LIST_VIEW(document_list_view, struct document_view);
LIST_VIEW(paper_list_view, struct paper_view);

extern const struct schema document_schema, document_list_schema, paper_schema, paper_list_schema, new_paper_schema,
	paper_close_schema;

extern const struct route document_routes[];
extern const struct command document_commands[];

#endif
