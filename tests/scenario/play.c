#include "play.h"

#include "base/text.h"
#include "codec/gzip.h"
#include "crypto/digest.h"

struct play play;
const struct actor play_officer = { .name = "user:officer", .organisation = "dft" };

static bool overhear(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
		     struct http_answer *answer)
{
	(void)arg, (void)arena;
	play.to = to;
	play.request.content_type = arena_text(play.arena, call->headers[0].value);
	play.request.octets = bytes(arena_copy(play.arena, call->body.data, call->body.size), call->body.size);
	region_post(to, play.arena, play.request.content_type, play.request.octets, &play.answer);
	*answer = play.answer;
	return true;
}

int play_begin(void **state)
{
	static const int64_t retry_max_us = 12 * HOUR_US; /* three weeks of retries shall not take long */

	(void)state;
	play.region =
		region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .retry_max_us = retry_max_us });
	play.arena = play.region->arena;
	play.smsh = region_node(play.region, "TH");
	play.rmsh = region_node(play.region, "LA");
	play.region->intercept = overhear;
	return 0;
}

int play_end(void **state)
{
	(void)state;
	region_free(play.region);
	return 0;
}

void play_lose_receipts(bool lost)
{
	play.region->intercept = lost ? NULL : overhear;
	play.region->odds.answer_lost = lost ? 100 : 0;
}

/* --- The producer --- */

struct message play_submit(unsigned number)
{
	const char *text = paper_form_d(play.region, "TH", "LA", number, region_today(play.smsh));

	return region_message(play.smsh, region_submit(play.smsh, "dft", text).message);
}

struct message play_exchange(unsigned number)
{
	struct message message = play_submit(number);

	region_settle(play.region);
	message = region_message(play.smsh, message.id);
	assert_string_equal(message.state, "delivered");
	return message;
}

struct message play_answer_form_d(unsigned number)
{
	date day = region_today(play.rmsh);
	const char *text = paper_response(play.region, "TH", "LA", number, day, day);
	struct message message = region_message(play.rmsh, region_submit(play.rmsh, "customs", text).message);

	region_settle(play.region);
	return region_message(play.rmsh, message.id);
}

struct putting {
	struct message message;
	struct message_parts parts;
};

static enum err_code put_run(struct tx *tx, void *arg, struct err *err)
{
	struct putting *putting = arg;

	return outbox_put(&play.smsh->kernel, tx, play.arena, &putting->message, &putting->parts, &play_officer,
			  play.region->now_us, err);
}

struct message play_exchange_parts(const char *conversation, const struct message_part *parts, size_t count)
{
	struct putting putting = {
		.message = { .partner = "LA",
			     .organisation = "dft",
			     .conversation = conversation,
			     .service = SERVICE_DOCUMENTS,
			     .action = "FORM-D",
			     .original_sender = "TH:dft",
			     .final_recipient = "LA:customs" },
		.parts = { arena_copy(play.arena, parts, count * sizeof(*parts)), count },
	};

	region_must(play.region, db_write(play.smsh->kernel.db, put_run, &putting, &play.region->err));
	region_settle(play.region);
	putting.message = region_message(play.smsh, putting.message.id);
	assert_string_equal(putting.message.state, "delivered");
	return putting.message;
}

void play_three_parts(struct message_part parts[static PLAY_PARTS])
{
	uint8_t *scan = arena_alloc(play.arena, 5000);
	const char *rows = "item;quantity;unit\r\n1;20;TNE\r\n";

	for (unsigned i = 0; i < 5000; i++)
		scan[i] = (uint8_t)(i / 7);
	for (unsigned i = 0; i < 4; i++)
		rows = arena_printf(play.arena, "%s%s", rows, rows);
	parts[0] = (struct message_part){
		.content_id = "form@th",
		.mime_type = "application/xml",
		.octets = bytes_of(paper_form_d(play.region, "TH", "LA", 1, region_today(play.smsh))),
	};
	parts[1] = (struct message_part){ .content_id = "list@th", .mime_type = "text/csv", .octets = bytes_of(rows) };
	parts[2] =
		(struct message_part){ .content_id = "scan@th", .mime_type = "image/bmp", .octets = bytes(scan, 5000) };
}

struct message play_ping(void)
{
	const char *id = NULL;

	region_must(play.region, messaging_ping(play.smsh->messaging, play.arena, "LA", &play_officer,
						play.region->now_us, &id, &play.region->err));
	region_settle(play.region);
	return region_message(play.smsh, id);
}

/* --- What was generated --- */

struct view play_sent_by(struct region_node *from, const struct message *message)
{
	assert_true(bytes_same(region_wire(from, message->id, WIRE_SENT), play.request.octets));
	return view_open(play.arena, &play.request);
}

const struct xml_node *play_user_message(const struct view *view)
{
	assert_int_equal(view_count(view->messaging, "eb:UserMessage"), 1);
	return view_at(view->messaging, "eb:UserMessage");
}

const struct xml_node *play_part_info(const struct view *view, size_t index)
{
	const struct xml_node *part =
		view_child(view_at(play_user_message(view), "eb:PayloadInfo"), "eb:PartInfo", index);

	assert_non_null(part);
	return part;
}

const char *play_part_property(const struct view *view, size_t index, const char *name)
{
	return view_property(play.arena, view_at(play_part_info(view, index), "eb:PartProperties"), name);
}

