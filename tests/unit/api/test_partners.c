/* The life of a partner through the interface. What is expected follows from docs/operations.md, RFC 5280 (revocation
 * lists), RFC 7396 (merging) and the profiles of eDelivery AS4; certificates are made by OpenSSL. */
#include "world.h"

#include "base/log.h"
#include "messaging/messaging_int.h"

#define P256 "ecdsa-p256"

static const char *crl_of(struct world *world, const struct pki *signer, int64_t this_update_us, long serial)
{
	buf_auto pem;

	buf_init(&pem, 65536);
	pki_crl_pem(&(struct pki_list){ .signer = signer,
					.serials = &serial,
					.count = serial ? 1 : 0,
					.revoked_us = this_update_us,
					.this_update_us = this_update_us,
					.next_update_us = this_update_us + 7 * DAY_US },
		    &pem);
	return arena_text_of(world->fixture->arena, buf_bytes(&pem));
}

#define CERTIFICATE(use_, pem_)                                                                                        \
	(struct certificate_view)                                                                                      \
	{                                                                                                              \
		.use = (use_), .pem = (pem_), .not_before_us = TIME_NONE, .not_after_us = TIME_NONE,                   \
		.withdrawn_us = TIME_NONE                                                                              \
	}

/* A right partner LA, with a fourth certificate for a test; then what the test changes. */
struct wish {
	struct partner_view view;
	struct certificate_view certificates[4];
};

static void wish_init(struct world *world, struct wish *wish)
{
	*wish = (struct wish){ .view = { .code = "LA",
					 .name = "Lao Customs",
					 .party_id = "LA:gateway",
					 .party_type = "urn:lintas:party",
					 .endpoint = "https://192.0.2.7:8443/as4",
					 .profile = P256,
					 .certificates_count = 3 } };
	wish->certificates[0] = CERTIFICATE("sign", pem_of(world, world->sign));
	wish->certificates[1] = CERTIFICATE("encrypt", pem_of(world, world->encrypt));
	wish->certificates[2] = CERTIFICATE("tls", pem_of(world, world->tls));
	wish->view.certificates = wish->certificates;
}

static struct answer add(struct world *world, const struct wish *wish)
{
	return call(world, "POST", "/api/v1/partners", &partner_schema, &wish->view);
}

static void add_partner(struct world *world)
{
	struct wish wish;

	wish_init(world, &wish);
	expect(add(world, &wish), 201, "\"LA\"");
}

static struct answer certify(struct world *world, const char *use, const char *pem)
{
	struct certificate_view view = CERTIFICATE(use, pem);

	return call(world, "POST", "/api/v1/partners/LA/certificates", &certificate_schema, &view);
}

static struct answer withdraw(struct world *world, const char *fingerprint)
{
	return call(world, "POST",
		    arena_printf(world->fixture->arena, "/api/v1/partners/LA/certificates/%s/withdraw", fingerprint),
		    NULL, NULL);
}

/* What the messaging has of CODE: how many signing certificates; -1 if it has no such partner. */
static int signers_of(struct world *world, const char *code)
{
	struct directory *directory = directory_get(world->messaging);
	const struct peer *peer = directory_peer(directory, code);
	int count = peer ? (int)peer->signing_count : -1;

	directory_release(directory);
	return count;
}

/* Whether a signature by PKI would be believed as LA's now. */
static bool believed(struct world *world, const struct pki *pki)
{
	struct directory *directory = directory_get(world->messaging);
	struct findings *findings = findings_new(world->fixture->arena);

	peer_judge(directory_peer(directory, "LA"), pki_cert(pki), world->fixture->clock.now_us, world->fixture->arena,
		   findings);
	directory_release(directory);
	return findings_errors(findings) == 0;
}

static void a_new_partner_is_used_at_once(void **state)
{
	struct world world = begin(state, false);

	assert_int_equal(signers_of(&world, "LA"), -1);
	add_partner(&world);
	assert_int_equal(signers_of(&world, "LA"), 1);
	assert_true(believed(&world, world.sign));
	expect(call(&world, "GET", "/api/v1/partners/LA", NULL, NULL), 200, cert_fingerprint(pki_cert(world.sign)));
	struct wish wish;
	wish_init(&world, &wish);
	expect(add(&world, &wish), 409, "conflict");
	end(&world);
}

/* --- Mistakes --- */

static struct world *wrong; /* the world of the running test, for the rows below */

