/* What a partner that TLS has named, or who holds its TLS key, may send: each message is a good one with one thing done
 * to it. Each gets an error that TH signed, of the right code, and is kept byte for byte with that error; nothing else
 * grows, and the next good message is taken. (What is found at which stage: tests/unit/messaging; who is a stranger:
 * test_gateway.c.) */
#include "letter.h"

#include <stdio.h>

#include "base/text.h"
#include "codec/gzip.h"
#include "codec/mime.h"
#include "kernel/message_int.h"
#include "keyring.h"
#include "messaging/uris_int.h"
#include "pki.h"

#define MESSAGING_START "<eb:Messaging"
#define MESSAGING_END   "</eb:Messaging>"

static struct region *region; /* freed even if a test fails in between */
static struct region_node *th;
static struct pki *tls;

static int begin(void **state)
{
	(void)state;
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm });
	th = &region->nodes[TH];
	tls = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=tls",
					    .issuer = keyring_authority(),
					    .key_usage = "critical,digitalSignature",
					    .extended_key_usage = "clientAuth" });
	region_believe(th, "VN", "tls", cert_der(pki_cert(tls)), TIME_NONE);
	region->client_certificate = cert_der(pki_cert(tls));
	return 0;
}

static int end(void **state)
{
	(void)state;
	region_free(region);
	pki_free(tls);
	return 0;
}

/* --- Changing a message --- */

static const uint8_t *place(const struct wire *wire, const char *text)
{
	const uint8_t *at = memmem(wire->octets.data, wire->octets.size, text, strlen(text));

	if (!at)
		fail_msg("the message has no %s", text);
	return at;
}

/* SIZE octets at AT become TO. */
static void put(struct wire *wire, const uint8_t *at, size_t size, struct bytes to)
{
	buf_auto out;
	const uint8_t *end = wire->octets.data + wire->octets.size;

	buf_init(&out, (size_t)8 << 20);
	buf_put(&out, wire->octets.data, (size_t)(at - wire->octets.data));
	buf_put_bytes(&out, to);
	buf_put(&out, at + size, (size_t)(end - at) - size);
	assert_int_equal(out.failed, OK);
	wire->octets = bytes(arena_copy(region->arena, out.data, out.size), out.size);
}

static void replace(struct wire *wire, const char *from, const char *to)
{
	put(wire, place(wire, from), strlen(from), bytes_of(to));
}

/* The octets from FROM to the end of TO. */
static struct bytes span(const struct wire *wire, const char *from, const char *to)
{
	const uint8_t *first = place(wire, from), *last = place(wire, to) + strlen(to);

	assert_true(last > first);
	return bytes(first, (size_t)(last - first));
}

/* COUNT numbers, each between two texts. */
static const char *many(const char *before, const char *after, unsigned count)
{
	buf_auto out;

	buf_init(&out, (size_t)4 << 20);
	for (unsigned i = 0; i < count; i++)
		buf_printf(&out, "%s%u%s", before, i, after);
	return arena_text(region->arena, buf_text(&out));
}

static void attribute_of_a_megabyte(struct wire *wire)
{
	replace(wire, "<env:Body", arena_printf(region->arena, "<env:Body x=\"%s\"", many("", "", 200000)));
}
static void ten_thousand_attributes(struct wire *wire)
{
	replace(wire, "<env:Body", arena_printf(region->arena, "<env:Body%s", many(" x", "=\"\"", 10000)));
}
static void elements_without_end(struct wire *wire)
{
	replace(wire, "</env:Body>", many("<x", ">", 10000));
}

static const char *boundary_of(const struct wire *wire)
{
	return mime_parameter(region->arena, wire->content_type, "boundary");
}