const struct mime_part *play_part_of(const struct view *view, size_t index)
{
	const char *href = xml_attribute(play_part_info(view, index), "", "href");

	assert_true(href && starts_with(href, "cid:"));
	for (size_t i = 0; i < view->mime.count; i++)
		if (i != view->mime.root && same(view->mime.parts[i].content_id, href + strlen("cid:")))
			return &view->mime.parts[i];
	fail_msg("%s is no part", href);
	return NULL;
}

/* --- What was returned --- */

void play_returns_receipt(struct region_node *from, const struct wire *request, const struct http_answer *answer)
{
	struct wire wire = { .content_type = answer->content_type, .octets = answer->body };
	view_auto asked = view_open(play.arena, request);
	view_auto view = view_open(play.arena, &wire);
	const struct xml_node *signal = view_at(view.messaging, "eb:SignalMessage");
	const struct xml_node *parts = view_at(signal, "eb:Receipt/ebbp:NonRepudiationInformation");
	const struct xml_node *signed_info = view_at(asked.security, "ds:Signature/ds:SignedInfo");
	size_t count = view_count(signed_info, "ds:Reference");

	assert_in_range(answer->status, 200, 299);
	assert_int_equal(view_count(signal, "eb:Error"), 0);
	assert_string_equal(view_text(play.arena, signal, "eb:MessageInfo/eb:RefToMessageId"),
			    view_text(play.arena, play_user_message(&asked), "eb:MessageInfo/eb:MessageId"));
	assert_true(count >= 2);
	assert_int_equal(view_count(parts, "ebbp:MessagePartNRInformation"), count);
	for (size_t i = 0; i < count; i++) {
		const struct xml_node *part = view_child(parts, "ebbp:MessagePartNRInformation", i);
		const struct xml_node *reference = view_child(signed_info, "ds:Reference", i);
		assert_string_equal(view_attribute(part, "ds:Reference", "URI"), xml_attribute(reference, "", "URI"));
		assert_string_equal(view_text(play.arena, part, "ds:Reference/ds:DigestValue"),
				    view_text(play.arena, reference, "ds:DigestValue"));
	}
	assert_int_equal(letter_signal(from, answer).kind, KIND_RECEIPT);
}

void play_letter_is_delivered(const struct letter *letter, const struct wire *wire, const char *plain)
{
	struct http_answer answer = letter_post(play.rmsh, wire);
	char digest[SHA256_HEX_SIZE];

	play_returns_receipt(play.rmsh, wire, &answer);
	region_settle(play.region);
	assert_string_equal(region_message(play.rmsh, letter->message_id).state, "processed");
	struct document_list documents = region_documents(play.rmsh, "in");
	sha256_hex(bytes_of(plain), digest);
	assert_int_equal(documents.count, 1);
	assert_string_equal(documents.items[0].digest, digest);
}

void play_letter_is_refused(const struct letter *letter, const struct wire *wire, const char *code,
			    const char *short_description, const char *category)
{
	struct http_answer answer = letter_post(play.rmsh, wire);

	assert_int_equal(answer.status, 200);
	struct wire returned = { .content_type = answer.content_type, .octets = answer.body };
	view_auto view = view_open(play.arena, &returned);
	const struct xml_node *signal = view_at(view.messaging, "eb:SignalMessage");

	assert_int_equal(view_count(signal, "eb:Receipt"), 0);
	assert_string_equal(view_text(play.arena, signal, "eb:MessageInfo/eb:RefToMessageId"), letter->message_id);
	assert_string_equal(view_attribute(signal, "eb:Error", "refToMessageInError"), letter->message_id);
	assert_string_equal(view_attribute(signal, "eb:Error", "errorCode"), code);
	assert_string_equal(view_attribute(signal, "eb:Error", "shortDescription"), short_description);
	assert_string_equal(view_attribute(signal, "eb:Error", "severity"), "failure");
	assert_string_equal(view_attribute(signal, "eb:Error", "category"), category);
	assert_int_equal(letter_signal(play.rmsh, &answer).kind, KIND_ERROR);
	region_settle(play.region);
	assert_int_equal(region_messages(play.rmsh, "in", NULL).count, 0);
	assert_int_equal(region_documents(play.rmsh, "in").count, 0);
}

/* --- What was delivered --- */

struct looking {
	const char *message;
	struct message_parts parts;
};

static enum err_code parts_run(struct tx *tx, void *arg, struct err *err)
{
	struct looking *looking = arg;

	return message_parts_of(tx, play.arena, looking->message, &looking->parts, err);
}

struct message_parts play_parts_delivered(const struct message *message)
{
	struct message received = region_message(play.rmsh, message->message_id);
	struct looking looking = { .message = received.id };

	assert_string_equal(received.state, "processed");
	region_must(play.region, db_read(play.rmsh->kernel.db, parts_run, &looking, &play.region->err));
	return looking.parts;
}

void play_part_is(const struct message_part *part, struct bytes expected)
{
	struct bytes plain;

	region_must(play.region, message_part_plain(play.arena, part, 1 << 20, &plain, &play.region->err));
	assert_true(bytes_same(plain, expected));
}

struct bytes play_gzipped(struct bytes plain)
{
	buf_auto out;

	buf_init(&out, 1 << 20);
	region_must(play.region, gzip_compress(plain, 6, &out, &play.region->err));
	return bytes(arena_copy(play.arena, out.data, out.size), out.size);
}
