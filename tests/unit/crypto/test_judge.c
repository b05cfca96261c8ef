#include "../unit.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/date.h"
#include "pki.h"
#include "support.h"

#define SIGNS "critical,digitalSignature"

/* A root, an authority below it, a leaf below that; and somebody else's root of the same name. */
static struct {
	struct pki *root, *authority, *leaf, *impostor;
	struct arena *arena;
} world;

static int world_new(void **state)
{
	(void)state;
	world.root = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=Root", .authority = true });
	world.impostor = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=Root", .authority = true });
	world.authority = pki_issue(
		&(struct pki_spec){ .subject = "/C=VN/CN=Authority", .authority = true, .issuer = world.root });
	world.leaf =
		pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = world.authority, .key_usage = SIGNS });
	world.arena = arena_new(16 << 20);
	return 0;
}

static int world_free(void **state)
{
	(void)state;
	pki_free(world.root);
	pki_free(world.impostor);
	pki_free(world.authority);
	pki_free(world.leaf);
	arena_free(world.arena);
	return 0;
}

static void trust_free_(struct trust **trust)
{
	trust_free(*trust);
}
#define trust_auto __attribute__((cleanup(trust_free_), unused)) struct trust *

static struct trust *trust_with(const struct pki *anchor, const struct pki *intermediate, const struct pki *pin)
{
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });

	assert_non_null(trust);
	if (anchor)
		assert_int_equal(trust_anchor(trust, pki_cert(anchor), NULL), OK);
	if (intermediate)
		assert_int_equal(trust_intermediate(trust, pki_cert(intermediate), NULL), OK);
	if (pin)
		assert_int_equal(trust_pin(trust, pki_cert(pin), NULL), OK);
	return trust;
}

/* The codes of all findings, "CRT-001 CRT-003"; "" if there is none. The verdict must fit them. */
static const char *judged(const struct pki *leaf, struct cert *const *sent, size_t count, enum cert_use use,
			  const struct trust *trust, int64_t at_us)
{
	buf_auto codes = { 0 };
	struct findings *findings = findings_new(world.arena);

	buf_init(&codes, 1000);
	bool good = cert_judge(pki_cert(leaf), sent, count, use, trust, at_us, findings);
	assert_int_equal(good, findings_errors(findings) == 0);
	for (size_t i = 0; i < findings_count(findings); i++)
		buf_printf(&codes, "%s%s", i > 0 ? " " : "", findings_at(findings, i)->rule->code);
	char *text = arena_text(world.arena, buf_text(&codes));
	assert_non_null(text);
	return text;
}

static const char *signs(const struct pki *leaf, const struct trust *trust, int64_t at_us)
{
	return judged(leaf, NULL, 0, CERT_USE_SIGN, trust, at_us);
}

static void list_add(struct trust *trust, const struct pki_list *list)
{
	buf_auto pem = { 0 };

	buf_init(&pem, 1 << 20);
	pki_crl_pem(list, &pem);
	assert_int_equal(trust_crl(trust, buf_bytes(&pem), NULL), OK);
}

static void what_an_anchor_issued_is_believed(void **state)
{
	(void)state;
	trust_auto trust = trust_with(world.root, world.authority, NULL);

	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "");
}

static void an_intermediate_that_came_along_completes_the_path(void **state)
{
	(void)state;
	trust_auto trust = trust_with(world.root, NULL, NULL);
	struct cert *sent[] = { pki_cert(world.authority) };

	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-001");
	assert_string_equal(judged(world.leaf, sent, 1, CERT_USE_SIGN, trust, PKI_NOW), "");
}

static void a_strangers_certificate_is_unknown(void **state)
{
	(void)state;
	trust_auto trust = trust_with(world.impostor, NULL, NULL);
	struct cert *sent[] = { pki_cert(world.authority), pki_cert(world.root) };
	pki_auto own = pki_issue(&(struct pki_spec){ .subject = "/CN=own", .key_usage = SIGNS });

	assert_string_equal(signs(own, trust, PKI_NOW), "CRT-001");
	/* A root that came with the message is no anchor; the anchor of the same name has another key. */
	assert_string_not_equal(judged(world.leaf, sent, 2, CERT_USE_SIGN, trust, PKI_NOW), "");
}

