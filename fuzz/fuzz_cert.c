/* A certificate, a revocation list or a name, as a partner, an operator or a message hands it over: PEM, DER or text.
 * What is read is judged; what an authority has not signed is never believed. */
#include "base/text.h"
#include "crypto/cert.h"
#include "fuzz.h"

#define ARENA_MAX ((size_t)4 << 20)
#define NOW_US    INT64_C(1798761600000000) /* 2027-01-01T00:00:00Z */

/* The authority that signed the good certificates of the corpus, and one of them. The keys were thrown away. */
static const char root_pem[] = "-----BEGIN CERTIFICATE-----\n"
			       "MIIBrjCCAVSgAwIBAgIUfuV/1DFsmVdy59mSV/Bhv1tP/NAwCgYIKoZIzj0EAwIw\n"
			       "NTELMAkGA1UEBhMCVk4xFzAVBgNVBAoMDkN1c3RvbXMsIEhhbm9pMQ0wCwYDVQQD\n"
			       "DARyb290MB4XDTI2MTEyMjA0NTE0MVoXDTM2MTExOTA0NTE0MVowNTELMAkGA1UE\n"
			       "BhMCVk4xFzAVBgNVBAoMDkN1c3RvbXMsIEhhbm9pMQ0wCwYDVQQDDARyb290MFkw\n"
			       "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhri15HkiQvp3D5TRe27FvExb0BfE9ivE\n"
			       "eWkMeBpRJ5EaI2vKVBiJUOiUdJKncuv6tJLaA+rRNoXBI38E7WUhiqNCMEAwDwYD\n"
			       "VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFN+b5oKeS5S1\n"
			       "fgBruhJq4uDVM264MAoGCCqGSM49BAMCA0gAMEUCIQDxaOLCUWBjOAktK/8a7ce9\n"
			       "Zv1zgxUn64eYrS3WBznz9AIgEQzqseFgnVGJhb+7zBGwAiQuuBdSmE8WjDT2l8Sj\n"
			       "ivo=\n"
			       "-----END CERTIFICATE-----\n";
static const char leaf_pem[] = "-----BEGIN CERTIFICATE-----\n"
			       "MIIBuzCCAWCgAwIBAgICEAAwCgYIKoZIzj0EAwIwNTELMAkGA1UEBhMCVk4xFzAV\n"
			       "BgNVBAoMDkN1c3RvbXMsIEhhbm9pMQ0wCwYDVQQDDARyb290MB4XDTI2MTEyMjA0\n"
			       "NTE0MVoXDTM2MTExOTA0NTE0MVowNTELMAkGA1UEBhMCVk4xFzAVBgNVBAoMDkN1\n"
			       "c3RvbXMsIEhhbm9pMQ0wCwYDVQQDDARsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
			       "AQcDQgAEDWeJLmMKZp3uMNMtOEPk3MFZjtAhGfUSQRnGdcMbuk3e6piP81iEpZRy\n"
			       "fc+6FNYke2BJ2KHMmBiWUzWmw0Opr6NgMF4wDAYDVR0TAQH/BAIwADAOBgNVHQ8B\n"
			       "Af8EBAMCA4gwHQYDVR0OBBYEFPm6HEkk6PMm5Cq/tvR18my9m7a+MB8GA1UdIwQY\n"
			       "MBaAFN+b5oKeS5S1fgBruhJq4uDVM264MAoGCCqGSM49BAMCA0kAMEYCIQCcYWKn\n"
			       "yWh1PqAmbip9BWA/mpnJKh6Nmct7RPGclNGbYQIhAN8mFQ8tHEJR9DMPpxaHCDG/\n"
			       "4Va1p5kOUtjLs6wqh0EA\n"
			       "-----END CERTIFICATE-----\n";

static struct cert *fixed(const char *pem)
{
	struct cert *cert = NULL;
	struct err err;

	MUST(cert_parse(bytes_of(pem), &cert, &err) == OK);
	return cert;
}

