#include "kernel/store_int.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/uuid.h"

/* clang-format off */
#define PARTNER_COLUMNS "code, name, party_id, party_type, endpoint, profile, token, status, binding"
#define AGREEMENT_COLUMNS "partner, id, text, terms, added_us, until_us, version"
#define ACTIVATION_COLUMNS "partner, document, direction, version, state, from_day, until_day, law, note, decided_by, decided_us, id, declared"
#define AGREEMENT_CURRENT \
	"NOT EXISTS (SELECT 1 FROM agreement AS later WHERE later.id = agreement.id AND later.version > agreement.version)"
#define ACCOUNT_COLUMNS "name, organisation, account.title, account.roles, status, password, account.created_us"
#define TOKEN_COLUMNS "token.id, account, token.title, token.roles, token.created_us, expires_us, revoked_us"
#define JOURNAL_COLUMNS \
	"id, at_us, actor, organisation, subject_type, subject, event, from_state, to_state, detail, law, content, sequence"
#define SEAL_COLUMNS "number, first_sequence, last_sequence, previous, root, hash, at_us"
/* For an entry about a message: 1 if its octets are not kept, 2 if they were deleted by rule. Not EXISTS, which PostgreSQL may answer by
 * hashing all wires. */
#define JOURNAL_UNKEPT \
	"CAST(CASE WHEN subject_type = 'message' AND content IS NOT NULL AND (SELECT 1 FROM wire" \
	" WHERE wire.message = journal.subject AND wire.record = journal.content LIMIT 1) IS NULL" \
	" THEN CASE WHEN (SELECT 1 FROM journal AS deletion WHERE deletion.subject = journal.subject" \
	" AND deletion.subject_type = 'deletion' AND deletion.event = 'deleted' LIMIT 1) = 1 THEN 2 ELSE 1 END ELSE 0 END AS {i64})"
#define PART_COLUMNS "content_id, mime_type, charset, compressed, octets"
#define REPLY_COLUMNS "reply.id, partner, ref_to, kind, content_type, octets, attempts, next_attempt_us, created_us"
#define WIRE_COLUMNS "kind, at_us, content_type, octets, certificate, id, digest, basis, record"
#define REFUSAL_COLUMNS \
	"id, partner, message_id, rule, at_us, (SELECT CAST(length(octets) AS {i64}) FROM wire WHERE wire.id = refusal.received)," \
	" (SELECT CAST(length(octets) AS {i64}) FROM wire WHERE wire.id = refusal.error), text"
#define WEBHOOK_COLUMNS \
	"webhook.id, organisation, url, events, state, reason, secret, key_number, old_secret, old_until_us, cursor, single, message," \
	" batch_until, attempts, next_us, failing_us, last_us, last_status, last_error, delivered, created_us, created_by"
/* Sealed entries that it may see and has not got; each condition has an index of its own. */
#define WEBHOOK_HAS_NEWS \
	"(single IS NOT NULL" \
	" OR (organisation IS NULL AND EXISTS (SELECT 1 FROM journal WHERE journal.sequence > webhook.cursor))" \
	" OR EXISTS (SELECT 1 FROM journal WHERE journal.organisation = webhook.organisation AND journal.sequence > webhook.cursor))"
/* The last request was not taken, or took long: who waits for it waits for as long again. */
#define WEBHOOK_COSTS(of) \
	"(" of ".attempts > 0 OR COALESCE((SELECT duration_us FROM webhook_delivery WHERE webhook_delivery.webhook = " of ".id" \
	" ORDER BY number DESC LIMIT 1), 0) > 2000000)"
/* The attempt and the end of its lease are those of one claim: they differ once it was changed, or another has it. */
#define WEBHOOK_CLAIM "id = $1 AND attempts = $2 AND next_us = $3 AND in_hand = 1"
#define HOLD_COLUMNS "id, kind, subject, organisation, reason, placed_by, placed_us, until_us, lifted_by, lifted_us"
#define DROP_COLUMNS "id, organisation, folder, name, digest, taken_us, report"
#define EDITION_COLUMNS \
	"id, kind, subject, title, state, from_day, until_day, digest, records, warnings, imported_by, imported_us, approved_by, approved_us," \
	" activated_by, activated_us, withdrawn_by, withdrawn_us"
/* Its records are to be deleted. */
#define EDITION_GONE "swept = 0 AND state IN ('withdrawn', 'failed', 'discarded')"
#define TASK_COLUMNS "id, organisation, kind, subject, text, state, created_us, done_us"
#define LINK_COLUMNS "partner, state, since_us, heard_us, answered_us, receipt_us, failures, failing_us, reason, delays"
#define NOTICE_COLUMNS "id, partner, direction, kind, from_us, until_us, text, at_us, ended_us"
#define MESSAGE_COLUMNS \
	"message.id, direction, partner, organisation, message_id, conversation, position, ref_to, service, action, original_sender," \
	" final_recipient, document, test, state, created_us, next_attempt_us, attempts, settled_us, last_error, digest, accepted_us," \
	" CAST(CASE WHEN claimed_by IS NULL THEN 0 ELSE 1 END AS {i64}), reached_us"
/* Letter for letter the condition of the index message_open: SQLite uses a partial index only then. OF: the table's name in the
 * statement and a point. */