/* An intermediate of our own is no anchor, either (no partial chains). */
static void a_path_ends_at_a_root(void **state)
{
	(void)state;
	trust_auto trust = trust_with(NULL, world.authority, NULL);

	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-001");
}

static void a_pinned_certificate_needs_no_path(void **state)
{
	(void)state;
	trust_auto trust = trust_with(NULL, NULL, world.leaf);
	pki_auto other =
		pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = world.authority, .key_usage = SIGNS });

	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "");
	assert_string_equal(signs(other, trust, PKI_NOW), "CRT-001");
}

/* RFC 5280 §4.1.2.5: from notBefore through notAfter, inclusive, in seconds. */
static void validity_is_judged_at_the_time_given(void **state)
{
	(void)state;
	trust_auto trust = trust_with(NULL, NULL, world.leaf);

	assert_string_equal(signs(world.leaf, trust, PKI_FROM - 1), "CRT-002");
	assert_string_equal(signs(world.leaf, trust, PKI_FROM), "");
	assert_string_equal(signs(world.leaf, trust, PKI_TO + SECOND_US - 1), "");
	assert_string_equal(signs(world.leaf, trust, PKI_TO + SECOND_US), "CRT-003");
}

/* The same with a path: OpenSSL's own opinion of the last second does not come through. */
static void the_last_second_is_valid_with_a_path_too(void **state)
{
	(void)state;
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=brief",
						      .issuer = world.root,
						      .key_usage = SIGNS,
						      .not_before_us = PKI_NOW,
						      .not_after_us = PKI_NOW });
	trust_auto trust = trust_with(world.root, NULL, NULL);

	assert_string_equal(signs(leaf, trust, PKI_NOW - 1), "CRT-002");
	assert_string_equal(signs(leaf, trust, PKI_NOW), "");
	assert_string_equal(signs(leaf, trust, PKI_NOW + SECOND_US), "CRT-003");
}

static void an_expired_authority_breaks_the_path(void **state)
{
	(void)state;
	pki_auto old = pki_issue(&(struct pki_spec){
		.subject = "/CN=Old", .authority = true, .issuer = world.root, .not_after_us = PKI_NOW - DAY_US });
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = old, .key_usage = SIGNS });
	trust_auto trust = trust_with(world.root, old, NULL);

	assert_string_equal(signs(leaf, trust, PKI_NOW), "CRT-007");
	assert_string_equal(signs(leaf, trust, PKI_NOW - 2 * DAY_US), "");
}

static void a_leaf_cannot_issue(void **state)
{
	(void)state;
	pki_auto leaf =
		pki_issue(&(struct pki_spec){ .subject = "/CN=forged", .issuer = world.leaf, .key_usage = SIGNS });
	trust_auto trust = trust_with(world.root, world.authority, NULL);
	struct cert *sent[] = { pki_cert(world.leaf) };

	assert_string_equal(judged(leaf, sent, 1, CERT_USE_SIGN, trust, PKI_NOW), "CRT-007");
	assert_int_equal(trust_intermediate(trust, pki_cert(world.leaf), NULL), ERR_KEY);
}

static void an_anchor_is_a_root(void **state)
{
	(void)state;
	trust_auto trust = trust_with(NULL, NULL, NULL);
	pki_auto own = pki_issue(&(struct pki_spec){ .subject = "/CN=own", .key_usage = SIGNS });

	assert_int_equal(trust_anchor(trust, pki_cert(world.authority), NULL), ERR_KEY);
	assert_int_equal(trust_anchor(trust, pki_cert(own), NULL), ERR_KEY);
}

/* Key usage and extended key usage, RFC 5280 §4.2.1.3 and §4.2.1.12; which bit a key kind needs, RFC 8410 §5 and RFC
 * 5480 §3. */