static void without_end(struct wire *wire)
{
	const char *mark = arena_printf(region->arena, "--%s--", boundary_of(wire));

	replace(wire, mark, many("more ", "\r\n", 1000));
}
static void two_roots(struct wire *wire)
{
	wire->content_type = arena_printf(region->arena, "%s; start=\"<payload@letter>\"", wire->content_type);
}
static void part_added(struct wire *wire, const char *id)
{
	const char *mark = arena_printf(region->arena, "--%s--", boundary_of(wire));

	replace(wire, mark,
		arena_printf(region->arena, "--%s\r\nContent-Type: text/plain\r\nContent-ID: <%s>\r\n\r\nx\r\n%s",
			     boundary_of(wire), id, mark));
}
static void content_id_twice(struct wire *wire)
{
	part_added(wire, "payload@letter");
}
static void unsigned_part(struct wire *wire)
{
	part_added(wire, "stowaway@letter");
}

static void second_header(struct wire *wire)
{
	struct bytes messaging = span(wire, MESSAGING_START, MESSAGING_END);

	put(wire, messaging.data, 0, messaging);
}
/* The signed one is hidden, another one stands in its place (McIntosh and Austel, 2005). */
static void moved(struct wire *wire)
{
	struct bytes messaging = span(wire, MESSAGING_START, MESSAGING_END);
	const char *text = arena_text_of(region->arena, messaging);

	put(wire, messaging.data + messaging.size, 0,
	    bytes_of(arena_printf(region->arena, "<x:Wrapper xmlns:x=\"urn:x\">%s</x:Wrapper>", text)));
	replace(wire, "wsu:Id=\"as4-messaging\"", "wsu:Id=\"evil\"");
	replace(wire, "FORM-D<", "FORM-E<");
}
static void prefix_changed(struct wire *wire)
{
	/* Of one element alone: both prefixes are of the same namespace. */
	replace(wire, MESSAGING_START, MESSAGING_START " xmlns:other=\"" NS_EBMS3 "\"");
	replace(wire, "<eb:MessageInfo>", "<other:MessageInfo>");
	replace(wire, "</eb:MessageInfo>", "</other:MessageInfo>");
}
static void digest_changed(struct wire *wire)
{
	const uint8_t *at = place(wire, "<ds:DigestValue>") + strlen("<ds:DigestValue>");

	put(wire, at, 1, bytes_of(*at == 'A' ? "B" : "A"));
}

static void gzip_bomb(struct letter *letter)
{
	const size_t size = (size_t)64 << 20;
	buf_auto packed;

	buf_init(&packed, (size_t)1 << 20);
	assert_int_equal(gzip_compress(bytes(arena_alloc(region->arena, size), size), 9, &packed, NULL), OK);
	letter->compressed = true;
	letter->payload = bytes(arena_copy(region->arena, packed.data, packed.size), packed.size);
}
static void ended(struct letter *letter)
{
	keyring_special("ended", "critical,digitalSignature", PKI_FROM, REGION_START_US - SECOND_US);
	letter->keys = "ended";
}
static void of_nobody(struct letter *letter)
{
	keyring_special("nobody", "critical,digitalSignature", 0, 0);
	letter->keys = "nobody";
}
static void for_another_use(struct letter *letter)
{
	keyring_special("use", "critical,keyEncipherment", 0, 0);
	letter->keys = "use";
}

/* --- What must come of it --- */

#define ECDSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
#define ENTITIES                                                                                                       \
	"<!DOCTYPE x [<!ENTITY a \"haha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"                                    \
	"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">]>"

