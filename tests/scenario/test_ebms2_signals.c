/* ebMS 2 from the sender's side: signals with requests of their own that settle what they should not, messages that
 * wait, and partners that change. TH is the node under test, VN the partner. */
#include "peer2.h"

#include <stdio.h>

#include "base/text.h"
#include "kernel/reply.h"
#include "keyring.h"
#include "messaging/uris_int.h"
#include "proof.h"

/* --- What comes with a request of its own --- */

#define NEXT " soap:actor=\"" URI_SOAP_NEXT "\""

struct posted {
	const char *name;
	struct answer2 answer;
};

/* None of these settles anything, and none is answered: by a bare 400, whoever it is from. */
static const struct posted settles_nothing[] = {
	{ "for an unknown message",
	  { .before = { { "<eb:RefToMessageId>", "<eb:RefToMessageId >" },
			{ "<eb:RefToMessageId>", "<eb:RefToMessageId>x" } } } },
	{ "changed", { .after = { { "</eb:RefToMessageId>", " </eb:RefToMessageId>" } } } },
	{ "with another digest", { .before = { { "<ds:DigestValue>", "<ds:DigestValue>AAAA" } } } },
	{ "with another reference", { .before = { { "URI=\"cid:", "URI=\"cid:x" } } } },
	{ "with fewer references",
	  { .before = { { "<ds:Reference ", "<ds:Other " }, { "</ds:Reference>", "</ds:Other>" } } } },
	{ "with another algorithm",
	  { .before = { { "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmlenc#sha512" } } } },
	{ "unsigned", { .is_unsigned = true } },
	{ "signed by another partner", { .keys = "LA" } },
	{ "signed by ourselves", { .keys = "TH" } },
	{ "signed by a stranger", { .keys = "stranger" } },
	{ "of another agreement", { .before = { { "<eb:CPAId>th-vn", "<eb:CPAId>th-la" } } } },
	{ "to another party", { .before = { { ">TH<", ">LA<" } } } },
	{ "a pong",
	  { .before = { { "<eb:Action>Acknowledgment", "<eb:Action>Pong" },
			{ "<eb:Acknowledgment", "<x:x xmlns:x=\"urn:x\"" },
			{ "</eb:Acknowledgment>", "</x:x>" } } } },
	{ "marked as for a next node",
	  { .after = { { "<eb:Acknowledgment soap:actor=\"" URI_TO_PARTY_MSH "\"", "<eb:Acknowledgment" NEXT } } } },
	{ "an error that another partner signed", { .kind = KIND_ERROR, .keys = "LA" } },
	{ "an error about an unknown message",
	  { .kind = KIND_ERROR, .before = { { "<eb:RefToMessageId>", "<eb:RefToMessageId>x" } } } },
	{ "an error about nothing",
	  { .kind = KIND_ERROR, .before = { { "<eb:RefToMessageId>", "<!--" }, { "</eb:RefToMessageId>", "-->" } } } },
};

static void a_posted_signal_that_is_not_right_settles_nothing_and_is_not_answered(void **state)
{
	struct message message = waiting(1);
	struct wire sent = sent_of(&message);

	(void)state;
	for (size_t i = 0; i < COUNT(settles_nothing); i++) {
		struct answer2 answer = settles_nothing[i].answer;
		struct caught caught = { 0 };
		answer.keys = answer.keys ? answer.keys : "VN";
		answer.kind = answer.kind ? answer.kind : KIND_RECEIPT;
		answer.rule = RULE_ACTION;
		struct wire wire = answer2_pack(region, &answer, &sent);
		struct http_answer got = letter_post(th, &wire);
		if (got.status != 400 || got.body.size)
			region_fail(region, "an acknowledgment %s: HTTP status %d", settles_nothing[i].name,
				    got.status);
		settle_caught(&caught);
		assert_int_equal(caught.count, 0);
		struct message after = region_message(th, message.id);
		assert_string_equal(after.state, "queued");
		assert_true(after.next_attempt_us == message.next_attempt_us);
	}
}

