/* Exchange with other nodes by AS4 (ISO 15000-2): the gateway that takes messages in, and the sender that drains the
 * outbox.
 *
 * The messaging knows messages, not customs: it meets the capabilities in kernel/ (inbox, outbox, document types by
 * name). */
#ifndef MESSAGING_MESSAGING_H
#define MESSAGING_MESSAGING_H

#include "crypto/keys.h"
#include "kernel/card.h"
#include "kernel/kernel.h"
#include "kernel/message.h"
#include "kernel/party.h"
#include "net/http.h"

struct agreement;
struct messaging;

struct messaging_options {
	struct kernel *kernel; /* borrowed, as all below */
	struct keys *keys;
	const char *keys_directory; /* for certificates and states of our keys */
	struct http_client *client;
	const char *party_id, *party_type; /* ours */
	const char *endpoint;              /* URL by which partners reach us, for our card; NULL: not known */
	const struct http_tls *tls;        /* for sending; NULL: none */
	bool allow_plain;                  /* http:// endpoints; the configuration grants it for loopback only */
	bool require_client_certificate;   /* of who posts to our endpoint; off only where plain HTTP is allowed */
	size_t max_message_bytes;          /* on the wire */
	size_t max_payload_bytes;          /* expanded */
	int64_t duplicate_window_us;       /* how long identifiers are kept; longer than any retry */
	int64_t timeout_us;                /* of one exchange */
	unsigned senders;                  /* how many threads call messaging_send_step() */
	unsigned slots; /* exchanges at a time with one partner; a partner that does not answer gets one */
	struct retry_policy retry;
	struct trust_policy trust; /* of revocation lists */
	struct health_policy {
		int64_t heartbeat_us; /* a partner that has not answered for so long is pinged; 0: never */
		int64_t slow_us;      /* a link whose answers take longer is slow; 0: never */
		int64_t alarm_us;     /* after so long down an officer has a task; 0: never */
	} health;
};

enum err_code messaging_new(const struct messaging_options *options, struct messaging **messaging,
			    struct err *err) MUST_USE;
void messaging_free(struct messaging *messaging);

/* Reads partners, their certificates and our keys anew, if they changed or a certificate began or ended meanwhile
 * (always if FORCE). Cheap when nothing did. */
enum err_code messaging_refresh(struct messaging *messaging, bool force, struct err *err) MUST_USE;

/* --- What partners are believed by, and when that ends --- */

/* From so many days before its end a certificate is to be renewed: authorities and partners take their time. */
enum { MESSAGING_RENEW_DAYS = 60 };

#define CREDENTIAL_GOOD    "good"
#define CREDENTIAL_FUTURE  "future"  /* begins later */
#define CREDENTIAL_ENDING  "ending"  /* a certificate within the last 60 days, a list within the last tenth */
#define CREDENTIAL_LATE    "late"    /* a list that was to be replaced, used within the grace */
#define CREDENTIAL_REFUSED "refused" /* expired, revoked, overdue … */
#define CREDENTIAL_WEAK    "weak"    /* an agreement that rests on SHA-1, which an operator has excepted */

struct messaging_credential {
	const char *partner;     /* NULL: it is ours */
	const char *use;         /* "sign", "encrypt", "tls", "crl", "agreement"; of ours "sign", "decrypt", "tls" */
	const char *subject;     /* of a list: its issuer; of an agreement: its CPAId */
	const char *fingerprint; /* of an agreement: NULL */
	int64_t not_before_us, not_after_us; /* of a list: its thisUpdate and nextUpdate */
	const char *state;
	const char *advice; /* what is wrong and what to do; NULL: nothing is */
	bool alarm;         /* no other certificate of the partner stands in for it: an operator must act */
};
struct messaging_credentials {
	struct messaging_credential *items; /* by partner */
	size_t count;
};
/* As they stand at NOW_US. All in ARENA. */
enum err_code messaging_credentials(struct messaging *messaging, struct arena *arena, int64_t now_us,
				    struct messaging_credentials *list, struct err *err) MUST_USE;
