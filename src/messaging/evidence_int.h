/* Inside of evidence*.c: what is gathered about one message, and the files of the folder as they are made. */
#ifndef MESSAGING_EVIDENCE_INT_H
#define MESSAGING_EVIDENCE_INT_H

#include "kernel/agreement.h"
#include "kernel/capability.h"
#include "kernel/journal.h"
#include "kernel/message.h"
#include "messaging/message_int.h"
#include "messaging/messaging.h"

/* The files beside this one that go into every folder; made by tools/embed.py. */
extern const char text_verify_sh[], text_derive_py[], text_explanation_md[];

/* A message goes by the agreements of one partner; who changes them oftener while it waits sees the first of them. */
enum { AGREEMENTS_MAX = 8, JOURNAL_SUBJECTS = 2 + AGREEMENTS_MAX };

struct evidence_agreement { /* as it counted when something was exchanged by it */
	struct agreement kept;
	const char *path, *terms_path; /* .terms_path NULL: it has none */
	char digest[CONTENT_DIGEST_SIZE], terms_digest[CONTENT_DIGEST_SIZE];
};

struct evidence_wire {
	const struct wire *wire;
	const char *folder; /* "1-sent" */
	struct basis basis;
	struct ebms_message message;
	struct cert *signer;                 /* the basis' first; NULL: none was kept */
	int64_t overdue_since_us;            /* its revocation list was to be replaced by then; TIME_NONE: in time */
	bool proved;                         /* read, signed by .signer, and every digest fits */
	bool bare;                           /* read, and unsigned as ebMS 2 has it: the node's word alone */
	const struct evidence_wire *answers; /* a receipt: the version whose digests it repeats, or names; NULL */
	const struct evidence_agreement *agreement; /* ebMS 2: the one that it names; NULL */
	const char *algorithm;                      /* of the signature, as verify.sh knows it; NULL: not signed */
	bool xmlsec;                                /* xmlsec1 knows all that this message uses */
};

/* Octets over which the digest of a payload was made. Versions of a message may have different ones: compressed in AS4,
 * as they are in ebMS 2. */
enum { FORMS_MAX = 4 };
struct evidence_form {
	const char *path; /* the plain content's, or another file's */
	struct bytes octets;
	bool compressed;
};
struct evidence_payload {
	const struct message_part *part;
	struct bytes plain;
	const char *path;                      /* of the plain content */
	struct evidence_form forms[FORMS_MAX]; /* the first is the one of the part as it is stored */
	size_t forms_count;
	char digest[CONTENT_DIGEST_SIZE];
};

struct bundle {
	struct arena *arena;
	struct kernel *kernel;
	const char *party_id, *party_type; /* ours */
	struct ebms_limits limits;
	int64_t now_us;
	const char *id; /* asked for */
	struct message message;
	struct message_parts parts;
	struct message_parts before;       /* all that it was sent with before it was packed anew */
	struct evidence_payload *payloads; /* one a part */
	struct document_key name;          /* what the document calls itself; .reference NULL: it has or says none */
	struct wire_list stored;
	struct evidence_wire *wires;
	size_t wires_count;
	struct evidence_agreement agreements[AGREEMENTS_MAX];
	size_t agreements_count;
	struct journal_extract journal[JOURNAL_SUBJECTS]; /* about the message, its document, the agreements */
	size_t journal_count;
	const struct journal_link **links; /* of all, each once, in order; filled by evidence_put_journal() */
	size_t links_count;
	bool to_head; /* the last of them is the head */
	struct evidence_file *files;
	size_t count, room;
};

/* Whether a wire of this kind is the message itself, or a receipt. */
static inline bool wire_is_message(const struct wire *wire)
{
	return wire->kind == WIRE_SENT || wire->kind == WIRE_RECEIVED;
}
static inline bool wire_is_receipt(const struct wire *wire)
{
	return wire->kind == WIRE_RECEIPT_SENT || wire->kind == WIRE_RECEIPT_RECEIVED;
}
/* The first version of the message that can be read, for the facts in its header; NULL: it was never sent. */
const struct evidence_wire *bundle_first_version(const struct bundle *bundle);

/* Adds a file. CONTENT is borrowed as long as the arena lives; bundle_put_buf copies. PATH NULL: out of memory. */
enum err_code bundle_put(struct bundle *bundle, const char *path, struct bytes content, struct err *err) MUST_USE;
enum err_code bundle_put_buf(struct bundle *bundle, const char *path, const struct buf *content,
			     struct err *err) MUST_USE;

/* The receipt of a ping in ebMS 2, which repeats no digests. */
static inline bool wire_is_pong(const struct evidence_wire *wire)
{
	return wire->message.kind == KIND_PONG;
}

/* evidence_wire.c. Reads and verifies each wire; ebms_done and cert_unref are the caller's, whatever comes back. */
enum err_code evidence_read_wires(struct bundle *bundle, struct err *err) MUST_USE;
enum err_code evidence_put_payloads(struct bundle *bundle, struct err *err) MUST_USE;
enum err_code evidence_put_wires(struct bundle *bundle, struct err *err) MUST_USE;

/* audit/entries.json: "time" is "at" for people, and "empty" names the texts that are empty, which differs from none.
 */
struct hash_view {
	const char *hash;
};
struct entry_view {
	const char *id, *actor, *organisation, *subject_type, *subject, *event, *from_state, *to_state, *detail, *law,
		*content, *empty;
	int64_t time_us, at_us, sequence, seal, index, count;
	struct hash_view *path;
	size_t path_count;
};
struct entries_view {
	struct entry_view *items;
	size_t count;
};
extern const struct fields evidence_entry_fields;
extern const struct schema evidence_entries_schema;

/* evidence_view.c: for machines. */
enum err_code evidence_put_facts(struct bundle *bundle, struct err *err) MUST_USE;
enum err_code evidence_put_journal(struct bundle *bundle, struct err *err) MUST_USE;

/* evidence_readme.c: for people. */
enum err_code evidence_put_readme(struct bundle *bundle, struct err *err) MUST_USE;

#endif