static void run_name(struct arena *arena, struct bytes text, const struct cert *leaf)
{
	const char *name = arena_text_of(arena, text);

	/* Compared without regard to case; characters may be escaped, or the value be given as DER. */
	if (name && cert_issuer_matches(leaf, name))
		MUST(strcasestr(name, "root") || strpbrk(name, "\\#"));
}

/* Every use, by a trust that was made with ADD. True if CERT is believed for one. */
typedef enum err_code add_fn(struct trust *trust, const struct cert *cert, struct err *err);
static bool judge(struct arena *arena, const struct cert *cert, add_fn *add, const struct cert *believed,
		  struct bytes list)
{
	struct trust *trust = trust_new(&(struct trust_policy){ .crl_grace_us = 1 });
	struct findings *findings = findings_new(arena);
	struct cert *const among[] = { cert_ref((struct cert *)(uintptr_t)cert) };
	struct cert_grounds grounds;
	struct err err;
	bool good = false;

	if (trust && findings && add(trust, believed, &err) == OK && (!list.data || trust_crl(trust, list, &err) == OK))
		for (int use = CERT_USE_SIGN; use <= CERT_USE_TLS_CLIENT; use++) {
			size_t before = findings_errors(findings);
			bool passed = cert_judge(cert, among, 1, (enum cert_use)use, trust, NOW_US, findings);
			MUST(passed == (findings_errors(findings) == before));
			good = good || passed;
		}
	if (trust && cert_grounds(cert, trust, arena, &grounds, &err) == OK)
		MUST(grounds.count > 0 && same(grounds.items[0].fingerprint, cert_fingerprint(cert)));
	trust_free(trust);
	cert_unref(among[0]);
	return good;
}

static void run_certificate(struct arena *arena, struct bytes text, const struct cert *root)
{
	cert_auto cert = NULL;
	cert_auto again = NULL;
	struct err err;

	if (cert_parse(text, &cert, &err) != OK)
		return;
	MUST(cert_parse(cert_der(cert), &again, &err) == OK && same(cert_fingerprint(cert), cert_fingerprint(again)));
	MUST(utf8_valid(bytes_of(cert_subject(cert))) && utf8_valid(bytes_of(cert_issuer(cert))));
	MUST(cert_serial(cert)[0] && cert_ski(cert).size <= text.size);
	cert_issuer_matches(cert, cert_issuer(cert));
	judge(arena, cert, trust_pin, cert, bytes(NULL, 0));
	judge(arena, cert, trust_anchor, cert, bytes(NULL, 0));
	judge(arena, cert, trust_issuer, cert, bytes(NULL, 0));
	/* All that the authority has signed is named so. */
	if (judge(arena, cert, trust_anchor, root, bytes(NULL, 0)))
		MUST(strstr(cert_subject(cert), "leaf") || strstr(cert_subject(cert), "root"));
}

static void run_list(struct arena *arena, struct bytes text, const struct cert *root, const struct cert *leaf)
{
	struct crl_info info, again;
	struct err err;

	if (crl_read(arena, text, &info, &err) != OK)
		return;
	MUST(crl_read(arena, info.der, &again, &err) == OK || err.code == ERR_MEMORY);
	MUST(err.code == ERR_MEMORY || same(info.fingerprint, again.fingerprint));
	MUST(utf8_valid(bytes_of(info.issuer)));
	crl_signed_by(info.der, root);
	judge(arena, leaf, trust_anchor, root, text);
	judge(arena, leaf, trust_pin, leaf, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cert *root, *leaf;
	arena_auto arena = arena_new(ARENA_MAX);
	struct bytes text = bytes(data, size);

	if (!root) {
		root = fixed(root_pem);
		leaf = fixed(leaf_pem);
	}
	if (!arena)
		return 0;
	run_name(arena, text, leaf);
	run_certificate(arena, text, root);
	run_list(arena, text, root, leaf);
	return 0;
}
