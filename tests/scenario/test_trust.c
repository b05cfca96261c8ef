/* What partners are believed by, in the course of time: revocation lists that nobody replaces, certificates that end or
 * are revoked while messages wait for them, and whose they are. TH is the node under test, VN the partner. The bounds
 * are those of RFC 5280 §5.1.2.5 and of docs/operations.md. */
#include "letter.h"

#include "base/text.h"
#include "kernel/credential.h"
#include "keyring.h"
#include "pki.h"

#define GRACE_US  DAY_US
#define PERIOD_US (10 * DAY_US) /* of a list; its last tenth is a day */

static struct region *region; /* freed even if a test fails in between */
static struct region_node *th;

static int begin_with(struct trust_policy policy)
{
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .trust = policy });
	th = &region->nodes[TH];
	return 0;
}

static int begin(void **state)
{
	(void)state;
	return begin_with((struct trust_policy){ 0 });
}

static int begin_with_grace(void **state)
{
	(void)state;
	return begin_with((struct trust_policy){ .crl_grace_us = GRACE_US });
}

static int begin_with_lists_required(void **state)
{
	(void)state;
	return begin_with((struct trust_policy){ .require_crl = true });
}

static int end(void **state)
{
	(void)state;
	region_free(region);
	return 0;
}

static void believe(const char *use, struct bytes der, int64_t until_us)
{
	region_believe(th, "VN", use, der, until_us);
}

/* A list of the authority of all nodes that is issued now; SERIAL 0: it revokes nobody. */
static struct bytes list_of(long serial)
{
	struct crl_info info;
	buf_auto crl;

	buf_init(&crl, 65536);
	pki_crl_pem(&(struct pki_list){ .signer = keyring_authority(),
					.serials = &serial,
					.count = serial != 0,
					.revoked_us = region->now_us,
					.this_update_us = region->now_us,
					.next_update_us = region->now_us + PERIOD_US },
		    &crl);
	region_must(region, crl_read(region->arena, buf_bytes(&crl), &info, &region->err));
	return info.der;
}

static const char *time_text(int64_t time_us)
{
	char text[TIME_SIZE];

	return arena_text(region->arena, time_format(time_us, text));
}

/* The next letter of VN's, NUMBER, comes to TH. */
static struct http_answer arrives(unsigned number)
{
	struct letter letter = letter_new(region, number);
	struct wire wire = letter_pack(region, &letter);

	return letter_post(th, &wire);
}

static void is_taken(unsigned number)
{
	struct http_answer answer = arrives(number);

	assert_int_equal(letter_signal(th, &answer).kind, KIND_RECEIPT);
}

/* As a stranger, because nothing but the signature says who it is; WHY is what the operator reads. */
static void is_refused(unsigned number, const char *why)
{
	struct messaging_strangers list;

	assert_int_equal(arrives(number).status, 400);
	region_must(region, messaging_strangers(th->messaging, region->arena, 1, &list, &region->err));
	assert_string_equal(list.items[0].rule, "MSG-051");
	if (!strstr(list.items[0].text, why))
		fail_msg("no \"%s\" in: %s", why, list.items[0].text);
}

static enum err_code read_tasks(struct tx *tx, void *arg, struct err *err)
{
	return task_list(tx, region->arena, NULL, NULL, 1000, arg, err);
}

/* TH's only open task about trust; NULL: there is none. COUNT of them there were, open and done. */
static const struct task *alarm_of(size_t count)
{
	struct task_list list = { 0 };
	const struct task *open = NULL;
	size_t found = 0;

	region_must(region, db_read(th->kernel.db, read_tasks, &list, &region->err));
	for (size_t i = 0; i < list.count; i++) {
		bool about_trust = same(list.items[i].kind, "trust"), is_open = same(list.items[i].state, "open");
		assert_false(about_trust && is_open && open);
		open = about_trust && is_open ? &list.items[i] : open;
		found += about_trust;
	}
	assert_int_equal(found, count);
	return open;
}

static void expect_alarm(size_t count, const char *const *texts)
{
	const struct task *task = alarm_of(count);

	assert_non_null(task);
	assert_null(task->organisation); /* the operators' */
	for (size_t i = 0; texts[i]; i++)
		if (!strstr(task->text, texts[i]))
			fail_msg("no \"%s\" in: %s", texts[i], task->text);
}
#define EXPECT_ALARM(count, ...) expect_alarm(count, (const char *const[]){ __VA_ARGS__, NULL })

/* How the credentials of VN with USE stand at TH; the last of them, if there are several. */
static struct messaging_credential standing(const char *use)
{
	struct messaging_credentials all;
	struct messaging_credential found = { 0 };

