/* One request of a webhook: made, signed, sent, and what became of it.
 *
 * Standard Webhooks specification 1.0 (github.com/standard-webhooks/standard-webhooks): what is signed is the
 * identifier, the time in seconds and the body, with '.' between them, by HMAC-SHA-256; while a secret is replaced
 * there is a signature by each, the newer first. webhook-key-id is ours: the numbers of the secrets, in the same order.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "codec/field.h"
#include "national/webhook_int.h"

#define ARENA_BYTES      ((size_t)16 << 20) /* 500 entries of 16 KiB, and some of them once more */
#define BODY_MAX         ((size_t)4 << 20)
#define ANSWER_BYTES     ((size_t)4096) /* what is longer is nobody's business here */
#define CONNECT_US       (5 * SECOND_US)
#define EXCHANGE_US      (15 * SECOND_US)
#define LEASE_US         (60 * SECOND_US) /* longer than an exchange takes */
#define SIGNATURES_BYTES 256

/* --- The body --- */

struct body_data {
	const char *webhook, *digest;
	int64_t after, until, count;
	struct event_view *events;
	size_t events_count;
};
struct body {
	const char *type;
	int64_t at_us;
	struct body_data *data;
};

static const struct field data_rows[] = {
	FIELD_TEXT(struct body_data, webhook, .json = "webhook"),
	FIELD_INT(struct body_data, after, .json = "after"),
	FIELD_INT(struct body_data, until, .json = "until"),
	FIELD_INT(struct body_data, count, .json = "count"),
	FIELD_TEXT(struct body_data, digest, .json = "digest"),
	FIELD_LIST(struct body_data, events, events_count, struct event_view, event_fields, .json = "events",
		   .max = WEBHOOK_EVENTS_MAX),
};
static const struct fields data_fields = FIELDS(struct body_data, data_rows);
static const struct field body_rows[] = {
	FIELD_TEXT(struct body, type, .json = "type"),
	FIELD_TIME(struct body, at_us, .json = "timestamp"),
	FIELD_GROUP(struct body, data, struct body_data, data_fields, .json = "data"),
};
static const struct fields body_fields = FIELDS(struct body, body_rows);
static const struct schema body_schema = {
	.name = "webhookBody", .root = "webhookBody", .ns = "", .prefix = "", .fields = &body_fields
};

/* The same octets at each attempt: the time is that of the last event. */
static void put_body(struct buf *out, struct webhook_batch *batch)
{
	char hex[SHA256_HEX_SIZE];
	const struct event_digest_view digest = event_digest_of(&batch->chain, hex);
	struct body_data data = { .webhook = batch->webhook.id,
				  .digest = digest.digest,
				  .after = batch->chain.after,
				  .until = batch->chain.until,
				  .count = digest.count,
				  .events = batch->events,
				  .events_count = batch->count };
	const struct body body = { .type = "lintas.events",
				   .at_us = batch->events[batch->count - 1].at_us,
				   .data = &data };

	field_put_json(out, &body_schema, &body);
}

/* --- Signatures --- */

enum err_code webhook_sign(struct arena *arena, const char *secret, const char *id, const char *seconds,
			   struct bytes body, struct buf *out, struct err *err)
{
	uint8_t signature[HMAC_SHA256_SIZE];
	struct bytes key;
	buf_auto content;

	buf_init(&content, BODY_MAX + 256);
	if (!starts_with(secret, WEBHOOK_SECRET_PREFIX) ||
	    !base64_parse(arena, bytes_of(secret + strlen(WEBHOOK_SECRET_PREFIX)), &key))
		return fail(err, ERR_INTERNAL,
			    "the secret of a webhook is damaged: lintas webhook rotate makes a new one");
	buf_printf(&content, "%s.%s.", id, seconds);
	buf_put_bytes(&content, body);
	TRY(buf_check(&content, "a webhook's request", err));
	TRY(hmac_sha256(key, buf_bytes(&content), signature, err));
	buf_puts(out, out->size ? " v1," : "v1,");
	base64_put(out, bytes(signature, sizeof(signature)));
	return buf_check(out, "a webhook's signatures", err);
}

struct signing {
	char seconds[24], keys[48];
	struct buf signatures;
};

static enum err_code sign(struct arena *arena, const struct webhook *webhook, struct bytes body, int64_t now_us,
			  struct signing *signing, struct err *err)
{
	bool both = webhook->old_secret && now_us < webhook->old_until_us;
	const char *id = webhook->message, *seconds = signing->seconds;

	snprintf(signing->seconds, sizeof(signing->seconds), "%" PRId64, now_us / SECOND_US);
	snprintf(signing->keys, sizeof(signing->keys), both ? "%" PRId64 " %" PRId64 : "%" PRId64, webhook->key_number,
		 webhook->key_number - 1);
	TRY(webhook_sign(arena, webhook->secret, id, seconds, body, &signing->signatures, err));
	return both ? webhook_sign(arena, webhook->old_secret, id, seconds, body, &signing->signatures, err) : OK;
}

/* --- The request --- */

