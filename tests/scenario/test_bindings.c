/* The same document, by AS4 and by ebMS 2: what is kept of it looks alike, and is proved alike. TH sends to VN. */
#include "proof.h"

#include <stdlib.h>

#include "base/text.h"
#include "kernel/journal.h"

struct mode {
	const char *name;
	struct region_options options;
	const char *receipt, *pong; /* what verify.sh says of the answer, at the sender */
};
static const struct mode modes[] = {
	{ "AS4",
	  { .ebms2 = REGION_AS4 },
	  "2-receipt-received: repeats the digest of cid:",
	  "2-receipt-received: repeats the digest of #" },
	{ "ebMS 2, answered at once",
	  { .ebms2 = REGION_EBMS2_SYNC },
	  "2-receipt-received: repeats the digest of cid:",
	  "2-receipt-received: answers the ping of 1-sent" },
	{ "ebMS 2, answered later",
	  { .ebms2 = REGION_EBMS2_ASYNC },
	  "2-receipt-received: repeats the digest of cid:",
	  "2-receipt-received: answers the ping of 1-sent" },
	{ "ebMS 2, acknowledged unsigned",
	  { .ebms2 = REGION_EBMS2_ASYNC, .unsigned_acks = true },
	  "2-receipt-received: nobody signed it: that the other side made it is the word of the node",
	  "2-receipt-received: answers the ping of 1-sent" },
	{ "ebMS 2 with SHA-1",
	  { .ebms2 = REGION_EBMS2_SYNC, .sha1 = true },
	  "note   1-sent: it is signed with SHA-1, which is weak",
	  "2-receipt-received: answers the ping of 1-sent" },
};

static struct region *region;
static struct region_node *th, *vn;

static void begin(struct region_options options)
{
	options.seed = 1;
	options.odds = odds_calm;
	region = region_new(&options);
	th = &region->nodes[TH];
	vn = &region->nodes[VN];
	assert_int_equal(proof_begin(), 0);
}

static void end(void)
{
	region_free(region);
	assert_int_equal(proof_end(), 0);
}

/* The only message that NODE has in DIRECTION, in STATE. */
static struct message only_message(struct region_node *node, const char *direction, const char *state)
{
	struct message_list list = region_messages(node, direction, state);

	assert_int_equal(list.count, 1);
	return list.items[0];
}

static const char *exchange(void)
{
	const char *text = paper_form_d(region, "TH", "VN", 1, region_today(th));

	region_submit(th, "dft", text);
	region_drain(region, HOUR_US);
	return text;
}

static void must_say(const struct mode *mode, const char *program, const char *sentence)
{
	if (!proof_holds(arena_printf(region->arena, "%s | grep -qF '%s'", program, sentence)))
		fail_msg("%s: %s does not say: %s", mode->name, program, sentence);
}

static void must_hold(const struct mode *mode, const char *command)
{
	if (!proof_holds(command))
		fail_msg("%s: not so: %s", mode->name, command);
}

/* Octets that both sides have are the same. */
static void must_be_kept_alike(const struct message *sent, const struct message *received)
{
	assert_true(bytes_same(region_wire(th, sent->id, WIRE_SENT), region_wire(vn, received->id, WIRE_RECEIVED)));
	assert_true(bytes_same(region_wire(th, sent->id, WIRE_RECEIPT_RECEIVED),
			       region_wire(vn, received->id, WIRE_RECEIPT_SENT)));
}

/* The xmlsec1 program, as README.md says. */
static void xmlsec_must_agree(const struct mode *mode)
{
	if (system("command -v xmlsec1 >/dev/null") != 0)
		return;
	must_hold(
		mode,
		"sed -n '/^xmlsec1 /p' README.md >../commands; while read -r line; do $line || exit 1; done <../commands");
}

static void a_document_is_proved_on_both_sides_whatever_the_binding(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		const struct mode *mode = &modes[i];
		begin(mode->options);
		struct bytes text = bytes_of(exchange());
		struct message sent = only_message(th, "out", "delivered"),
			       received = only_message(vn, "in", "processed");
		char digest[CONTENT_DIGEST_SIZE];
		content_digest(text, digest);
		const char *is_text =
			arena_printf(region->arena, "openssl dgst -sha256 -r payload/1.xml | grep -q ^%s", digest);

		must_be_kept_alike(&sent, &received);
		proof_export(th, sent.id);
		proof_must_hold();
		must_say(mode, "sh verify.sh", mode->receipt);
		must_say(mode, "sh verify.sh", "signed this message with its content");
		must_hold(mode, is_text);
		xmlsec_must_agree(mode);
		proof_export(vn, received.id);
		proof_must_hold();
		must_hold(mode, is_text);
		must_hold(mode, "test -d 1-received && test -d 2-receipt-sent && ! test -d 3-*");
		xmlsec_must_agree(mode);
		end();
	}
}