static void a_certificate_is_good_only_for_its_use(void **state)
{
	(void)state;
	static const struct {
		const char *key, *usage, *extended;
		const char *sign, *decrypt, *server, *client;
	} rows[] = {
		{ "p256", "digitalSignature", NULL, "", "CRT-005", "", "" },
		{ "p256", "nonRepudiation", NULL, "", "CRT-005", "CRT-005", "CRT-005" },
		{ "p256", "keyAgreement", NULL, "CRT-005", "", "CRT-005", "CRT-005" },
		{ "p256", "keyEncipherment", NULL, "CRT-005", "CRT-005", "CRT-005", "CRT-005" },
		{ "p256", "digitalSignature", "serverAuth", "", "CRT-005", "", "CRT-005" },
		{ "p256", "digitalSignature", "clientAuth", "", "CRT-005", "CRT-005", "" },
		{ "p256", NULL, NULL, "", "", "", "" },
		{ "rsa-2048", "keyEncipherment", NULL, "CRT-005", "", "", "CRT-005" },
		{ "rsa-2048", "keyAgreement", NULL, "CRT-005", "CRT-005", "CRT-005", "CRT-005" },
		{ "ed25519", "digitalSignature", NULL, "", "CRT-005", "", "" },
		{ "ed25519", NULL, NULL, "", "CRT-005", "", "" },
		{ "x25519", "keyAgreement", NULL, "CRT-005", "", "CRT-005", "CRT-005" },
		{ "p384", "digitalSignature", NULL, "CRT-005", "CRT-005", "", "" },
	};
	trust_auto trust = trust_with(world.root, NULL, NULL);

	for (size_t i = 0; i < COUNT(rows); i++) {
		pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=use",
							      .key = rows[i].key,
							      .issuer = world.root,
							      .key_usage = rows[i].usage,
							      .extended_key_usage = rows[i].extended });
		print_message("%s %s %s\n", rows[i].key, rows[i].usage, rows[i].extended);
		assert_string_equal(judged(leaf, NULL, 0, CERT_USE_SIGN, trust, PKI_NOW), rows[i].sign);
		assert_string_equal(judged(leaf, NULL, 0, CERT_USE_DECRYPT, trust, PKI_NOW), rows[i].decrypt);
		assert_string_equal(judged(leaf, NULL, 0, CERT_USE_TLS_SERVER, trust, PKI_NOW), rows[i].server);
		assert_string_equal(judged(leaf, NULL, 0, CERT_USE_TLS_CLIENT, trust, PKI_NOW), rows[i].client);
	}
}

/* RFC 5280 §4.2.1.3: authorities must have the extension, and without it nothing is restricted. */
static void a_leaf_without_key_usage_is_good_for_what_its_key_can_do_pinned_or_not(void **state)
{
	(void)state;
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=plain", .issuer = world.root });
	trust_auto pinned = trust_with(NULL, NULL, leaf);
	trust_auto anchored = trust_with(world.root, NULL, NULL);

	assert_string_equal(signs(leaf, pinned, PKI_NOW), "");
	assert_string_equal(signs(leaf, anchored, PKI_NOW), "");
	assert_string_equal(judged(leaf, NULL, 0, CERT_USE_DECRYPT, pinned, PKI_NOW), "");
	assert_string_equal(judged(leaf, NULL, 0, CERT_USE_TLS_CLIENT, pinned, PKI_NOW), "");
}

/* RFC 5280 §4.1.2.1: only version 3 has extensions. */
static void a_leaf_of_version_1_is_refused_pinned_or_not(void **state)
{
	(void)state;
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=old", .issuer = world.root, .version_1 = true });
	trust_auto pinned = trust_with(NULL, NULL, leaf);
	trust_auto anchored = trust_with(world.root, NULL, NULL);

	assert_string_equal(signs(leaf, pinned, PKI_NOW), "CRT-013");
	assert_string_equal(signs(leaf, anchored, PKI_NOW), "CRT-013");
}

/* RFC 5280 §6.1.1 (d): what makes an anchor is that somebody trusts it, whatever it says of itself. */
static void an_anchor_may_be_of_version_1(void **state)
{
	(void)state;
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/CN=Old root", .version_1 = true });
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = root, .key_usage = SIGNS });
	trust_auto trust = trust_with(root, NULL, NULL);

	assert_string_equal(signs(leaf, trust, PKI_NOW), "");
}

static void a_weak_key_is_refused_pinned_or_not(void **state)
{
	(void)state;
	pki_auto weak = pki_issue(&(struct pki_spec){
		.subject = "/CN=weak", .key = "rsa-1024", .issuer = world.root, .key_usage = SIGNS });
	trust_auto pinned = trust_with(NULL, NULL, weak);
	trust_auto anchored = trust_with(world.root, NULL, NULL);

	assert_string_equal(signs(weak, pinned, PKI_NOW), "CRT-006");
	assert_string_equal(signs(weak, anchored, PKI_NOW), "CRT-006");
}

