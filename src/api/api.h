/* The interface of the node: routes as rows, served on the administration socket (and to commands in the same process
 * while the node is stopped). Problems are RFC 9457 with all findings. */
#ifndef API_API_H
#define API_API_H

#include "interface/route.h"
#include "kernel/event.h"
#include "kernel/kernel.h"
#include "messaging/messaging.h"
#include "national/national.h"
#include "net/http.h"

struct api;

struct api_options {
	struct kernel *kernel;
	struct messaging *messaging;
	const struct national_mappings *mappings; /* NULL: none */
	const struct national_drop *drop;         /* NULL: none */
	const char *node_name;
	const char *version;
	bool running;               /* false: a command on a stopped node */
	const char *keys_directory; /* NULL: keys are not shown */
	const char *trust_file;     /* PEM by which TLS of partners is believed; NULL: there is none */
	const char *disk_path;      /* a file of the database; NULL: its disk is not ours to measure */
	int64_t disk_reserve_bytes;
	bool plain; /* without TLS, for a trial on one machine: partners need neither https:// nor a TLS certificate */
	int64_t started_us;
	int64_t answers_kept_us;            /* of requests with an Idempotency-Key; 0: 24 h */
	int64_t requests_per_minute, burst; /* of one token on the network; 0: as many as come */
	const char *purposes; /* for which documents are read, with ", " between them; NULL: none are known */
	const struct reach *webhook_reach; /* where receivers may be; NULL: that is not said */
	bool purpose_required;             /* nothing of a document is shown to whoever does not say for what */
};

enum err_code api_new(const struct api_options *options, struct api **api, struct err *err) MUST_USE;
void api_free(struct api *api);
/* WAKE is called after each request that may have given the node something to send. Once, before requests come. */
void api_on_change(struct api *api, void (*wake)(void *arg), void *arg);

/* Answers a request; an http_handler with ARG a struct api. */
void api_handle(void *arg, const struct http_request *request, struct http_response *response);

/* Whether REQUEST, of which only the headers are there, has a token that lets its sender in. */
bool api_knows(struct api *api, const struct http_request *request);

/* Every quarter of a minute: if this node's card has changed since partners were told, sends each of them the new one.
 * By one thread at a time. */
enum err_code api_card_step(struct api *api, int64_t now_us, struct err *err) MUST_USE;
/* A thread of ROLE (a constant) begins to fail with WHY; and is over it. From any thread. The status shows it. */
void api_role_failed(struct api *api, const char *role, const struct err *why);
void api_role_recovered(struct api *api, const char *role);
/* Makes a task of what has failed for ten seconds, and closes it when that is over. By one thread at a time. */
enum err_code api_faults_step(struct api *api, int64_t now_us, struct err *err) MUST_USE;
/* What is lost if REQUEST, of which only the headers need be there, is refused for now: a list, which is asked for
 * again; what is done once however often it comes; what somebody asked for; or how the node is. */
enum api_worth { API_LISTS, API_REPEATED, API_ASKED, API_WATCHES };
enum api_worth api_worth(const struct http_request *request);

/* Prometheus text of the node's state. */
enum err_code api_put_metrics(struct api *api, struct buf *out, struct err *err) MUST_USE;

/* --- Rows (interface/route.h), for the router, OpenAPI, the contract test and the command line --- */

/* Those of the capabilities, then those of the node itself. */
const struct route *api_route_at(size_t index); /* NULL after the last */

/* All of these as OpenAPI 3.1, with the document types of KERNEL (its .capabilities and .lists are looked at, no more).
 */
enum err_code api_put_openapi(struct arena *arena, struct kernel *kernel, const char *version, struct buf *out,
			      struct err *err) MUST_USE;

/* Views: what the API answers, as structs with field tables; the command line reads its answers with the same tables.
 */
/* Parts and wires stand in one message alone, not in a list of them. Bytes and digests (SHA-256) are of what is kept: a
 * part as it was signed, a wire as it travelled. */