	region_must(region, messaging_credentials(th->messaging, region->arena, region->now_us, &all, &region->err));
	for (size_t i = 0; i < all.count; i++)
		if (same(all.items[i].partner, "VN") && same(all.items[i].use, use))
			found = all.items[i];
	assert_non_null(found.state);
	return found;
}

/* --- Lists that nobody replaces --- */

static enum err_code find_basis(struct tx *tx, void *arg, struct err *err)
{
	struct basis *basis = arg;

	return basis_find(tx, region->arena, basis->id, basis, err);
}

/* The evidence of letter NUMBER holds LIST, by which its signer was believed. */
static void evidence_holds(unsigned number, struct bytes list)
{
	struct letter letter = letter_new(region, number);
	struct wire_list wires = region_wires(th, region_message(th, letter.message_id).id);
	struct basis basis = { 0 };
	bool held = false;

	for (size_t i = 0; i < wires.count; i++)
		if (wires.items[i].kind == WIRE_RECEIVED)
			basis.id = wires.items[i].basis->id;
	region_must(region, db_read(th->kernel.db, find_basis, &basis, &region->err));
	for (size_t i = 0; i < basis.count; i++)
		held = held || (same(basis.items[i].kind, "crl") && bytes_same(basis.items[i].der, list));
	assert_true(held);
}

static void a_list_that_is_overdue_is_used_within_the_grace_with_an_alarm_and_not_after_it(void **state)
{
	(void)state;
	int64_t next_us = region->now_us + PERIOD_US;
	struct bytes list = list_of(0);
	const char *next = time_text(next_us), *until = time_text(next_us + GRACE_US);

	believe("issuer", cert_der(pki_cert(keyring_authority())), TIME_NONE);
	believe("crl", list, TIME_NONE);
	region_run(region, PERIOD_US - DAY_US - HOUR_US);
	is_taken(1);
	assert_null(alarm_of(0));
	assert_string_equal(standing("crl").state, CREDENTIAL_GOOD);

	region_run(region, 2 * HOUR_US); /* in its last tenth: told before it is too late */
	is_taken(2);
	EXPECT_ALARM(1, "Partner VN", "CN=authority,O=Region", "is to be replaced by", next, until);
	assert_string_equal(standing("crl").state, CREDENTIAL_ENDING);

	region_run(region, DAY_US); /* overdue since 23 hours less than the grace */
	is_taken(3);
	evidence_holds(3, list);
	EXPECT_ALARM(2, "Partner VN", "CN=authority,O=Region", "was to be replaced by", next, until);
	assert_string_equal(standing("crl").state, CREDENTIAL_LATE);
	assert_true(standing("crl").alarm);
	region_run(region, 12 * HOUR_US);
	assert_non_null(alarm_of(2)); /* told once */

	region_run(region, DAY_US - 12 * HOUR_US);
	is_refused(4, next);
	EXPECT_ALARM(3, "Partner VN", "CN=authority,O=Region", "was to be replaced by", next, "is refused");
	assert_string_equal(standing("crl").state, CREDENTIAL_REFUSED);
	assert_string_equal(standing("sign").state, CREDENTIAL_REFUSED);

	believe("crl", list, region->now_us);
	believe("crl", list_of(0), TIME_NONE);
	region_settle(region);
	is_taken(5);
	assert_null(alarm_of(3));
}

static void a_list_that_is_overdue_refuses_at_once_without_a_grace(void **state)
{
	(void)state;
	const char *next = time_text(region->now_us + PERIOD_US);

	believe("issuer", cert_der(pki_cert(keyring_authority())), TIME_NONE);
	believe("crl", list_of(0), TIME_NONE);
	region_run(region, PERIOD_US);
	is_taken(1);
	region_run(region, SECOND_US);
	is_refused(2, next);
	region_run(region, MINUTE_US);
	EXPECT_ALARM(2, next, "is refused");
}

/* What is to be done about VN's certificate with USE is to give what REMEDY is a use of. */
static void advises(const char *use, const char *rule, const char *remedy)
{
	struct messaging_credential item = standing(use);
	const char *command = arena_printf(region->arena, "lintas partner certificate VN --use %s --file", remedy);

	assert_string_equal(item.state, CREDENTIAL_REFUSED);
	if (!strstr(item.advice, rule) || !strstr(item.advice, command))
		fail_msg("no %s and \"%s\" in: %s", rule, command, item.advice);
	assert_int_equal(strstr(item.advice, "the next one") != NULL, same(use, remedy));
}