static void a_posted_acknowledgment_settles_its_message_once(void **state)
{
	struct message message = waiting(1), other = waiting(2);
	struct wire sent = sent_of(&message), other_sent = sent_of(&other);
	struct answer2 answer = { .keys = "VN", .kind = KIND_RECEIPT };
	struct wire wire = answer2_pack(region, &answer, &sent);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct http_answer got = letter_post(th, &wire);
		assert_int_equal(got.status, 204);
		assert_int_equal(got.body.size, 0);
		assert_string_equal(region_message(th, message.id).state, "delivered");
		assert_string_equal(region_message(th, other.id).state, "queued");
	}
	assert_true(bytes_same(region_wire(th, message.id, WIRE_RECEIPT_RECEIVED), wire.octets));
	assert_int_equal(counters(th).delivered, 1);
	(void)other_sent;
}

static struct findings *decide(const struct message *message, const char *event)
{
	const struct actor actor = { .name = "user:officer", .organisation = "dft" };
	struct findings *findings = findings_new(region->arena);

	region_must(region,
		    outbox_decide(&th->kernel, message->id, event, &actor, region->now_us, findings, &region->err));
	assert_int_equal(findings_count(findings), 0);
	return findings;
}

/* The partner has it, whatever was decided: of an abandoned one the acknowledgment is evidence, a dead one is
 * delivered.
 */
static void a_late_acknowledgment_of_what_was_given_up_is_kept(void **state)
{
	struct message abandoned = waiting(1), held = waiting(2);
	const struct answer2 answer = { .keys = "VN", .kind = KIND_RECEIPT };

	(void)state;
	decide(&abandoned, "hold");
	decide(&abandoned, "abandon");
	decide(&held, "hold");
	struct wire sent = sent_of(&abandoned), wire = answer2_pack(region, &answer, &sent);
	assert_int_equal(letter_post(th, &wire).status, 204);
	assert_string_equal(region_message(th, abandoned.id).state, "abandoned");
	assert_true(bytes_same(region_wire(th, abandoned.id, WIRE_RECEIPT_RECEIVED), wire.octets));
	sent = sent_of(&held);
	wire = answer2_pack(region, &answer, &sent);
	assert_int_equal(letter_post(th, &wire).status, 204);
	assert_string_equal(region_message(th, held.id).state, "delivered");
}

/* Gateways in use do not sign errors: one is shown, and the message is tried again; a signed one is believed. */
static void a_posted_error_is_believed_if_it_is_signed(void **state)
{
	struct message one = waiting(1), other = waiting(2);
	struct answer2 error = { .keys = "VN", .kind = KIND_ERROR, .rule = RULE_ACTION, .is_unsigned = true };
	struct caught caught = { 0 };

	(void)state;
	struct wire sent = sent_of(&one), wire = answer2_pack(region, &error, &sent);
	struct http_answer got = letter_post(th, &wire);
	assert_int_equal(got.status, 204);
	assert_int_equal(got.body.size, 0);
	struct message after = region_message(th, one.id);
	assert_string_equal(after.state, "queued");
	assert_non_null(strstr(after.last_error, "unsigned"));
	assert_non_null(strstr(after.last_error, "ValueNotRecognized"));

	error.is_unsigned = false;
	sent = sent_of(&other);
	wire = answer2_pack(region, &error, &sent);
	assert_int_equal(letter_post(th, &wire).status, 204);
	after = region_message(th, other.id);
	assert_string_equal(after.state, "dead");
	assert_int_equal(region_open_tasks(th, "dead-letter"), 1);
	/* What may pass does not end it. */
	error.rule = RULE_SIGNATURE;
	sent = sent_of(&one);
	wire = answer2_pack(region, &error, &sent);
	assert_int_equal(letter_post(th, &wire).status, 204);
	assert_string_equal(region_message(th, one.id).state, "queued");
	settle_caught(&caught);
}

/* A warning says that the partner goes on (§4.2.3.4.1). */
static void a_posted_warning_ends_nothing(void **state)
{
	struct message message = waiting(1);
	const struct answer2 warning = { .keys = "VN",
					 .kind = KIND_ERROR,
					 .rule = RULE_ACTION,
					 .before = { { "eb:severity=\"Error\"", "eb:severity=\"Warning\"" },
						     { "eb:highestSeverity=\"Error\"",
						       "eb:highestSeverity=\"Warning\"" } } };
	struct wire sent = sent_of(&message), wire = answer2_pack(region, &warning, &sent);

	(void)state;
	letter_post(th, &wire);
	assert_string_equal(region_message(th, message.id).state, "queued");
}