static enum err_code call(const struct webhook_sender *sender, struct arena *arena, const struct webhook *webhook,
			  struct bytes body, const struct signing *signing, struct http_answer *answer, struct err *err)
{
	const struct http_tls tls = { .trust_file = sender->trust_file };
	const struct http_header headers[] = {
		{ "Content-Type", "application/json" },    { "webhook-id", webhook->message },
		{ "webhook-timestamp", signing->seconds }, { "webhook-signature", buf_text(&signing->signatures) },
		{ "webhook-key-id", signing->keys },
	};
	bool plain = starts_with(webhook->url, "http:");

	/* A setting may have changed since it was added. The URL is not told: it may hold a secret. */
	if (plain && !sender->allow_plain)
		return fail(err, ERR_CONFIG, "its URL is not protected by TLS, and [gateway] plain is no");
	return sender->client->call(sender->client, arena,
				    &(struct http_call){ .method = "POST",
							 .url = webhook->url,
							 .headers = headers,
							 .headers_count = COUNT(headers),
							 .body = body,
							 .tls = sender->trust_file ? &tls : NULL,
							 .allow_plain = plain,
							 .connect_timeout_us = CONNECT_US,
							 .timeout_us = EXCHANGE_US,
							 .max_response_bytes = ANSWER_BYTES,
							 .cut_response = true,
							 .reach = plain ? &reach_loopback : &sender->reach },
				    answer, err);
}

/* First matching row wins; what is in none was taken. */
static const struct {
	int first, last;
	bool for_good;
	const char *more;
} verdicts[] = {
	{ 100, 199, false, ": 2xx is what says that it was taken" },
	{ 300, 399, false, ": redirects are not followed; add a webhook with the new URL" },
	{ 410, 410, true, " Gone: it wants no more" },
	{ 400, 499, false, ": does it know this path and this secret?" },
	{ 500, 999, false, "" },
};

static enum err_code judge(struct arena *arena, const struct http_answer *answer, struct webhook_outcome *outcome,
			   struct err *err)
{
	outcome->status = answer->status;
	for (size_t i = 0; i < COUNT(verdicts) && !outcome->error; i++)
		if (answer->status >= verdicts[i].first && answer->status <= verdicts[i].last) {
			outcome->for_good = verdicts[i].for_good;
			outcome->error =
				arena_printf(arena, "the receiver answered %d%s", answer->status, verdicts[i].more);
			if (!outcome->error)
				return fail(err, ERR_MEMORY, "no memory left for the answer of a webhook's receiver");
		}
	return OK;
}

/* WHY it went wrong, if it did, is a part of the outcome. What cannot even be made is no better in a minute. */
static enum err_code attempt(const struct webhook_sender *sender, struct arena *arena, struct webhook_batch *batch,
			     struct signing *signing, struct buf *body, struct webhook_outcome *outcome,
			     struct err *why)
{
	struct http_answer answer = { 0 };

	put_body(body, batch);
	enum err_code code = buf_check(body, "a webhook's request", why);
	if (code == OK)
		code = sign(arena, &batch->webhook, buf_bytes(body), outcome->at_us, signing, why);
	outcome->for_good = code != OK && !err_row(code)->transient;
	TRY(code);
	TRY(call(sender, arena, &batch->webhook, buf_bytes(body), signing, &answer, why));
	return judge(arena, &answer, outcome, why);
}

/* An attempt ends with an outcome; but not one that the end of this process cut off (ERR_BUSY). */
static enum err_code deliver(const struct webhook_sender *sender, struct arena *arena, struct webhook_batch *batch,
			     struct webhook_outcome *outcome, struct err *err)
{
	struct err why = { 0 };
	struct signing signing;
	int64_t began_us = clock_monotonic_us();
	buf_auto body;

	buf_init(&body, BODY_MAX);
	buf_init(&signing.signatures, SIGNATURES_BYTES);
	enum err_code code = attempt(sender, arena, batch, &signing, &body, outcome, &why);
	buf_done(&signing.signatures);
	outcome->duration_us = clock_monotonic_us() - began_us;
	if (code == ERR_BUSY)
		return webhook_give_back(sender->kernel, batch, outcome->at_us, err);
	if (code != OK)
		outcome->error = why.text;
	return webhook_settle(sender->kernel, batch, outcome, sender->give_up_us, err);
}

enum err_code webhooks_step(const struct webhook_sender *sender, int64_t now_us, unsigned *done, struct err *err)
{
	arena_auto arena = arena_new(ARENA_BYTES);
	struct webhook_batch *batch = arena ? arena_alloc(arena, sizeof(*batch)) : NULL;
	struct webhook_outcome outcome = { .at_us = now_us };
	bool found = false;

	*done = 0;
	if (!batch)
		return fail(err, ERR_MEMORY, "no memory left for webhooks");
	TRY(webhook_take(sender->kernel, arena, now_us, LEASE_US, sender->failing_most, batch, &found, err));
	*done = found;
	return found && batch->count ? deliver(sender, arena, batch, &outcome, err) : OK;
}
