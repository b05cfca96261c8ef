#include "pki.h"

#include <fcntl.h>
#include <ftw.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

struct pki {
	EVP_PKEY *key; /* only the public half if the certificate was made for another's key */
	X509 *x509;
	struct cert *cert;
	long serial;
};

#define NEED(condition) need((condition) ? true : false, #condition, __LINE__)

static void need(bool true_, const char *what, int line)
{
	if (true_)
		return;
	fprintf(stderr, "pki.c:%d: not so: %s\n", line, what);
	ERR_print_errors_fp(stderr);
	abort();
}

/* An RSA key takes a tenth of a second, and under the sanitizers tests made several thousand of them. So they come from
 * a ring: whatever one test asks for is distinct, because none needs as many as it has. */
static EVP_PKEY *rsa_of_ring(size_t bits)
{
	static struct {
		size_t bits, next;
		EVP_PKEY *keys[16];
	} rings[] = { { .bits = 1024 }, { .bits = 2048 } };

	for (size_t i = 0; i < COUNT(rings); i++) {
		if (rings[i].bits != bits)
			continue;
		EVP_PKEY **key = &rings[i].keys[rings[i].next++ % COUNT(rings[i].keys)];
		if (!*key)
			*key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
		NEED(*key && EVP_PKEY_up_ref(*key) == 1);
		return *key;
	}
	return NULL;
}

static EVP_PKEY *key_new(const char *kind)
{
	static const struct {
		const char *kind, *algorithm, *curve;
		size_t bits;
	} rows[] = {
		{ "rsa-1024", "RSA", NULL, 1024 }, { "rsa-2048", "RSA", NULL, 2048 }, { "p256", "EC", "P-256", 0 },
		{ "p384", "EC", "P-384", 0 },      { "ed25519", "ED25519", NULL, 0 }, { "x25519", "X25519", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!same(kind, rows[i].kind))
			continue;
		if (rows[i].bits > 0)
			return rsa_of_ring(rows[i].bits);
		return rows[i].curve ? EVP_PKEY_Q_keygen(NULL, NULL, rows[i].algorithm, rows[i].curve)
				     : EVP_PKEY_Q_keygen(NULL, NULL, rows[i].algorithm);
	}
	return NULL;
}

static const EVP_MD *md_for(EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") == 1 ? NULL : EVP_sha256();
}

/* "/C=VN/O=Customs, Hanoi/CN=root": the order of the DER. */
static void name_set(X509_NAME *name, const char *text)
{
	char copy[512];

	NEED(text[0] == '/' && strlen(text) < sizeof(copy));
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *at = copy + 1; at;) {
		char *next = strchr(at, '/');
		if (next)
			*next++ = '\0';
		char *equals = strchr(at, '=');
		NEED(equals);
		*equals = '\0';
		NEED(X509_NAME_add_entry_by_txt(name, at, MBSTRING_UTF8, (const uint8_t *)equals + 1, -1, -1, 0) == 1);
		at = next;
	}
}

