/* What the API answers: structs with field tables. The same tables print the answer, its OpenAPI schema, and let the
 * command line read it. */
#include "api/api.h"
#include "kernel/activation.h"

enum { PEM_MAX = 4 << 20 /* of a long revocation list */, CPA_MAX = 4 << 20 };

static const struct field part_rows[] = {
	FIELD_TEXT(struct part_view, content_id, .json = "contentId", .max_length = TEXT_MAX),
	FIELD_TEXT(struct part_view, mime_type, .json = "mimeType", .max_length = TEXT_MAX),
	FIELD_INT(struct part_view, bytes, .json = "bytes", .min = 1),
	FIELD_FLAG(struct part_view, compressed, .json = "compressed", .min = 1),
	FIELD_TEXT(struct part_view, digest, .json = "digest", .min = 1, .max_length = TEXT_MAX,
		   .label = "SHA-256 of the plain octets, hexadecimal"),
};
static const struct fields part_fields = FIELDS(struct part_view, part_rows);

static const struct field wire_rows[] = {
	FIELD_TEXT(struct wire_view, kind, .json = "kind", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct wire_view, at_us, .json = "time", .min = 1),
	FIELD_INT(struct wire_view, bytes, .json = "bytes", .min = 1),
	FIELD_TEXT(struct wire_view, digest, .json = "digest", .min = 1, .max_length = TEXT_MAX,
		   .label = "SHA-256 of what was on the wire, hexadecimal"),
	FIELD_TEXT(struct wire_view, certificate, .json = "certificate", .max_length = TEXT_MAX),
	FIELD_TEXT(struct wire_view, signer, .json = "signer", .max_length = TEXT_MAX),
};
static const struct fields wire_fields = FIELDS(struct wire_view, wire_rows);

static const struct field message_rows[] = {
	FIELD_TEXT(struct message_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct message_view, direction, .json = "direction", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct message_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct message_view, organisation, .json = "organisation", .max_length = TEXT_MAX,
		   .label = "organisation of this node"),
	FIELD_TEXT(struct message_view, message_id, .json = "messageId", .min = 1, .max_length = TEXT_MAX,
		   .label = "eb:MessageId"),
	FIELD_TEXT(struct message_view, conversation, .json = "conversation", .min = 1, .max_length = TEXT_MAX,
		   .label = "eb:ConversationId"),
	FIELD_INT(struct message_view, position, .json = "position", .label = "place in its conversation"),
	FIELD_TEXT(struct message_view, action, .json = "action", .min = 1, .max_length = TEXT_MAX,
		   .label = "document type"),
	FIELD_TEXT(struct message_view, document, .json = "document", .max_length = TEXT_MAX,
		   .label = "id of the document in it"),
	FIELD_TEXT(struct message_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX),
	FIELD_INT(struct message_view, attempts, .json = "attempts"),
	FIELD_TIME(struct message_view, created_us, .json = "created", .min = 1),
	FIELD_TIME(struct message_view, accepted_us, .json = "accepted"),
	FIELD_TIME(struct message_view, next_attempt_us, .json = "nextAttempt"),
	FIELD_TIME(struct message_view, settled_us, .json = "settled"),
	FIELD_TEXT(struct message_view, last_error, .json = "lastError", .max_length = TEXT_MAX),
	FIELD_FLAG(struct message_view, test, .json = "test", .min = 1),
	FIELD_TEXT(struct message_view, effect, .json = "effect", .max_length = TEXT_MAX,
		   .label = "what its document did here, if it has not gone: the partner does not know of that"),
	FIELD_LIST(struct message_view, parts, parts_count, struct part_view, part_fields, .json = "parts",
		   .max = PAGE_MAX),
	FIELD_LIST(struct message_view, wires, wires_count, struct wire_view, wire_fields, .json = "wires",
		   .max = PAGE_MAX),
};
enum { MESSAGE_BELONGINGS = 3 };
static const struct fields whole_message_fields = FIELDS(struct message_view, message_rows);
static const struct fields message_fields = { .row = message_rows,
					      .count = COUNT(message_rows) - MESSAGE_BELONGINGS,
					      .size = sizeof(struct message_view) };

static const struct field certificate_rows[] = {
	FIELD_TEXT(struct certificate_view, use, .json = "use", .min = 1, .max_length = TEXT_MAX,
		   .label = "use (sign, encrypt, tls, issuer or crl)"),
	FIELD_TEXT(struct certificate_view, fingerprint, .json = "fingerprint", .max_length = TEXT_MAX,
		   .label = "SHA-256, hexadecimal"),
	FIELD_TEXT(struct certificate_view, subject, .json = "subject", .max_length = TEXT_MAX),
	FIELD_TIME(struct certificate_view, not_before_us, .json = "notBefore"),
	FIELD_TIME(struct certificate_view, not_after_us, .json = "notAfter"),
	FIELD_TIME(struct certificate_view, withdrawn_us, .json = "withdrawn"),
	FIELD_TEXT(struct certificate_view, pem, .json = "pem", .max_length = PEM_MAX),
};
static const struct fields certificate_fields = FIELDS(struct certificate_view, certificate_rows);