/* --- Waiting for an acknowledgment --- */

/* §6.4.6, 6.5.4: the same octets each time, until the time of the agreement is over; then a person decides. */
static void what_is_never_acknowledged_becomes_a_dead_letter_that_an_officer_sends_again(void **state)
{
	struct message message = waiting(1);
	struct caught caught = { 0 };

	(void)state;
	region->intercept = catch_call;
	region->intercept_arg = &caught;
	region_run(region, 20 * HOUR_US); /* retries: 1000, a minute apart */
	region->intercept = NULL;
	struct message after = region_message(th, message.id);
	assert_string_equal(after.state, "dead");
	assert_int_equal(region_open_tasks(th, "dead-letter"), 1);
	assert_true(caught.count > 900 && caught.count < 1100);
	decide(&after, "retry");
	assert_int_equal(region_open_tasks(th, "dead-letter"), 0);
	for (size_t i = 1; i < CAUGHT_MAX; i++)
		assert_true(bytes_same(caught.items[i].body, caught.items[0].body));
	region_run(region, 10 * MINUTE_US);
	assert_string_equal(region_message(th, message.id).state, "delivered");
}

/* What an attempt may meet, and whether the partner may have the message then. */
struct meeting {
	const char *name;
	enum http_stage failed_at; /* if there is no .status */
	int status;
	const char *body;
	bool may_have_it;
};

#define FAULT(code)                                                                                                    \
	"<e:Envelope xmlns:e=\"" NS_SOAP11 "\"><e:Body><e:Fault><faultcode>e:" code "</faultcode><faultstring>no"      \
	"</faultstring></e:Fault></e:Body></e:Envelope>"

static const struct meeting meetings[] = {
	{ "nobody there", .failed_at = HTTP_CONNECTION },
	{ "TLS refused", .failed_at = HTTP_TLS },
	{ "half a request", .failed_at = HTTP_EXCHANGE },
	{ "silence", .failed_at = HTTP_ANSWER, .may_have_it = true },
	{ "200 and a page", .status = 200, .body = "<p>ok</p>", .may_have_it = true },
	{ "503", .status = 503, .may_have_it = true },
	{ "500 and a fault of theirs", .status = 500, .body = FAULT("Server"), .may_have_it = true },
	{ "500 and a fault of ours", .status = 500, .body = FAULT("Client") },
	{ "301", .status = 301 },
	{ "413", .status = 413 },
};

static const struct meeting *met;

static enum err_code meet(struct http_client *client, struct arena *arena, const struct http_call *call,
			  struct http_answer *answer, struct err *err)
{
	(void)client, (void)arena;
	*call->failed_at = met->failed_at;
	*answer = (struct http_answer){ .status = met->status,
					.content_type = "text/xml",
					.body = bytes_of(met->body ? met->body : "") };
	return met->status ? OK : fail(err, ERR_NET, "%s", met->name);
}

/* §6.5.4: beyond its retries a message is not sent again, once the partner may have it, lest it be taken twice. */
static void what_may_have_arrived_is_sent_as_often_as_agreed(void **state)
{
	(void)state;
	th->line.client.call = meet;
	for (met = meetings; met < meetings + COUNT(meetings); met++) {
		struct document_result sent = region_submit(
			th, "dft", paper_form_d(region, "TH", "VN", (unsigned)(met - meetings) + 1, region_today(th)));
		region_settle(region);
		struct message after = region_message(th, sent.message);
		assert_string_equal(after.state, "queued");
		assert_non_null(after.last_error);
		if ((after.reached_us != TIME_NONE) != met->may_have_it)
			region_fail(region, "%s: %s", met->name,
				    met->may_have_it ? "it may be there" : "it is not there");
		decide(&after, "hold");
	}
}

