/* What must be so in any region that has healed and drained. */
#include "region.h"

#include "kernel/journal.h"

struct timeline {
	struct region *region;
	const char *subject;
	struct journal_list list;
};

static enum err_code timeline_run(struct tx *tx, void *arg, struct err *err)
{
	enum { ENTRIES = 1000 };
	struct timeline *timeline = arg;

	return journal_of(tx, timeline->region->arena, timeline->subject, ENTRIES, &timeline->list, err);
}

static struct journal_list timeline_of(struct region_node *node, const char *subject)
{
	struct region *region = node->region;
	struct timeline timeline = { .region = region, .subject = subject };

	region_must(region, db_read(node->kernel.db, timeline_run, &timeline, &region->err));
	return timeline.list;
}

static size_t times_in_state(const struct journal_list *list, const char *state)
{
	size_t times = 0;

	for (size_t i = 0; i < list->count; i++)
		times += same(list->entries[i].to_state, state);
	return times;
}

/* DETAIL NULL: any. */
static size_t times_of_event(const struct journal_list *list, const char *event, const char *detail)
{
	size_t times = 0;

	for (size_t i = 0; i < list->count; i++)
		times += same(list->entries[i].event, event) && (!detail || same(list->entries[i].detail, detail));
	return times;
}

/* The octets that the receiver accepted are among those that the sender kept before it sent them. */
static void check_evidence(struct region_node *from, const struct message *sent, struct region_node *to,
			   const struct message *received)
{
	struct region *region = from->region;
	struct bytes accepted = region_wire(to, received->id, WIRE_RECEIVED);
	struct wire_list kept = region_wires(from, sent->id);
	bool found = false;

	for (size_t i = 0; i < kept.count; i++)
		found = found || (kept.items[i].kind == WIRE_SENT && bytes_same(kept.items[i].octets, accepted));
	if (!found)
		region_fail(region, "%s did not keep what %s accepted as message %s", from->state, to->state,
			    sent->message_id);
	if (!bytes_same(region_wire(from, sent->id, WIRE_RECEIPT_RECEIVED),
			region_wire(to, received->id, WIRE_RECEIPT_SENT)))
		region_fail(region, "%s and %s hold different receipts for message %s", from->state, to->state,
			    sent->message_id);
}

/* ebMS 2.0 §8.2: who answers a Ping keeps nothing of it. */
static bool is_unkept_ping(struct region *region, const struct message *sent)
{
	return sent->test && !sent->document && region->options.ebms2 != REGION_AS4 && !same(sent->partner, "LA") &&
	       !same(sent->original_sender, "LA:customs");
}

static void check_sent(struct region_node *from, const struct message *sent)
{
	struct region *region = from->region;
	struct region_node *to = region_node(region, sent->partner);

	if (!same(sent->state, "delivered"))
		region_fail(region, "message %s of %s to %s is %s: %s", sent->message_id, from->state, to->state,
			    sent->state, sent->last_error ? sent->last_error : "");
	struct message received = region_message(to, sent->message_id);
	if (is_unkept_ping(region, sent))
		return;
	if (!received.id || !same(received.direction, "in") || !same(received.partner, from->state))
		region_fail(region, "%s has a receipt for message %s, which %s does not have", from->state,
			    sent->message_id, to->state);
	if (!same(received.digest, sent->digest) || !same(received.conversation, sent->conversation))
		region_fail(region, "message %s is another at %s", sent->message_id, to->state);
	check_evidence(from, sent, to, &received);
}

/* Heartbeats stand in no outbox (docs/health.md). */
static bool is_heartbeat(const struct region *region, const struct message *received)
{
	return region->options.health.heartbeat_us != 0 && received->test && !received->document;
}

static void check_received(struct region_node *to, const struct message *received)
{
	struct region *region = to->region;
	struct region_node *from = region_node(region, received->partner);
	struct message sent = region_message(from, received->message_id);

	if (is_heartbeat(region, received))
		return;
	if (!sent.id || !same(sent.direction, "out") || !same(sent.partner, to->state))
		region_fail(region, "%s has message %s, which %s never sent", to->state, received->message_id,
			    from->state);
	struct journal_list timeline = timeline_of(to, received->id);
	size_t times = times_in_state(&timeline, "processed");
	if (!same(received->state, "processed") || times != 1)
		region_fail(region, "message %s is %s at %s, and became processed %zu times", received->message_id,
			    received->state, to->state, times);
}

/* A message becomes processed once, however often its document is taken in: that is told by the document. It is opened
 * once, by the message that it keeps; every other message of the same document finds it there, once. */