struct message_view {
	const char *id, *direction, *partner, *organisation, *message_id, *conversation, *action, *document, *state,
		*last_error;
	const char *effect; /* of one message alone, as its parts */
	int64_t position, attempts, created_us, accepted_us, next_attempt_us, settled_us;
	bool test;
	struct part_view *parts;
	size_t parts_count;
	struct wire_view *wires;
	size_t wires_count;
};
struct part_view {
	const char *content_id, *mime_type, *digest;
	int64_t bytes;
	bool compressed;
};
struct wire_view {
	const char *kind, *digest, *certificate, *signer; /* the signer's certificate: its SHA-256, its subject */
	int64_t at_us, bytes;
};
struct partner_view {
	const char *code, *name, *party_id, *party_type, *endpoint, *profile, *token, *status;
	struct certificate_view *certificates;
	size_t certificates_count;
};
/* A certificate, or a revocation list: then the subject is its issuer, and the times are those of it and the next. */
struct certificate_view {
	const char *use, *fingerprint, *subject, *pem;
	int64_t not_before_us, not_after_us, withdrawn_us;
};
struct partner_change_view { /* what is NULL stays (RFC 7396, without its null) */
	const char *name, *endpoint, *profile, *token;
};
/* A CPA with what it comes to here. Lists leave out what belongs to one: its parties and what follows. */
struct agreement_view {
	const char *partner, *id, *state, *digest;
	int64_t added_us, withdrawn_us;
	struct agreed agreed;
	struct terms *terms;
	struct finding_view *findings;
	size_t findings_count;
};
struct agreement_import_view {
	const char *cpa, *name;
	struct terms *terms;
};
struct agreement_offer_view {
	const char *endpoint, *partner_endpoint, *id, *name, *documents;
	bool agreed, sync;
	int64_t start_us, end_us, retries, retry_interval_s, persist_s;
};
/* What is exchanged with a partner: a line for what counts today in each cell, and one for each row to come. Where no
 * row says it, there is no day and nobody who decided. */
