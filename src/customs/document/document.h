/* Documents: what every document type has in common, whatever its content. Submitted, received, found, seen.
 *
 * A document is kept once for each side that holds it, with the digest of its exact bytes; the bytes stay where they
 * travelled, in part 1 of its message, and are never written anew (ATIGA OCP rule 26(1): equivalent legal effect). Its
 * state is that of its case (kernel/fsm.h). What belongs together (a certificate, the response to it) travels in one
 * conversation, so it arrives in order. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include "kernel/capability.h"

struct finding_view;

#define DOCUMENT_SERVICE                                                                                               \
	"urn:lintas:service:documents:1"      /* eb:Service of every document; eb:Action is the type's code */
#define DOCUMENT_MAX_BYTES ((size_t)16 << 20) /* what the XML reader takes (codec/xml.h) */

struct document {
	const char *id;           /* UUIDv7; NULL: there is none */
	const char *organisation; /* ours, that keeps it */
	const char *doctype, *version;
	const char *direction; /* "in", "out" */
	const char *partner;
	const char *issuer_state, *reference; /* with .issued_on its name among states; NULL if it could not be read */
	date issued_on;
	const char *sender, *recipient; /* "TH:dft", "VN:customs" */
	const char *digest;             /* SHA-256 of the exact bytes, hexadecimal */
	const char *message;            /* id of the message that carries it */
	int64_t part;                   /* its place in that message, from 1 */
	const char *conversation;
	bool test;
	int64_t created_us;
	const char *about;           /* id of the document that this one answers, cancels or replaces; NULL */
	const char *machine, *state; /* its case */
	const char *paper;           /* id of the paper that was accepted in its place before it came; NULL */
	int64_t others;              /* by document_named(): of its reference, that gave way to it */
};
struct document_list {
	struct document *items;
	size_t count;
};

struct document_result;
struct document_request {
	const char *organisation; /* ours, that sends; NULL: the only one with the seat that sends such documents */
	const char *doctype;      /* NULL: as the XML root element says */
	const char *partner;      /* NULL: the state that the document is meant for */
	struct bytes text; /* XML, kept byte for byte; or JSON, written as canonical XML, which then is the original */
	bool test;
	bool own; /* by what the type names as .sent_by */
	struct actor actor;
	int64_t now_us;
	/* In the transaction that keeps it, when it is kept or was before: what has to be done together with it, or not
	 * at all. It may run again with the transaction. NULL: nothing. */
	enum err_code (*also)(struct tx *tx, void *arg, const struct document_result *result, struct err *err);
	void *also_arg;
};
struct document_result {
	const char *id; /* NULL: refused, and the findings say why */
	const char *message;
	bool repeated; /* the same bytes were submitted before: nothing was sent now. (What had been abandoned is sent.)
			*/
	const char *reference; /* as it stands in the document; NULL: it could not be read */
};

/* Reads, judges, keeps and sends, in one transaction. All findings at once; with an error among them nothing was
 * written. */
enum err_code document_submit(struct kernel *kernel, struct arena *arena, const struct document_request *request,
			      struct findings *findings, struct document_result *result, struct err *err) MUST_USE;

/* What a submission through the interface answers; also that of a file in a national shape, which is many. */
struct submit_view { /* the answer to a submission */
	const char *id, *message;
	bool repeated;
	struct submitted_view *documents; /* of a file in a national shape, each by itself */
	size_t documents_count;
	int64_t refused;               /* of them; INTEGER_NONE: it was none */
	struct finding_view *findings; /* of the file as a whole: what no row of the mapping reads */
	size_t findings_count;
};
struct submitted_view {
	int64_t number; /* in the file, from 1 */
	const char *reference, *id, *message;
	bool repeated;
	struct finding_view *findings;
	size_t findings_count;
};
extern const struct schema submit_schema;

/* The same judgement without keeping or sending anything, by form and rules alone. *DOCTYPE and *RECORD: NULL if it
 * could not be read; else what it is and the type's struct. */
enum err_code document_check(const struct kernel *kernel, struct arena *arena, const char *doctype_code,
			     struct bytes text, date today, const struct doctype **doctype, const void **record,
			     struct findings *findings, struct err *err) MUST_USE;

/* How this node takes messages in. A document with errors is kept as refused, with a task for the officers. */
extern const struct intake document_intake;