/* Tells what was seen of the links (kernel/link.h) every few seconds, and ends notices. Keeps one open task for each
 * alarm, of trust (our own certificates, too) and of links, and closes it when the alarm ends: looks once a minute, and
 * when partners or links have changed. By one thread at a time. */
enum err_code messaging_watch(struct messaging *messaging, int64_t now_us, struct err *err) MUST_USE;

/* The endpoint of both bindings. A known, authenticated partner gets a signed receipt or a signed error, in the answer
 * or (ebMS 2) with a request of its own; everybody else a bare 4xx. What there is to do now. */
enum { MESSAGING_TO_PROCESS = 1, MESSAGING_TO_SEND = 2 };
unsigned messaging_receive(struct messaging *messaging, const struct http_request *request,
			   struct http_response *response);
/* Before the body is read: how great it may be. 0, with *STATUS 403, if client certificates are required and this is no
 * partner's: a stranger does not fill our memory. */
size_t messaging_admit(struct messaging *messaging, const struct http_request *request, int *status);

/* What a request to the endpoint does, as far as its octets tell: asks how we are, brings something that its sender
 * brings again, or settles something of ours. Of its headers alone (WHOLE false), the most that it may be. */
enum messaging_worth { MESSAGING_ASKS, MESSAGING_BRINGS, MESSAGING_SETTLES };
enum messaging_worth messaging_worth(const struct http_request *request, bool whole);

/* One round of the sender: takes due messages of one partner (partners in turn), sends them, settles them. *DONE: how
 * many were tried; 0 when nothing is due. Any number of threads may call it. */
enum err_code messaging_send_step(struct messaging *messaging, int64_t now_us, unsigned *done,
				  struct err *err) MUST_USE;

/* Puts a ping (ebMS test service) to PARTNER in the outbox. *ID: our id of the message, arena's. */
enum err_code messaging_ping(struct messaging *messaging, struct arena *arena, const char *partner,
			     const struct actor *actor, int64_t now_us, const char **id, struct err *err) MUST_USE;

/* --- Is the link with a partner as both sides mean it to be? --- */

#define PARTNER_TEST_PASSED  "passed"
#define PARTNER_TEST_FAILED  "failed"
#define PARTNER_TEST_SKIPPED "skipped" /* .found says why */
#define PARTNER_TEST_US      "us"
#define PARTNER_TEST_THEM    "them"

struct partner_test_step {
	const char *name; /* "connection", "tls", "clock", "ping", "refusal", "sample FORM-D" */
	const char *verdict;
	const char *proves; /* what it shows when it passes */
	const char *found;  /* what was seen */
	const char *side;   /* whose it is to mend; NULL unless it failed */
	const char *mend;   /* what to do; NULL unless it failed */
};
struct partner_test {
	const char *partner, *endpoint, *profile, *binding;
	int64_t at_us;
	const char *verdict; /* failed if a step did */
	struct partner_test_step *steps;
	size_t steps_count;
};
/* Connects, pings, asks for a refusal and sends a sample of each document type that is exchanged, all marked as tests.
 * Nothing of it is kept here. Blocks for at most about a minute. ERR_NOT_FOUND if there is no such partner. */
enum err_code messaging_partner_test(struct messaging *messaging, struct arena *arena, const char *partner,
				     struct partner_test *test, struct err *err) MUST_USE;

/* --- A partner that is played, for integrators and tests: it believes everybody, and does what a script says ---
 *
 * What is wrong with options, script, card or agreement is found all at once: SIM-001 … and the rules of each. */

struct simulator_options {
	const char *keys_directory;       /* its own */
	const char *other_keys_directory; /* by which "other-key" signs; NULL: none */
	const char *profile;              /* by which it answers */
	const char *party_id, *cpa;       /* what messages must be for; NULL: whatever they say */
	const struct kernel *kernel;      /* its document types, and its clock */
	struct bytes script;              /* docs/simulator.md; empty: it answers as it should */
};
struct simulator;
/* With findings *SIMULATOR is NULL. */
enum err_code simulator_new(const struct simulator_options *options, struct simulator **simulator,
			    struct findings *findings, struct err *err) MUST_USE;
