/* A message of either binding, opened stage by stage. Each stage adds findings; the gateway stops at the first stage
 * that has some, the inspector goes on as far as the message allows. ISO 15000-2; AS4 profile 1.0; eDelivery AS4 1.15.
 */
#ifndef MESSAGING_MESSAGE_INT_H
#define MESSAGING_MESSAGE_INT_H

#include "codec/mime.h"
#include "codec/xml.h"
#include "crypto/keys.h"
#include "messaging/ebms_int.h"
#include "messaging/profile_int.h"
#include "messaging/rules_int.h"

/* Limits on what an outsider controls. */
struct ebms_limits {
	struct xml_limits xml;
	struct mime_limits mime;
	size_t max_payload_bytes; /* expanded, each */
	unsigned max_payloads;
	unsigned max_ratio; /* of expansion */
};
extern const struct ebms_limits ebms_limits_default;

/* How a message names a certificate. */
enum ebms_token_kind {
	TOKEN_NONE,
	TOKEN_BST,
	TOKEN_SKI,
	TOKEN_ISSUER_SERIAL,
	TOKEN_THUMBPRINT, /* never agreed; known, so that the inspector can go on */
};
struct ebms_token {
	enum ebms_token_kind kind;
	struct bytes data;           /* BST: DER; SKI: the extension's value; thumbprint: SHA-1 of the DER */
	const char *issuer, *serial; /* IssuerSerial */
};

struct ebms_reference {
	const char *uri;
	const char *transform;   /* URI of the only transform; NULL if there is not exactly one */
	const char *prefixes;    /* its InclusiveNamespaces, or those of its XPath (ebMS 2); NULL */
	const char *left_out[2]; /* ebMS 2: actors whose header blocks are not signed */
	const char *digest_name; /* URI */
	enum digest digest;
	bool digest_known;
	struct bytes value;
	const struct xml_node *node;
};
struct ebms_signature {
	const struct xml_node *signed_info;
	const char *c14n, *prefixes;
	const char *algorithm; /* URI */
	enum sig_alg alg;
	bool alg_known;
	struct ebms_reference *references;
	size_t count;
	struct bytes value;
	struct ebms_token token;
};

struct ebms_sealed { /* xenc:EncryptedData */
	const char *id, *mime_type, *uri;
	const char *algorithm; /* URI */
	enum content_alg alg;
	bool alg_known;
};
struct ebms_encryption {       /* xenc:EncryptedKey and what it opens */
	const char *algorithm; /* URI of key transport or agreement */
	bool wrap_known;
	struct wrapped_key wrapped;
	struct ebms_token recipient;
	struct ebms_sealed *sealed;
	size_t count;
};

struct ebms_part { /* a payload, in the order of eb:PayloadInfo: the first is the leading document */
	const char *content_id;
	const char *type; /* of the signed octets */
	const struct mime_part *mime;
	const struct ebms_sealed *sealed; /* NULL: came in clear */
	struct buf opened;                /* decrypted octets, if it was sealed */
	struct bytes octets;              /* as signed; set once open */
	const char *mime_type, *charset;  /* of the plain content */
	const char *compression;          /* property CompressionType */
	bool compressed;
};

enum ebms_kind {
	KIND_USER_MESSAGE,
	KIND_PULL_REQUEST, /* ebMS 3 alone */
	KIND_RECEIPT,
	KIND_ERROR,
	KIND_PING, /* ebMS 2 alone, as all that follow; in ebMS 3 a ping is a user message */
	KIND_PONG,
	KIND_STATUS_REQUEST,
	KIND_STATUS_RESPONSE
};

struct binding;