static void a_weak_authority_breaks_the_path(void **state)
{
	(void)state;
	pki_auto weak = pki_issue(&(struct pki_spec){
		.subject = "/CN=weak", .key = "rsa-1024", .issuer = world.root, .authority = true });
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = weak, .key_usage = SIGNS });
	trust_auto trust = trust_with(world.root, weak, NULL);

	assert_string_equal(signs(leaf, trust, PKI_NOW), "CRT-007");
}

static void a_critical_extension_that_nobody_knows_is_refused(void **state)
{
	(void)state;
	pki_auto leaf = pki_issue(&(struct pki_spec){
		.subject = "/CN=strange", .issuer = world.root, .key_usage = SIGNS, .strange = "\x04\x01x" });
	trust_auto pinned = trust_with(NULL, NULL, leaf);
	trust_auto anchored = trust_with(world.root, NULL, NULL);

	assert_string_equal(signs(leaf, pinned, PKI_NOW), "CRT-011");
	assert_string_equal(signs(leaf, anchored, PKI_NOW), "CRT-011");
}

/* Each alone beside "unknown", too: OpenSSL forgets that a path is missing if a callback forgives another error first.
 */
static void a_reason_does_not_hide_that_the_issuer_is_unknown(void **state)
{
	(void)state;
	trust_auto trust = trust_with(world.root, NULL, NULL);
	static const struct {
		struct pki_spec spec;
		const char *codes;
	} rows[] = {
		{ { .subject = "/CN=bad", .key = "rsa-1024" }, "CRT-001 CRT-006" },
		{ { .subject = "/CN=bad", .not_after_us = PKI_NOW - DAY_US }, "CRT-001 CRT-003" },
		{ { .subject = "/CN=bad", .not_before_us = PKI_NOW + DAY_US }, "CRT-001 CRT-002" },
		{ { .subject = "/CN=bad", .strange = "\x04\x01x" }, "CRT-001 CRT-011" },
		{ { .subject = "/CN=bad", .key_usage = "keyAgreement" }, "CRT-001 CRT-005" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		pki_auto own = pki_issue(&rows[i].spec);
		struct pki_spec spec = rows[i].spec;
		spec.issuer = world.impostor;
		pki_auto issued = pki_issue(&spec);
		assert_string_equal(signs(own, trust, PKI_NOW), rows[i].codes);
		/* Its issuer has an anchor's name and another key. */
		assert_string_not_equal(signs(issued, trust, PKI_NOW), rows[i].codes + 8);
	}
}

static void all_reasons_are_told_at_once(void **state)
{
	(void)state;
	pki_auto bad = pki_issue(&(struct pki_spec){ .subject = "/CN=bad",
						     .key = "rsa-1024",
						     .key_usage = "keyAgreement",
						     .not_after_us = PKI_NOW - DAY_US });
	trust_auto trust = trust_with(world.root, NULL, NULL);

	assert_string_equal(signs(bad, trust, PKI_NOW), "CRT-001 CRT-003 CRT-005 CRT-006");
}

/* --- Revocation lists --- */

#define FRESH .revoked_us = PKI_NOW, .this_update_us = PKI_NOW, .next_update_us = PKI_NOW + 7 * DAY_US

static void a_revoked_certificate_is_refused_from_that_time_on(void **state)
{
	(void)state;
	long serial = pki_serial(world.leaf);
	const struct pki_list list = { .signer = world.authority, .serials = &serial, .count = 1, FRESH };
	trust_auto anchored = trust_with(world.root, world.authority, NULL);
	trust_auto pinned = trust_with(NULL, world.authority, world.leaf);

	list_add(anchored, &list);
	list_add(pinned, &list);
	assert_string_equal(signs(world.leaf, anchored, PKI_NOW), "CRT-004");
	assert_string_equal(signs(world.leaf, pinned, PKI_NOW), "CRT-004");
	/* Again, now that the list's signature is remembered. */
	assert_string_equal(signs(world.leaf, anchored, PKI_NOW + 1), "CRT-004");
	/* A signature of before stays good: evidence is judged at its own time. */
	assert_string_equal(signs(world.leaf, anchored, PKI_NOW - 1), "");
}

static void a_revoked_authority_takes_its_leaves_with_it(void **state)
{
	(void)state;
	long serial = pki_serial(world.authority);
	trust_auto trust = trust_with(world.root, world.authority, NULL);

	list_add(trust, &(struct pki_list){ .signer = world.root, .serials = &serial, .count = 1, FRESH });
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-004");
}

static void a_list_of_somebody_else_revokes_nobody_but_does_not_clear(void **state)
{
	(void)state;
	long serial = pki_serial(world.authority);
	trust_auto trust = trust_with(world.root, world.authority, NULL);

	/* The right name and the wrong key; then the right key and the wrong name. */
	list_add(trust, &(struct pki_list){ .signer = world.impostor, .serials = &serial, .count = 1, FRESH });
	list_add(trust,
		 &(struct pki_list){
			 .signer = world.root, .name_of = world.authority, .serials = &serial, .count = 1, FRESH });
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-012 CRT-012");
	/* Beside one that can be checked it is passed over. */
	list_add(trust, &(struct pki_list){ .signer = world.root, FRESH });
	list_add(trust, &(struct pki_list){ .signer = world.authority, FRESH });
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "");
}