void simulator_free(struct simulator *simulator);
/* An http_handler, for many threads at a time. */
void simulator_handle(void *simulator, const struct http_request *request, struct http_response *response);
/* For how long it has gone away by its script: until then nobody should listen. 0: it is there. */
int64_t simulator_away_us(struct simulator *simulator);

/* One that sends by itself. */
struct simulator_mail {
	const char *keys_directory, *other_keys_directory, *profile;
	const struct kernel *kernel;
	const char *party_id, *party_type; /* who it says it is; .party_type NULL: of the receiver's type */
	struct bytes script;
	const char *doctype;
	struct bytes document; /* as it is sent */
	int64_t count;
	/* To whom: by its card, else by what follows; by ebMS 2 the agreement says it. */
	struct bytes card;
	const char *to_party;
	struct bytes sign, encrypt; /* certificates; empty .sign: whoever signs the answer is believed */
	struct bytes agreement;     /* a CPA */
	const char *url;            /* NULL: that of the card or the agreement */
	const struct http_tls *tls;
	bool allow_plain;
};
/* What came of one sending. Texts live until the next one. */
struct simulated {
	int64_t number; /* of the message, from 1 */
	int64_t copy;   /* 1; 2: sent again, or another in its place under the same id */
	const char *act, *action, *message_id;
	const char *outcome; /* SIMULATED_ACCEPTED, … */
	int64_t status;      /* of HTTP; INTEGER_NONE: there is no answer */
	const char *error;   /* an ebMS code; NULL */
	const char *rule;    /* that the error names, if it is one of Lintas; or that the answer breaks; NULL */
	const char *text;    /* what was said, or found; NULL */
	const char *signer;  /* of the answer; NULL: nobody */
	int64_t at_us, took_ms;
};
#define SIMULATED_ACCEPTED   "accepted"     /* with a receipt that speaks of it, and is signed where it must be */
#define SIMULATED_REFUSED    "refused"      /* with an error */
#define SIMULATED_TAKEN      "taken"        /* ebMS 2: the answer comes with a request of its own */
#define SIMULATED_TURNED     "turned-away"  /* an HTTP status alone */
#define SIMULATED_WRONG      "wrong-answer" /* breaks .rule */
#define SIMULATED_UNANSWERED "unanswered"
#define SIMULATED_UNSENT     "not-sent" /* as the script says */

/* Sends them one after another; SAID is told what came of each sending. */
typedef void simulated_said(void *arg, const struct simulated *result);
enum err_code simulator_send(const struct simulator_mail *mail, simulated_said *said, void *arg,
			     struct findings *findings, struct err *err) MUST_USE;

/* --- Signed JSON (RFC 7515), by which a node speaks for itself --- */

/* Appends PAYLOAD as JWS of media type "application/TYPE", signed by our oldest valid signing key. ERR_KEY: none. */
enum err_code messaging_sign(struct messaging *messaging, const char *type, struct bytes payload, int64_t now_us,
			     struct buf *out, struct err *err) MUST_USE;
struct messaging_signed {
	struct bytes payload;
	const char *signer, *fingerprint; /* of the certificate in it, whoever's that is; NULL: a finding says why */
	bool verified;                    /* the certificate's key has signed the payload */
};
/* Reads what messaging_sign() writes; FINDINGS say what is wrong with it. */
enum err_code messaging_signed_read(struct arena *arena, struct bytes text, const char *type,
				    struct messaging_signed *read, struct findings *findings, struct err *err) MUST_USE;

/* All by which it can be proved without Lintas what was exchanged: the files of a folder. Its README.md says which. */
#define EVIDENCE_SUMS "SHA256SUMS" /* the file that names all others with their digests */
struct evidence_file {
	const char *path; /* relative, its folders with '/' */
	struct bytes content;
	bool executable;
};
struct evidence {
	const char *name;       /* of the folder */
	struct message message; /* what it is about */
	struct evidence_file *files;
	size_t count;
};
/* Of the message ID (ours, or its eb:MessageId). Seals the journal first. ERR_NOT_FOUND; all in ARENA, which needs
 * three times the payloads and what was sent again. */
enum err_code messaging_evidence(struct messaging *messaging, struct arena *arena, const char *id, int64_t now_us,
				 struct evidence *evidence, struct err *err) MUST_USE;