static const struct field partner_rows[] = {
	FIELD_TEXT(struct partner_view, code, .json = "code", .min = 1, .max_length = TEXT_MAX,
		   .label = "code (of its state, ISO 3166 alpha-2)"),
	FIELD_TEXT(struct partner_view, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct partner_view, party_id, .json = "partyId", .min = 1, .max_length = TEXT_MAX,
		   .label = "partyId (eb:PartyId)"),
	FIELD_TEXT(struct partner_view, party_type, .json = "partyType", .max_length = TEXT_MAX,
		   .label = "partyType (of eb:PartyId)"),
	FIELD_TEXT(struct partner_view, endpoint, .json = "endpoint", .max_length = TEXT_MAX,
		   .label = "endpoint (URL; absent or as-agreed: of ebMS 2, what the agreement says)"),
	FIELD_TEXT(struct partner_view, profile, .json = "profile", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct partner_view, token, .json = "token", .max_length = TEXT_MAX,
		   .label = "token (how messages name certificates: bst, ski or issuer-serial)"),
	FIELD_TEXT(struct partner_view, status, .json = "status", .max_length = TEXT_MAX),
	FIELD_LIST(struct partner_view, certificates, certificates_count, struct certificate_view, certificate_fields,
		   .json = "certificates", .max = PAGE_MAX),
};
enum { PARTNER_BELONGINGS = 1 };
static const struct fields whole_partner_fields = FIELDS(struct partner_view, partner_rows);
static const struct fields partner_fields = { .row = partner_rows,
					      .count = COUNT(partner_rows) - PARTNER_BELONGINGS,
					      .size = sizeof(struct partner_view) };

static const struct field test_step_rows[] = {
	FIELD_TEXT(struct partner_test_step, name, .json = "step", .min = 1),
	FIELD_TEXT(struct partner_test_step, verdict, .json = "verdict", .min = 1,
		   .label = "verdict (passed, failed, skipped)"),
	FIELD_TEXT(struct partner_test_step, proves, .json = "proves", .min = 1,
		   .label = "what it shows when it passes"),
	FIELD_TEXT(struct partner_test_step, found, .json = "found", .max_length = TEXT_MAX, .label = "what was seen"),
	FIELD_TEXT(struct partner_test_step, side, .json = "side", .label = "side (us, them) whose it is to mend"),
	FIELD_TEXT(struct partner_test_step, mend, .json = "mend", .max_length = TEXT_MAX, .label = "what to do"),
};
static const struct fields test_step_fields = FIELDS(struct partner_test_step, test_step_rows);
static const struct field partner_test_rows[] = {
	FIELD_TEXT(struct partner_test, partner, .json = "partner", .min = 1),
	FIELD_TEXT(struct partner_test, endpoint, .json = "endpoint", .max_length = TEXT_MAX),
	FIELD_TEXT(struct partner_test, profile, .json = "profile", .min = 1),
	FIELD_TEXT(struct partner_test, binding, .json = "binding", .min = 1),
	FIELD_TIME(struct partner_test, at_us, .json = "at", .min = 1),
	FIELD_TEXT(struct partner_test, verdict, .json = "verdict", .min = 1, .label = "verdict (passed, failed)"),
	FIELD_LIST(struct partner_test, steps, steps_count, struct partner_test_step, test_step_fields, .json = "steps",
		   .max = PAGE_MAX),
};
static const struct fields partner_test_fields = FIELDS(struct partner_test, partner_test_rows);

static const struct field partner_change_rows[] = {
	FIELD_TEXT(struct partner_change_view, name, .json = "name", .max_length = TEXT_MAX),
	FIELD_TEXT(struct partner_change_view, endpoint, .json = "endpoint", .max_length = TEXT_MAX,
		   .label = "endpoint (URL; as-agreed: of ebMS 2, what the agreement says)"),
	FIELD_TEXT(struct partner_change_view, profile, .json = "profile", .max_length = TEXT_MAX),
	FIELD_TEXT(struct partner_change_view, token, .json = "token", .max_length = TEXT_MAX,
		   .label = "token (how messages name certificates: bst, ski or issuer-serial)"),
};
static const struct fields partner_change_fields = FIELDS(struct partner_change_view, partner_change_rows);

static const struct field refusal_rows[] = {
	FIELD_TEXT(struct refusal_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct refusal_view, at_us, .json = "time", .min = 1),
	FIELD_TEXT(struct refusal_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct refusal_view, message_id, .json = "messageId", .max_length = TEXT_MAX,
		   .label = "eb:MessageId, if it could be read"),
	FIELD_TEXT(struct refusal_view, rule, .json = "rule", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct refusal_view, text, .json = "text", .max_length = TEXT_MAX, .label = "how it was broken"),
	FIELD_INT(struct refusal_view, received_bytes, .json = "receivedBytes",
		  .label = "receivedBytes (of what came; absent: not kept)"),
	FIELD_INT(struct refusal_view, error_bytes, .json = "errorBytes",
		  .label = "errorBytes (of our answer; absent: none, or not kept)"),
};
static const struct fields refusal_fields = FIELDS(struct refusal_view, refusal_rows);

static const struct field stranger_rows[] = {
	FIELD_TIME(struct stranger_view, at_us, .json = "time", .min = 1),
	FIELD_TEXT(struct stranger_view, address, .json = "address", .max_length = TEXT_MAX),
	FIELD_TEXT(struct stranger_view, rule, .json = "rule", .max_length = TEXT_MAX),
	FIELD_TEXT(struct stranger_view, text, .json = "text", .max_length = TEXT_MAX),
};
static const struct fields stranger_fields = FIELDS(struct stranger_view, stranger_rows);

