#include "kernel/event.h"

#include <inttypes.h>
#include <stdio.h>

/* More than the longest entry (journal.c). */
enum { TEXT_MAX = 65536, EVENT_MAX_BYTES = 65536 };

static const struct field event_rows[] = {
	FIELD_TIME(struct event_view, at_us, .json = "time", .min = 1),
	FIELD_INT(struct event_view, sequence, .json = "sequence",
		  .label = "place in the journal, which it gets when it is sealed"),
	FIELD_TEXT(struct event_view, actor, .json = "actor", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct event_view, organisation, .json = "organisation", .max_length = TEXT_MAX),
	FIELD_TEXT(struct event_view, subject_type, .json = "subjectType", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct event_view, subject, .json = "subject", .min = 1, .max_length = TEXT_MAX,
		   .label = "id of what it is about"),
	FIELD_TEXT(struct event_view, event, .json = "event", .min = 1, .max_length = TEXT_MAX),
	FIELD_TEXT(struct event_view, from_state, .json = "fromState", .max_length = TEXT_MAX),
	FIELD_TEXT(struct event_view, to_state, .json = "toState", .max_length = TEXT_MAX),
	FIELD_TEXT(struct event_view, detail, .json = "detail", .max_length = TEXT_MAX),
	FIELD_TEXT(struct event_view, law, .json = "law", .max_length = TEXT_MAX, .label = "provision"),
	FIELD_TEXT(struct event_view, content, .json = "content", .max_length = TEXT_MAX,
		   .label = "SHA-256 of what it speaks of, hexadecimal"),
};
const struct fields event_fields = FIELDS(struct event_view, event_rows);
const struct schema event_schema = {
	.name = "event", .root = "event", .ns = "", .prefix = "", .fields = &event_fields
};

static const struct field event_digest_rows[] = {
	FIELD_INT(struct event_digest_view, after, .json = "after", .min = 1,
		  .label = "of the events behind this sequence"),
	FIELD_INT(struct event_digest_view, until, .json = "until", .min = 1, .label = "up to this one and with it"),
	FIELD_INT(struct event_digest_view, count, .json = "count", .min = 1, .label = "how many there are"),
	FIELD_TEXT(struct event_digest_view, digest, .json = "digest", .min = 1,
		   .label = "chain of SHA-256 over them, hexadecimal; docs/webhooks.md says how it is recomputed"),
};
const struct fields event_digest_fields = FIELDS(struct event_digest_view, event_digest_rows);
const struct schema event_digest_schema = {
	.name = "eventDigest", .root = "eventDigest", .ns = "", .prefix = "", .fields = &event_digest_fields
};

struct event_view event_of(const struct journal_entry *e)
{
	return (struct event_view){ .at_us = e->at_us,
				    .sequence = e->number,
				    .actor = e->actor,
				    .organisation = e->organisation,
				    .subject_type = e->subject_type,
				    .subject = e->subject,
				    .event = e->event,
				    .from_state = e->from_state,
				    .to_state = e->to_state,
				    .detail = e->detail,
				    .law = e->law,
				    .content = e->content };
}

void event_chain_begin(struct event_chain *chain, int64_t after)
{
	*chain = (struct event_chain){ .after = after, .until = after };
}

enum err_code event_chain_add(struct event_chain *chain, const struct event_view *event, struct err *err)
{
	char sequence[24], time[TIME_SIZE];
	buf_auto out;

	snprintf(sequence, sizeof(sequence), "%" PRId64, event->sequence);
	const char *const values[] = {
		sequence,
		time_format(event->at_us, time),
		event->actor,
		event->organisation,
		event->subject_type,
		event->subject,
		event->event,
		event->from_state,
		event->to_state,
		event->detail,
		event->law,
		event->content,
	};
	buf_init(&out, EVENT_MAX_BYTES);
	buf_put(&out, chain->link, sizeof(chain->link));
	for (size_t i = 0; i < COUNT(values); i++) {
		const char *value = values[i] ? values[i] : "";
		buf_printf(&out, "%zu:", strlen(value));
		buf_puts(&out, value);
		buf_putc(&out, ',');
	}
	TRY(buf_check(&out, "an event", err));
	sha256(buf_bytes(&out), chain->link);
	chain->until = event->sequence;
	chain->count++;
	return OK;
}

struct event_digest_view event_digest_of(const struct event_chain *chain, char hex[static SHA256_HEX_SIZE])
{
	hex_of(chain->link, hex);
	return (struct event_digest_view){
		.after = chain->after, .until = chain->until, .count = chain->count, .digest = hex
	};
}