static void a_required_list_that_lacks_refuses(void **state)
{
	(void)state;
	struct trust *trust = trust_new(&(struct trust_policy){ .require_crl = true });

	assert_non_null(trust);
	assert_int_equal(trust_anchor(trust, pki_cert(world.root), NULL), OK);
	assert_int_equal(trust_intermediate(trust, pki_cert(world.authority), NULL), OK);
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-008 CRT-008"); /* the leaf's, the authority's */
	list_add(trust, &(struct pki_list){ .signer = world.impostor, FRESH });
	list_add(trust, &(struct pki_list){ .signer = world.authority, FRESH });
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-012");
	list_add(trust, &(struct pki_list){ .signer = world.root, FRESH });
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "");
	/* A list of tomorrow says nothing of today. */
	assert_string_equal(signs(world.leaf, trust, PKI_NOW - 1), "CRT-008 CRT-008");
	trust_free(trust);
}

static void a_pinned_certificate_without_its_issuer_cannot_be_cleared(void **state)
{
	(void)state;
	pki_auto own = pki_issue(&(struct pki_spec){ .subject = "/CN=own", .key_usage = SIGNS });
	struct trust *trust = trust_new(&(struct trust_policy){ .require_crl = true });

	assert_non_null(trust);
	assert_int_equal(trust_pin(trust, pki_cert(world.leaf), NULL), OK);
	assert_int_equal(trust_pin(trust, pki_cert(own), NULL), OK);
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-008");
	assert_string_equal(signs(own, trust, PKI_NOW), ""); /* it has no issuer that could revoke it */
	trust_free(trust);
}

/* Else a revocation would be passed over in silence because nobody can check who says it. */
static void a_pinned_certificate_with_a_list_that_nobody_can_check_is_refused(void **state)
{
	(void)state;
	long serial = pki_serial(world.leaf);
	const struct pki_list list = { .signer = world.authority, .serials = &serial, .count = 1, FRESH };
	trust_auto trust = trust_with(NULL, NULL, world.leaf);

	list_add(trust, &(struct pki_list){ .signer = world.root, FRESH }); /* of another name: not its business */
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "");
	list_add(trust, &list);
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-012");
	assert_int_equal(trust_issuer(trust, pki_cert(world.authority), NULL), OK);
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-004");
	assert_string_equal(signs(world.leaf, trust, PKI_NOW - 1), "");
}

/* What is remembered of who signed is of that certificate alone: another of the same name is found out each time. */
static void a_pinned_certificate_is_judged_alike_each_time(void **state)
{
	(void)state;
	const long serial = pki_serial(world.authority);
	const struct pki_list by_root = { .signer = world.root, .serials = &serial, .count = 1, FRESH };
	const struct pki_list by_impostor = { .signer = world.impostor, .serials = &serial, .count = 1, FRESH };
	trust_auto trust = trust_with(NULL, NULL, world.authority);
	trust_auto other = trust_with(world.impostor, NULL, world.authority);

	assert_int_equal(trust_issuer(trust, pki_cert(world.impostor), NULL), OK);
	assert_int_equal(trust_issuer(trust, pki_cert(world.root), NULL), OK);
	list_add(trust, &by_root);
	list_add(other, &by_impostor);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(signs(world.authority, trust, PKI_NOW), "CRT-005 CRT-004");
		/* The impostor issued nothing, so that nobody is known who could have signed the list. */
		assert_string_equal(signs(world.authority, other, PKI_NOW), "CRT-005 CRT-012");
	}
}