/* Whether the entries of the journal in such a folder (audit/entries.json) are under the seals in it (audit/links.tsv):
 * ERR_INVALID or ERR_SYNTAX if not, or if none is. */
enum err_code messaging_evidence_seals(struct arena *arena, struct bytes entries, struct bytes links,
				       struct err *err) MUST_USE;

/* The rules of this folder, for documentation and tests; each array is ended by a row without a code. Those of messages
 * are in the order of their codes. */
extern const struct rule message_rules[], cpa_rules[], agree_rules[], jws_rules[], card_rules[], card_take_rules[];
extern const struct rule catch_up_rules[], simulate_rules[];

/* --- The inspector: what is in the raw bytes of a message, and which rule it breaks --- */

struct inspect_options {
	struct bytes file;            /* an HTTP body, with its headers before it or not */
	struct cert *const *believed; /* certificates that are pinned, or authorities; none: whom it says it is from */
	size_t believed_count;
	struct keys *keys; /* that may open it; NULL: what is sealed stays so */
	const struct key_list *own;
	const char *profile; /* the security profile agreed; NULL: any algorithm that is not refused as weak */
	size_t max_payload_bytes;
	int64_t at_us; /* when the certificates are judged */
};

/* Verdicts, as texts that scripts may compare. */
#define INSPECT_VERIFIED  "verified"
#define INSPECT_REFUSED   "refused"
#define INSPECT_UNDECIDED "undecided" /* .why says what is missing */

struct inspected_verdict { /* of one stage, in the order of the gateway */
	const char *stage, *verdict, *why;
};
struct inspected_finding {
	const char *stage, *code, *text, *law, *ebms; /* .ebms: the error that a partner would get */
};
struct inspected_error { /* eb:Error of an error signal */
	const char *code, *severity, *text, *detail, *ref_to;
};
struct inspected_part {
	const char *content_id, *mime_type, *digest; /* SHA-256 of the octets as signed; NULL while they are sealed */
	const char *encryption;                      /* URI; NULL: in clear */
	int64_t bytes;                               /* on the wire */
	bool is_signed, encrypted, compressed;
};
struct inspected_reference {           /* of the signature, in its order */
	const char *uri, *covers;      /* .covers: "Messaging", "Body", "part 1", the element; NULL: nothing here */
	const char *algorithm;         /* URI */
	const char *stated, *computed; /* hexadecimal; .computed NULL: .why says why not */
	const char *verdict, *why;
};
struct inspection {
	const char *verdict;    /* refused if one is, verified if all are, else undecided */
	const char *taken_off;  /* what stood around the message in the file: "HTTP headers, chunks"; NULL */
	const char *media_type; /* as its header says or its beginning suggests; NULL: the file holds no message */
	const char *kind;       /* "user message", "receipt", "error", "pull request"; NULL */
	const char *fault_code, *fault_reason; /* of a SOAP Fault in the Body; NULL */
	const char *binding;                   /* "as4", "ebms2" */
	const char *message_id, *ref_to, *from, *to, *service, *action, *conversation, *original_sender,
		*final_recipient;
	const char *agreement; /* eb:AgreementRef, eb:CPAId */
	int64_t timestamp_us, at_us;
	const char *signature, *encryption; /* algorithms as URIs: of the signature; of key transport or agreement */
	const char *encryption_digest, *encryption_mgf, *key_wrap; /* what it takes, as URIs; NULL */
	const char *signature_value;     /* its verdict, whatever the digests are; NULL: there is no signature */
	const char *signature_why;       /* what the value's verdict lacks if it is undecided; NULL */
	const char *profiles;            /* whose algorithms these are: "edelivery-1.15"; NULL: of none */
	const char *token, *token_names; /* how the signature names its certificate, and which one */
	const char *signer, *issuer, *serial, *key; /* the signer's certificate; .key: "RSA 2048" */
	const char *fingerprint;
	int64_t not_before_us, not_after_us;
	bool header_signed, body_signed;
	struct inspected_verdict *verdicts;
	size_t verdicts_count;
	struct inspected_part *parts;
	size_t parts_count;
	struct inspected_reference *references;
	size_t references_count;
	struct inspected_error *errors;
	size_t errors_count;
	struct inspected_finding *findings;
	size_t findings_count;
};
/* All in ARENA. A message that breaks every rule is no error; ERR_LIMIT if the file is too long. */
enum err_code messaging_inspect(struct arena *arena, const struct inspect_options *options,
				struct inspection *inspection, struct err *err) MUST_USE;

