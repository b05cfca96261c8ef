/* Evidence of messages that our own node would not send, judged by openssl and by Python with lxml: parts that other
 * stacks sign in another form than they send them (WS-Security SwA 1.1 §5.4.2), and great ones. VN writes, TH keeps. */
#include "letter.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/text.h"
#include "keyring.h"
#include "messaging/uris_int.h"
#include "pki.h"
#include "proof.h"

static struct region *region;
static struct region_node *th;

static int begin_with(struct trust_policy policy)
{
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .trust = policy });
	th = &region->nodes[TH];
	return proof_begin();
}

static int begin(void **state)
{
	(void)state;
	return begin_with((struct trust_policy){ 0 });
}

static int begin_with_grace(void **state)
{
	(void)state;
	return begin_with((struct trust_policy){ .crl_grace_us = 2 * DAY_US });
}

static int end(void **state)
{
	(void)state;
	region_free(region);
	return proof_end();
}

/* LETTER, which is WIRE, is taken by TH; its evidence stands in the folder, and both programs find nothing wrong. */
static void wire_must_be_proved(const struct letter *letter, const struct wire *wire)
{
	assert_int_equal(letter_post(th, wire).status, 200);
	proof_export(th, letter->message_id);
	proof_must_hold();
}

static void must_be_proved(const struct letter *letter)
{
	struct wire wire = letter_pack(region, letter);

	wire_must_be_proved(letter, &wire);
}

/* The declaration, the empty element and the attributes' order are gone in the canonical form; it is what is signed. */
static void an_xml_part_in_clear_is_proved_by_its_canonical_form(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);

	letter.payload =
		bytes_of("<?xml version=\"1.0\"?>\r\n<!-- said twice -->\r\n<a  z='2' b=\"1\">\r\n<c/></a>\r\n");
	must_be_proved(&letter);
	/* Expected: Canonical XML 1.0 §1.1 by hand. */
	assert_true(proof_holds("printf '<a b=\"1\" z=\"2\">\\n<c></c></a>' | cmp - payload/1.signed"));
	assert_true(proof_holds(
		"printf '<?xml version=\"1.0\"?>\\r\\n<!-- said twice -->\\r\\n<a  z='\\''2'\\'' b=\"1\">\\r\\n<c/></a>\\r\\n' "
		"| cmp - payload/1.xml"));
}

static void a_text_part_is_proved_with_the_line_ends_that_were_signed(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);

	letter.payload = bytes_of("one\ntwo\r\nthree");
	letter.signed_as = letter.mime_type = "text/plain";
	must_be_proved(&letter);
	assert_true(proof_holds("printf 'one\\ntwo\\r\\nthree' | cmp - payload/1.txt"));
	assert_true(proof_holds("printf 'one\\r\\ntwo\\r\\nthree' | cmp - payload/1.signed"));
}

static void a_part_that_is_signed_as_it_is_is_there_once(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);

	letter.payload = bytes_of("%PDF-1.7\n");
	letter.signed_as = letter.mime_type = "application/pdf";
	must_be_proved(&letter);
	assert_true(proof_holds(
		"test \"$(ls payload)\" = 1.pdf && grep -q '\\.\\./payload/1\\.pdf$' 1-received/references.tsv"));
}

/* A partner's text names no file and no field of a table, and stays text in the README. */
static void what_a_partner_writes_stays_text(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);

	letter.message_id = "../../`x`|</td>$(id)@vn";
	letter.signed_as = letter.mime_type = "application/x;../../y";
	letter.payload = bytes_of("1");
	must_be_proved(&letter);
	assert_true(proof_holds("test -f payload/1.bin && ! grep -q '`x`' README.md"));
}