/* A gateway in use answers an unknown agreement so (ebms-core); SOAP 1.1 §4: the header is optional. */
static bool fault(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
		  struct http_answer *answer)
{
	(void)arg, (void)to, (void)call;
	*answer = (struct http_answer){ .status = 500,
					.content_type = arena_text(arena, "text/xml; charset=UTF-8"),
					.body = bytes_of("<e:Envelope xmlns:e=\"" NS_SOAP11
							 "\"><e:Body><e:Fault><faultcode>e:Client</faultcode>"
							 "<faultstring>CPA th-vn not found!</faultstring></e:Fault>"
							 "</e:Body></e:Envelope>") };
	return true;
}

static void the_text_of_a_fault_is_shown(void **state)
{
	struct document_result sent = region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));

	(void)state;
	region->intercept = fault;
	region_settle(region);
	region->intercept = NULL;
	struct message after = region_message(th, sent.message);
	assert_string_equal(after.state, "queued");
	assert_non_null(strstr(after.last_error, "CPA th-vn not found!"));
}

/* --- A partner that changes its binding --- */

struct changing {
	const char *partner, *binding, *profile;
};

static enum err_code change(struct tx *tx, void *arg, struct err *err)
{
	const struct changing *changing = arg;
	const struct actor actor = { .name = "operator" };
	struct partner partner;

	TRY(partner_find(tx, region->arena, changing->partner, &partner, err));
	partner.binding = changing->binding;
	partner.profile = changing->profile;
	return partner_change(tx, &partner, &actor, region->now_us, err);
}

static void change_binding(const char *binding, const char *profile)
{
	struct region_node *ends[] = { th, vn };

	for (size_t i = 0; i < 2; i++) {
		struct key_list list;
		struct changing changing = { ends[1 - i]->state, binding, profile };
		region_must(region, db_write(ends[i]->kernel.db, change, &changing, &region->err));
		region_must(region, keystore_list(keyring_directory(ends[1 - i]->state), &list, &region->err));
		if (same(binding, "as4"))
			region_believe(ends[i], ends[1 - i]->state, "encrypt",
				       cert_der(keyring_find(&list, KEY_USE_DECRYPT, KEY_RSA_2048)), TIME_NONE);
		key_list_done(&list);
		region_must(region, messaging_refresh(ends[i]->messaging, false, &region->err));
	}
}

static bool refuse_connection(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
			      struct http_answer *answer)
{
	(void)arg, (void)to, (void)call;
	*answer = (struct http_answer){ .status = 503, .content_type = arena_text(arena, "") };
	return true;
}

static void what_waits_goes_by_the_binding_of_the_day(void **state)
{
	(void)state;
	struct document_result one = region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
	region->intercept = refuse_connection;
	region_settle(region);
	change_binding("as4", "edelivery-1.15");
	struct document_result two = region_submit(th, "dft", paper_form_d(region, "TH", "VN", 2, region_today(th)));
	region_run(region, HOUR_US);
	change_binding("ebms2", "ebms2-rsa-sha256");
	region_run(region, HOUR_US);
	change_binding("as4", "edelivery-1.15");
	region_run(region, HOUR_US);
	change_binding("ebms2", "ebms2-rsa-sha256");
	region->intercept = NULL;
	region_run(region, 2 * HOUR_US);
	assert_string_equal(region_message(th, one.message).state, "delivered");
	assert_string_equal(region_message(th, two.message).state, "delivered");
	assert_int_equal(region_documents(vn, "in").count, 2);
}

/* --- Agreements that change --- */

/* Signals have a channel of their own, on which nothing is asked of acknowledgments. */
static const char *with_signals_apart(const char *text)
{
	for (int party = 1; party <= 2; party++) {
		const char *start =
			arena_printf(region->arena, "<tns:DeliveryChannel tns:channelId=\"p%d-channel\"", party);
		const char *channel = strstr(text, start);
		assert_non_null(channel);
		const char *end = strstr(channel, "</tns:DeliveryChannel>") + strlen("</tns:DeliveryChannel>");
		const char *copy = arena_text_of(region->arena, bytes(channel, (size_t)(end - channel)));
		copy = everywhere(copy, arena_printf(region->arena, "\"p%d-channel\"", party),
				  arena_printf(region->arena, "\"p%d-signals\"", party));
		copy = everywhere(copy, "ackSignatureRequested=\"always\"", "ackSignatureRequested=\"never\"");
		text = everywhere(text, start, arena_printf(region->arena, "%s%s", copy, start));
		text = everywhere(text, arena_printf(region->arena, "defaultMshChannelId=\"p%d-channel\"", party),
				  arena_printf(region->arena, "defaultMshChannelId=\"p%d-signals\"", party));
	}
	return text;
}