/* --- Agreements of ebMS 2: CPAs (CPPA 2.0) --- */

/* What a CPA leaves open: which document type an action carries, which kind of seat a role is, and whether all of it is
 * a trial. Stored as JSON with the agreement. */
struct term_action {
	const char *document, *service, *action; /* .service NULL: any */
};
struct term_role {
	const char *role, *seat;
};
struct terms {
	struct term_action *actions;
	size_t actions_count;
	struct term_role *roles;
	size_t roles_count;
	bool test;
	bool sha1; /* the operator has excepted the partner from the refusal of SHA-1 */
};
extern const struct fields terms_fields;
extern const struct schema terms_schema;

struct agreed_party {
	const char *id, *type, *name; /* the PartyId by which it is known here, or the first */
	const char *endpoint;         /* where it takes documents; signals may have another */
};
struct agreed_action {
	const char *service, *service_type, *action;
	const char *direction;   /* "out", "in" */
	const char *role, *seat; /* ours */
	const char *other_role, *other_seat;
	const char *document;       /* NULL: it carries no document type that there is */
	const char *acknowledgment; /* "signed", "unsigned", "none" */
	const char *endpoint;       /* of whoever takes it */
	bool sync;                  /* acknowledged in the HTTP response */
	int64_t retries, retry_interval_s;
};
struct agreed_certificate {
	const char *use;  /* "sign", "tls" */
	const char *side; /* "us", "them" */
	const char *subject, *fingerprint;
	int64_t not_before_us, not_after_us;
	struct bytes der;
};
struct agreed {
	const char *id, *status; /* CPAId; "proposed", "agreed", "signed" */
	int64_t start_us, end_us;
	const char *profile;            /* that a partner under it needs; NULL: none fits, and a finding says why */
	bool sha1;                      /* it rests on SHA-1 */
	struct agreed_party *us, *them; /* NULL: no party of it is this node */
	struct agreed_action *actions;
	size_t actions_count;
	struct agreed_certificate *certificates;
	size_t certificates_count;
};
struct agreement_reading {
	struct bytes text;
	const struct terms *terms;
	const char *partner_id, *partner_type; /* NULL: whoever the other party is */
	int64_t now_us;
};
/* What a CPA says, and all that is wrong with it for this node (CPA-001 …, AGR-001 …). With errors .id may be NULL.
 * Whoever stores it has looked at the findings; later they tell what is wrong by now. All in ARENA. */
enum err_code messaging_agreement_read(struct messaging *messaging, struct arena *arena,
				       const struct agreement_reading *reading, struct agreed *agreed,
				       struct findings *findings, struct err *err) MUST_USE;

struct agreement_offer {
	const char *partner;          /* its code: its party, certificates and endpoint are as they are known here */
	const char *id;               /* CPAId; NULL: made of the states and the day on which it begins */
	const char *name;             /* of our party, for people */
	const char *endpoint;         /* ours, as the partner reaches it */
	const char *partner_endpoint; /* NULL: the one that is known */
	const char *documents;        /* types, separated by a space; NULL: all that there are */
	bool agreed;                  /* else it is proposed */
	bool sync;                    /* acknowledgments in the HTTP response */
	int64_t start_us, end_us;
	int64_t retries, retry_interval_s, persist_s; /* INTEGER_NONE: a quarter of an hour for a day, kept five */
};
/* A CPA of our own as XML: each document type both ways, from the kind of seat that sends it to the kind that receives
 * it, under service SERVICE_DOCUMENTS with the type as action and the seats as roles. ERR_NOT_FOUND if there is no such
 * partner. */
enum err_code messaging_agreement_write(struct messaging *messaging, struct arena *arena,
					const struct agreement_offer *offer, int64_t now_us, struct buf *out,
					struct findings *findings, struct err *err) MUST_USE;

