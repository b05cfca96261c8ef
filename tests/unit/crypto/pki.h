/* Certificates for tests: authorities, leaves of any kind, revocation lists. Nothing of OpenSSL shows here. */
#ifndef TESTS_PKI_H
#define TESTS_PKI_H

#include "crypto/keys.h"

/* A key and its certificate. Every function below ends the test program with a message if something fails. */
struct pki;

struct pki_spec {
	const char *subject;            /* "/C=VN/O=Customs, Hanoi/CN=root": the order of the DER */
	const char *key;                /* "rsa-1024", "rsa-2048", "p256", "p384", "ed25519", "x25519"; NULL: "p256" */
	const struct pki *issuer;       /* NULL: signed by itself */
	bool authority;                 /* basicConstraints CA, and key usage for certificates and lists unless given */
	const char *key_usage;          /* OpenSSL's words: "critical,digitalSignature"; NULL: no such extension */
	const char *extended_key_usage; /* "serverAuth,clientAuth"; NULL: none */
	const char *names;              /* "DNS:asw.example,IP:192.0.2.7"; NULL: none */
	bool version_1;                 /* X.509 as of 1988: no extension at all */
	const char *strange;            /* value of a critical extension that nobody knows; NULL: none */
	int64_t not_before_us;          /* 0: PKI_FROM */
	int64_t not_after_us;           /* 0: PKI_TO */
	long serial;                    /* 0: the next one */
	struct bytes public_key;        /* PEM SubjectPublicKeyInfo: for this key, which we do not have */
};

/* 2020-01-01, before any clock that a test may run by, to 2036-01-01, and a time between them. */
#define PKI_FROM INT64_C(1577836800000000)
#define PKI_TO   INT64_C(2082758400000000)
#define PKI_NOW  INT64_C(1793588400000000) /* 2026-11-02T03:00:00Z */

struct pki *pki_issue(const struct pki_spec *spec);
void pki_free(struct pki *pki);
static inline void pki_free_(struct pki **pki)
{
	pki_free(*pki);
}
#define pki_auto __attribute__((cleanup(pki_free_), unused)) struct pki *

struct cert *pki_cert(const struct pki *pki); /* belongs to PKI */
long pki_serial(const struct pki *pki);
/* These append. */
void pki_cert_pem(const struct pki *pki, struct buf *out);
void pki_key_pem(const struct pki *pki, struct buf *out);
void pki_public_pem(const struct pki *pki, struct buf *out);

struct pki_list {
	const struct pki *signer;  /* whose key and name; */
	const struct pki *name_of; /* NULL: the signer's name, else this one's */
	const long *serials;
	size_t count;
	int64_t revoked_us, this_update_us, next_update_us; /* next 0: the list does not say */
	bool partial;                                       /* with a critical issuingDistributionPoint */
};
void pki_crl_pem(const struct pki_list *list, struct buf *out);

/* A key in the keystore DIRECTORY with a certificate by AUTHORITY, fit for its use: what `keys new` and `keys install`
 * leave. */
void pki_key_install(const char *directory, enum key_use use, enum key_type type, const struct pki *authority,
		     struct key_info *info);

/* A new directory under TMPDIR, and its end with all that is in it. */
char *pki_directory_new(void);
void pki_directory_free(char *directory);

#endif