struct ebms_message {
	struct arena *arena;
	const struct ebms_limits *limits;
	struct findings *findings;
	struct mime_message mime;      /* one part if the body was bare SOAP */
	const struct binding *binding; /* by its envelope; NULL: of none */
	struct xml_doc *doc;
	/* eb:Messaging and wsse:Security, or eb:MessageHeader and the first ds:Signature of ebMS 2. */
	const struct xml_node *messaging, *security, *body;
	const struct xml_node *fault; /* ebMS 2: a SOAP Fault in the body; NULL */
	size_t header_faults; /* of stages MIME and HEADER: counted, because of findings only so many are kept */
	bool unit_read;       /* there is one message unit, and .kind is its */
	bool header_read; /* and all of the header is right, whatever is wrong with payloads or foreign header blocks */
	enum ebms_kind kind;
	struct ebms_user_message user; /* in ebMS 2 also who speaks to whom in a signal */
	struct ebms_signal signal;
	const struct ebms2_blocks *ebms2;   /* what only ebMS 2 has; NULL: AS4 */
	struct ebms_signature *signature;   /* NULL: unsigned */
	struct ebms_encryption *encryption; /* NULL: nothing encrypted */
	struct ebms_part *parts;
	size_t parts_count;
};

/* ARENA, LIMITS and FINDINGS must live as long as MESSAGE. */
void ebms_init(struct ebms_message *message, struct arena *arena, const struct ebms_limits *limits,
	       struct findings *findings);
void ebms_done(struct ebms_message *message);

/* MIME and header: on return without findings the header is read and every PartInfo has its part. BODY must live as
 * long as MESSAGE. */
enum err_code ebms_read(struct ebms_message *message, const char *content_type, struct bytes body,
			struct err *err) MUST_USE;
/* The elements of its security into .signature and .encryption. */
enum err_code ebms_read_security(struct ebms_message *message, struct err *err) MUST_USE;
/* The closed profile: exactly the references that must be there, each once, no other transform, no other algorithm,
 * and encrypted what is to be. PROFILE NULL: any algorithm that we know (for the inspector). */
void ebms_check_profile(struct ebms_message *message, const struct security_profile *profile);
/* Of that, what concerns the signature, if there is one. */
void ebms_check_signature(struct ebms_message *message, const struct security_profile *profile);
/* Whether the canonical form of SignedInfo is one of the binding. */
bool ebms_c14n_fits(const struct ebms_message *message);
/* Whether a message is the test of ebMS 3.0 core §5.2.2.8, as which a ping is kept whatever its binding. */
bool ebms_is_ping(const char *service, const char *action);
/* A finding of RULE, counted if it is one of the header. */
void ebms_found(struct ebms_message *message, enum ebms_rule_name rule, const char *first, const char *second);
/* NODE by SCHEMA into RECORD; findings of the binding's rule for its header. */
enum err_code ebms_read_record(struct ebms_message *message, const struct schema *schema, const struct xml_node *node,
			       void *record, struct err *err) MUST_USE;

/* The certificate that the signature's token names: the embedded one, or the one among KNOWN. *CERT is NULL (and a
 * finding says why) if there is none; the caller unrefs. */
enum err_code ebms_signer(struct ebms_message *message, struct cert *const *known, size_t count, struct cert **cert,
			  struct err *err) MUST_USE;
/* Whether TOKEN names CERT. */
bool ebms_token_names(const struct ebms_token *token, const struct cert *cert);
/* Signature value and, if that is right, the digests of the header and what else of the envelope is signed by itself:
 * who speaks is proved. Any other element that is referred to is a finding, and so is a Messaging that is not covered.
 */
enum err_code ebms_verify(struct ebms_message *message, const struct cert *cert, struct err *err) MUST_USE;
/* The signature value alone. */
enum err_code ebms_verify_value(struct ebms_message *message, const struct cert *cert, bool *good,
				struct err *err) MUST_USE;
/* Opens the sealed parts with the keys of OWN that may decrypt. */
enum err_code ebms_decrypt(struct ebms_message *message, struct keys *keys, const struct key_list *own,
			   struct err *err) MUST_USE;
/* Instead: the sealed parts are OPENED, whoever says so; ebms_verify_parts() tells. */
enum err_code ebms_take_parts(struct ebms_message *message, const struct bytes *opened, size_t count,
			      struct err *err) MUST_USE;
/* The digests of the parts. */
enum err_code ebms_verify_parts(struct ebms_message *message, struct err *err) MUST_USE;
/* Expands each compressed part once, to see that it can be; also whether it says what it was. */
enum err_code ebms_expand(struct ebms_message *message, struct err *err) MUST_USE;

/* The digest of what REFERENCE names, by its algorithm, which must be known. *COMPUTED false: it has no canonical form.
 */