/* --- Cards: what a node says of itself, signed, for those who would exchange with it --- */

#define CARD_TYPE        "lintas-card+json" /* typ of the JWS whose payload it is */
#define CARD_FINGERPRINT 64                 /* hexadecimal digits of a SHA-256 */
enum { CARD_BYTES_MAX = 1 << 20, CARD_FINGERPRINT_MIN = 16 /* digits that a person must have compared */ };

struct card_party {
	const char *code; /* of the state, ISO 3166 alpha-2 */
	const char *id, *type, *name;
};
struct card_organisation {
	const char *code, *seat, *name;
};
struct card_endpoint {
	const char *binding, *url;
};
struct card_binding { /* a security profile for which it has active keys */
	const char *binding, *profile;
};
struct card_certificate {
	const char *use;         /* "sign", "encrypt", "tls" */
	const char *certificate; /* base64 of the DER */
};
struct card_document {
	const char *type, *version;
	bool sends, receives;
	date from; /* DATE_NONE: always */
};
struct card_opt_out { /* ATIGA OCP rule 27(2) */
	const char *document, *law;
	date since;
};
struct card {
	int64_t version; /* CARD_VERSION */
	int64_t serial;  /* grows with each card of the party */
	int64_t issued_us, until_us;
	struct card_party *party; /* absent only with findings, as all else that must be there */
	struct card_organisation *organisations;
	size_t organisations_count;
	struct card_endpoint *endpoints;
	size_t endpoints_count;
	struct card_binding *bindings;
	size_t bindings_count;
	struct card_certificate *certificates;
	size_t certificates_count;
	struct card_document *documents;
	size_t documents_count;
	struct card_opt_out *opt_outs;
	size_t opt_outs_count;
	/* Of who signed it, beside the payload; NULL if its certificate cannot be read. */
	const char *signer, *fingerprint;
};
enum { CARD_VERSION = 1 };
extern const struct fields card_fields; /* of the payload */
extern const struct schema card_schema;

struct card_opt_outs {
	struct card_opt_out *items;
	size_t count;
};
struct card_offer {
	const char *name;                /* of our party, for people */
	struct card_document *documents; /* NULL: all types that there are, both ways, from now on */
	size_t documents_count;
	struct card_opt_outs opt_outs;
	const char *partner; /* for whom: signed by the key that its messages are signed with. NULL: for any */
};
/* The digest of what our card says, without its times and serial number: of another digest it is another card.
 * ERR_CONFLICT as below. */
enum err_code messaging_card_digest(struct messaging *messaging, struct arena *arena, const struct card_offer *offer,
				    int64_t now_us, char digest[static CONTENT_DIGEST_SIZE], struct err *err) MUST_USE;
/* Our own card, signed. ERR_CONFLICT if it is not known where partners reach us, or a key is missing. */
enum err_code messaging_card_write(struct messaging *messaging, struct arena *arena, const struct card_offer *offer,
				   int64_t now_us, struct buf *out, struct err *err) MUST_USE;

struct card_reading {
	struct bytes text;
	const struct kernel *kernel;       /* whose document types are known; NULL: any is */
	const char *party_id, *party_type; /* ours; NULL: this is nobody's node */
	bool allow_plain;                  /* http:// endpoints */
	int64_t held_serial;               /* of the newest card that is here of the partner; INTEGER_NONE: none */
	const char *const *pinned;         /* fingerprints: one of them has to have signed; NULL: any certificate */
	size_t pinned_count;
	const char *fingerprint; /* that a person was told, groups of digits or its beginning; NULL: not asked for */
	int64_t now_us;
};
/* Reads a card and says all that is wrong with it (JWS-001 …, CARD-001 …). With errors it may be incomplete. All in
 * ARENA. */
enum err_code messaging_card_read(struct arena *arena, const struct card_reading *reading, struct card *card,
				  struct findings *findings, struct err *err) MUST_USE;
/* What is held of the partner that a card is to be of. */
struct card_known {
	struct partner partner; /* .code NULL: there is none yet */
	struct partner_certificate_list kept;
	struct partner_card held, pending; /* .partner NULL: none */
};
enum err_code messaging_card_known(struct tx *tx, struct arena *arena, const char *partner, struct card_known *known,
				   struct err *err) MUST_USE;
