/* What the API says of webhooks. */
#include "api/api.h"

static const struct field webhook_rows[] = {
	FIELD_TEXT(struct webhook_view, id, .json = "id", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct webhook_view, organisation, .json = "organisation", .max_length = TEXT_MAX,
		   .label = "whose events; absent: those of all"),
	FIELD_TEXT(struct webhook_view, url, .json = "url", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct webhook_view, events, .json = "events", .max_length = TEXT_MAX,
		   .label = "names, separated by a space; absent: all"),
	FIELD_TEXT(struct webhook_view, state, .json = "state", .min = 1, .max_length = TEXT_MAX,
		   .label = "active or paused"),
	FIELD_TEXT(struct webhook_view, reason, .json = "reason", .max_length = TEXT_MAX, .label = "why it is paused"),
	FIELD_TEXT(struct webhook_view, secret, .json = "secret", .max_length = TEXT_MAX,
		   .label = "told when it is made, never again"),
	FIELD_INT(struct webhook_view, key, .json = "key", .min = 1, .label = "number of the secret"),
	FIELD_TIME(struct webhook_view, old_until_us, .json = "previousSecretUntil"),
	FIELD_INT(struct webhook_view, cursor, .json = "cursor", .min = 1,
		  .label = "sequence up to which the receiver took the events"),
	FIELD_INT(struct webhook_view, waiting, .json = "waiting", .min = 1,
		  .label = "events behind the cursor, whatever their names; 1000: or more"),
	FIELD_INT(struct webhook_view, single, .json = "redelivering",
		  .label = "sequence of an event that goes out once more first"),
	FIELD_INT(struct webhook_view, attempts, .json = "attempts", .min = 1,
		  .label = "in vain since the last success"),
	FIELD_TIME(struct webhook_view, next_us, .json = "nextAttempt"),
	FIELD_TIME(struct webhook_view, failing_us, .json = "failingSince"),
	FIELD_TIME(struct webhook_view, last_us, .json = "lastAttempt"),
	FIELD_INT(struct webhook_view, last_status, .json = "lastStatus", .label = "of HTTP; absent: no answer came"),
	FIELD_TEXT(struct webhook_view, last_error, .json = "lastError", .max_length = TEXT_MAX),
	FIELD_INT(struct webhook_view, delivered, .json = "delivered", .min = 1, .label = "requests taken, ever"),
	FIELD_TIME(struct webhook_view, created_us, .json = "created", .min = 1),
	FIELD_TEXT(struct webhook_view, created_by, .json = "createdBy", .min = 1, .max_length = TEXT_MAX),
};
static const struct fields webhook_fields = FIELDS(struct webhook_view, webhook_rows);

static const struct field new_webhook_rows[] = {
	FIELD_TEXT(struct new_webhook_view, url, .json = "url", .min = 1, .max_length = TEXT_MAX,
		   .label = "https://; where requests are posted to"),
	FIELD_TEXT(struct new_webhook_view, events, .json = "events", .max_length = TEXT_MAX,
		   .label = "names, separated by a space; absent: all"),
	FIELD_TEXT(struct new_webhook_view, organisation, .json = "organisation", .max_length = TEXT_MAX,
		   .label = "whose events; absent: the asker's, or those of all for who runs the node"),
	FIELD_INT(struct new_webhook_view, after, .json = "after",
		  .label = "begin behind this cursor; absent: with what happens from now on"),
};
static const struct fields new_webhook_fields = FIELDS(struct new_webhook_view, new_webhook_rows);

static const struct field webhook_rotation_rows[] = {
	FIELD_INT(struct webhook_rotation_view, overlap_s, .json = "overlap",
		  .label = "seconds for which the secret before signs, too, at most 30 days; absent: one day"),
};
static const struct fields webhook_rotation_fields = FIELDS(struct webhook_rotation_view, webhook_rotation_rows);

static const struct field webhook_redelivery_rows[] = {
	FIELD_INT(struct webhook_redelivery_view, after, .json = "after", .label = "everything behind this cursor"),
	FIELD_INT(struct webhook_redelivery_view, event, .json = "event", .label = "sequence of one event"),
};
static const struct fields webhook_redelivery_fields = FIELDS(struct webhook_redelivery_view, webhook_redelivery_rows);

static const struct field webhook_delivery_rows[] = {
	FIELD_TIME(struct webhook_delivery_view, at_us, .json = "time", .min = 1),
	FIELD_TEXT(struct webhook_delivery_view, message, .json = "message", .min = 1, .max_length = TEXT_MAX,
		   .label = "webhook-id"),
	FIELD_INT(struct webhook_delivery_view, attempt, .json = "attempt", .min = 1),
	FIELD_INT(struct webhook_delivery_view, first, .json = "first", .min = 1,
		  .label = "sequence of the first event"),
	FIELD_INT(struct webhook_delivery_view, last, .json = "last", .min = 1, .label = "sequence of the last event"),
	FIELD_INT(struct webhook_delivery_view, events, .json = "events", .min = 1, .label = "how many"),
	FIELD_INT(struct webhook_delivery_view, duration_ms, .json = "milliseconds", .min = 1),
	FIELD_INT(struct webhook_delivery_view, status, .json = "status", .label = "of HTTP; absent: no answer came"),
	FIELD_TEXT(struct webhook_delivery_view, error, .json = "error", .max_length = TEXT_MAX,
		   .label = "absent: the receiver took it"),
};
static const struct fields webhook_delivery_fields = FIELDS(struct webhook_delivery_view, webhook_delivery_rows);

const struct schema webhook_schema = SCHEMA("webhook", webhook_fields);
const struct schema new_webhook_schema = SCHEMA("newWebhook", new_webhook_fields);
const struct schema webhook_rotation_schema = SCHEMA("webhookRotation", webhook_rotation_fields);
const struct schema webhook_redelivery_schema = SCHEMA("webhookRedelivery", webhook_redelivery_fields);

LIST_SCHEMA(webhook)

static const struct field webhook_delivery_list_rows[] = {
	FIELD_LIST(struct webhook_delivery_list_view, items, count, struct webhook_delivery_view,
		   webhook_delivery_fields, .json = "items", .max = PAGE_MAX),
};
static const struct fields webhook_delivery_list_fields =
	FIELDS(struct webhook_delivery_list_view, webhook_delivery_list_rows);
const struct schema webhook_delivery_list_schema = SCHEMA("webhookDeliveryList", webhook_delivery_list_fields);
