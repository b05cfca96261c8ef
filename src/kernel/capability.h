/* A capability as rows: what it adds to the node. The engines interpret the rows; the contract test walks them. */
#ifndef KERNEL_CAPABILITY_H
#define KERNEL_CAPABILITY_H

#include "codec/field.h"
#include "kernel/fsm.h"
#include "kernel/kernel.h"
#include "kernel/message.h"

/* The service under which document types travel; the action is the type's code. Ours: no public text fixes the names.
 */
#define SERVICE_DOCUMENTS "urn:lintas:service:documents:1"
/* … and under which a node that was restored from a backup gets back what was exchanged since (kernel/catch_up.h). */
#define SERVICE_CONTINUITY "urn:lintas:service:continuity:1"

struct route;
struct command;

/* What every document has, whatever its type: how it is found and shown. */
struct document_key {
	const char *reference;    /* as the issuer wrote it; unique only with issuer and date */
	const char *issuer_state; /* ISO 3166 alpha-2 */
	date issued_on;
	const char *about;        /* reference of the document that this one answers, cancels or replaces; NULL */
	const char *about_type;   /* its type; NULL */
	date about_issued_on;     /* DATE_NONE if .about is NULL */
	const char *about_issuer; /* ISO 3166 alpha-2 of the state that issued it; NULL if .about is NULL */
	const char *counterpart;  /* ISO 3166 alpha-2 of the state it is meant for */
};

/* A document that has just been received or submitted, in its transaction. */
struct document_event {
	struct kernel *kernel;
	struct arena *arena;
	const char *document;     /* id */
	const char *organisation; /* ours, that keeps it */
	const char *partner;
	const void *record; /* of the type's schema */
	const struct document_key *key;
	const struct message *message;
	struct actor actor;
	int64_t now_us;
};

/* How long documents of a type are kept unless the operator says otherwise (kernel/retention.h). */
struct keeping {
	int years, days;
	int least_years; /* what .law asks for; 0: it says nothing */
	const char *law; /* or why so long, where no public text says it */
};

/* What is to be known of a document before it is deleted. */
struct kept_document {
	const char *id; /* NULL: there is none */
	const char *organisation, *doctype, *message, *about, *reference, *issuer_state;
	date issued_on;
	int64_t created_us;
	const char *referred_by; /* id of one that is about it; NULL: none is left */
};
/* Who keeps documents: the one capability whose row has .keeper. */
struct keeper {
	enum err_code (*find)(struct tx *tx, struct arena *arena, const char *id, struct kept_document *document,
			      struct err *err);
	enum err_code (*drop)(struct tx *tx, const char *id, struct err *err);
	/* What the document ID, which we send, did here to the one that it is about, which its partner does not know as
	 * long as it has not come there: a sentence for people. NULL: nothing that still holds. */
	enum err_code (*effect)(struct tx *tx, struct arena *arena, const char *id, const char **effect,
				struct err *err);
};

/* A document type: adding one is adding a struct, its field table, its rules, this row and samples. */
struct doctype {
	const char *code;    /* "FORM-D"; also the AS4 action */
	const char *title;   /* for people */
	const char *version; /* of our XML, "1" */
	const char *law;
	const struct schema *schema;
	const char *from_seat; /* kind of organisation that sends it: "issuing-authority", "customs" */
	const char *to_seat;   /* kind of organisation that receives it */
	const char *sample;    /* a good one as XML, by which a link is tested, with the names of doctype_sample() */
	const char *sent_by;   /* what alone sends it, by a permission of its own; NULL: whoever submits documents */
	struct keeping keeping;
	/* Pure: all rules beyond form. TODAY is the day on which it is judged; the same at sender and receiver. */
	void (*check)(const void *record, date today, struct findings *findings);
	/* RECORD may have holes, where something was missing or could not be read: so has the key then. */
	void (*key)(struct arena *arena, const void *record, struct document_key *key);
	/* The case that the document opens, on our side as sender and as receiver; NULL: it opens none. */
	const struct machine *sent_machine, *received_machine;
	/* What it does to others (a response moves the case of what it answers); may be NULL. A finding refuses the
	 * document. */
	enum err_code (*on_submit)(struct tx *tx, const struct document_event *event, struct findings *findings,
				   struct err *err);
	enum err_code (*on_receive)(struct tx *tx, const struct document_event *event, struct findings *findings,
				    struct err *err);
};

struct edition_kind;

struct capability {
	const char *name;
	const char *title;                     /* for people: above its commands in the help; NULL: it has none */
	const struct doctype *const *doctypes; /* NULL-terminated, as all lists here; a missing list is NULL */
	const struct machine *const *machines;
	const struct edition_kind *const *editions; /* kinds of reference data (kernel/edition.h) */
	const struct statements *statements;
	const struct rule *const *rules; /* arrays of rules, each ended by a row without a code */
	const struct intake *intake;     /* the one capability that takes received messages; NULL for all others */
	const struct keeper *keeper;     /* the one that keeps documents; NULL for all others */
	const struct route *routes;      /* interface/route.h; ended by a row without a method */
	const struct command *commands;  /* interface/command.h; ended by a row without words */
};

/* NULL: no capability keeps documents. */
const struct keeper *keeper_of(const struct kernel *kernel);
/* The document types of all capabilities, in their order; NULL after the last. */
const struct doctype *doctype_at(const struct kernel *kernel, size_t index);
size_t doctype_count(const struct kernel *kernel);
/* "FORM-D, ACDD"; the arena's, NULL if that is full. */
const char *doctype_codes(const struct kernel *kernel, struct arena *arena);
/* The row of a document type by its code, or NULL. */
const struct doctype *doctype_find(const struct kernel *kernel, const char *code);

/* A sample of a type, as a document from one state to another that names the test it is of. Its names: @FROM@ and @TO@,
 * the states; @TODAY@; @REFERENCE@ of all documents of the test, so that one can be about another. */
struct sample_names {
	const char *from, *to; /* ISO 3166 alpha-2 */
	int64_t at_us;         /* when the test began: what makes the reference one that nobody else has */
};
/* The arena's; NULL: no memory. */
const char *doctype_sample(struct arena *arena, const struct doctype *doctype, const struct sample_names *names);

/* The machine by its name, or NULL. */
const struct machine *machine_find(const struct kernel *kernel, const char *name);

#endif