/* Another certificate would be refused just so. */
static void a_list_that_nobody_can_check_wants_its_signer(void **state)
{
	(void)state;
	believe("crl", list_of(0), TIME_NONE);
	is_refused(1, "CRT-012");
	advises("sign", "CRT-012", "issuer");
	advises("encrypt", "CRT-012", "issuer");
	believe("issuer", cert_der(pki_cert(keyring_authority())), TIME_NONE);
	is_taken(2);
}

static void where_lists_are_required_nothing_is_believed_without_one(void **state)
{
	(void)state;
	is_refused(1, "CRT-008");
	assert_true(standing("sign").alarm);
	advises("sign", "CRT-008", "crl");
	believe("issuer", cert_der(pki_cert(keyring_authority())), TIME_NONE);
	believe("crl", list_of(0), TIME_NONE);
	is_taken(2);
}

/* --- Certificates that end while messages wait --- */

static struct message put_document(unsigned number)
{
	struct document_result sent =
		region_submit(th, "dft", paper_form_d(region, "TH", "VN", number, region_today(th)));

	return region_message(th, sent.message);
}

static struct bytes encryption_certificate(int64_t *serial)
{
	struct key_list list;

	region_must(region, keystore_list(keyring_directory("VN"), &list, &region->err));
	const struct cert *cert = keyring_find(&list, KEY_USE_DECRYPT, KEY_P256);
	struct bytes der = cert_der(cert);
	der.data = arena_copy(region->arena, der.data, der.size);
	assert_true(int64_parse(cert_serial(cert), serial));
	key_list_done(&list);
	return der;
}

/* Another certificate for VN's decryption key that ends at TO_US (0: late), as an authority renews one. */
static struct bytes renewed(int64_t to_us)
{
	struct key_list list;
	const char *id = NULL, *directory = keyring_directory("VN");
	buf_auto public_pem;

	buf_init(&public_pem, 65536);
	region_must(region, keystore_list(directory, &list, &region->err));
	for (size_t i = 0; i < list.count; i++)
		if (list.keys[i].use == KEY_USE_DECRYPT && list.keys[i].type == KEY_P256)
			id = list.keys[i].id;
	region_must(region, keystore_public(directory, id, &public_pem, &region->err));
	key_list_done(&list);
	pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=renewed",
						     .issuer = keyring_authority(),
						     .key_usage = "critical,keyAgreement",
						     .public_key = buf_bytes(&public_pem),
						     .not_after_us = to_us });
	struct bytes der = cert_der(pki_cert(pki));
	return bytes(arena_copy(region->arena, der.data, der.size), der.size);
}

/* It waits, its last error and the one task say why, and once VN has another certificate it goes. */
static void waits_for_another(const char *who, const char *rule)
{
	struct message message = put_document(1);

	region_run(region, 6 * HOUR_US);
	message = region_message(th, message.id);
	assert_string_equal(message.state, "queued");
	assert_true(message.attempts > 1);
	assert_non_null(strstr(message.last_error, who));
	assert_non_null(strstr(message.last_error, rule));
	assert_string_equal(standing("encrypt").state, CREDENTIAL_REFUSED);

	believe("encrypt", renewed(0), TIME_NONE);
	region_drain(region, DAY_US);
	assert_string_equal(region_message(th, message.id).state, "delivered");
}

static void what_waits_for_a_revoked_certificate_goes_when_there_is_another(void **state)
{
	(void)state;
	int64_t serial;

	encryption_certificate(&serial);
	believe("issuer", cert_der(pki_cert(keyring_authority())), TIME_NONE);
	believe("crl", list_of((long)serial), TIME_NONE);
	region_settle(region);
	EXPECT_ALARM(1, "Partner VN", "CN=decrypt-", "CRT-004", "lintas partner certificate VN --use encrypt");
	advises("encrypt", "CRT-004", "encrypt");
	waits_for_another("CN=decrypt-", "CRT-004");
	assert_null(alarm_of(1));
}

static void what_waits_for_an_expired_certificate_goes_when_there_is_another(void **state)
{
	(void)state;
	int64_t serial, end_us = region->now_us + 90 * DAY_US;

	believe("encrypt", encryption_certificate(&serial), region->now_us);
	believe("encrypt", renewed(end_us), TIME_NONE);
	region_settle(region);
	assert_null(alarm_of(0));
	region_run(region, 31 * DAY_US);
	EXPECT_ALARM(1, "Partner VN", "CN=renewed", time_text(end_us));
	assert_string_equal(standing("encrypt").state, CREDENTIAL_ENDING);
	region_run(region, 60 * DAY_US);
	EXPECT_ALARM(2, "Partner VN", "CN=renewed", "CRT-003", "what is to be sent to it waits");
	waits_for_another("CN=renewed", "CRT-003");
	assert_null(alarm_of(2));
}