struct document_filter {
	const char *organisation;                              /* NULL: all, for the node's operators */
	const char *doctype, *direction, *partner, *reference; /* NULL: any */
	const char *before;                                    /* id: older than this one (paging); NULL */
	const char *valid;        /* "0": not refused, and real; "1": not refused, and a test; NULL: any */
	const char *state;        /* of its case; NULL: any */
	int64_t since_us, end_us; /* submitted or received from then on, and before then; 0: whenever */
	size_t limit;             /* at most DOCUMENT_LIST_MAX */
};
#define DOCUMENT_LIST_MAX 500
/* Newest first. */
enum err_code document_list(struct tx *tx, struct arena *arena, const struct document_filter *filter,
			    struct document_list *list, struct err *err) MUST_USE;
/* By id. ORGANISATION NULL: whoever keeps it. .id is NULL if there is none. */
enum err_code document_find(struct tx *tx, struct arena *arena, const char *organisation, const char *id,
			    struct document *document, struct err *err) MUST_USE;
/* What was found when a received document was judged, in the words in which it was said then: why it was refused, or
 * what an officer should know of one that was not. */
struct document_finding {
	const char *code, *severity; /* "error", "warning" */
	const char *path;            /* as in struct finding */
	const char *text, *law;      /* .law: NULL if there is none */
};
struct document_finding_list {
	struct document_finding *items;
	size_t count; /* at most FINDINGS_MAX */
};
/* In the order in which they were found; none for what we sent, whose findings its sender was told. */
enum err_code document_findings(struct tx *tx, struct arena *arena, const char *id, struct document_finding_list *list,
				struct err *err) MUST_USE;
/* By id, or by a reference that one document alone has. One that was refused, and a test, give way to one that is valid
 * and real: who mends a document sends it again under its name. What is about another one gives way to it. .others
 * says how many did, so that whoever asks can be told. .id is NULL if there is none; ERR_CONFLICT if several are left.
 */
enum err_code document_named(struct tx *tx, struct arena *arena, const char *organisation, const char *name,
			     struct document *document, struct err *err) MUST_USE;
/* The first character that is no white space or byte order mark: '<' of XML, '{' of JSON; '\0' if there is none. */
char document_first(struct bytes text);
/* The exact bytes as they were signed by the sender. */
enum err_code document_original(struct tx *tx, struct arena *arena, const struct document *document,
				struct bytes *original, struct err *err) MUST_USE;
/* The type's struct, read from the original. */
enum err_code document_record(struct tx *tx, struct kernel *kernel, struct arena *arena,
			      const struct document *document, const void **record, struct err *err) MUST_USE;
/* An officer opened it: a received document is seen from now on. Later openings change nothing. ERR_CONFLICT for one
 * that we sent. */
enum err_code document_seen(struct kernel *kernel, struct arena *arena, const char *organisation, const char *id,
			    const struct actor *actor, int64_t now_us, struct findings *findings,
			    struct err *err) MUST_USE;

/* --- Papers: accepted by an officer while the electronic document could not come ---
 *
 * The electronic twin that comes later is linked to the paper, and is no second document: whoever counts leaves out
 * documents with a .paper, or the papers that have a .document. A test is nobody's twin. */
struct paper {
	const char *id;                  /* UUIDv7; NULL: there is none */
	const char *organisation;        /* ours, that accepted it */
	const char *partner;             /* whose state issued it */
	const char *doctype, *reference; /* with organisation and partner its name */
	date issued_on;
	const char *issuer; /* code of the organisation there that issued it, as in document.sender; NULL: not noted */
	const char *reason; /* why on paper */
	const char *link;   /* how the link with the partner stood then, for people; NULL: not noted */
	const char *accepted_by;
	int64_t accepted_us;
	const char *document;       /* the electronic twin; NULL: it has not come */
	int64_t twin_us;            /* when it came; TIME_NONE */
	const char *state;          /* "accepted", "differing", "settled", "closed" */
	const char *closed_because; /* NULL: it is not closed, or was before this was kept */
};
struct paper_list {
	struct paper *items;
	size_t count;
};
struct paper_filter {
	const char *organisation, *partner; /* NULL: any */
	bool open;                          /* only what waits for its twin, or for an officer because that differs */
	const char *before;                 /* id: older than this one (paging); NULL */
	size_t limit;                       /* at most DOCUMENT_LIST_MAX */
};
/* Keeps PAPER, of which .organisation, .partner, .doctype, .reference, .issued_on, .reason and perhaps .issuer are
 * given, and fills in the rest. Findings, and nothing is written, if its reference was accepted before, or the
 * electronic one is here; a warning, and it is kept, if the link with the partner is up. */