static void with_anchor(struct wish *w)
{
	w->certificates[w->view.certificates_count++] = CERTIFICATE("anchor", pem_of(wrong, wrong->sign));
}
static void with_strange_use(struct wish *w)
{
	w->certificates[2].use = "seal";
}
static void without_pem(struct wish *w)
{
	w->certificates[0].pem = NULL;
}
static void with_text_as_certificate(struct wish *w)
{
	w->certificates[0].pem = "hello";
}
static void with_certificate_as_list(struct wish *w)
{
	w->certificates[w->view.certificates_count++] = CERTIFICATE("crl", pem_of(wrong, wrong->root));
}
static void with_list_of_nobody(struct wish *w)
{
	w->certificates[w->view.certificates_count++] =
		CERTIFICATE("crl", crl_of(wrong, wrong->root, FIXTURE_NOW_US, 0));
}
static void with_leaf_as_issuer(struct wish *w)
{
	w->certificates[w->view.certificates_count++] = CERTIFICATE("issuer", pem_of(wrong, wrong->tls));
}
static void without_encrypt(struct wish *w)
{
	w->certificates[1] = CERTIFICATE("sign", pem_of(wrong, wrong->encrypt));
}
static void without_tls(struct wish *w)
{
	w->view.certificates_count = 2;
}
static void with_another_profile(struct wish *w)
{
	w->view.profile = "edelivery-2.0";
} /* takes Ed25519 and X25519 */
static void with_sha1(struct wish *w)
{
	w->view.profile = "ebms2-rsa-sha1";
	w->view.endpoint = "as-agreed";
}
static void with_no_profile(struct wish *w)
{
	w->view.profile = "as2";
}
static void with_http(struct wish *w)
{
	w->view.endpoint = "http://192.0.2.7/as4";
}
static void with_no_url(struct wish *w)
{
	w->view.endpoint = "https:///as4";
}
static void with_strange_token(struct wish *w)
{
	w->view.token = "x509";
}
static void with_strange_status(struct wish *w)
{
	w->view.status = "asleep";
}
static void with_strange_code(struct wish *w)
{
	w->view.code = "XQ";
}

static void a_partner_that_could_not_be_loaded_is_refused_and_not_written(void **state)
{
	static const struct {
		const char *code;
		void (*spoil)(struct wish *wish);
	} rows[] = {
		{ "PTN-001", without_pem },
		{ "PTN-001", with_text_as_certificate },
		{ "PTN-002", with_strange_use },
		{ "PTN-003", without_encrypt },
		{ "PTN-004", with_no_profile },
		{ "PTN-021", with_sha1 },
		{ "PTN-005", with_no_url },
		{ "PTN-006", with_strange_token },
		{ "PTN-007", with_strange_code },
		{ "PTN-008", with_anchor },
		{ "PTN-009", with_certificate_as_list },
		{ "PTN-010", with_another_profile },
		{ "PTN-012", with_strange_status },
		{ "PTN-013", with_http },
		{ "PTN-014", without_tls },
		{ "PTN-017", with_list_of_nobody },
		{ "PTN-018", with_leaf_as_issuer },
	};
	struct world world = begin(state, false);

	wrong = &world;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wish wish;
		wish_init(&world, &wish);
		rows[i].spoil(&wish);
		expect(add(&world, &wish), 422, rows[i].code);
	}
	expect(call(&world, "GET", "/api/v1/partners/LA", NULL, NULL), 404, NULL);
	end(&world);
}

static void all_mistakes_of_a_partner_are_told_at_once(void **state)
{
	struct world world = begin(state, false);
	struct wish wish;

	wish_init(&world, &wish);
	with_no_profile(&wish);
	with_http(&wish);
	with_text_as_certificate(&wish);
	struct answer answer = add(&world, &wish);
	expect(answer, 422, "PTN-001");
	expect(answer, 422, "PTN-004");
	expect(answer, 422, "PTN-013");
	end(&world);
}

static void a_plain_node_takes_partners_without_tls(void **state)
{
	struct world world = begin(state, true);
	struct wish wish;

	wish_init(&world, &wish);
	with_http(&wish);
	without_tls(&wish);
	expect(add(&world, &wish), 201, NULL);
	end(&world);
}

static enum err_code put_leaf_as_anchor(struct tx *tx, void *arg, struct err *err)
{
	struct world *world = arg;
	const struct cert *cert = pki_cert(world->sign);