/* Reads a card against that: one of a partner that there is must be its own, newer (than one that waits, too, unless it
 * is that one), and signed by a certificate that is
 * pinned for it. FINGERPRINT: that a person was told; NULL. */
enum err_code messaging_card_judge(const struct messaging *messaging, struct arena *arena,
				   const struct card_known *known, struct bytes text, const char *fingerprint,
				   int64_t now_us, struct card *card, struct findings *findings,
				   struct err *err) MUST_USE;
/* A finding for each certificate of CARD whose key is pinned for another partner than PARTNER. */
enum err_code messaging_card_keys(struct tx *tx, struct arena *arena, const char *partner, const struct card *card,
				  int64_t now_us, struct findings *findings, struct err *err) MUST_USE;
/* Keeps CARD, which was judged, until an operator approves it; a task says so. */
enum err_code messaging_card_wait(struct tx *tx, struct arena *arena, const char *partner, const struct card *card,
				  struct bytes text, const struct actor *actor, int64_t now_us,
				  struct partner_card *kept, struct err *err) MUST_USE;
/* The certificate of ROW. The caller unrefs. */
enum err_code messaging_card_certificate(struct arena *arena, const struct card_certificate *row, struct cert **cert,
					 struct err *err) MUST_USE;
/* Our party id, or its TYPE: for .party_id and .party_type above. */
const char *messaging_party(const struct messaging *messaging, bool type);
/* The URL of CARD's first endpoint for BINDING; NULL: none, or without one. */
const char *messaging_card_endpoint(const struct card *card, const char *binding);
/* The best profile that CARD offers and this node has keys for; NULL: none. */
const char *messaging_card_profile(struct messaging *messaging, const struct card *card, int64_t now_us);

struct messaging_counters {
	int64_t accepted, duplicates, refused; /* from partners */
	int64_t strangers;                     /* refused without an answer */
	int64_t delivered, failed_attempts;
};
void messaging_counters(struct messaging *messaging, struct messaging_counters *counters);

/* Whether something is agreed by which a document of TYPE from our organisation of kind SEAT can go to PARTNER: by AS4
 * always, by ebMS 2 if an agreement in force has an action for it. */
bool messaging_carries(struct messaging *messaging, const char *partner, const char *type, const char *seat,
		       int64_t now_us);

/* The last strangers, newest first: when, from where, which rule. At most LIMIT (the ring keeps 64). Texts in the
 * arena. */
struct messaging_stranger {
	int64_t at_us;
	const char *peer, *rule, *text;
};
struct messaging_strangers {
	struct messaging_stranger *items;
	size_t count;
};
enum err_code messaging_strangers(struct messaging *messaging, struct arena *arena, size_t limit,
				  struct messaging_strangers *list, struct err *err) MUST_USE;

/* Whether there is a security profile of this name; messaging_profile_at() names them all, NULL after the last. */
bool messaging_profile_known(const char *name);
/* "as4" or BINDING_EBMS2, by which TLS alone keeps secret what is sent; NULL if there is no such profile. */
#define BINDING_EBMS2 "ebms2"
const char *messaging_profile_binding(const char *name);
const char *messaging_profile_at(size_t index);
/* Whether it rests on SHA-1; and whether AGREEMENT is in force at NOW_US and excepts its partner from the refusal of
 * that. One that cannot be read excepts nobody. */
bool messaging_profile_is_weak(const char *name);
enum err_code messaging_agreement_excepts(const struct messaging *messaging, struct arena *arena,
					  const struct agreement *agreement, int64_t now_us, bool *excepts,
					  struct err *err) MUST_USE;

/* Bounds of what is loaded; beyond them a partner or a certificate must be refused. */
enum { MESSAGING_PARTNERS_MAX = 256, MESSAGING_CERTIFICATES_MAX = 16 /* of one use of one partner */ };
/* Whether PROFILE (NULL: any profile) can work with a partner's key of KIND for USE ("sign", "encrypt", "tls"). */
bool messaging_key_fits(const char *profile, const char *use, enum key_kind kind);

#endif
