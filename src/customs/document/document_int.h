/* Inside document/: the rules' numbers, reading, and the store. */
#ifndef DOCUMENT_INT_H
#define DOCUMENT_INT_H

#include "customs/document/document.h"

/* Rows of document_rules, in their order. */
enum document_rule {
	DOCUMENT_FUTURE,
	DOCUMENT_ABOUT_LATER,
	DOCUMENT_UNREADABLE,
	DOCUMENT_UNKNOWN_TYPE,
	DOCUMENT_OTHER_TYPE,
	DOCUMENT_NO_ORGANISATION,
	DOCUMENT_WRONG_SEAT,
	DOCUMENT_SEVERAL_SEATS,
	DOCUMENT_NO_PARTNER,
	DOCUMENT_PARTNER_SUSPENDED,
	DOCUMENT_WRONG_ISSUER,
	DOCUMENT_WRONG_COUNTERPART,
	DOCUMENT_KEY_USED,
	DOCUMENT_ABOUT_UNKNOWN,
	DOCUMENT_NO_PART,
	DOCUMENT_ONE_STATE,
	DOCUMENT_NO_TYPE,
	DOCUMENT_OTHER_NAMESPACE,
	DOCUMENT_OPTED_OUT,
	DOCUMENT_NOT_ACTIVATED,
	DOCUMENT_FOREIGN,
	DOCUMENT_NOT_SUBMITTED,
	DOCUMENT_NO_TRIAL,
	PAPER_WRONG_SEAT,
	PAPER_ACCEPTED_BEFORE,
	PAPER_TWIN_IS_HERE,
	PAPER_LINK_IS_UP,
	CODE_NO_CHAPTER,
	CODE_NO_QUANTITY,
	CODE_TOO_HEAVY,
};
extern const struct rule document_rules[];

/* What the history of a case says of a change on account of the document ID; the arena's. */
const char *document_cause(struct arena *arena, const char *id);
/* See struct keeper. */
enum err_code document_effect(struct tx *tx, struct arena *arena, const char *id, const char **effect,
			      struct err *err) MUST_USE;

/* A document that was refused on arrival: an officer takes note of it. */
extern const struct machine document_refused_machine;

/* What was read: .record is NULL if FINDINGS say that it could not be. */
struct document_reading {
	const struct doctype *doctype;
	const void *record;
	struct document_key key;
	struct bytes original; /* the given XML, or the canonical XML of the given JSON */
};
enum err_code document_read(const struct kernel *kernel, struct arena *arena, const char *doctype_code,
			    struct bytes text, date today, struct document_reading *reading, struct findings *findings,
			    struct err *err) MUST_USE;

/* What a received message itself says, whatever this node holds; handed to the intake's functions. */
struct intake_reading {
	const struct doctype *doctype;
	struct document_reading reading;
	char digest[CONTENT_DIGEST_SIZE];
	struct findings *findings;
};
/* The intake's .reinstate. */
enum err_code document_reinstate(struct kernel *kernel, struct tx *tx, struct arena *arena,
				 const struct message *message, const void *read, int64_t now_us, const char **document,
				 struct findings *findings, struct err *err) MUST_USE;

/* --- Store --- */
/* ERR_BUSY: the name was taken meanwhile; begin anew. */
enum err_code store_put(struct tx *tx, const struct document *document, bool refused, struct err *err) MUST_USE;
/* Another message carries the document now; its part 1 has the same octets. */
enum err_code store_message_set(struct tx *tx, const char *document, const char *message, struct err *err) MUST_USE;
/* By name, among those that were not refused; a test never has the name of what is real. .direction and .partner
 * NULL: any. .id is NULL if there is none. */
struct document_name {
	const char *direction, *organisation, *partner, *doctype, *issuer_state, *reference;
	date issued_on;
	bool test;
};
enum err_code store_by_name(struct tx *tx, struct arena *arena, const struct document_name *name,
			    struct document *document, struct err *err) MUST_USE;
enum err_code store_by_id(struct tx *tx, struct arena *arena, const char *organisation, const char *id,
			  struct document *document, struct err *err) MUST_USE;
/* All that FINDINGS keep, as those of DOCUMENT. */
enum err_code store_findings_put(struct tx *tx, const char *document, const struct findings *findings,
				 struct err *err) MUST_USE;
enum err_code store_list(struct tx *tx, struct arena *arena, const struct document_filter *filter,
			 struct document_list *list, struct err *err) MUST_USE;
/* How many documents have REFERENCE. */
enum err_code store_count(struct tx *tx, const char *organisation, const char *reference, int64_t *count,
			  struct err *err) MUST_USE;
/* A paper by .organisation, .partner, .doctype and .reference of NAME; .id is NULL if there is none. */
enum err_code store_paper_by_name(struct tx *tx, struct arena *arena, const struct paper *name, struct paper *paper,
				  struct err *err) MUST_USE;
enum err_code store_paper_by_id(struct tx *tx, struct arena *arena, const char *organisation, const char *id,
				struct paper *paper, struct err *err) MUST_USE;
enum err_code store_paper_by_reference(struct tx *tx, struct arena *arena, const char *organisation,
				       const char *reference, struct paper *paper, struct err *err) MUST_USE;
enum err_code store_paper_close(struct tx *tx, const char *paper, const char *reason, struct err *err) MUST_USE;
/* ERR_BUSY: the name was taken meanwhile; begin anew. */
enum err_code store_paper_put(struct tx *tx, const struct paper *paper, struct err *err) MUST_USE;
/* *TWIN: id of a received document of PAPER's name that is valid and real, of whatever day; NULL. */
enum err_code store_paper_twin(struct tx *tx, struct arena *arena, const struct paper *paper, const char **twin,
			       struct err *err) MUST_USE;
enum err_code store_paper_twin_set(struct tx *tx, const char *paper, const char *document, int64_t now_us,
				   struct err *err) MUST_USE;
enum err_code store_paper_list(struct tx *tx, struct arena *arena, const struct paper_filter *filter,
			       struct paper_list *list, struct err *err) MUST_USE;
extern const struct statements document_statements;
extern const struct keeper document_keeper;

/* TWIN was received: if it was accepted on paper before, the two are linked, and the paper's case moves. */
enum err_code paper_meet(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct document *twin,
			 const struct actor *actor, int64_t now_us, struct findings *findings,
			 struct err *err) MUST_USE;
extern const struct machine paper_machine;

#endif