static void check_taken_in(struct region_node *to, const struct document *document, const struct message_list *in)
{
	struct region *region = to->region;
	struct journal_list timeline = timeline_of(to, document->id);
	size_t opened = times_of_event(&timeline, "received", NULL) + times_of_event(&timeline, "refused", NULL);

	if (opened != 1)
		region_fail(region, "%s has opened the document %s %zu times", to->state, document->id, opened);
	for (size_t i = 0; i < in->count; i++) {
		const struct message *message = &in->items[i];
		size_t again = times_of_event(&timeline, "received-again", message->message_id);
		bool other = same(message->document, document->id) && !same(message->id, document->message);
		if (again != other)
			region_fail(region, "%s has processed message %s, of document %s, %s", to->state,
				    message->message_id, document->id, again > other ? "more than once" : "not at all");
	}
}

/* Positions are given when a message is accepted; the same order at both sides, and in that order processed. */
static void check_order(struct region_node *to, const struct message_list *in)
{
	struct region *region = to->region;

	for (size_t i = 0; i < in->count; i++)
		for (size_t k = 0; k < in->count; k++) {
			const struct message *a = &in->items[i], *b = &in->items[k];
			if (!same(a->conversation, b->conversation) || !same(a->partner, b->partner) ||
			    a->position >= b->position)
				continue;
			struct region_node *from = region_node(region, a->partner);
			if (region_message(from, a->message_id).position >=
			    region_message(from, b->message_id).position)
				region_fail(region, "%s sent %s after %s, but %s has them in another order",
					    from->state, a->message_id, b->message_id, to->state);
			if (!region->clock_jumped && a->settled_us > b->settled_us)
				region_fail(region, "%s processed %s before %s", to->state, b->message_id,
					    a->message_id);
		}
}

/* Every document that somebody submitted, remembered by the test, not by the node that sent it. */
static void check_submitted(struct region *region, const struct submitted *submitted)
{
	struct message sent = region_message(submitted->node, submitted->message);
	struct region_node *to = sent.id ? region_node(region, sent.partner) : NULL;
	size_t found = 0;

	if (!to)
		region_fail(region, "%s has lost message %s", submitted->node->state, submitted->message);
	struct document_list documents = region_documents(to, "in");
	for (size_t i = 0; i < documents.count; i++) {
		const struct document *document = &documents.items[i];
		if (!same(document->partner, submitted->node->state) || !same(document->digest, submitted->digest))
			continue;
		found++;
		if (same(document->state, "refused"))
			region_fail(region, "%s refused the %s %s", to->state, document->doctype, document->reference);
	}
	if (found != 1)
		region_fail(region, "%s has the document %s of %s %zu times", to->state, submitted->document,
			    submitted->node->state, found);
}

void region_check_journals(struct region *region)
{
	for (size_t i = 0; i < NODES; i++) {
		struct journal_proof proof;
		region_must(region, journal_verify(&region->nodes[i].kernel, &proof, &region->err));
		if (proof.broken_sequence != 0 || proof.entries == 0 || proof.unsealed != 0)
			region_fail(region, "the journal of %s: %s at %lld, %lld entries, %lld not sealed",
				    region->nodes[i].state, proof.reason, (long long)proof.broken_sequence,
				    (long long)proof.entries, (long long)proof.unsealed);
	}
}

void region_check(struct region *region)
{
	size_t sent = 0, received = 0, unkept = 0, documents = 0;

	for (size_t i = 0; i < NODES; i++) {
		struct region_node *node = &region->nodes[i];
		struct message_list out = region_messages(node, "out", NULL), in = region_messages(node, "in", NULL);
		for (size_t k = 0; k < out.count; k++)
			check_sent(node, &out.items[k]);
		for (size_t k = 0; k < out.count; k++)
			unkept += is_unkept_ping(region, &out.items[k]);
		for (size_t k = 0; k < in.count; k++) {
			check_received(node, &in.items[k]);
			received += !is_heartbeat(region, &in.items[k]);
		}
		check_order(node, &in);
		struct document_list taken_in = region_documents(node, "in");
		for (size_t k = 0; k < taken_in.count; k++)
			check_taken_in(node, &taken_in.items[k], &in);
		sent += out.count;
		documents += taken_in.count;
	}
	for (size_t i = 0; i < region->submitted_count; i++)
		check_submitted(region, &region->submitted[i]);
	region_expect(region, sent == received + unkept);
	region_expect(region, sent >= region->submitted_count);
	region_expect(region, documents == region->submitted_count);
	region_check_journals(region);
}