	return partner_certificate_add(tx,
				       &(struct partner_certificate){ .partner = "VN",
								      .use = "issuer",
								      .fingerprint = cert_fingerprint(cert),
								      .der = cert_der(cert),
								      .until_us = TIME_NONE },
				       &fixture_actor, FIXTURE_NOW_US, err);
}

static void a_partner_that_cannot_be_loaded_does_not_take_the_others_along(void **state)
{
	struct world world = begin(state, false);
	struct kernel_fixture *fixture = world.fixture;

	log_setup(LOG_OFF, NULL);
	must(db_write(fixture->kernel.db, put_leaf_as_anchor, &world, &fixture->err));
	must(messaging_refresh(world.messaging, false, &fixture->err));
	assert_int_equal(signers_of(&world, "VN"), -1);
	assert_int_equal(signers_of(&world, "MY"), 0);
	struct messaging *restarted = NULL;
	struct messaging_options options = messaging_options_of(&world);
	must(messaging_new(&options, &restarted, &fixture->err));
	messaging_free(restarted);
	add_partner(&world);
	assert_int_equal(signers_of(&world, "LA"), 1);
	log_setup(LOG_INFO, NULL);
	end(&world);
}

/* --- Certificates --- */

static void a_certificate_is_rolled_over_by_adding_and_withdrawing(void **state)
{
	struct world world = begin(state, false);
	pki_auto next = pki_issue(&(struct pki_spec){ .subject = "/CN=next", .issuer = world.root });
	const char *old = cert_fingerprint(pki_cert(world.sign));

	add_partner(&world);
	assert_false(believed(&world, next));
	expect(certify(&world, "sign", pem_of(&world, next)), 200, cert_fingerprint(pki_cert(next)));
	assert_true(believed(&world, next));
	assert_true(believed(&world, world.sign));
	expect(withdraw(&world, old), 200, "\"withdrawn\"");
	assert_true(believed(&world, next));
	assert_false(believed(&world, world.sign));
	expect(withdraw(&world, old), 409, NULL);
	expect(withdraw(&world, "00ff"), 404, NULL);
	end(&world);
}

static void there_are_no_more_certificates_of_a_use_than_are_loaded(void **state)
{
	struct world world = begin(state, false);

	add_partner(&world);
	for (int i = 1; i <= MESSAGING_CERTIFICATES_MAX; i++) {
		pki_auto more = pki_issue(&(struct pki_spec){ .subject = "/CN=more", .issuer = world.root });
		bool fits = i < MESSAGING_CERTIFICATES_MAX;
		expect(certify(&world, "sign", pem_of(&world, more)), fits ? 200 : 422, fits ? NULL : "PTN-011");
	}
	assert_int_equal(signers_of(&world, "LA"), MESSAGING_CERTIFICATES_MAX);
	expect(certify(&world, "sign", pem_of(&world, world.sign)), 200, NULL); /* it is there: no further one */
	end(&world);
}

static void a_revocation_list_needs_its_authority_and_then_revokes(void **state)
{
	struct world world = begin(state, false);
	const char *list = crl_of(&world, world.root, FIXTURE_NOW_US, pki_serial(world.sign));

	add_partner(&world);
	expect(certify(&world, "crl", list), 422, "PTN-017");
	expect(certify(&world, "issuer", pem_of(&world, world.root)), 200, NULL);
	assert_true(believed(&world, world.sign));
	expect(certify(&world, "crl", list), 200, "\"crl\"");
	assert_false(believed(&world, world.sign));
	end(&world);
}

static void the_issuer_of_lists_is_no_anchor(void **state)
{
	struct world world = begin(state, false);
	pki_auto unknown = pki_issue(&(struct pki_spec){ .subject = "/CN=unknown", .issuer = world.root });

	add_partner(&world);
	expect(certify(&world, "issuer", pem_of(&world, world.root)), 200, NULL);
	assert_false(believed(&world, unknown));
	end(&world);
}

static void a_newer_revocation_list_replaces_the_one_before_and_not_the_other_way_round(void **state)
{
	struct world world = begin(state, false);
	const char *older = crl_of(&world, world.root, FIXTURE_NOW_US - 8 * DAY_US, 0);
	const char *newer = crl_of(&world, world.root, FIXTURE_NOW_US - DAY_US, 0);

	add_partner(&world);
	expect(certify(&world, "issuer", pem_of(&world, world.root)), 200, NULL);
	expect(certify(&world, "crl", older), 200, NULL);
	assert_false(believed(&world, world.sign)); /* overdue: RFC 5280 5.1.2.5, and no grace */
	expect(certify(&world, "crl", newer), 200, NULL);
	assert_true(believed(&world, world.sign));
	expect(certify(&world, "crl", older), 422, "PTN-016");
	assert_true(believed(&world, world.sign));
	end(&world);
}