static void an_issuer_of_lists_is_no_anchor(void **state)
{
	(void)state;
	trust_auto trust = trust_with(NULL, world.authority, NULL);
	pki_auto leaf =
		pki_issue(&(struct pki_spec){ .subject = "/CN=below", .issuer = world.root, .key_usage = SIGNS });
	pki_auto mute = pki_issue(&(struct pki_spec){
		.subject = "/CN=mute", .issuer = world.root, .authority = true, .key_usage = "critical,keyCertSign" });

	assert_int_equal(trust_issuer(trust, pki_cert(world.root), NULL), OK);
	assert_string_equal(signs(world.leaf, trust, PKI_NOW), "CRT-001");
	assert_string_equal(signs(leaf, trust, PKI_NOW), "CRT-001");
	assert_int_equal(trust_issuer(trust, pki_cert(world.leaf), NULL), ERR_KEY);
	assert_int_equal(trust_issuer(trust, pki_cert(mute), NULL), ERR_KEY);
}

/* RFC 5280 §5.1.2.4 and §5.1.2.5: thisUpdate says which was issued last; a later one may promise its successor sooner.
 */
static void the_list_that_was_issued_last_counts(void **state)
{
	(void)state;
	trust_auto trust = trust_with(NULL, world.authority, world.leaf);
	const int64_t day = DAY_US;

	list_add(trust, &(struct pki_list){ .signer = world.authority,
					    .this_update_us = PKI_NOW - 9 * day,
					    .next_update_us = PKI_NOW + 30 * day });
	assert_string_equal(signs(world.leaf, trust, PKI_NOW + 2 * day), "");
	list_add(trust, &(struct pki_list){ .signer = world.authority,
					    .this_update_us = PKI_NOW,
					    .next_update_us = PKI_NOW + day });
	assert_string_equal(signs(world.leaf, trust, PKI_NOW + day), "");
	assert_string_equal(signs(world.leaf, trust, PKI_NOW + 2 * day), "CRT-009");
	/* Before it was issued, the older one was the last. */
	assert_string_equal(signs(world.leaf, trust, PKI_NOW - day), "");
}

static void an_overdue_list_is_used_within_the_grace_only(void **state)
{
	(void)state;
	struct trust *trust = trust_new(&(struct trust_policy){ .crl_grace_us = DAY_US });
	trust_auto strict = trust_with(NULL, world.authority, world.leaf);
	const struct pki_list list = { .signer = world.authority, FRESH };
	const int64_t next = PKI_NOW + 7 * DAY_US;

	assert_non_null(trust);
	assert_int_equal(trust_pin(trust, pki_cert(world.leaf), NULL), OK);
	assert_int_equal(trust_intermediate(trust, pki_cert(world.authority), NULL), OK);
	list_add(trust, &list);
	list_add(strict, &list);
	assert_string_equal(signs(world.leaf, trust, next), "");
	assert_string_equal(signs(world.leaf, trust, next + 1), "CRT-010"); /* a warning: still believed */
	assert_string_equal(signs(world.leaf, trust, next + DAY_US), "CRT-010");
	assert_string_equal(signs(world.leaf, trust, next + DAY_US + 1), "CRT-009");
	assert_string_equal(signs(world.leaf, strict, next + 1), "CRT-009");
	/* A newer list beside it ends that. */
	list_add(strict, &(struct pki_list){
				 .signer = world.authority, .this_update_us = next, .next_update_us = next + DAY_US });
	assert_string_equal(signs(world.leaf, strict, next + 1), "");
	trust_free(trust);
}

/* The state of the only list that counts at AT_US; -1: there is none. */
static int standing(const struct trust *trust, int64_t at_us)
{
	struct crl_standings lists;

	assert_int_equal(trust_lists(trust, at_us, world.arena, &lists, NULL), OK);
	assert_true(lists.count <= 1);
	if (lists.count == 0)
		return -1;
	assert_string_equal(lists.items[0].issuer, "CN=Authority,C=VN");
	return (int)lists.items[0].state;
}