/* Left from before a roll-over, it harms nobody, and is no alarm. */
static void an_expired_certificate_beside_a_good_one_is_passed_over(void **state)
{
	(void)state;
	believe("encrypt", renewed(region->now_us + DAY_US), TIME_NONE);
	region_run(region, 2 * DAY_US);
	struct message message = put_document(1);
	region_settle(region);
	assert_string_equal(region_message(th, message.id).state, "delivered");
	assert_null(alarm_of(0));
}

/* --- Whose certificate --- */

static enum err_code believe_for_la(struct tx *tx, void *arg, struct err *err)
{
	const struct actor actor = { .name = "operator" };

	return partner_certificate_add(tx, arg, &actor, region->now_us, err);
}

static enum err_code certify_la(const char *use, struct bytes der)
{
	char fingerprint[SHA256_HEX_SIZE];
	struct partner_certificate row = { "LA", use, fingerprint, der, 0, TIME_NONE };

	sha256_hex(der, fingerprint);
	region->err = (struct err){ 0 };
	return db_write(th->kernel.db, believe_for_la, &row, &region->err);
}

/* Whoever holds the key opens what is meant for the other, whichever certificate it was encrypted for. */
static void a_second_certificate_over_another_partner_s_key_is_refused(void **state)
{
	(void)state;
	int64_t serial;
	struct bytes first = encryption_certificate(&serial), second = renewed(0);

	assert_false(bytes_same(first, second));
	assert_int_equal(certify_la("encrypt", second), ERR_CONFLICT);
	assert_non_null(strstr(region->err.text, "partner VN"));
	assert_int_equal(certify_la("sign", second), ERR_CONFLICT);
	assert_int_equal(certify_la("issuer", second), OK); /* lists may be signed by whomever */
	believe("encrypt", first, region->now_us);
	assert_int_equal(certify_la("encrypt", second), OK);
}

/* Also what that other one has signed: the TLS certificate, which is pinned for one partner alone, says who speaks. It
 * is told so, and the refusal is kept as its own. (What it signs itself in another's name: test_hostile.c.) */
static void a_partner_that_passes_on_what_another_signed_is_refused(void **state)
{
	(void)state;
	pki_auto la =
		pki_issue(&(struct pki_spec){ .subject = "/C=LA/CN=tls", .key_usage = "critical,digitalSignature" });
	pki_auto vn =
		pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=tls", .key_usage = "critical,digitalSignature" });

	region_believe(th, "LA", "tls", cert_der(pki_cert(la)), TIME_NONE);
	region_believe(th, "VN", "tls", cert_der(pki_cert(vn)), TIME_NONE);
	region->client_certificate = cert_der(pki_cert(la));
	struct letter letter = letter_new(region, 1);
	struct wire wire = letter_pack(region, &letter);
	struct http_answer answer = letter_post(th, &wire);
	assert_int_equal(answer.status, 200);
	assert_int_equal(region_counts(th, "LA").refused, 1);
	assert_int_equal(region_counts(th, "VN").refused, 0);
	assert_int_equal(region_messages(th, "in", NULL).count, 0);
	assert_non_null(memmem(answer.body.data, answer.body.size, "EBMS:0101", strlen("EBMS:0101")));
	assert_non_null(memmem(answer.body.data, answer.body.size, "MSG-053", strlen("MSG-053")));
	region->client_certificate = cert_der(pki_cert(vn));
	is_taken(1);
}

#define TRUST_TEST(test, begin) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TRUST_TEST(a_list_that_is_overdue_is_used_within_the_grace_with_an_alarm_and_not_after_it,
			   begin_with_grace),
		TRUST_TEST(a_list_that_is_overdue_refuses_at_once_without_a_grace, begin),
		TRUST_TEST(a_list_that_nobody_can_check_wants_its_signer, begin),
		TRUST_TEST(where_lists_are_required_nothing_is_believed_without_one, begin_with_lists_required),
		TRUST_TEST(what_waits_for_a_revoked_certificate_goes_when_there_is_another, begin),
		TRUST_TEST(what_waits_for_an_expired_certificate_goes_when_there_is_another, begin),
		TRUST_TEST(an_expired_certificate_beside_a_good_one_is_passed_over, begin),
		TRUST_TEST(a_second_certificate_over_another_partner_s_key_is_refused, begin),
		TRUST_TEST(a_partner_that_passes_on_what_another_signed_is_refused, begin),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