/* One is the proof of who speaks, the other of who can read: neither may stand for two. */
static void a_certificate_of_one_partner_is_refused_for_another(void **state)
{
	struct world world = begin(state, false);
	pki_auto own = pki_issue(&(struct pki_spec){ .subject = "/CN=own", .issuer = world.root });
	struct wish wish;

	add_partner(&world);
	wish_init(&world, &wish);
	wish.view.code = "PH";
	wish.view.party_id = "PH:gateway";
	for (size_t i = 0; i < wish.view.certificates_count; i++) {
		struct wish one = wish;
		one.view.certificates = one.certificates;
		for (size_t k = 0; k < one.view.certificates_count; k++)
			if (k != i)
				one.certificates[k].pem = pem_of(&world, own);
		struct answer refused = add(&world, &one);
		expect(refused, 422,
		       arena_printf(world.fixture->arena, "\"code\":\"PTN-024\",\"path\":\"/certificates/%zu\"", i));
		expect(refused, 422, "partner LA");
	}
	expect(call(&world, "GET", "/api/v1/partners/PH", NULL, NULL), 404, NULL);
	for (size_t k = 0; k < wish.view.certificates_count; k++)
		wish.certificates[k].pem = pem_of(&world, own);
	expect(add(&world, &wish), 201, "\"PH\"");
	expect(certify(&world, "encrypt", pem_of(&world, own)), 422, "\"code\":\"PTN-024\",\"path\":\"/pem\"");
	expect(certify(&world, "issuer", pem_of(&world, world.root)), 200, NULL);
	end(&world);
}

/* It is a slip of the hand, and then who has our messages could send them back as the partner's. */
static void a_certificate_of_our_own_is_refused_for_a_partner(void **state)
{
	static const struct statement put_key = {
		"test.own-key", "INSERT INTO own_key (instance, id, usage, type, status, fingerprint, seen_us)"
				" VALUES ('one', 'sign-1', 'sign', 'rsa-3072', 'active', $1, 0)"
	};
	struct world world = begin(state, false);
	pki_auto own = pki_issue(&(struct pki_spec){ .subject = "/CN=own", .issuer = world.root });
	struct wish wish;

	add_partner(&world);
	fixture_exec(world.fixture, &put_key, BINDS(BIND_TEXT(cert_fingerprint(pki_cert(own)))));
	expect(certify(&world, "sign", pem_of(&world, own)), 422, "\"code\":\"PTN-024\",\"path\":\"/pem\"");
	expect(certify(&world, "tls", pem_of(&world, own)), 422, "a key of this node");
	wish_init(&world, &wish);
	wish.view.code = "PH";
	wish.view.party_id = "PH:gateway";
	for (size_t i = 0; i < wish.view.certificates_count; i++)
		wish.certificates[i].pem = pem_of(&world, own);
	expect(add(&world, &wish), 422, "PTN-024");
	expect(call(&world, "GET", "/api/v1/partners/PH", NULL, NULL), 404, NULL);
	end(&world);
}

static void a_certificate_of_version_1_is_not_pinned(void **state)
{
	struct world world = begin(state, false);
	pki_auto old = pki_issue(&(struct pki_spec){ .subject = "/CN=old", .issuer = world.root, .version_1 = true });

	add_partner(&world);
	struct answer answer = certify(&world, "sign", pem_of(&world, old));
	expect(answer, 422, "PTN-019");
	expect(answer, 422, "version 3");
	end(&world);
}

/* --- Changes --- */

static struct answer change(struct world *world, struct partner_change_view view)
{
	return call(world, "PATCH", "/api/v1/partners/LA", &partner_change_schema, &view);
}