static void a_ping_is_proved_whatever_the_binding(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		const struct actor officer = { .name = "operator" };
		const char *id = NULL;
		begin(modes[i].options);
		region_must(region, messaging_ping(th->messaging, region->arena, "VN", &officer, region->now_us, &id,
						   &region->err));
		region_drain(region, HOUR_US);
		proof_export(th, id);
		proof_must_hold();
		must_say(&modes[i], "sh verify.sh", modes[i].pong);
		xmlsec_must_agree(&modes[i]);
		end();
	}
}

/* The words are those of the binding by which it went. */
static void what_is_said_of_it_is_true_of_its_binding(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		bool as4 = modes[i].options.ebms2 == REGION_AS4, bare = modes[i].options.unsigned_acks;
		begin(modes[i].options);
		exchange();
		proof_export(th, only_message(th, "out", NULL).id);
		must_hold(&modes[i], as4 ? "grep -qi 'encrypted' README.md" : "! grep -qi 'encrypted' README.md");
		must_hold(&modes[i], as4 ? "! grep -qi 'ebMS 2' README.md" : "! grep -q 'AS4' README.md");
		must_hold(&modes[i], as4 ? "! test -e agreement" : "grep -q 'cpaid=\"th-vn\"' agreement/1.xml");
		must_hold(&modes[i], bare ? "grep -qF '**The answer** in `2-receipt-received` is not signed' README.md"
					  : "grep -qF '**The receipt** is in `2-receipt-received`' README.md");
		must_hold(&modes[i], "! grep -qE '@(IF|END|[A-Z]+@)' README.md");
		end();
	}
}

static void a_changed_byte_is_found_whatever_the_binding(void **state)
{
	const char *source = getenv("LINTAS_SOURCE");

	(void)state;
	assert_non_null(source);
	if (!proof_has_lxml())
		return;
	for (size_t i = 0; i < COUNT(modes); i++) {
		begin(modes[i].options);
		exchange();
		proof_export(th, only_message(th, "out", "delivered").id);
		must_hold(&modes[i],
			  arena_printf(region->arena, "/usr/bin/python3 %s/tests/scenario/tamper.py .", source));
		end();
	}
}

/* Whoever takes the signature off an answer, and says that it was none: the request asked for one, and it is signed. */
static void an_answer_cannot_be_made_unsigned(void **state)
{
	(void)state;
	if (!proof_has_lxml())
		return;
	begin((struct region_options){ .ebms2 = REGION_EBMS2_SYNC });
	exchange();
	proof_export(th, only_message(th, "out", "delivered").id);
	assert_true(proof_holds(
		"cd 2-receipt-received && rm signed-info.xml signature.bin references.tsv algorithm reference-1.bin"));
	assert_true(proof_holds(
		"sed -i 's/\"proved\":true,\"answers\"/\"proved\":false,\"unsigned\":true,\"answers\"/' evidence.json"));
	assert_true(proof_holds(
		"sh verify.sh | grep '^WRONG  2-receipt-received: 1-sent, which is signed, does not ask for a signed'"));
	assert_true(proof_holds("sh verify.sh | grep '^WRONG  2-receipt-received: nothing in it is a signature'"));
	assert_true(proof_holds(
		"/usr/bin/python3 derive.py | grep '^WRONG  2-receipt-received: 1-sent, which is signed, does not'"));
	end();
}

/* Compressed before, as it is since: each version by the parts that it was sent with. */
static void what_was_sent_before_the_binding_changed_is_proved_with_what_it_had_then(void **state)
{
	(void)state;
	begin((struct region_options){ .ebms2 = REGION_AS4 });
	region_outage(vn, HOUR_US);
	region_submit(th, "dft", paper_form_d(region, "TH", "VN", 1, region_today(th)));
	region_run(region, 10 * MINUTE_US);
	region_change_binding(region, REGION_EBMS2_SYNC);
	region_drain(region, DAY_US);
	proof_export(th, only_message(th, "out", "delivered").id);
	proof_must_hold();
	assert_true(proof_holds("grep -qF '../payload/1.signed-2' 1-sent/references.tsv"));
	assert_true(proof_holds("answered=$(cat *-receipt-received/answers); test $answered != 1-sent && "
				"grep -qF '../payload/1.xml' $answered/references.tsv"));
	assert_true(proof_holds("gzip -dc <payload/1.signed-2 | cmp - payload/1.xml"));
	end();
}

