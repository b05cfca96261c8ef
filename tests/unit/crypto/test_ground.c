#include "../unit.h"

#include "base/clock.h"
#include "base/text.h"
#include "pki.h"
#include "support.h"

static struct arena *arena;

static int arena_start(void **state)
{
	(void)state;
	arena = arena_new(16 << 20);
	return arena ? 0 : -1;
}

static int arena_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static struct cert_grounds grounds_of(const struct pki *pki, const struct trust *trust)
{
	struct cert_grounds grounds = { 0 };

	assert_int_equal(cert_grounds(pki_cert(pki), trust, arena, &grounds, NULL), OK);
	return grounds;
}

/* The digest is that of `openssl crl -outform DER`: crl_read() has its own tests against it. */
static const char *list_add(struct trust *trust, const struct pki_list *list)
{
	struct crl_info info;
	buf_auto pem = { 0 };

	buf_init(&pem, 1 << 20);
	pki_crl_pem(list, &pem);
	assert_int_equal(trust_crl(trust, buf_bytes(&pem), NULL), OK);
	assert_int_equal(crl_read(arena, buf_bytes(&pem), &info, NULL), OK);
	return arena_text(arena, info.fingerprint);
}

static void a_pinned_certificate_stands_on_itself_and_on_the_lists_of_its_issuer(void **state)
{
	(void)state;
	pki_auto authority = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=Authority", .authority = true });
	pki_auto other = pki_issue(&(struct pki_spec){ .subject = "/C=TH/CN=Other", .authority = true });
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = authority });
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });

	assert_int_equal(trust_pin(trust, pki_cert(leaf), NULL), OK);
	struct cert_grounds grounds = grounds_of(leaf, trust);
	assert_int_equal(grounds.count, 1);
	assert_string_equal(grounds.items[0].fingerprint, cert_fingerprint(pki_cert(leaf)));
	assert_false(grounds.items[0].list);

	const char *own = list_add(trust, &(struct pki_list){ .signer = authority,
							      .this_update_us = PKI_NOW - DAY_US,
							      .next_update_us = PKI_NOW + DAY_US });
	list_add(trust, &(struct pki_list){ .signer = other,
					    .this_update_us = PKI_NOW - DAY_US,
					    .next_update_us = PKI_NOW + DAY_US });
	assert_int_equal(trust_issuer(trust, pki_cert(authority), NULL), OK);
	assert_int_equal(trust_issuer(trust, pki_cert(other), NULL), OK);
	grounds = grounds_of(leaf, trust);
	assert_int_equal(grounds.count, 3); /* not the other authority's */
	assert_string_equal(grounds.items[1].fingerprint, cert_fingerprint(pki_cert(authority)));
	assert_true(grounds.items[2].list);
	assert_string_equal(grounds.items[2].fingerprint, own);
	trust_free(trust);
}

static void a_path_stands_on_each_of_its_steps(void **state)
{
	(void)state;
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=Root", .authority = true });
	pki_auto authority =
		pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=Authority", .authority = true, .issuer = root });
	pki_auto leaf = pki_issue(&(struct pki_spec){ .subject = "/CN=leaf", .issuer = authority });
	const struct pki *const steps[] = { leaf, authority, root };
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });

	assert_int_equal(trust_anchor(trust, pki_cert(root), NULL), OK);
	assert_int_equal(trust_intermediate(trust, pki_cert(authority), NULL), OK);
	struct cert_grounds grounds = grounds_of(leaf, trust);
	assert_int_equal(grounds.count, COUNT(steps));
	for (size_t i = 0; i < COUNT(steps); i++)
		assert_string_equal(grounds.items[i].fingerprint, cert_fingerprint(pki_cert(steps[i])));
	trust_free(trust);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pinned_certificate_stands_on_itself_and_on_the_lists_of_its_issuer),
		cmocka_unit_test(a_path_stands_on_each_of_its_steps),
	};

	return cmocka_run_group_tests_name("ground", tests, arena_start, arena_end);
}