/* What a message asked for counts, not what its acknowledgment's channel lets go. */
static void an_unsigned_acknowledgment_of_what_asked_for_a_signed_one_settles_nothing(void **state)
{
	struct answer2 answer = { .keys = "VN", .kind = KIND_RECEIPT, .is_unsigned = true };

	(void)state;
	agree(th, "VN", "th-vn", with_signals_apart(agreed(th)));
	struct message message = waiting(1);
	struct wire sent = sent_of(&message), wire = answer2_pack(region, &answer, &sent);
	assert_int_equal(letter_post(th, &wire).status, 400);
	assert_string_equal(region_message(th, message.id).state, "queued");
	answer.is_unsigned = false;
	wire = answer2_pack(region, &answer, &sent);
	assert_int_equal(letter_post(th, &wire).status, 204);
	assert_string_equal(region_message(th, message.id).state, "delivered");
}

/* --- Limits --- */

static enum err_code put_replies(struct tx *tx, void *arg, struct err *err)
{
	enum { OVER = 50 };
	static const char octets[1024] = "<eb:MessageId>reply@th</eb:MessageId>";
	(void)arg;
	for (unsigned i = 0; i < REPLIES_MAX + OVER; i++) {
		char ref_to[32];
		snprintf(ref_to, sizeof ref_to, "reply-%u@vn", i);
		const struct reply reply = { .partner = "VN",
					     .ref_to = ref_to,
					     .kind = "pong",
					     .content_type = "text/xml",
					     .octets = bytes(octets, sizeof octets) };
		TRY(reply_put(tx, &reply, region->now_us + i, err));
	}
	return OK;
}

/* Ten megabytes of them: the sender, who has room for eight, reads them one at a time. */
static void ten_thousand_replies_wait_outside_of_memory(void **state)
{
	struct caught caught = { 0 };
	char none;

	(void)state;
	region_must(region, db_write(th->kernel.db, put_replies, &none, &region->err));
	region->now_us += SECOND_US;
	settle_caught(&caught);
	assert_int_equal(caught.count, REPLIES_MAX);
}

/* It comes, and no answer to it gets through. */
static bool lose_answer(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
			struct http_answer *answer)
{
	(void)arg;
	if (same(to->state, "VN"))
		region_post(to, arena, call->headers[0].value, call->body, answer);
	*answer = (struct http_answer){ .status = 503, .content_type = arena_text(arena, "") };
	return true;
}

static size_t wires_of(struct region_node *node, const char *message, enum wire_kind kind)
{
	struct wire_list wires = region_wires(node, message);
	size_t count = 0;

	for (size_t i = 0; i < wires.count; i++)
		count += wires.items[i].kind == kind;
	return count;
}

/* Compressed, then plain in ebMS 2, then plain in AS4: one document, and a receipt of each version, which prove it. */
static void what_came_by_the_other_binding_is_known_again(void **state)
{
	(void)state;
	change_binding("as4", "edelivery-1.15");
	struct document_result sent = region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
	region->intercept = lose_answer;
	region_settle(region);
	assert_int_equal(region_documents(vn, "in").count, 1);
	change_binding("ebms2", "ebms2-rsa-sha256");
	region_run(region, HOUR_US);
	change_binding("as4", "edelivery-1.15");
	region->intercept = NULL;
	region_run(region, 2 * HOUR_US);
	assert_string_equal(region_message(th, sent.message).state, "delivered");
	assert_int_equal(region_documents(vn, "in").count, 1);

	struct message_list received = region_messages(vn, "in", NULL);
	assert_int_equal(received.count, 1);
	assert_int_equal(wires_of(vn, received.items[0].id, WIRE_RECEIVED), 3);
	assert_int_equal(wires_of(vn, received.items[0].id, WIRE_RECEIPT_SENT), 3);
	assert_int_equal(proof_begin(), 0);
	proof_export(vn, received.items[0].id);
	proof_must_hold();
	proof_export(th, sent.message);
	proof_must_hold();
	assert_int_equal(proof_end(), 0);
}