/* The greatest payload that the configuration lets in by default, which nothing compresses. */
static void the_greatest_payload_fits_in_what_a_request_may_use(void **state)
{
	(void)state;
	enum { GREATEST = 20 << 20 };
	struct letter letter = letter_new(region, 1);
	uint8_t *payload = malloc(GREATEST);

	assert_non_null(payload);
	random_bytes(payload, GREATEST);
	letter.payload = bytes(payload, GREATEST);
	letter.signed_as = letter.mime_type = "application/octet-stream";
	must_be_proved(&letter);
	free(payload);
}

/* WS-Security X.509 token profile 1.1.1 §3.1: a SEQUENCE of certificates (X.690), the signer's last. Nobody signed it.
 */
static void a_certificate_that_came_in_a_path_is_compared(void **state)
{
	(void)state;
	static const char from[] = URI_X509V3 "\" wsu:Id=\"as4-token\">", to[] = "</wsse:BinarySecurityToken>";
	struct letter letter = letter_new(region, 1);
	struct wire wire = letter_pack(region, &letter);
	const uint8_t *first = memmem(wire.octets.data, wire.octets.size, from, strlen(from));
	const uint8_t *last = memmem(wire.octets.data, wire.octets.size, to, strlen(to));
	const char *text =
		arena_text_of(region->arena, bytes(first + strlen(from), (size_t)(last - first) - strlen(from)));
	struct bytes root = cert_der(pki_cert(keyring_authority())), leaf = { 0 };
	buf_auto out, path;

	assert_true(base64_parse(region->arena, bytes_of(text), &leaf));
	buf_init(&path, 65536);
	buf_put(&path,
		(const uint8_t[]){ 0x30, 0x82, (uint8_t)((root.size + leaf.size) >> 8),
				   (uint8_t)(root.size + leaf.size) },
		4);
	buf_put_bytes(&path, root);
	buf_put_bytes(&path, leaf);
	buf_init(&out, (size_t)1 << 20);
	buf_put(&out, wire.octets.data, (size_t)(first - wire.octets.data));
	buf_puts(&out, URI_X509_PATH "\" wsu:Id=\"as4-token\">");
	base64_put(&out, buf_bytes(&path));
	buf_put(&out, last, (size_t)(wire.octets.data + wire.octets.size - last));
	wire.octets = buf_bytes(&out);
	wire_must_be_proved(&letter, &wire);
}

/* TH has the list of AUTHORITY, by which VN's certificates are judged, and nobody replaces it for eleven days. */
static void grow_old(const struct pki *authority)
{
	struct crl_info info;
	buf_auto crl;

	buf_init(&crl, 65536);
	pki_crl_pem(&(struct pki_list){ .signer = authority,
					.this_update_us = region->now_us,
					.next_update_us = region->now_us + 10 * DAY_US },
		    &crl);
	region_must(region, crl_read(region->arena, buf_bytes(&crl), &info, &region->err));
	region_believe(th, "VN", "issuer", cert_der(pki_cert(authority)), TIME_NONE);
	region_believe(th, "VN", "crl", info.der, TIME_NONE);
	region_run(region, 11 * DAY_US + 3 * HOUR_US + 5 * MINUTE_US);
}

/* openssl knows no grace: to it the list has expired. */
static void what_a_list_within_the_grace_let_in_is_proved_and_it_is_said(void **state)
{
	(void)state;
	const char *since =
		arena_text(region->arena, time_format(region->now_us + 10 * DAY_US, (char[TIME_SIZE]){ 0 }));
	struct letter letter = letter_new(region, 1);

	grow_old(keyring_authority());
	must_be_proved(&letter);
	assert_true(proof_holds(
		"sh verify.sh | grep -c 'overdue by 1 d 3 h 5 min then, and used within the grace' | grep -qx 2"));
	assert_true(
		proof_holds("tr '\\n' ' ' <README.md | grep -q 'overdue by 1 d 3 h 5 min, and used within the grace'"));
	assert_true(proof_holds(
		arena_printf(region->arena, "grep -qF '\"listOverdueSince\":\"%s\"' evidence.json", since)));
	if (!proof_has_lxml())
		return;
	/* Whoever leaves it out is found out. */
	assert_true(proof_holds("sed -i 's/\"listOverdueSince\":\"[^\"]*\",//' evidence.json"));
	assert_true(
		proof_holds("/usr/bin/python3 derive.py | grep '^WRONG .*whether the revocation list was overdue'"));
}