#define MESSAGE_OPEN_OF(of) of "state <> 'delivered' AND " of "state <> 'processed' AND " of "state <> 'abandoned'"
#define MESSAGE_OPEN MESSAGE_OPEN_OF("")
/* Something open stands before the message in its conversation. */
#define MESSAGE_BLOCKED \
	"EXISTS (SELECT 1 FROM message AS earlier WHERE earlier.conversation = message.conversation" \
	" AND earlier.partner = message.partner AND earlier.direction = message.direction" \
	" AND earlier.position < message.position AND " MESSAGE_OPEN_OF("earlier.") ")"
/* Entries by which a message is done: the final states of both machines, which nothing leaves. */
#define MESSAGE_DONE "subject_type = 'message' AND to_state IN ('delivered', 'processed', 'abandoned')"
/* MESSAGE_PARKED_US, as it stands in the condition of the index message_parked. */
#define MESSAGE_PARKED "253402300799000000"
/* The attempt's number and the end of its lease are those of one claim: they differ once another has taken the message. */
#define MESSAGE_CLAIM "id = $1 AND state = 'queued' AND attempts = $2 AND next_attempt_us = $3"
#define MESSAGE_WAITS "CAST($2 AS TEXT) IN ('queued', 'received')"
/* The lost part of what was exchanged with the partner comes first (kernel/catch_up.h). NOW: the parameter. */
#define CATCHING_UP(now) \
	"service <> 'urn:lintas:service:continuity:1' AND EXISTS (SELECT 1 FROM catch_up WHERE catch_up.partner = message.partner" \
	" AND catch_up.state = 'open' AND catch_up.hold_until_us > " now
#define HELD_IN(now) CATCHING_UP(now) " AND message.accepted_us > catch_up.begun_us)"
#define HELD_OUT(now) CATCHING_UP(now) " AND NOT (message.conversation = message.id AND message.created_us > catch_up.begun_us))"
#define RECOVERED_ROOM "1000000"
#define CATCH_UP_COLUMNS \
	"id, partner, conversation, since_us, begun_us, begun_by, hold_until_us, state, settled_us, reason," \
	" (SELECT count(*) FROM catch_up_item WHERE catch_up_item.catch_up = catch_up.id AND catch_up_item.state = 'wanted')," \
	" (SELECT count(*) FROM catch_up_item WHERE catch_up_item.catch_up = catch_up.id AND catch_up_item.state = 'recovered')," \
	" (SELECT count(*) FROM catch_up_item WHERE catch_up_item.catch_up = catch_up.id AND catch_up_item.state = 'known')," \
	" (SELECT count(*) FROM catch_up_item WHERE catch_up_item.catch_up = catch_up.id AND catch_up_item.state = 'refused')," \
	" (SELECT count(*) FROM catch_up_item WHERE catch_up_item.catch_up = catch_up.id AND catch_up_item.state = 'unavailable')"
#define MESSAGE_FILTER \
	"(CAST($1 AS TEXT) IS NULL OR direction = $1) AND (CAST($2 AS TEXT) IS NULL OR partner = $2)" \
	" AND (CAST($3 AS TEXT) IS NULL OR organisation = $3) AND id < $4" \
	" AND (CAST($6 AS TEXT) IS NULL OR state = $6)"
/* clang-format on */

#define STATEMENT(name, text) const struct statement sql_##name = { "kernel." #name, text };
#include "kernel/statements.def"
#undef STATEMENT

static const struct statement *const rows[] = {
#define STATEMENT(name, text) &sql_##name,
#include "kernel/statements.def"
#undef STATEMENT
};

const struct statements kernel_statements = { rows, COUNT(rows) };

const struct actor actor_system = { .name = "system" };

struct actor actor_partner(struct arena *arena, const char *partner)
{
	return (struct actor){ .name = arena_printf(arena, "partner:%s", partner) };
}

void *list_grow(struct arena *arena, void *items, size_t count, size_t size)
{
	if (count > 0 && (count & (count - 1)) != 0)
		return items;

	void *grown = arena_array(arena, count > 0 ? 2 * count : 1, size);
	if (grown && count > 0)
		memcpy(grown, items, count * size);
	return grown;
}

/* RFC 9562 §6.2, method 1: the 12 bits after the version count what this thread made in the same millisecond. What one
 * transaction writes is thereby in order, although all of it has one time; also around what it writes with another time
 * (since when a message is here), of which a few are remembered. The counters are the thread's own, so there is nothing
 * to guard. */
void id_new(char id[static UUID_SIZE], int64_t now_us)
{
	enum { TIMES = 4 };
	static _Thread_local struct {
		int64_t ms;
		unsigned count;
	} made[TIMES]; /* the latest one first */
	int64_t ms = now_us / 1000;
	size_t at = 0;

	while (at < TIMES - 1 && made[at].ms != ms)
		at++;
	unsigned count = made[at].ms == ms && made[at].count < 0xFFF ? made[at].count + 1 : 0;
	memmove(&made[1], &made[0], at * sizeof(made[0]));
	made[0].ms = ms;
	made[0].count = count;
	uuid_new(id, now_us);
	for (int i = 0; i < 3; i++)
		id[15 + i] = "0123456789abcdef"[count >> (8 - 4 * i) & 0xF];
}