/* The codes are those of ebMS 3.0 core §6.7.1 and AS4 profile 1.0 §3.6 for these faults. */
static const struct row {
	const char *name, *code, *rule;
	const char *from, *to;
	void (*shape)(struct letter *letter); /* before it is packed */
	void (*change)(struct wire *wire);    /* after */
} rows[] = {
	{ "an entity bomb", "EBMS:0009", "MSG-010", "<env:Envelope", ENTITIES "<env:Envelope", NULL, NULL },
	{ "a document type", "EBMS:0009", "MSG-010", "<env:Envelope", "<!DOCTYPE env:Envelope><env:Envelope", NULL,
	  NULL },
	{ "an external entity", "EBMS:0009", "MSG-010", "<env:Envelope",
	  "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><env:Envelope", NULL, NULL },
	{ "a huge attribute", "EBMS:0009", "MSG-010", NULL, NULL, NULL, attribute_of_a_megabyte },
	{ "very many attributes", "EBMS:0009", "MSG-010", NULL, NULL, NULL, ten_thousand_attributes },
	{ "elements without end", "EBMS:0009", "MSG-010", NULL, NULL, NULL, elements_without_end },
	{ "MIME without end", "EBMS:0007", "MSG-001", NULL, NULL, NULL, without_end },
	{ "MIME with two roots", "EBMS:0007", "MSG-001", NULL, NULL, NULL, two_roots },
	{ "a Content-ID twice", "EBMS:0007", "MSG-001", NULL, NULL, NULL, content_id_twice },
	{ "a part that is not signed", "EBMS:0007", "MSG-003", NULL, NULL, NULL, unsigned_part },
	{ "a gzip bomb", "EBMS:0303", "MSG-070", NULL, NULL, gzip_bomb, NULL },
	{ "a second Messaging", "EBMS:0009", "MSG-011", NULL, NULL, NULL, second_header },
	{ "the signed part moved", "EBMS:0009", "MSG-016", NULL, NULL, NULL, moved },
	{ "a prefix changed", "EBMS:0101", "MSG-041", NULL, NULL, NULL, prefix_changed },
	{ "SHA-1", "EBMS:0103", "MSG-032", ECDSA_SHA256, "http://www.w3.org/2000/09/xmldsig#ecdsa-sha1", NULL, NULL },
	{ "SHA-1 of a part", "EBMS:0103", "MSG-032", "http://www.w3.org/2001/04/xmlenc#sha256",
	  "http://www.w3.org/2000/09/xmldsig#sha1", NULL, NULL },
	{ "an unknown algorithm", "EBMS:0103", "MSG-032", ECDSA_SHA256, "urn:example:signature", NULL, NULL },
	{ "a wrong digest", "EBMS:0101", "MSG-040", NULL, NULL, NULL, digest_changed },
	{ "an expired certificate", "EBMS:0101", "MSG-051", NULL, NULL, ended, NULL },
	{ "an unknown certificate", "EBMS:0101", "MSG-051", NULL, NULL, of_nobody, NULL },
	{ "a certificate for another use", "EBMS:0101", "MSG-051", NULL, NULL, for_another_use, NULL },
};

struct kept {
	const char *rule;
	struct bytes received, error;
	int64_t wires, parts;
};

/* The newest refusal with its evidence, and how much there is in all. */
static enum err_code read_kept(struct tx *tx, void *arg, struct err *err)
{
	static const struct statement newest = {
		"test.newest_refusal",
		"SELECT refusal.rule, received.octets, error.octets, (SELECT count(*) FROM wire), (SELECT count(*) FROM message_part)"
		" FROM refusal JOIN wire AS received ON received.id = refusal.received JOIN wire AS error ON error.id = refusal.error"
		" ORDER BY refusal.id DESC LIMIT 1"
	};
	struct kept *kept = arg;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &newest, NO_BINDS, &query, err));
	assert_true(db_next(&query));
	*kept = (struct kept){ db_text(region->arena, &query, 0), db_blob(region->arena, &query, 1),
			       db_blob(region->arena, &query, 2), db_int(&query, 3), db_int(&query, 4) };
	db_query_drop(&query);
	return OK;
}