/* The list that was there is exchanged for another one of its issuer and of its time. */
static void what_a_list_within_the_grace_revokes_is_wrong_all_the_same(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);
	struct key_list list;
	int64_t serial = 0;
	buf_auto crl;

	region_must(region, keystore_list(keyring_directory("VN"), &list, &region->err));
	assert_true(int64_parse(cert_serial(keyring_find(&list, KEY_USE_SIGN, KEY_P256)), &serial));
	key_list_done(&list);
	buf_init(&crl, 65536);
	pki_crl_pem(&(struct pki_list){ .signer = keyring_authority(),
					.serials = (const long[]){ (long)serial },
					.count = 1,
					.revoked_us = region->now_us,
					.this_update_us = region->now_us,
					.next_update_us = region->now_us + 10 * DAY_US },
		    &crl);
	grow_old(keyring_authority());
	must_be_proved(&letter);
	const char *path = arena_printf(region->arena, "%s/revoking.pem", proof_folder());
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(crl.data, 1, crl.size, file), crl.size);
	assert_int_equal(fclose(file), 0);
	assert_true(proof_holds("cp ../revoking.pem 1-received/crl-1.pem"));
	assert_true(proof_holds(
		"sh verify.sh | grep '^WRONG  1-received: crl-\\*.pem do not revoke signer.pem; the list was overdue'"));
}

static void an_unknown_message_has_no_evidence(void **state)
{
	(void)state;
	struct err err;
	struct evidence evidence = { 0 };

	assert_int_equal(messaging_evidence(th->messaging, region->arena, "nothing", region->now_us, &evidence, &err),
			 ERR_NOT_FOUND);
	assert_null(evidence.files);
}

/* Out of memory fails the export, at whatever step, and nothing is left behind. */
static void too_little_memory_is_a_fault(void **state)
{
	(void)state;
	struct letter letter = letter_new(region, 1);
	struct wire wire = letter_pack(region, &letter);
	bool done = false;

	assert_int_equal(letter_post(th, &wire).status, 200);
	for (size_t room = 1024; !done; room += 1024) {
		arena_auto arena = arena_new(room);
		struct err err = { 0 };
		struct evidence evidence = { 0 };
		enum err_code code =
			messaging_evidence(th->messaging, arena, letter.message_id, region->now_us, &evidence, &err);
		done = code == OK;
		if (!done && (code != ERR_MEMORY || evidence.files))
			fail_msg("%zu octets: %s", room, err.text);
		assert_true(room < 4 << 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_xml_part_in_clear_is_proved_by_its_canonical_form, begin, end),
		cmocka_unit_test_setup_teardown(a_text_part_is_proved_with_the_line_ends_that_were_signed, begin, end),
		cmocka_unit_test_setup_teardown(a_part_that_is_signed_as_it_is_is_there_once, begin, end),
		cmocka_unit_test_setup_teardown(what_a_partner_writes_stays_text, begin, end),
		cmocka_unit_test_setup_teardown(the_greatest_payload_fits_in_what_a_request_may_use, begin, end),
		cmocka_unit_test_setup_teardown(a_certificate_that_came_in_a_path_is_compared, begin, end),
		cmocka_unit_test_setup_teardown(what_a_list_within_the_grace_let_in_is_proved_and_it_is_said,
						begin_with_grace, end),
		cmocka_unit_test_setup_teardown(what_a_list_within_the_grace_revokes_is_wrong_all_the_same,
						begin_with_grace, end),
		cmocka_unit_test_setup_teardown(an_unknown_message_has_no_evidence, begin, end),
		cmocka_unit_test_setup_teardown(too_little_memory_is_a_fault, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