static void extension_add(X509 *x509, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	NEED(extension && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static void strange_add(X509 *x509, const char *value)
{
	ASN1_OBJECT *type = OBJ_txt2obj("2.25.20261102", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

	NEED(type && octets && ASN1_OCTET_STRING_set(octets, (const uint8_t *)value, -1) == 1);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, type, 1, octets);
	NEED(extension && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(type);
}

static void time_set(ASN1_TIME *time, int64_t time_us)
{
	NEED(ASN1_TIME_set(time, (time_t)(time_us / SECOND_US)));
}

static EVP_PKEY *public_read(struct bytes pem)
{
	BIO *in = BIO_new_mem_buf(pem.data, (int)pem.size);
	EVP_PKEY *key = in ? PEM_read_bio_PUBKEY(in, NULL, NULL, NULL) : NULL;

	BIO_free(in);
	return key;
}

static void extensions_add(struct pki *pki, const struct pki_spec *spec, X509 *issuer)
{
	const char *usage = spec->key_usage;

	extension_add(pki->x509, issuer, NID_basic_constraints,
		      spec->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (!usage && spec->authority)
		usage = "critical,keyCertSign,cRLSign";
	extension_add(pki->x509, issuer, NID_key_usage, usage);
	extension_add(pki->x509, issuer, NID_ext_key_usage, spec->extended_key_usage);
	extension_add(pki->x509, issuer, NID_subject_key_identifier, "hash");
	if (X509_get_ext_by_NID(issuer, NID_subject_key_identifier, -1) >= 0)
		extension_add(pki->x509, issuer, NID_authority_key_identifier, "keyid");
	if (spec->strange)
		strange_add(pki->x509, spec->strange);
}

struct pki *pki_issue(const struct pki_spec *spec)
{
	static long last_serial = 1000; /* tests run on one thread */
	struct pki *pki = calloc(1, sizeof(*pki));

	NEED(pki);
	pki->key = spec->public_key.size > 0 ? public_read(spec->public_key) : key_new(spec->key ? spec->key : "p256");
	pki->x509 = X509_new();
	NEED(pki->key && pki->x509);
	X509 *issuer = spec->issuer ? spec->issuer->x509 : pki->x509;
	EVP_PKEY *signer = spec->issuer ? spec->issuer->key : pki->key;

	pki->serial = spec->serial ? spec->serial : ++last_serial;
	NEED(X509_set_version(pki->x509, spec->version_1 ? X509_VERSION_1 : X509_VERSION_3) == 1);
	NEED(ASN1_INTEGER_set(X509_get_serialNumber(pki->x509), pki->serial) == 1);
	time_set(X509_getm_notBefore(pki->x509), spec->not_before_us ? spec->not_before_us : PKI_FROM);
	time_set(X509_getm_notAfter(pki->x509), spec->not_after_us ? spec->not_after_us : PKI_TO);
	name_set(X509_get_subject_name(pki->x509), spec->subject);
	NEED(X509_set_issuer_name(pki->x509, X509_get_subject_name(issuer)) == 1);
	NEED(X509_set_pubkey(pki->x509, pki->key) == 1);
	if (!spec->version_1)
		extensions_add(pki, spec, issuer);
	NEED(X509_sign(pki->x509, signer, md_for(signer)) > 0);

	uint8_t *der = NULL;
	int size = i2d_X509(pki->x509, &der);
	NEED(size > 0 && cert_parse(bytes(der, (size_t)size), &pki->cert, NULL) == OK);
	OPENSSL_free(der);
	return pki;
}

void pki_free(struct pki *pki)
{
	if (!pki)
		return;
	cert_unref(pki->cert);
	X509_free(pki->x509);
	EVP_PKEY_free(pki->key);
	free(pki);
}

struct cert *pki_cert(const struct pki *pki)
{
	return pki->cert;
}

long pki_serial(const struct pki *pki)
{
	return pki->serial;
}

/* Appends what WRITTEN (the result of a PEM function) put into BIO, and frees that. */
static void take(BIO *bio, int written, struct buf *out)
{
	char *data = NULL;

	NEED(bio && written == 1);
	long size = BIO_get_mem_data(bio, &data);
	buf_put(out, data, (size_t)size);
	NEED(buf_check(out, "PEM", NULL) == OK);
	BIO_free(bio);
}

void pki_cert_pem(const struct pki *pki, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	take(bio, PEM_write_bio_X509(bio, pki->x509), out);
}

void pki_key_pem(const struct pki *pki, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	take(bio, PEM_write_bio_PrivateKey(bio, pki->key, NULL, NULL, 0, NULL, NULL), out);
}

void pki_public_pem(const struct pki *pki, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	take(bio, PEM_write_bio_PUBKEY(bio, pki->key), out);
}

static void entry_add(X509_CRL *crl, long serial, int64_t revoked_us)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	ASN1_TIME *time = ASN1_TIME_new();

	NEED(entry && number && time && ASN1_INTEGER_set(number, serial) == 1);
	time_set(time, revoked_us);
	NEED(X509_REVOKED_set_serialNumber(entry, number) == 1 && X509_REVOKED_set_revocationDate(entry, time) == 1);
	NEED(X509_CRL_add0_revoked(crl, entry) == 1);
	ASN1_TIME_free(time);
	ASN1_INTEGER_free(number);
}

void pki_crl_pem(const struct pki_list *list, struct buf *out)
{
	const struct pki *named = list->name_of ? list->name_of : list->signer;
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_new();

	NEED(crl && time && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1);
	NEED(X509_CRL_set_issuer_name(crl, X509_get_subject_name(named->x509)) == 1);
	time_set(time, list->this_update_us);
	NEED(X509_CRL_set1_lastUpdate(crl, time) == 1);
	if (list->next_update_us != 0) {
		time_set(time, list->next_update_us);
		NEED(X509_CRL_set1_nextUpdate(crl, time) == 1);
	}
	for (size_t i = 0; i < list->count; i++)
		entry_add(crl, list->serials[i], list->revoked_us);
	if (list->partial) {
		ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();
		NEED(point);
		point->onlyCA = 0xFF;
		NEED(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, point, 1, 0) == 1);
		ISSUING_DIST_POINT_free(point);
	}
	NEED(X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, list->signer->key, md_for(list->signer->key)) > 0);

	BIO *bio = BIO_new(BIO_s_mem());
	take(bio, PEM_write_bio_X509_CRL(bio, crl), out);
	ASN1_TIME_free(time);
	X509_CRL_free(crl);
}

void pki_key_install(const char *directory, enum key_use use, enum key_type type, const struct pki *authority,
		     struct key_info *info)
{
	static const char *const usages[] = {
		[KEY_USE_SIGN] = "critical,digitalSignature,nonRepudiation",
		[KEY_USE_DECRYPT] = "critical,keyEncipherment",
		[KEY_USE_TLS] = "critical,digitalSignature",
	};
	bool agrees = use == KEY_USE_DECRYPT && (type == KEY_X25519 || type == KEY_P256);
	char subject[64];
	struct err err = { 0 };
	buf_auto public_pem;
	buf_auto cert_pem;

	buf_init(&public_pem, 65536);
	buf_init(&cert_pem, 65536);
	NEED(keystore_new(directory, use, type, info, &err) == OK);
	NEED(keystore_public(directory, info->id, &public_pem, &err) == OK);
	snprintf(subject, sizeof(subject), "/C=VN/CN=%s", info->id);
	struct pki *leaf = pki_issue(&(struct pki_spec){
		.subject = subject,
		.issuer = authority,
		.key_usage = agrees ? "critical,keyAgreement" : usages[use],
		.extended_key_usage = use == KEY_USE_TLS ? "serverAuth,clientAuth" : NULL,
		.public_key = buf_bytes(&public_pem),
	});
	pki_cert_pem(leaf, &cert_pem);
	NEED(keystore_install(directory, info->id, buf_bytes(&cert_pem), &err) == OK);
	info->status = KEY_ACTIVE;
	pki_free(leaf);
}

char *pki_directory_new(void)
{
	const char *base = getenv("TMPDIR");
	char *directory = NULL;

	NEED(asprintf(&directory, "%s/lintas-test-XXXXXX", base && *base ? base : "/tmp") > 0);
	NEED(mkdtemp(directory));
	return directory;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status, (void)kind, (void)ftw;
	return remove(path);
}

void pki_directory_free(char *directory)
{
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(directory);
}
