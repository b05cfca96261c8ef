/* A sealed entry of the journal as other systems get it: by the feed, the event stream and webhooks, all by one field
 * table. And the digest by which they know that they got all of them. */
#ifndef KERNEL_EVENT_H
#define KERNEL_EVENT_H

#include "crypto/digest.h"
#include "kernel/journal.h"

struct event_view {
	int64_t at_us, sequence; /* the entry's number, see journal_number() */
	const char *actor, *organisation, *subject_type, *subject, *event, *from_state, *to_state, *detail, *law,
		*content;
};
extern const struct fields event_fields;
struct event_view event_of(const struct journal_entry *entry);

/* The names that events have: the steps of state machines, and kernel/event_names.def. */
struct event_name {
	const char *subject_type, *name, *means;
};
struct event_walk {
	size_t machine, step, row;
};
/* The next one of KERNEL's capabilities, from a WALK of zeros on; false after the last. A name that several steps have
 * comes as often. */
bool event_name_next(const struct kernel *kernel, struct event_walk *walk, struct event_name *name);
bool event_name_known(const struct kernel *kernel, const char *name);
/* Those that were perhaps meant by NAME, "received, refused"; NULL if none is near. The arena's. */
const char *event_names_near(const struct kernel *kernel, struct arena *arena, const char *name);

/* The completeness of a run of events: those of one organisation (or of all) after the number .after up to and with
 * .until. Link n of the chain is SHA-256 over link n-1 (32 zero octets before the first) and the values of event n,
 * each as a netstring (its length in octets in decimal, ':', the octets, ','), in this order: sequence, time, actor,
 * organisation, subjectType, subject, event, fromState, toState, detail, law, content; as they stand in JSON, one that
 * is absent as the empty text. So it does not depend on how the JSON is laid out, or on what later versions add. */
struct event_chain {
	int64_t after, until, count;
	uint8_t link[SHA256_SIZE];
};
void event_chain_begin(struct event_chain *chain, int64_t after);
enum err_code event_chain_add(struct event_chain *chain, const struct event_view *event, struct err *err) MUST_USE;

/* A chain as it is told. */
struct event_digest_view {
	int64_t after, until, count;
	const char *digest; /* the last link, hexadecimal */
};
extern const struct fields event_digest_fields;
extern const struct schema event_schema, event_digest_schema;
/* HEX holds the digest. */
struct event_digest_view event_digest_of(const struct event_chain *chain, char hex[static SHA256_HEX_SIZE]);

#endif