#define ACTIVATION_CARD_DECLARES  "declares"
#define ACTIVATION_CARD_WITHDRAWS "withdraws"
struct activation_view {
	const char *partner, *document, *direction, *version, *state, *law, *note, *decided_by;
	const char *card; /* what a decision changes on our own card: ACTIVATION_CARD_…; NULL: nothing */
	bool now;         /* it counts today */
	bool declared;    /* by the partner, on its card */
	date from_day, until_day;
	int64_t decided_us;
};
struct new_activation_view {
	const char *document, *direction, *version, *state, *law, *note;
	date from_day;
};
/* A partner's card with what it comes to here. */
struct card_view {
	const char *partner, *state, *by; /* .state: as in kernel/card.h; NULL: it was only looked at */
	int64_t at_us;
	const char *signer, *fingerprint, *profile; /* .profile: by which would be exchanged */
	struct card *card;
	struct card_change_view *changes; /* against what is held and pinned */
	size_t changes_count;
	struct finding_view *findings;
	size_t findings_count;
};
struct card_change_view {
	const char *what, *before, *after; /* NULL: nothing */
};
struct card_import_view {
	const char *card, *fingerprint, *name, *profile;
};
struct stranger_view {
	int64_t at_us;
	const char *address, *rule, *text;
};
struct refusal_view {
	const char *id, *partner, *message_id, *rule, *text;
	int64_t at_us, received_bytes, error_bytes; /* INTEGER_NONE: not kept */
};
struct catch_up_left_view {
	const char *direction, *message_id, *action, *state, *reason;
};
struct catch_up_view {
	const char *id, *partner, *state, *reason, *begun_by;
	int64_t since_us, begun_us, hold_until_us, settled_us;
	int64_t wanted, recovered, known, refused, unavailable;
	struct catch_up_left_view *left;
	size_t left_count;
};
extern const struct fields catch_up_fields;
struct new_catch_up_view {
	int64_t since_us;
	const char *partner;
};
struct organisation_view {
	const char *code, *seat, *name;
};
struct task_view {
	const char *id, *organisation, *kind, *subject, *text, *state;
	int64_t created_us, done_us;
};
/* How the link with a partner stands (kernel/link.h). */
struct link_view {
	const char *state, *reason, *notice; /* .notice: what the partner says to it; NULL */
	int64_t since_us, until_us;          /* .until_us: the announced end; TIME_NONE */
	int64_t heard_us, answered_us, receipt_us, failures, median_ms, p99_ms;
	int64_t coming_us, coming_until_us; /* of what is announced for later; TIME_NONE */
};
/* A notice: as it is given, as it is kept, and what became of it for each partner. */
struct new_notice_view {
	const char *kind, *text, *partners; /* .partners: codes, separated by a space; NULL: all active ones */
	int64_t from_us, until_us;
};
struct notice_view {
	const char *id, *partner, *direction, *kind, *text;
	int64_t from_us, until_us, at_us, ended_us;
};
struct notice_sent_view {
	const char *partner, *document, *message, *refused;
};
struct partner_status_view {
	const char *partner, *status;
	int64_t queued, held, dead, delivered, received, processed, failed, refused, oldest_queued_us, last_receipt_us;
	struct link_view *link;
	struct credential_view *credentials;
	size_t credentials_count;
};
/* What a partner is believed by: a pinned certificate, or a revocation list (messaging.h). */
struct credential_view {
	const char *use, *subject, *fingerprint, *state, *advice;
	int64_t not_before_us, not_after_us;
	int64_t days_left; /* whole days; negative: over */
	bool alarm;
};
/* A key of ours, with its certificate if it has one. */
struct key_view {
	const char *id, *use, *type, *status, *subject, *fingerprint;
	int64_t not_before_us, not_after_us, days_left; /* whole days; negative: expired */
};
struct status_view {
	const char *name, *state, *version;
	bool running;
	int64_t now_us, started_us;
	struct partner_status_view *partners;
	size_t partners_count;
	int64_t strangers, open_tasks;
	bool plain;            /* no TLS key is needed */
	struct key_view *keys; /* all but the retired ones */
	size_t keys_count;
	const char *keys_fault;                      /* why they cannot be shown; NULL */
	int64_t disk_free_bytes, disk_reserve_bytes; /* INTEGER_NONE: not ours to measure */
	int64_t restored_us, backup_us;              /* TIME_NONE: all that a restore lost is asked for */
	struct catch_up_view *catch_ups;             /* that are open */
	size_t catch_ups_count;
	struct fault_view *faults; /* of roles of the running node */
	size_t faults_count;
};
struct fault_view {
	const char *role, *text;
	int64_t since_us;
};
/* The drop folder of one organisation. */
struct drop_view {
	const char *organisation;
	int64_t taken, waiting;
	struct drop_entry_view *entries;
	size_t entries_count;
};
struct drop_entry_view {
	const char *path, *why;
};
struct problem_view {
	const char *type, *title, *detail;
	int64_t status;
	struct finding_view *findings;
	size_t findings_count;
};
struct proof_view {
	int64_t entries, seals, unsealed, deletions, broken_sequence;
	const char *head, *reason;
	int64_t known_seal, known_us; /* the seal that has the head asked for; INTEGER_NONE and TIME_NONE */
	bool evidence;                /* whether the evidence was verified, too: else what follows is empty */
	int64_t wires, deleted_wires;
	const char *broken_wire, *evidence_reason; /* NULL: all fit */
};
/* Roles and permissions are names separated by a space, as scopes are (RFC 6749 §3.3). */
struct user_view {
	const char *name, *organisation, *title, *roles, *status;
	bool password; /* whether one is set */
	int64_t created_us;
};
struct new_user_view {
	const char *name, *organisation, *title, *roles, *password;
};
struct user_change_view { /* what is NULL stays */
	const char *title, *roles, *status;
};
struct password_view {
	const char *password, *current;
};
struct token_view {
	const char *id, *user, *title, *roles;
	const char *secret; /* told when it is made, never again: NULL */
	int64_t created_us, expires_us, revoked_us;
};
struct new_token_view {
	const char *user, *title, *roles;
	int64_t expires_in_s, expires_us; /* one of them, or neither */
};
struct me_view {
	const char *name, *organisation, *title, *roles, *permissions;
};
struct role_view {
	const char *name, *title, *permissions;
	bool node; /* for users of the node itself */
};
/* A system that is told what happened. */
struct webhook_view {
	const char *id, *organisation, *url, *events, *state, *reason, *last_error, *created_by;
	const char *secret; /* told when it is made, never again: NULL */
	int64_t key, old_until_us, cursor, waiting, single, attempts, next_us, failing_us, last_us, last_status,
		delivered, created_us;
};
struct new_webhook_view {
	const char *url, *events, *organisation;
	int64_t after; /* INTEGER_NONE: what happens from now on */
};
struct webhook_rotation_view {
	int64_t overlap_s; /* INTEGER_NONE: a day */
};
struct webhook_redelivery_view {
	int64_t after, event; /* one of them */
};
struct webhook_delivery_view {
	const char *message, *error;
	int64_t at_us, first, last, events, attempt, duration_ms, status;
};