/* Ten days to its nextUpdate, so a day before it the next one is wanted; and the verdicts of cert_judge() beside it. */
static void how_a_list_stands_follows_from_its_period_and_the_grace(void **state)
{
	(void)state;
	const int64_t from = PKI_NOW, next = from + 10 * DAY_US, due = next - DAY_US, until = next + HOUR_US;
	struct trust *trust = trust_new(&(struct trust_policy){ .crl_grace_us = HOUR_US });
	const struct {
		int64_t at_us;
		int state;
		const char *codes;
	} rows[] = {
		{ from - 1, -1, "" },           { from, CRL_FRESH, "" },
		{ due - 1, CRL_FRESH, "" },     { due, CRL_DUE, "" },
		{ next, CRL_DUE, "" },          { next + 1, CRL_LATE, "CRT-010" },
		{ until, CRL_LATE, "CRT-010" }, { until + 1, CRL_OVERDUE, "CRT-009" },
	};

	assert_non_null(trust);
	assert_int_equal(trust_pin(trust, pki_cert(world.leaf), NULL), OK);
	assert_int_equal(trust_issuer(trust, pki_cert(world.authority), NULL), OK);
	list_add(trust,
		 &(struct pki_list){ .signer = world.authority, .this_update_us = from, .next_update_us = next });
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(standing(trust, rows[i].at_us), rows[i].state);
		assert_string_equal(signs(world.leaf, trust, rows[i].at_us), rows[i].codes);
	}
	/* One that was issued later counts from then on. */
	list_add(trust, &(struct pki_list){ .signer = world.authority,
					    .this_update_us = due,
					    .next_update_us = due + 10 * DAY_US });
	assert_int_equal(standing(trust, due - 1), CRL_FRESH);
	assert_int_equal(standing(trust, until + 1), CRL_FRESH);
	/* What nobody can check does not count. */
	list_add(trust, &(struct pki_list){
				.signer = world.impostor, .this_update_us = from, .next_update_us = from + DAY_US });
	assert_int_equal(standing(trust, until + 1), CRL_FRESH);
	trust_free(trust);
}

static void list_refused(struct bytes text, enum err_code code)
{
	struct err err = { 0 };
	trust_auto trust = trust_with(NULL, NULL, NULL);

	assert_int_equal(trust_crl(trust, text, &err), code);
	assert_true(err.text[0] != '\0');
}

/* RFC 5280 §5.2.5: a list of authorities only cannot clear a leaf; §5.1.2.5: nextUpdate is not optional. */
static void a_list_that_cannot_clear_anybody_is_refused(void **state)
{
	(void)state;
	buf_auto pem = { 0 };

	buf_init(&pem, 1 << 20);
	pki_crl_pem(&(struct pki_list){ .signer = world.root, FRESH, .partial = true }, &pem);
	list_refused(buf_bytes(&pem), ERR_INVALID);
	buf_clear(&pem);
	pki_crl_pem(&(struct pki_list){ .signer = world.root, .this_update_us = PKI_NOW }, &pem);
	list_refused(buf_bytes(&pem), ERR_INVALID);
	list_refused(bytes_of("no list"), ERR_SYNTAX);
	list_refused(cert_der(pki_cert(world.root)), ERR_SYNTAX);
}

/* --- A second opinion --- */

static void put_pem(const char *directory, const char *name, const struct pki *pki)
{
	buf_auto pem = { 0 };

	buf_init(&pem, 65536);
	pki_cert_pem(pki, &pem);
	file_put(directory, name, buf_bytes(&pem));
}