static void refused(const struct row *row, size_t number)
{
	struct letter letter = letter_new(region, (unsigned)number);
	struct kept kept;

	if (row->shape)
		row->shape(&letter);
	struct wire wire = letter_pack(region, &letter);
	if (row->from)
		replace(&wire, row->from, row->to);
	if (row->change)
		row->change(&wire);
	struct http_answer answer = letter_post(th, &wire);
	struct signal signal = letter_signal(th, &answer);

	if (signal.kind != KIND_ERROR || !same(signal.code, row->code) || !starts_with(signal.detail, row->rule))
		fail_msg("%s: %s %s instead of %s %s", row->name, signal.code, signal.detail, row->code, row->rule);
	region_must(region, db_read(th->kernel.db, read_kept, &kept, &region->err));
	assert_string_equal(kept.rule, row->rule);
	assert_true(bytes_same(kept.received, wire.octets));
	assert_true(bytes_same(kept.error, answer.body));
	assert_int_equal(kept.wires, 2 * (int64_t)number);
	assert_int_equal(kept.parts, 0);
}

static void each_hostile_message_gets_a_signed_error_and_is_kept_with_it(void **state)
{
	struct messaging_counters counters;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		refused(&rows[i], i + 1);
	messaging_counters(th->messaging, &counters);
	assert_int_equal(counters.refused, COUNT(rows));
	assert_int_equal(counters.accepted + counters.duplicates + counters.strangers, 0);
	assert_int_equal(region_counts(th, "VN").refused, COUNT(rows));
	assert_int_equal(region_messages(th, "in", NULL).count, 0);
	assert_int_equal(region_documents(th, "in").count, 0);

	struct letter letter = letter_new(region, COUNT(rows) + 1);
	struct wire wire = letter_pack(region, &letter);
	struct http_answer answer = letter_post(th, &wire);
	assert_int_equal(letter_signal(th, &answer).kind, KIND_RECEIPT);
	region_settle(region);
	assert_int_equal(region_documents(th, "in").count, 1);
	region_check_journals(region);
}

/* The same, in the name of another partner than TLS's. */
static void a_partner_does_not_speak_for_another(void **state)
{
	struct letter letter = letter_new(region, 1);

	(void)state;
	letter.from = "LA";
	struct wire wire = letter_pack(region, &letter);
	struct http_answer answer = letter_post(th, &wire);
	struct signal signal = letter_signal(th, &answer);
	assert_string_equal(signal.code, "EBMS:0101");
	assert_true(starts_with(signal.detail, "MSG-053"));
	assert_int_equal(region_counts(th, "VN").refused, 1);
	assert_int_equal(region_counts(th, "LA").refused, 0);
	assert_int_equal(region_messages(th, "in", NULL).count, 0);
}

/* Whom TLS has named is told; that the signature would not say so is seen by who comes without a TLS certificate
 * (test_gateway.c). */
static void a_signed_message_moved_inside_another_is_refused(void **state)
{
	struct letter letter = letter_new(region, 1);
	struct kept kept;

	(void)state;
	struct wire wire = letter_pack_wrapped(region, &letter);
	struct http_answer answer = letter_post(th, &wire);
	struct signal signal = letter_signal(th, &answer);
	assert_int_equal(signal.kind, KIND_ERROR);
	assert_string_equal(signal.code, "EBMS:0009");
	assert_true(starts_with(signal.detail, "MSG-017"));
	assert_non_null(memmem(answer.body.data, answer.body.size, "MSG-041", strlen("MSG-041")));
	region_must(region, db_read(th->kernel.db, read_kept, &kept, &region->err));
	assert_true(bytes_same(kept.received, wire.octets));
	assert_int_equal(kept.parts, 0);
	assert_int_equal(region_messages(th, "in", NULL).count, 0);
	assert_int_equal(region_documents(th, "in").count, 0);
	wire = letter_pack(region, &letter);
	answer = letter_post(th, &wire);
	assert_int_equal(letter_signal(th, &answer).kind, KIND_RECEIPT);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
	static const struct CMUnitTest tests[] = {
		TEST(each_hostile_message_gets_a_signed_error_and_is_kept_with_it),
		TEST(a_partner_does_not_speak_for_another),
		TEST(a_signed_message_moved_inside_another_is_refused),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