enum err_code ebms_reference_digest(struct ebms_message *message, const struct ebms_reference *reference,
				    uint8_t digest[static DIGEST_MAX], bool *computed, struct err *err) MUST_USE;
/* The element that URI ("#id") names, wherever it stands; NULL. To show and to compute, never to believe. */
const struct xml_node *ebms_element_of(const struct ebms_message *message, const char *uri);
/* The canonical octets that a reference's digest is over: of an element, or a part's. */
enum err_code ebms_reference_octets(struct ebms_message *message, const struct ebms_reference *reference,
				    struct buf *octets, struct err *err) MUST_USE;
/* The canonical octets of SignedInfo. */
enum err_code ebms_signed_info(const struct ebms_signature *signature, struct buf *octets, struct err *err) MUST_USE;
/* "cid:a%40b" names the part with Content-ID "a@b" or, unescaped, "a%40b" itself. */
bool ebms_cid_matches(const char *uri, const char *content_id);
/* Whether URI ("#id") is an identifier of NODE itself. */
bool ebms_refers_to(const char *uri, const struct xml_node *node);
/* The one part that URI is taken to name, wherever it stands; NULL. */
struct ebms_part *ebms_part_of(struct ebms_message *message, const char *uri);

/* --- Building --- */

struct ebms_identity { /* with which we sign, and how we name the certificate */
	struct keys *keys;
	const struct key_info *key;
	enum ebms_token_kind token;
};

struct ebms_payload {
	const char *content_id, *mime_type, *charset;
	bool compressed;
	struct bytes octets;
};

struct ebms_packed {
	const char *content_type;          /* arena's */
	struct buf body;                   /* the caller's buf_done */
	struct ebms_reference *references; /* what a receipt must repeat */
	size_t references_count;
};

struct ebms_letter { /* a user message to be packed by the binding of its profile */
	const struct security_profile *profile;
	const struct ebms_identity *identity;
	const struct cert *recipient; /* for whom the payloads are encrypted; NULL if there are none or the profile does
					 not encrypt */
	const struct ebms_user_message *user;
	const struct ebms_payload *payloads;
	size_t count;
	const struct ebms2_wishes *wishes; /* ebMS 2 alone */
};
struct ebms_answering { /* a signal to be packed */
	const struct security_profile *profile;
	const struct ebms_identity *identity;
	const struct ebms_message *received;   /* what it answers */
	const char *ref_to;                    /* the eb:MessageId of that; NULL: it could not be read */
	const struct ebms_user_message *frame; /* ebMS 2 alone: who spoke to whom, under which agreement */
	int64_t now_us;
};
/* A signed user message. */
enum err_code ebms_pack_user(struct arena *arena, const struct ebms_letter *letter, struct ebms_packed *packed,
			     struct err *err) MUST_USE;
/* A signed receipt with non-repudiation information. */
enum err_code ebms_pack_receipt(struct arena *arena, const struct ebms_answering *answering, struct ebms_packed *packed,
				struct err *err) MUST_USE;
/* A signed error signal: one eb:Error a finding, at most 16. */
enum err_code ebms_pack_error(struct arena *arena, const struct ebms_answering *answering,
			      const struct findings *findings, struct ebms_packed *packed, struct err *err) MUST_USE;

/* A message as it was sent, which its receipt must speak of. */
struct ebms_sent {
	const struct ebms_reference *references;
	size_t count;
	/* Whether the receipt must be signed, and then repeats .references: in AS4 always, in ebMS 2 if the message
	 * asks for that (§6.3.2). */
	bool ack_signed;
};
/* MESSAGE is signed; RECEIPT is that of SENT, which was REF_TO. Findings otherwise. */
struct ebms_sent ebms_sent_as(const struct ebms_message *message);
void ebms_check_sent(struct ebms_message *receipt, const char *ref_to, const struct ebms_sent *sent);
/* RECEIPT speaks of message REF_TO and repeats exactly REFERENCES. Findings of the binding's rule for receipts
 * otherwise. */
void ebms_check_receipt(struct ebms_message *receipt, const char *ref_to, const struct ebms_reference *references,
			size_t count);

#endif