/* --- Timelines --- */

struct timeline {
	struct region_node *node;
	const char *subject;
	struct journal_list list;
};

static enum err_code timeline_run(struct tx *tx, void *arg, struct err *err)
{
	struct timeline *timeline = arg;

	return journal_of(tx, timeline->node->region->arena, timeline->subject, 100, &timeline->list, err);
}

struct line {
	int64_t at_us;
	const char *text;
};

/* Entries of one moment have no order among each other. */
static int by_time(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	return a->at_us != b->at_us ? (a->at_us < b->at_us ? -1 : 1) : strcmp(a->text, b->text);
}

/* What is another in each exchange is left out: identifiers, digests, times; and which authority sent it, as ebMS 2
 * says that by roles alone. */
static const char *line_of(const struct region_node *node, const struct journal_entry *e, const char *message_id)
{
	const char *detail = e->detail && !same(e->detail, message_id) ? e->detail : "";
	const char *from = strstr(detail, " from TH:");
	int size = (int)(from ? (size_t)(from - detail) : strlen(detail));

	return arena_printf(region->arena, "%s: %s %s %s>%s by %s, law %s, content %s: %.*s\n", node->state,
			    e->subject_type, e->event, e->from_state ? e->from_state : "",
			    e->to_state ? e->to_state : "", e->actor, e->law ? e->law : "-", e->content ? "named" : "-",
			    size, detail);
}

static void put_timeline(struct buf *out, struct region_node *node, const char *subject, const char *message_id)
{
	struct timeline timeline = { .node = node, .subject = subject };

	region_must(region, db_read(node->kernel.db, timeline_run, &timeline, &region->err));
	size_t count = timeline.list.count;
	struct line *lines = arena_array(region->arena, count + 1, sizeof *lines);
	assert_non_null(lines);
	for (size_t i = 0; i < count; i++) {
		const struct journal_entry *e = &timeline.list.entries[i];
		lines[i] = (struct line){ e->at_us, line_of(node, e, message_id) };
		assert_non_null(lines[i].text);
	}
	qsort(lines, count, sizeof *lines, by_time);
	for (size_t i = 0; i < count; i++)
		buf_puts(out, lines[i].text);
}

static void timelines_of(const struct mode *mode, struct buf *out)
{
	begin(mode->options);
	exchange();
	struct message sent = only_message(th, "out", "delivered"), received = only_message(vn, "in", "processed");
	put_timeline(out, th, sent.id, sent.message_id);
	put_timeline(out, th, sent.document, sent.message_id);
	put_timeline(out, vn, received.id, sent.message_id);
	put_timeline(out, vn, received.document, sent.message_id);
	end();
}

static void a_timeline_does_not_tell_the_binding(void **state)
{
	enum { TIMELINE_MAX = 1 << 16 };
	buf_auto as4;

	(void)state;
	buf_init(&as4, TIMELINE_MAX);
	timelines_of(&modes[0], &as4);
	assert_non_null(strstr(buf_text(&as4), "queued>delivered"));
	for (size_t i = 1; i < COUNT(modes); i++) {
		buf_auto other;
		buf_init(&other, TIMELINE_MAX);
		timelines_of(&modes[i], &other);
		if (!same(buf_text(&other), buf_text(&as4)))
			print_error("%s:\n%s\n%s:\n%s", modes[0].name, buf_text(&as4), modes[i].name, buf_text(&other));
		assert_string_equal(buf_text(&other), buf_text(&as4));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_proved_on_both_sides_whatever_the_binding),
		cmocka_unit_test(a_ping_is_proved_whatever_the_binding),
		cmocka_unit_test(what_is_said_of_it_is_true_of_its_binding),
		cmocka_unit_test(a_changed_byte_is_found_whatever_the_binding),
		cmocka_unit_test(an_answer_cannot_be_made_unsigned),
		cmocka_unit_test(what_was_sent_before_the_binding_changed_is_proved_with_what_it_had_then),
		cmocka_unit_test(a_timeline_does_not_tell_the_binding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