/* `openssl verify`, with revocation lists for the whole path. */
static void the_openssl_program_agrees(void **state)
{
	(void)state;
	static const struct {
		int64_t at_us;
		bool revoked;
	} rows[] = {
		{ PKI_NOW, false },
		{ PKI_NOW, true },
		{ PKI_TO + DAY_US, false },
		{ PKI_FROM - DAY_US, false },
	};
	char *directory = pki_directory_new();

	put_pem(directory, "root.pem", world.root);
	put_pem(directory, "authority.pem", world.authority);
	put_pem(directory, "leaf.pem", world.leaf);
	for (size_t i = 0; i < COUNT(rows); i++) {
		long serial = pki_serial(world.leaf);
		buf_auto lists = { 0 };
		trust_auto trust = trust_with(world.root, world.authority, NULL);
		struct pki_list of[] = {
			{ .signer = world.root,
			  .this_update_us = rows[i].at_us,
			  .next_update_us = rows[i].at_us + DAY_US },
			{ .signer = world.authority,
			  .serials = &serial,
			  .count = rows[i].revoked,
			  .revoked_us = rows[i].at_us,
			  .this_update_us = rows[i].at_us,
			  .next_update_us = rows[i].at_us + DAY_US },
		};

		buf_init(&lists, 1 << 20);
		for (size_t k = 0; k < COUNT(of); k++) {
			pki_crl_pem(&of[k], &lists);
			list_add(trust, &of[k]);
		}
		file_put(directory, "lists.pem", buf_bytes(&lists));
		int theirs = openssl_run(directory,
					 "verify -attime %lld -crl_check_all -CRLfile lists.pem -CAfile root.pem "
					 "-untrusted authority.pem leaf.pem",
					 (long long)(rows[i].at_us / SECOND_US));
		bool ours = same(signs(world.leaf, trust, rows[i].at_us), "");
		assert_int_equal(ours, theirs == 0);
		assert_int_equal(ours, i == 0);
	}
	pki_directory_free(directory);
}

static void rules_have_codes_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; cert_rules[i].code; i++) {
		char code[16];
		snprintf(code, sizeof(code), "CRT-%03u", (unsigned)i + 1);
		assert_string_equal(cert_rules[i].code, code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_anchor_issued_is_believed),
		cmocka_unit_test(an_intermediate_that_came_along_completes_the_path),
		cmocka_unit_test(a_strangers_certificate_is_unknown),
		cmocka_unit_test(a_path_ends_at_a_root),
		cmocka_unit_test(a_pinned_certificate_needs_no_path),
		cmocka_unit_test(validity_is_judged_at_the_time_given),
		cmocka_unit_test(the_last_second_is_valid_with_a_path_too),
		cmocka_unit_test(an_expired_authority_breaks_the_path),
		cmocka_unit_test(a_leaf_cannot_issue),
		cmocka_unit_test(an_anchor_is_a_root),
		cmocka_unit_test(a_certificate_is_good_only_for_its_use),
		cmocka_unit_test(a_leaf_without_key_usage_is_good_for_what_its_key_can_do_pinned_or_not),
		cmocka_unit_test(a_leaf_of_version_1_is_refused_pinned_or_not),
		cmocka_unit_test(an_anchor_may_be_of_version_1),
		cmocka_unit_test(a_weak_key_is_refused_pinned_or_not),
		cmocka_unit_test(a_weak_authority_breaks_the_path),
		cmocka_unit_test(a_critical_extension_that_nobody_knows_is_refused),
		cmocka_unit_test(a_reason_does_not_hide_that_the_issuer_is_unknown),
		cmocka_unit_test(all_reasons_are_told_at_once),
		cmocka_unit_test(a_revoked_certificate_is_refused_from_that_time_on),
		cmocka_unit_test(a_revoked_authority_takes_its_leaves_with_it),
		cmocka_unit_test(a_list_of_somebody_else_revokes_nobody_but_does_not_clear),
		cmocka_unit_test(a_required_list_that_lacks_refuses),
		cmocka_unit_test(a_pinned_certificate_without_its_issuer_cannot_be_cleared),
		cmocka_unit_test(a_pinned_certificate_with_a_list_that_nobody_can_check_is_refused),
		cmocka_unit_test(a_pinned_certificate_is_judged_alike_each_time),
		cmocka_unit_test(an_issuer_of_lists_is_no_anchor),
		cmocka_unit_test(the_list_that_was_issued_last_counts),
		cmocka_unit_test(an_overdue_list_is_used_within_the_grace_only),
		cmocka_unit_test(how_a_list_stands_follows_from_its_period_and_the_grace),
		cmocka_unit_test(a_list_that_cannot_clear_anybody_is_refused),
		cmocka_unit_test(the_openssl_program_agrees),
		cmocka_unit_test(rules_have_codes_in_order),
	};
	return cmocka_run_group_tests(tests, world_new, world_free);
}