static void a_change_leaves_what_it_does_not_name(void **state)
{
	struct world world = begin(state, false);

	add_partner(&world);
	struct answer answer =
		change(&world, (struct partner_change_view){ .endpoint = "https://192.0.2.8/as4", .token = "ski" });
	expect(answer, 200, "\"https://192.0.2.8/as4\"");
	expect(answer, 200, "\"ski\"");
	expect(answer, 200, "\"Lao Customs\"");
	expect(answer, 200, "\"" P256 "\"");
	expect(call(&world, "GET", "/api/v1/timeline/LA", NULL, NULL), 200,
	       "endpoint https://192.0.2.7:8443/as4 -> https://192.0.2.8/as4; token bst -> ski\"");
	expect(change(&world, (struct partner_change_view){ 0 }), 422, "PTN-015");
	expect(change(&world, (struct partner_change_view){ .endpoint = "http://192.0.2.8/as4" }), 422, "PTN-013");
	expect(call(&world, "GET", "/api/v1/partners/LA", NULL, NULL), 200, "https://192.0.2.8/as4");
	end(&world);
}

static void a_profile_is_changed_once_its_certificates_are_there(void **state)
{
	struct world world = begin(state, false);
	pki_auto sign = pki_issue(&(struct pki_spec){ .subject = "/CN=s", .key = "ed25519", .issuer = world.root });
	pki_auto encrypt = pki_issue(&(struct pki_spec){ .subject = "/CN=e", .key = "x25519", .issuer = world.root });
	const struct partner_change_view wish = { .profile = "edelivery-2.0" };

	add_partner(&world);
	expect(change(&world, wish), 422, "PTN-003");
	expect(certify(&world, "sign", pem_of(&world, encrypt)), 422, "PTN-019"); /* X25519 never signs */
	expect(certify(&world, "sign", pem_of(&world, sign)), 200, NULL);
	expect(certify(&world, "encrypt", pem_of(&world, encrypt)), 200, NULL);
	expect(change(&world, wish), 200, "\"edelivery-2.0\"");
	end(&world);
}

static void a_suspended_partner_is_resumed(void **state)
{
	struct world world = begin(state, false);

	add_partner(&world);
	expect(call(&world, "POST", "/api/v1/partners/LA/suspend", NULL, NULL), 200, "\"suspended\"");
	expect(call(&world, "POST", "/api/v1/partners/LA/suspend", NULL, NULL), 409, NULL);
	expect(call(&world, "POST", "/api/v1/partners/LA/resume", NULL, NULL), 200, "\"active\"");
	expect(call(&world, "POST", "/api/v1/partners/PH/suspend", NULL, NULL), 404, NULL);
	end(&world);
}

static void a_stranger_is_listed(void **state)
{
	struct world world = begin(state, false);
	struct arena *arena = world.fixture->arena;
	const struct http_request request = { .arena = arena,
					      .method = "POST",
					      .path = "/as4",
					      .query = "",
					      .body = bytes_of("hello"),
					      .peer = "192.0.2.66:4711" };
	struct http_response response = { 0 };

	log_setup(LOG_OFF, NULL);
	messaging_receive(world.messaging, &request, &response);
	log_setup(LOG_INFO, NULL);
	if (response.owned)
		buf_done(response.owned);
	expect(call(&world, "GET", "/api/v1/strangers", NULL, NULL), 200, "192.0.2.66:4711");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_partner_is_used_at_once),
		cmocka_unit_test(a_partner_that_could_not_be_loaded_is_refused_and_not_written),
		cmocka_unit_test(all_mistakes_of_a_partner_are_told_at_once),
		cmocka_unit_test(a_plain_node_takes_partners_without_tls),
		cmocka_unit_test(a_partner_that_cannot_be_loaded_does_not_take_the_others_along),
		cmocka_unit_test(a_certificate_is_rolled_over_by_adding_and_withdrawing),
		cmocka_unit_test(there_are_no_more_certificates_of_a_use_than_are_loaded),
		cmocka_unit_test(a_revocation_list_needs_its_authority_and_then_revokes),
		cmocka_unit_test(the_issuer_of_lists_is_no_anchor),
		cmocka_unit_test(a_newer_revocation_list_replaces_the_one_before_and_not_the_other_way_round),
		cmocka_unit_test(a_certificate_of_one_partner_is_refused_for_another),
		cmocka_unit_test(a_certificate_of_our_own_is_refused_for_a_partner),
		cmocka_unit_test(a_certificate_of_version_1_is_not_pinned),
		cmocka_unit_test(a_change_leaves_what_it_does_not_name),
		cmocka_unit_test(a_profile_is_changed_once_its_certificates_are_there),
		cmocka_unit_test(a_suspended_partner_is_resumed),
		cmocka_unit_test(a_stranger_is_listed),
	};
	return kernel_run("partners", tests, COUNT(tests), NULL);
}