enum err_code paper_accept(struct kernel *kernel, struct tx *tx, struct arena *arena, struct paper *paper,
			   const struct actor *actor, int64_t now_us, struct findings *findings,
			   struct err *err) MUST_USE;
/* An officer decides that nothing more is to be done about it: a twin that differs, or that will not come. */
enum err_code paper_close(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct paper *paper,
			  const char *reason, const struct actor *actor, int64_t now_us, struct findings *findings,
			  struct err *err) MUST_USE;
/* Newest first. */
enum err_code paper_list(struct tx *tx, struct arena *arena, const struct paper_filter *filter, struct paper_list *list,
			 struct err *err) MUST_USE;
/* By id, or by a reference that one paper alone has. ORGANISATION NULL: whoever accepted it. .id is NULL if there is
 * none; ERR_CONFLICT if several have the reference, of different partners, types or organisations. */
enum err_code paper_named(struct tx *tx, struct arena *arena, const char *organisation, const char *name,
			  struct paper *paper, struct err *err) MUST_USE;

/* --- For the capabilities that bring document types --- */

/* The document that EVENT's is about, kept by the same organisation and exchanged with the same partner. If there is
 * none: .id is NULL and a finding is added. */
enum err_code document_about(struct tx *tx, const struct document_event *event, struct document *about,
			     struct findings *findings, struct err *err) MUST_USE;
/* Fires EVENT_NAME in the case of ABOUT on account of EVENT's document. */
enum err_code document_fire(struct tx *tx, const struct document_event *event, const struct document *about,
			    const char *event_name, struct findings *findings, struct err *err) MUST_USE;
/* Sends the stored original of DOCUMENT to its recipient once more, in a conversation of its own. */
enum err_code document_send_again(struct tx *tx, const struct document_event *event, const struct document *document,
				  struct err *err) MUST_USE;

/* The day on which a document is judged at NOW_US: the one of the easternmost member state, so that no document of
 * today is of tomorrow where it arrives. */
date document_today(int64_t now_us);

/* Rules that documents share. PATH is where the value stands. */
void document_check_issued(date issued_on, const char *path, date today, struct findings *findings);
void document_check_about(date issued_on, date about_on, const char *path, struct findings *findings);
/* A document goes from one state to another: ONE and OTHER (either may be NULL) differ. PATH is that of OTHER. */
void document_check_states(const char *one, const char *other, const char *path, const char *law,
			   struct findings *findings);
/* Whether of two values that belong together one alone is given. What was given and could not be read is not missing:
 * it has its own finding, at its path. */
bool document_half_given(bool one, const char *one_path, bool other, const char *other_path,
			 const struct findings *findings);
void document_check_commodity(const char *code, const char *path, struct findings *findings);
void document_check_unit(const char *unit, const char *path, struct findings *findings);
/* QUANTITY in UNIT against the gross mass in kilograms; nothing is said of units that are no mass. */
void document_check_mass(struct decimal quantity, const char *unit, struct decimal gross_kg, const char *path,
			 struct findings *findings);

/* Where MEMBER ("": all) of the INDEXth row of LIST stands. */
#define DOCUMENT_PLACE_SIZE 128
const char *document_place(char place[static DOCUMENT_PLACE_SIZE], const char *list, size_t index, const char *member);

/* Cases of documents that need no more: sent: submitted -> transmitted; received: received -> seen. */
extern const struct machine document_sent_machine, document_received_machine;

/* Rows that the machines of most types have, and terms where no public text says more. */
/* clang-format off */
/* How every case of a sent document begins. An officer who abandons its message gives it up: the partner is not known
 * to have it. The same document may be submitted again, and a receipt or an answer that comes late shows that it had
 * arrived: what a type lets follow "submitted" follows "abandoned", too. */
#define DOCUMENT_SENDING(law)                                         \
	{ "submitted", "delivered", NULL, "transmitted", NULL, NULL, law }, \
	{ "submitted", "abandon", NULL, "abandoned", NULL, NULL, NULL },    \
	{ "abandoned", "submit", NULL, "submitted", NULL, NULL, NULL },     \
	{ "abandoned", "delivered", NULL, "transmitted", NULL, NULL, law }
#define DOCUMENT_SEEN      { "received", "seen", NULL, "seen", NULL, NULL, NULL }
#define DOCUMENT_RESTS     .rest_months = 12, .rest_law = "no public text says it: as with a certificate of origin"
#define DOCUMENT_KEPT      { .years = 5, .law = "no public text says it: as long as a certificate of origin" }
/* clang-format on */

extern const struct capability document_capability;

#endif