/* It was replaced while a message waited: what is sent again asks for what is agreed now. */
static void what_waits_goes_by_the_agreement_that_has_replaced_its_own(void **state)
{
	bool sync = region->options.ebms2 == REGION_EBMS2_SYNC;
	const char *from = sync ? "\"mshSignalsOnly\"" : "\"none\"", *to = sync ? "\"none\"" : "\"mshSignalsOnly\"";

	(void)state;
	struct message message = waiting(1);
	const char *text = everywhere(agreed(th), arena_printf(region->arena, "syncReplyMode=%s", from),
				      arena_printf(region->arena, "syncReplyMode=%s", to));
	agree(th, "VN", "th-vn", text);
	agree(vn, "TH", "th-vn", text);
	region_run(region, HOUR_US);
	assert_string_equal(region_message(th, message.id).state, "delivered");
}

/* Half of the turns are theirs, however many there are. */
static void replies_do_not_keep_messages_waiting(void **state)
{
	struct caught caught = { 0 };
	bool found = false;
	char none;

	(void)state;
	region_must(region, db_write(th->kernel.db, put_replies, &none, &region->err));
	region->now_us += SECOND_US;
	struct document_result sent = region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
	const char *id = region_message(th, sent.message).message_id;
	region->intercept = catch_call;
	region->intercept_arg = &caught;
	for (int i = 0; i < 2; i++) {
		unsigned done;
		region_must(region, messaging_send_step(th->messaging, region->now_us, &done, &region->err));
		assert_int_equal(done, 1);
		found |= strstr(arena_text_of(region->arena, caught.items[i].body), id) != NULL;
	}
	region->intercept = NULL;
	assert_true(found);
	assert_int_equal(caught.count, 2);
}

/* The agreement that would be asked for now is another: a version by it would be kept, and never sent. */
static void what_is_not_sent_any_more_is_not_packed_either(void **state)
{
	bool sync = region->options.ebms2 == REGION_EBMS2_SYNC;
	const char *from = sync ? "\"mshSignalsOnly\"" : "\"none\"", *to = sync ? "\"none\"" : "\"mshSignalsOnly\"";
	struct caught caught = { 0 };

	(void)state;
	struct message message = waiting(1);
	const char *text = everywhere(agreed(th), ">1000<", ">1<");
	agree(th, "VN", "th-vn", text);
	region->now_us += MINUTE_US;
	settle_caught(&caught);
	assert_int_equal(caught.count, 1);
	agree(th, "VN", "th-vn",
	      everywhere(text, arena_printf(region->arena, "syncReplyMode=%s", from),
			 arena_printf(region->arena, "syncReplyMode=%s", to)));
	region->now_us += 10 * DAY_US;
	settle_caught(&caught);
	assert_int_equal(caught.count, 1);
	assert_string_equal(region_message(th, message.id).state, "dead");
	assert_int_equal(wires_of(th, message.id, WIRE_SENT), 1);
}

/* LA is on AS4. Who ends its TLS answers in the other binding, where acknowledgments may go unsigned: with the very
 * references of our signature, and with nobody's. */
static bool acknowledge_unsigned(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
				 struct http_answer *answer)
{
	static const char end[] = "</ds:Reference>";
	const char *text = arena_text_of(arena, call->body), *from = strstr(text, "<ds:Reference "), *last = from;
	const char *id = strstr(text, "MessageId>") + strlen("MessageId>");