/* --- Retention, legal holds, archives --- */
struct hold_view {
	const char *id, *kind, *subject, *organisation, *reason, *placed_by, *lifted_by;
	int64_t others; /* as of a document: these are not held; INTEGER_NONE */
	int64_t placed_us, until_us, lifted_us;
	bool counts; /* now */
};
struct new_hold_view {
	const char *kind, *subject, *reason;
	date until; /* the last day */
};
struct retention_view {
	const char *message, *type, *document, *organisation, *partner, *direction, *reference, *issuer_state, *term,
		*law, *verdict, *why;
	date issued_on;
	int64_t last_us, due_us, archived_us;
	bool settled;
};
struct retention_run_view {
	int64_t deleted;
	bool more; /* ask again */
};
struct archive_item_view {
	const char *message, *digest;
	int64_t at_us;
};
struct archive_note_view {
	const char *archive, *digest, *signer;
	int64_t number;
	struct archive_item_view *items;
	size_t count;
};

LIST_VIEW(message_list_view, struct message_view);
LIST_VIEW(event_list_view, struct event_view);
LIST_VIEW(partner_list_view, struct partner_view);
LIST_VIEW(agreement_list_view, struct agreement_view);
LIST_VIEW(activation_list_view, struct activation_view);
LIST_VIEW(key_list_view, struct key_view);
LIST_VIEW(organisation_list_view, struct organisation_view);
LIST_VIEW(task_list_view, struct task_view);
LIST_VIEW(stranger_list_view, struct stranger_view);
LIST_VIEW(refusal_list_view, struct refusal_view);
LIST_VIEW(catch_up_list_view, struct catch_up_view);
LIST_VIEW(user_list_view, struct user_view);
LIST_VIEW(token_list_view, struct token_view);
LIST_VIEW(role_list_view, struct role_view);
LIST_VIEW(webhook_list_view, struct webhook_view);
LIST_VIEW(webhook_delivery_list_view, struct webhook_delivery_view);
LIST_VIEW(hold_list_view, struct hold_view);
LIST_VIEW(retention_list_view, struct retention_view);
LIST_VIEW(drop_list_view, struct drop_view);

extern const struct schema hold_schema, hold_list_schema, new_hold_schema, retention_list_schema, retention_run_schema,
	archive_note_schema;
LIST_VIEW(notice_list_view, struct notice_view);
LIST_VIEW(notice_sent_list_view, struct notice_sent_view);

extern const struct schema link_schema, new_notice_schema, notice_list_schema, notice_sent_list_schema;
extern const struct schema message_schema, message_list_schema, event_list_schema, webhook_schema, webhook_list_schema,
	new_webhook_schema, webhook_rotation_schema, webhook_redelivery_schema, webhook_delivery_list_schema,
	partner_schema, partner_list_schema, organisation_schema, organisation_list_schema, activation_list_schema,
	new_activation_schema, card_view_schema, card_import_schema, partner_test_schema, agreement_schema,
	agreement_list_schema, agreement_import_schema, agreement_offer_schema, task_list_schema, stranger_list_schema,
	refusal_list_schema, certificate_schema, partner_change_schema, status_schema, problem_schema, proof_schema,
	key_list_schema, user_schema, user_list_schema, new_user_schema, user_change_schema, password_schema,
	token_schema, token_list_schema, new_token_schema, me_schema, role_list_schema, drop_list_schema,
	catch_up_list_schema, new_catch_up_schema;

/* What is found of requests, each array ended by a row without a code; for documentation. */
extern const struct rule query_rules[], repeat_rules[], map_call_rules[], hold_rules[], notice_rules[], access_rules[];
extern const struct rule edition_call_rules[], partner_rules[], partner_tls_rules[], card_import_rules[],
	agreement_rules[], webhook_call_rules[];

/* What is shown of KEY, and belongs to it. */
struct key_view key_view_of(const struct key_info *key, int64_t now_us);

#endif
