/* Document types of the link, and what they do to it. */
#include "base/text.h"
#include "customs/link/link_int.h"
#include "kernel/card.h"

#define KEPT_AS_EXPLANATION                                                                                            \
	{                                                                                                              \
		.years = 1, .law = "no public text says it: a year is enough to explain a link"                        \
	}

static void notice_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct notice *notice = record;

	(void)arena;
	*key = (struct document_key){
		.reference = notice->reference,
		.issuer_state = notice->issuing_country,
		.issued_on = notice->issued_on,
		.about_issued_on = DATE_NONE,
		.counterpart = notice->receiving_country,
	};
}

/* A test says nothing of the link. */
static enum err_code announced(struct tx *tx, const struct document_event *event, const char *direction,
			       struct err *err)
{
	const struct notice *notice = event->record;
	const struct link_notice kept = {
		.id = event->document,
		.partner = event->partner,
		.direction = direction,
		.kind = notice->kind,
		.from_us = notice->from_us,
		.until_us = notice->until_us == TIME_NONE ? notice->from_us : notice->until_us,
		.text = notice->text,
	};

	return event->message->test ? OK : link_notice_put(tx, &kept, &event->actor, event->now_us, err);
}

static enum err_code notice_submitted(struct tx *tx, const struct document_event *event, struct findings *findings,
				      struct err *err)
{
	size_t errors = findings_errors(findings);

	notice_check_now(event->record, event->now_us, findings);
	return findings_errors(findings) > errors ? OK : announced(tx, event, "out", err);
}

static enum err_code notice_received(struct tx *tx, const struct document_event *event, struct findings *findings,
				     struct err *err)
{
	(void)findings;
	return announced(tx, event, "in", err);
}

const struct doctype notice_doctype = {
	.code = NOTICE,
	.title = "Notice of an outage or maintenance of a node",
	.version = "1",
	.law = "between nodes; no public text fixes its form",
	.schema = &notice_schema,
	.from_seat = "customs",
	.to_seat = "customs",
	.sample = sample_notice,
	.sent_by = "lintas notice (POST /api/v1/notices)",
	.keeping = KEPT_AS_EXPLANATION,
	.check = notice_check,
	.key = notice_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_submit = notice_submitted,
	.on_receive = notice_received,
};

/* --- CARD --- */

static void card_key(struct arena *arena, const void *record, struct document_key *key)
{
	const struct card_update *update = record;

	(void)arena;
	*key = (struct document_key){
		.reference = update->reference,
		.issuer_state = update->issuing_country,
		.issued_on = update->issued_on,
		.about_issued_on = DATE_NONE,
		.counterpart = update->receiving_country,
	};
}

/* What is wrong with the card refuses the document, and nothing of it waits for an operator. */
static enum err_code card_received(struct tx *tx, const struct document_event *event, struct findings *findings,
				   struct err *err)
{
	const struct card_update *update = event->record;
	const struct card_desk *desk = event->kernel->card_desk;
	struct bytes octets;

	if (event->message->test)
		return OK;
	if (!base64_parse(event->arena, bytes_of(update->card), &octets))
		return fail(err, ERR_MEMORY, "no memory left for a card of %s", event->partner);
	if (desk)
		return desk->take(desk, tx, event->arena, event->partner, octets, &event->actor, event->now_us,
				  findings, err);
	card_update_find_unread(findings);
	return OK;
}

const struct doctype card_update_doctype = {
	.code = CARD,
	.title = "Card of a node, which has changed",
	.version = "1",
	.law = "between nodes; no public text fixes its form",
	.schema = &card_update_schema,
	.from_seat = "customs",
	.to_seat = "customs",
	.sample = sample_card,
	.sent_by = "the node itself, when its card changes,",
	.keeping = KEPT_AS_EXPLANATION,
	.check = card_update_check,
	.key = card_key,
	.sent_machine = &document_sent_machine,
	.received_machine = &document_received_machine,
	.on_receive = card_received,
};