	(void)arg;
	if (!same(to->state, "LA"))
		return false;
	for (const char *at = from; at; at = strstr(at + 1, end))
		last = at;
	*answer = (struct http_answer){
		.status = 200,
		.content_type = arena_text(arena, "text/xml; charset=UTF-8"),
		.body = bytes_of(arena_printf(
			arena,
			"<soap:Envelope xmlns:soap=\"" NS_SOAP11 "\" xmlns:eb=\"" NS_EBMS2 "\" xmlns:ds=\"" NS_DS
			"\"><soap:Header><eb:MessageHeader soap:mustUnderstand=\"1\" eb:version=\"2.0\"><eb:From>"
			"<eb:PartyId eb:type=\"" PARTY_TYPE
			"\">LA</eb:PartyId></eb:From><eb:To><eb:PartyId eb:type=\"" PARTY_TYPE
			"\">TH</eb:PartyId></eb:To><eb:CPAId>none</eb:CPAId><eb:ConversationId>1"
			"</eb:ConversationId><eb:Service>" URI_MSH_SERVICE "</eb:Service><eb:Action>Acknowledgment"
			"</eb:Action><eb:MessageData><eb:MessageId>forged@la</eb:MessageId><eb:Timestamp>"
			"2026-11-02T03:00:00Z</eb:Timestamp></eb:MessageData></eb:MessageHeader><eb:Acknowledgment "
			"soap:mustUnderstand=\"1\" eb:version=\"2.0\"><eb:Timestamp>2026-11-02T03:00:00Z</eb:Timestamp>"
			"<eb:RefToMessageId>%.*s</eb:RefToMessageId>%.*s%s</eb:Acknowledgment></soap:Header><soap:Body/>"
			"</soap:Envelope>",
			(int)strcspn(id, "<"), id, (int)(last - from), from, end))
	};
	return true;
}

static void what_went_by_as4_is_not_acknowledged_by_anybody_in_the_other_binding(void **state)
{
	struct document_result sent = region_submit(th, "dft", paper_form_d(region, "TH", "LA", 1, region_today(th)));

	(void)state;
	region->intercept = acknowledge_unsigned;
	region_settle(region);
	struct message after = region_message(th, sent.message);
	assert_string_equal(after.state, "queued");
	assert_non_null(strstr(after.last_error, "MSG-030"));
	region->intercept = NULL;
	region_run(region, HOUR_US);
	assert_string_equal(region_message(th, sent.message).state, "delivered");
}

#define BOTH(test)                                                                                                     \
	{ #test " (sync)", test, peer2_begin_sync, peer2_end, NULL },                                                  \
	{                                                                                                              \
#test " (async)", test, peer2_begin_async, peer2_end, NULL                                             \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{ "a_posted_signal_that_is_not_right_settles_nothing_and_is_not_answered",
		  a_posted_signal_that_is_not_right_settles_nothing_and_is_not_answered, peer2_begin_async, peer2_end,
		  NULL },
		BOTH(a_posted_acknowledgment_settles_its_message_once),
		BOTH(a_late_acknowledgment_of_what_was_given_up_is_kept),
		BOTH(a_posted_error_is_believed_if_it_is_signed),
		BOTH(a_posted_warning_ends_nothing),
		BOTH(what_is_never_acknowledged_becomes_a_dead_letter_that_an_officer_sends_again),
		BOTH(what_may_have_arrived_is_sent_as_often_as_agreed),
		BOTH(what_is_not_sent_any_more_is_not_packed_either),
		BOTH(the_text_of_a_fault_is_shown),
		BOTH(what_waits_goes_by_the_binding_of_the_day),
		BOTH(an_unsigned_acknowledgment_of_what_asked_for_a_signed_one_settles_nothing),
		{ "ten_thousand_replies_wait_outside_of_memory", ten_thousand_replies_wait_outside_of_memory,
		  peer2_begin_async, peer2_end, NULL },
		BOTH(what_came_by_the_other_binding_is_known_again),
		{ "replies_do_not_keep_messages_waiting", replies_do_not_keep_messages_waiting, peer2_begin_async,
		  peer2_end, NULL },
		BOTH(what_waits_goes_by_the_agreement_that_has_replaced_its_own),
		BOTH(what_went_by_as4_is_not_acknowledged_by_anybody_in_the_other_binding),
	};

	return cmocka_run_group_tests_name("ebms2 signals", tests, NULL, NULL);
}