static const struct field organisation_rows[] = {
	FIELD_TEXT(struct organisation_view, code, .json = "code", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct organisation_view, seat, .json = "seat", .min = 1, .max_length = TEXT_MAX,
		   .label = "seat (what it is: customs, issuing-authority …)"),
	FIELD_TEXT(struct organisation_view, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
};
static const struct fields organisation_fields = FIELDS(struct organisation_view, organisation_rows);

static const struct field task_rows[] = {
	FIELD_TEXT(struct task_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct task_view, organisation, .json = "organisation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct task_view, kind, .json = "kind", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct task_view, subject, .json = "subject", .min = 1, .max_length = TEXT_MAX,
		   .label = "id of what it is about"),
	FIELD_TEXT(struct task_view, text, .json = "text", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct task_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct task_view, created_us, .json = "created", .min = 1),
	FIELD_TIME(struct task_view, done_us, .json = "done"),
};
static const struct fields task_fields = FIELDS(struct task_view, task_rows);

static const struct field credential_rows[] = {
	FIELD_TEXT(struct credential_view, use, .json = "use", .min = 1, .max_length = TEXT_MAX,
		   .label = "sign, encrypt, tls, issuer, crl or agreement"),
	FIELD_TEXT(struct credential_view, subject, .json = "subject", .min = 1, .max_length = TEXT_MAX,
		   .label = "subject (of an agreement: its CPAId)"),
	FIELD_TEXT(struct credential_view, fingerprint, .json = "fingerprint", .max_length = TEXT_MAX,
		   .label = "SHA-256, hexadecimal; an agreement has none"),
	FIELD_TIME(struct credential_view, not_before_us, .json = "notBefore", .min = 1),
	FIELD_TIME(struct credential_view, not_after_us, .json = "notAfter", .min = 1),
	FIELD_INT(struct credential_view, days_left, .json = "daysLeft", .min = 1,
		  .label = "whole days; negative: it is over"),
	FIELD_TEXT(struct credential_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX),
	FIELD_FLAG(struct credential_view, alarm, .json = "alarm", .min = 1),
	FIELD_TEXT(struct credential_view, advice, .json = "advice", .max_length = TEXT_MAX),
};
static const struct fields credential_fields = FIELDS(struct credential_view, credential_rows);

static const struct field link_rows[] = {
	FIELD_TEXT(struct link_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX,
		   .pattern = "unknown|up|slow|down|outage|maintenance",
		   .label = "as the partner has announced it, else as it is observed"),
	FIELD_TIME(struct link_view, since_us, .json = "since"),
	FIELD_TIME(struct link_view, until_us, .json = "until", .label = "the announced end"),
	FIELD_TEXT(struct link_view, reason, .json = "reason", .max_length = TEXT_MAX,
		   .label = "why the last attempt was not answered"),
	FIELD_TEXT(struct link_view, notice, .json = "notice", .max_length = TEXT_MAX),
	FIELD_TIME(struct link_view, heard_us, .json = "lastHeard"),
	FIELD_TIME(struct link_view, answered_us, .json = "lastAnswered"),
	FIELD_TIME(struct link_view, receipt_us, .json = "lastReceipt", .label = "or answer to a ping"),
	FIELD_INT(struct link_view, failures, .json = "failures", .min = 1,
		  .label = "attempts in a row without an answer"),
	FIELD_INT(struct link_view, median_ms, .json = "roundTripMedianMs", .label = "of the last 64"),
	FIELD_INT(struct link_view, p99_ms, .json = "roundTripP99Ms"),
	FIELD_TIME(struct link_view, coming_us, .json = "announcedFrom"),
	FIELD_TIME(struct link_view, coming_until_us, .json = "announcedUntil"),
};
static const struct fields link_fields = FIELDS(struct link_view, link_rows);

#define NOTICE_KINDS "outage|maintenance|restored"
static const struct field new_notice_rows[] = {
	FIELD_TEXT(struct new_notice_view, kind, .json = "kind", .min = 1, .pattern = NOTICE_KINDS),
	FIELD_TEXT(struct new_notice_view, text, .json = "text", .min = 1, .max_length = 500),
	FIELD_TEXT(struct new_notice_view, partners, .json = "partners", .max_length = TEXT_MAX,
		   .label = "codes, separated by a space; absent: all active partners"),
	FIELD_TIME(struct new_notice_view, from_us, .json = "from", .label = "absent: now"),
	FIELD_TIME(struct new_notice_view, until_us, .json = "until", .label = "of an outage or maintenance"),
};
static const struct fields new_notice_fields = FIELDS(struct new_notice_view, new_notice_rows);

static const struct field notice_rows[] = {
	FIELD_TEXT(struct notice_view, id, .json = "document", .min = 1, .max_length = TEXT_MAX,
		   .label = "id of the document that carries it"),
	FIELD_TEXT(struct notice_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct notice_view, direction, .json = "direction", .min = 1, .pattern = "in|out"),
	FIELD_TEXT(struct notice_view, kind, .json = "kind", .min = 1, .pattern = NOTICE_KINDS),
	FIELD_TIME(struct notice_view, from_us, .json = "from", .min = 1),
	FIELD_TIME(struct notice_view, until_us, .json = "until", .min = 1),
	FIELD_TEXT(struct notice_view, text, .json = "text", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct notice_view, at_us, .json = "given", .min = 1),
	FIELD_TIME(struct notice_view, ended_us, .json = "ended",
		   .label = "by its end, or by a later notice; absent: it counts"),
};
static const struct fields notice_fields = FIELDS(struct notice_view, notice_rows);

static const struct field notice_sent_rows[] = {
	FIELD_TEXT(struct notice_sent_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct notice_sent_view, document, .json = "document", .max_length = TEXT_MAX),
	FIELD_TEXT(struct notice_sent_view, message, .json = "message", .max_length = TEXT_MAX),
	FIELD_TEXT(struct notice_sent_view, refused, .json = "refused", .max_length = TEXT_MAX,
		   .label = "why it is not sent to this partner"),
};
static const struct fields notice_sent_fields = FIELDS(struct notice_sent_view, notice_sent_rows);

static const struct field partner_status_rows[] = {
	FIELD_TEXT(struct partner_status_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct partner_status_view, status, .json = "status", .min = 1, .max_length = TEXT_MAX),
	FIELD_INT(struct partner_status_view, queued, .json = "queued", .min = 1),
	FIELD_INT(struct partner_status_view, held, .json = "held", .min = 1, .label = "messages held by an officer"),
	FIELD_INT(struct partner_status_view, dead, .json = "dead", .min = 1, .label = "messages given up"),
	FIELD_INT(struct partner_status_view, delivered, .json = "delivered", .min = 1),
	FIELD_INT(struct partner_status_view, received, .json = "received", .min = 1),
	FIELD_INT(struct partner_status_view, processed, .json = "processed", .min = 1),
	FIELD_INT(struct partner_status_view, failed, .json = "failed", .min = 1),
	FIELD_INT(struct partner_status_view, refused, .json = "refused", .min = 1),
	FIELD_TIME(struct partner_status_view, oldest_queued_us, .json = "oldestQueued"),
	FIELD_TIME(struct partner_status_view, last_receipt_us, .json = "lastReceipt"),
	FIELD_GROUP(struct partner_status_view, link, struct link_view, link_fields, .json = "link"),
	FIELD_LIST(struct partner_status_view, credentials, credentials_count, struct credential_view,
		   credential_fields, .json = "credentials", .max = PAGE_MAX),
};
static const struct fields partner_status_fields = FIELDS(struct partner_status_view, partner_status_rows);

static const struct field key_rows[] = {
	FIELD_TEXT(struct key_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct key_view, use, .json = "use", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct key_view, type, .json = "type", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct key_view, status, .json = "status", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct key_view, subject, .json = "subject", .max_length = TEXT_MAX),
	FIELD_TEXT(struct key_view, fingerprint, .json = "fingerprint", .max_length = TEXT_MAX,
		   .label = "SHA-256 of its certificate, hexadecimal"),
	FIELD_TIME(struct key_view, not_before_us, .json = "notBefore"),
	FIELD_TIME(struct key_view, not_after_us, .json = "notAfter"),
	FIELD_INT(struct key_view, days_left, .json = "daysLeft", .label = "whole days; negative: it is over"),
};
static const struct fields key_fields = FIELDS(struct key_view, key_rows);

static const struct field fault_rows[] = {
	FIELD_TEXT(struct fault_view, role, .json = "role", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct fault_view, text, .json = "text", .min = 1, .max_length = TEXT_MAX),
	FIELD_TIME(struct fault_view, since_us, .json = "since", .min = 1),
};
static const struct fields fault_fields = FIELDS(struct fault_view, fault_rows);

static const struct field status_rows[] = {
	FIELD_TEXT(struct status_view, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct status_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct status_view, version, .json = "version", .min = 1, .max_length = TEXT_MAX),
	FIELD_FLAG(struct status_view, running, .json = "running", .min = 1),
	FIELD_TIME(struct status_view, now_us, .json = "now", .min = 1),
	FIELD_TIME(struct status_view, started_us, .json = "started"),
	FIELD_LIST(struct status_view, partners, partners_count, struct partner_status_view, partner_status_fields,
		   .json = "partners", .max = 256),
	FIELD_INT(struct status_view, strangers, .json = "strangers", .min = 1,
		  .label = "requests turned away without an answer"),
	FIELD_INT(struct status_view, open_tasks, .json = "openTasks", .min = 1),
	FIELD_FLAG(struct status_view, plain, .json = "plain", .min = 1),
	FIELD_LIST(struct status_view, keys, keys_count, struct key_view, key_fields, .json = "keys", .max = PAGE_MAX),
	FIELD_TEXT(struct status_view, keys_fault, .json = "keysFault", .max_length = TEXT_MAX),
	FIELD_INT(struct status_view, disk_free_bytes, .json = "diskFreeBytes"),
	FIELD_INT(struct status_view, disk_reserve_bytes, .json = "diskReserveBytes"),
	FIELD_TIME(struct status_view, restored_us, .json = "restored",
		   .label = "restored (as long as what was lost is not settled)"),
	FIELD_TIME(struct status_view, backup_us, .json = "backup"),
	FIELD_LIST(struct status_view, catch_ups, catch_ups_count, struct catch_up_view, catch_up_fields,
		   .json = "catchUps", .max = 256, .label = "catch-ups (that are open)"),
	FIELD_LIST(struct status_view, faults, faults_count, struct fault_view, fault_fields, .json = "faults",
		   .max = 256, .label = "faults (what the node fails to do now)"),
};
static const struct fields status_fields = FIELDS(struct status_view, status_rows);

static const struct field agreed_party_rows[] = {
	FIELD_TEXT(struct agreed_party, id, .json = "partyId", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_party, type, .json = "partyType", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_party, name, .json = "name", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_party, endpoint, .json = "endpoint", .max_length = TEXT_MAX,
		   .label = "endpoint (where it takes documents)"),
};
static const struct fields agreed_party_fields = FIELDS(struct agreed_party, agreed_party_rows);

static const struct field agreed_action_rows[] = {
	FIELD_TEXT(struct agreed_action, direction, .json = "direction", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_action, document, .json = "document", .max_length = TEXT_MAX,
		   .label = "document type; absent: none that this node knows"),
	FIELD_TEXT(struct agreed_action, service, .json = "service", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_action, service_type, .json = "serviceType", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_action, action, .json = "action", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_action, role, .json = "role", .max_length = TEXT_MAX, .label = "ours"),
	FIELD_TEXT(struct agreed_action, seat, .json = "seat", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_action, other_role, .json = "otherRole", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_action, other_seat, .json = "otherSeat", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_action, acknowledgment, .json = "acknowledgment", .max_length = TEXT_MAX,
		   .label = "signed, unsigned or none"),
	FIELD_FLAG(struct agreed_action, sync, .json = "synchronous", .min = 1,
		   .label = "acknowledged in the HTTP response"),
	FIELD_INT(struct agreed_action, retries, .json = "retries"),
	FIELD_INT(struct agreed_action, retry_interval_s, .json = "retryInterval", .label = "seconds"),
	FIELD_TEXT(struct agreed_action, endpoint, .json = "endpoint", .max_length = TEXT_MAX),
};
static const struct fields agreed_action_fields = FIELDS(struct agreed_action, agreed_action_rows);

static const struct field agreed_certificate_rows[] = {
	FIELD_TEXT(struct agreed_certificate, side, .json = "side", .max_length = TEXT_MAX, .label = "us or them"),
	FIELD_TEXT(struct agreed_certificate, use, .json = "use", .max_length = TEXT_MAX, .label = "sign or tls"),
	FIELD_TEXT(struct agreed_certificate, subject, .json = "subject", .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreed_certificate, fingerprint, .json = "fingerprint", .max_length = TEXT_MAX,
		   .label = "SHA-256, hexadecimal"),
	FIELD_TIME(struct agreed_certificate, not_before_us, .json = "notBefore"),
	FIELD_TIME(struct agreed_certificate, not_after_us, .json = "notAfter"),
};
static const struct fields agreed_certificate_fields = FIELDS(struct agreed_certificate, agreed_certificate_rows);

static const struct field agreement_rows[] = {
	FIELD_TEXT(struct agreement_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct agreement_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX, .label = "CPAId"),
	FIELD_TEXT(struct agreement_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX,
		   .label = "in-force, future, ended, withdrawn, or unusable"),
	FIELD_TEXT(struct agreement_view, agreed.profile, .json = "profile", .max_length = TEXT_MAX),
	FIELD_TIME(struct agreement_view, agreed.start_us, .json = "start"),
	FIELD_TIME(struct agreement_view, agreed.end_us, .json = "end"),
	FIELD_TIME(struct agreement_view, added_us, .json = "added"),
	FIELD_TIME(struct agreement_view, withdrawn_us, .json = "withdrawn"),
	FIELD_TEXT(struct agreement_view, digest, .json = "digest", .max_length = TEXT_MAX,
		   .label = "SHA-256 of the CPA, hexadecimal"),
	FIELD_TEXT(struct agreement_view, agreed.status, .json = "status", .max_length = TEXT_MAX,
		   .label = "status (as the CPA has it: agreed or signed)"),
	FIELD_GROUP(struct agreement_view, agreed.us, struct agreed_party, agreed_party_fields, .json = "us"),
	FIELD_GROUP(struct agreement_view, agreed.them, struct agreed_party, agreed_party_fields, .json = "them"),
	FIELD_LIST(struct agreement_view, agreed.actions, agreed.actions_count, struct agreed_action,
		   agreed_action_fields, .json = "actions", .max = PAGE_MAX),
	FIELD_LIST(struct agreement_view, agreed.certificates, agreed.certificates_count, struct agreed_certificate,
		   agreed_certificate_fields, .json = "certificates", .max = PAGE_MAX),
	FIELD_GROUP(struct agreement_view, terms, struct terms, terms_fields, .json = "terms"),
	FIELD_LIST(struct agreement_view, findings, findings_count, struct finding_view, finding_fields,
		   .json = "findings", .max = PAGE_MAX),
};
enum { AGREEMENT_BELONGINGS = 7 };
static const struct fields whole_agreement_fields = FIELDS(struct agreement_view, agreement_rows);
static const struct fields agreement_fields = { .row = agreement_rows,
						.count = COUNT(agreement_rows) - AGREEMENT_BELONGINGS,
						.size = sizeof(struct agreement_view) };

static const struct field card_change_rows[] = {
	FIELD_TEXT(struct card_change_view, what, .json = "what", .min = 1, .max_length = TEXT_MAX,
		   .label = "certificate, endpoint, profile, organisation, document, opt-out; opted out: our matrix"),
	FIELD_TEXT(struct card_change_view, before, .json = "before", .max_length = TEXT_MAX),
	FIELD_TEXT(struct card_change_view, after, .json = "after", .max_length = TEXT_MAX),
};
static const struct fields card_change_fields = FIELDS(struct card_change_view, card_change_rows);

static const struct field card_view_rows[] = {
	FIELD_TEXT(struct card_view, partner, .json = "partner", .max_length = TEXT_MAX),
	FIELD_TEXT(struct card_view, state, .json = "state", .max_length = TEXT_MAX,
		   .label = "held, pending, rejected or replaced; absent: it was only looked at"),
	FIELD_TIME(struct card_view, at_us, .json = "at", .label = "since when"),
	FIELD_TEXT(struct card_view, by, .json = "by", .max_length = TEXT_MAX),
	FIELD_TEXT(struct card_view, signer, .json = "signer", .max_length = TEXT_MAX,
		   .label = "subject of the signing certificate"),
	FIELD_TEXT(struct card_view, fingerprint, .json = "fingerprint", .max_length = TEXT_MAX,
		   .label = "SHA-256 of the signing certificate, hexadecimal: to be compared by phone"),
	FIELD_TEXT(struct card_view, profile, .json = "profile", .max_length = TEXT_MAX,
		   .label = "the security profile by which is exchanged then"),
	FIELD_GROUP(struct card_view, card, struct card, card_fields, .json = "card"),
	FIELD_LIST(struct card_view, changes, changes_count, struct card_change_view, card_change_fields,
		   .json = "changes", .max = PAGE_MAX, .label = "against what is held and pinned"),
	FIELD_LIST(struct card_view, findings, findings_count, struct finding_view, finding_fields, .json = "findings",
		   .max = PAGE_MAX),
};
static const struct fields card_view_fields = FIELDS(struct card_view, card_view_rows);

static const struct field card_import_rows[] = {
	FIELD_TEXT(struct card_import_view, card, .json = "card", .min = 1, .max_length = CPA_MAX,
		   .label = "card (the signed JSON, as text)"),
	FIELD_TEXT(struct card_import_view, fingerprint, .json = "fingerprint", .max_length = TEXT_MAX,
		   .label = "fingerprint (of the signing certificate, as a person was told it; 16 digits or more)"),
	FIELD_TEXT(struct card_import_view, name, .json = "name", .max_length = TEXT_MAX,
		   .label = "name (of the partner; as the card has it)"),
	FIELD_TEXT(struct card_import_view, profile, .json = "profile", .max_length = TEXT_MAX,
		   .label = "profile (the best that both have)"),
};
static const struct fields card_import_fields = FIELDS(struct card_import_view, card_import_rows);

static const struct field agreement_import_rows[] = {
	FIELD_TEXT(struct agreement_import_view, cpa, .json = "cpa", .min = 1, .max_length = CPA_MAX,
		   .label = "cpa (its XML, or the base64 of it, by which each byte is kept)"),
	FIELD_TEXT(struct agreement_import_view, name, .json = "name", .max_length = TEXT_MAX,
		   .label = "name (of the partner; as the CPA has it)"),
	FIELD_GROUP(struct agreement_import_view, terms, struct terms, terms_fields, .json = "terms",
		    .label = "terms (what the CPA leaves open)"),
};
static const struct fields agreement_import_fields = FIELDS(struct agreement_import_view, agreement_import_rows);

static const struct field agreement_offer_rows[] = {
	FIELD_TEXT(struct agreement_offer_view, endpoint, .json = "endpoint", .min = 1, .max_length = TEXT_MAX,
		   .label = "endpoint (ours, as the partner reaches it)"),
	FIELD_TEXT(struct agreement_offer_view, partner_endpoint, .json = "partnerEndpoint", .max_length = TEXT_MAX,
		   .label = "partnerEndpoint (where it takes ebMS 2; what is known)"),
	FIELD_TEXT(struct agreement_offer_view, id, .json = "id", .label = "id (CPAId; STATE-PARTNER-DAY)"),
	FIELD_TEXT(struct agreement_offer_view, name, .json = "name", .label = "name (our party's)"),
	FIELD_TEXT(struct agreement_offer_view, documents, .json = "documents", .max_length = TEXT_MAX,
		   .label = "documents (types, separated by a space; all)"),
	FIELD_FLAG(struct agreement_offer_view, agreed, .json = "agreed",
		   .label = "agreed (both sides have said yes: not a proposal any more)"),
	FIELD_FLAG(struct agreement_offer_view, sync, .json = "synchronous",
		   .label = "synchronous (acknowledgments in the HTTP response)"),
	FIELD_TIME(struct agreement_offer_view, start_us, .json = "start", .label = "start (today)"),
	FIELD_TIME(struct agreement_offer_view, end_us, .json = "end", .label = "end (two years after the start)"),
	FIELD_INT(struct agreement_offer_view, retries, .json = "retries", .label = "retries (96)"),
	FIELD_INT(struct agreement_offer_view, retry_interval_s, .json = "retryInterval",
		  .label = "retryInterval (seconds; 900)"),
	FIELD_INT(struct agreement_offer_view, persist_s, .json = "persistDuration",
		  .label = "persistDuration (seconds; 432000)"),
};
static const struct fields agreement_offer_fields = FIELDS(struct agreement_offer_view, agreement_offer_rows);

static const struct field activation_rows[] = {
	FIELD_TEXT(struct activation_view, partner, .json = "partner", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct activation_view, document, .json = "document", .min = 1, .max_length = TEXT_MAX,
		   .label = "document type"),
	FIELD_TEXT(struct activation_view, direction, .json = "direction", .min = 1, .max_length = TEXT_MAX,
		   .label = "in (from the partner) or out (to it)"),
	FIELD_TEXT(struct activation_view, version, .json = "version", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct activation_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX,
		   .label = "active, opted-out or not-yet"),
	FIELD_FLAG(struct activation_view, now, .json = "now", .min = 1, .label = "it counts today"),
	FIELD_FLAG(struct activation_view, declared, .json = "declared", .min = 1,
		   .label = "by the partner on its card; while it lasts no decision of ours counts"),
	FIELD_DAY(struct activation_view, from_day, .json = "from",
		  .label = "first day (UTC); absent: no row says this, it follows from there being none"),
	FIELD_DAY(struct activation_view, until_day, .json = "until", .label = "last day"),
	FIELD_TEXT(struct activation_view, law, .json = "law", .max_length = TEXT_MAX,
		   .label = "the declaration or decision that it rests on"),
	FIELD_TEXT(struct activation_view, note, .json = "note", .max_length = TEXT_MAX),
	FIELD_TEXT(struct activation_view, decided_by, .json = "decidedBy", .max_length = TEXT_MAX),
	FIELD_TIME(struct activation_view, decided_us, .json = "decided"),
	FIELD_TEXT(struct activation_view, card, .json = "card", .max_length = TEXT_MAX,
		   .label =
			   "of a decision: our own card declares or withdraws the opt-out by it; absent: the card says "
			   "of it what it said"),
};
static const struct fields activation_fields = FIELDS(struct activation_view, activation_rows);

static const struct field new_activation_rows[] = {
	FIELD_TEXT(struct new_activation_view, document, .json = "document", .min = 1, .label = "document type"),
	FIELD_TEXT(struct new_activation_view, direction, .json = "direction",
		   .label = "in (from the partner) or out (to it); both"),
	FIELD_TEXT(struct new_activation_view, version, .json = "version", .label = "version (that of this node)"),
	FIELD_TEXT(struct new_activation_view, state, .json = "state", .min = 1,
		   .label = "active, opted-out, or not-yet: tests alone"),
	FIELD_DAY(struct new_activation_view, from_day, .json = "from", .label = "from (first day, UTC; today)"),
	FIELD_TEXT(struct new_activation_view, law, .json = "law",
		   .label = "law (the declaration or decision that it rests on; an opt-out needs it)"),
	FIELD_TEXT(struct new_activation_view, note, .json = "note"),
};
static const struct fields new_activation_fields = FIELDS(struct new_activation_view, new_activation_rows);

static const struct field problem_rows[] = {
	FIELD_TEXT(struct problem_view, type, .json = "type", .min = 1, .max_length = TEXT_MAX,
		   .label = "urn:lintas:problem:NAME; about:blank: the title says it"),
	FIELD_TEXT(struct problem_view, title, .json = "title", .min = 1, .max_length = TEXT_MAX),
	FIELD_INT(struct problem_view, status, .json = "status", .min = 1),
	FIELD_TEXT(struct problem_view, detail, .json = "detail", .max_length = TEXT_MAX),
	FIELD_LIST(struct problem_view, findings, findings_count, struct finding_view, finding_fields,
		   .json = "findings", .max = 1000),
};
static const struct fields problem_fields = FIELDS(struct problem_view, problem_rows);

static const struct field proof_rows[] = {
	FIELD_INT(struct proof_view, entries, .json = "entries", .min = 1),
	FIELD_INT(struct proof_view, seals, .json = "seals", .min = 1),
	FIELD_INT(struct proof_view, unsealed, .json = "unsealed", .min = 1),
	FIELD_INT(struct proof_view, deletions, .json = "deletions", .min = 1,
		  .label = "entries by which a message or a refusal was deleted by rule"),
	FIELD_INT(struct proof_view, broken_sequence, .json = "brokenSequence", .min = 1,
		  .label = "first entry that does not fit; 0: all do"),
	FIELD_TEXT(struct proof_view, head, .json = "head", .max_length = TEXT_MAX,
		   .label = "hash of the last seal, hexadecimal"),
	FIELD_TEXT(struct proof_view, reason, .json = "reason", .max_length = TEXT_MAX),
	FIELD_INT(struct proof_view, known_seal, .json = "knownSeal", .label = "number of the seal that was asked for"),
	FIELD_TIME(struct proof_view, known_us, .json = "knownSealed"),
	FIELD_FLAG(struct proof_view, evidence, .json = "evidence", .min = 1),
	FIELD_INT(struct proof_view, wires, .json = "wires", .min = 1, .label = "stored messages that were read"),
	FIELD_INT(struct proof_view, deleted_wires, .json = "deletedWires", .min = 1,
		  .label = "those that the journal names, of messages that were deleted by rule"),
	FIELD_TEXT(struct proof_view, broken_wire, .json = "brokenWire", .max_length = TEXT_MAX),
	FIELD_TEXT(struct proof_view, evidence_reason, .json = "evidenceReason", .max_length = TEXT_MAX),
};
static const struct fields proof_fields = FIELDS(struct proof_view, proof_rows);

static const struct field user_rows[] = {
	FIELD_TEXT(struct user_view, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct user_view, organisation, .json = "organisation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct user_view, title, .json = "title", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct user_view, roles, .json = "roles", .min = 1, .max_length = TEXT_MAX,
		   .label = "names, separated by a space"),
	FIELD_TEXT(struct user_view, status, .json = "status", .min = 1, .max_length = TEXT_MAX),
	FIELD_FLAG(struct user_view, password, .json = "password", .min = 1, .label = "whether one is set"),
	FIELD_TIME(struct user_view, created_us, .json = "created", .min = 1),
};
static const struct fields user_fields = FIELDS(struct user_view, user_rows);

static const struct field new_user_rows[] = {
	FIELD_TEXT(struct new_user_view, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct new_user_view, organisation, .json = "organisation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct new_user_view, title, .json = "title", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct new_user_view, roles, .json = "roles", .min = 1, .max_length = TEXT_MAX,
		   .label = "roles (names, separated by a space)"),
	FIELD_TEXT(struct new_user_view, password, .json = "password", .max_length = TEXT_MAX),
};
static const struct fields new_user_fields = FIELDS(struct new_user_view, new_user_rows);

static const struct field user_change_rows[] = {
	FIELD_TEXT(struct user_change_view, title, .json = "title", .max_length = TEXT_MAX),
	FIELD_TEXT(struct user_change_view, roles, .json = "roles", .max_length = TEXT_MAX,
		   .label = "roles (names, separated by a space; all that the user has from now on)"),
	FIELD_TEXT(struct user_change_view, status, .json = "status", .max_length = TEXT_MAX,
		   .label = "status (active or disabled)"),
};
static const struct fields user_change_fields = FIELDS(struct user_change_view, user_change_rows);

static const struct field password_rows[] = {
	FIELD_TEXT(struct password_view, password, .json = "password", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct password_view, current, .json = "current", .max_length = TEXT_MAX,
		   .label = "current (one's own, to change it)"),
};
static const struct fields password_fields = FIELDS(struct password_view, password_rows);

static const struct field token_rows[] = {
	FIELD_TEXT(struct token_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct token_view, user, .json = "user", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct token_view, title, .json = "title", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct token_view, roles, .json = "roles", .min = 1, .max_length = TEXT_MAX,
		   .label = "names, separated by a space"),
	FIELD_TEXT(struct token_view, secret, .json = "secret", .max_length = TEXT_MAX,
		   .label = "what is sent as Bearer; told this once"),
	FIELD_TIME(struct token_view, created_us, .json = "created", .min = 1),
	FIELD_TIME(struct token_view, expires_us, .json = "expires", .min = 1),
	FIELD_TIME(struct token_view, revoked_us, .json = "revoked"),
};
static const struct fields token_fields = FIELDS(struct token_view, token_rows);

static const struct field new_token_rows[] = {
	FIELD_TEXT(struct new_token_view, user, .json = "user", .max_length = TEXT_MAX,
		   .label = "user (whose it is; who logs in: himself)"),
	FIELD_TEXT(struct new_token_view, title, .json = "title", .max_length = TEXT_MAX,
		   .label = "title (what it is for)"),
	FIELD_TEXT(struct new_token_view, roles, .json = "roles", .max_length = TEXT_MAX,
		   .label = "roles (names, separated by a space; a part of the user's, or all)"),
	FIELD_INT(struct new_token_view, expires_in_s, .json = "expiresIn",
		  .label = "expiresIn (seconds, instead of expires)"),
	FIELD_TIME(struct new_token_view, expires_us, .json = "expires"),
};
static const struct fields new_token_fields = FIELDS(struct new_token_view, new_token_rows);

static const struct field me_rows[] = {
	FIELD_TEXT(struct me_view, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct me_view, organisation, .json = "organisation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct me_view, title, .json = "title", .max_length = TEXT_MAX),
	FIELD_TEXT(struct me_view, roles, .json = "roles", .max_length = TEXT_MAX,
		   .label = "names, separated by a space"),
	FIELD_TEXT(struct me_view, permissions, .json = "permissions", .max_length = TEXT_MAX,
		   .label = "names, separated by a space"),
};
static const struct fields me_fields = FIELDS(struct me_view, me_rows);

static const struct field role_rows[] = {
	FIELD_TEXT(struct role_view, name, .json = "name", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct role_view, title, .json = "title", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct role_view, permissions, .json = "permissions", .min = 1, .max_length = TEXT_MAX,
		   .label = "names, separated by a space"),
	FIELD_FLAG(struct role_view, node, .json = "node", .min = 1, .label = "for users of the node itself"),
};
static const struct fields role_fields = FIELDS(struct role_view, role_rows);

const struct schema message_schema = SCHEMA("message", whole_message_fields);
const struct schema partner_schema = SCHEMA("partner", whole_partner_fields);
const struct schema partner_test_schema = SCHEMA("partnerTest", partner_test_fields);
const struct schema partner_change_schema = SCHEMA("partnerChange", partner_change_fields);
const struct schema certificate_schema = SCHEMA("certificate", certificate_fields);
const struct schema card_view_schema = SCHEMA("card", card_view_fields);
const struct schema card_import_schema = SCHEMA("cardImport", card_import_fields);
const struct schema agreement_schema = SCHEMA("agreement", whole_agreement_fields);
const struct schema agreement_import_schema = SCHEMA("agreementImport", agreement_import_fields);
const struct schema agreement_offer_schema = SCHEMA("agreementOffer", agreement_offer_fields);
const struct schema new_activation_schema = SCHEMA("newActivation", new_activation_fields);
const struct schema organisation_schema = SCHEMA("organisation", organisation_fields);
const struct schema new_notice_schema = SCHEMA("newNotice", new_notice_fields);
const struct schema link_schema = SCHEMA("link", link_fields);
const struct schema status_schema = SCHEMA("status", status_fields);
const struct schema problem_schema = SCHEMA("problem", problem_fields);
const struct schema proof_schema = SCHEMA("proof", proof_fields);
const struct schema user_schema = SCHEMA("user", user_fields);
const struct schema new_user_schema = SCHEMA("newUser", new_user_fields);
const struct schema user_change_schema = SCHEMA("userChange", user_change_fields);
const struct schema password_schema = SCHEMA("password", password_fields);
const struct schema token_schema = SCHEMA("token", token_fields);
const struct schema new_token_schema = SCHEMA("newToken", new_token_fields);
const struct schema me_schema = SCHEMA("me", me_fields);

LIST_SCHEMA(message)
LIST_SCHEMA(event)
LIST_SCHEMA(partner)
LIST_SCHEMA(agreement)
LONG_LIST_SCHEMA(activation, MESSAGING_PARTNERS_MAX * 2 * ACTIVATIONS_MAX) /* all partners on one page */
LIST_SCHEMA(organisation)
LIST_SCHEMA(task)
LIST_SCHEMA(stranger)
LIST_SCHEMA(refusal)
LIST_SCHEMA(key)
LIST_SCHEMA(user)
LIST_SCHEMA(token)
LIST_SCHEMA(role)
LIST_SCHEMA(notice)
LIST_SCHEMA(notice_sent)
