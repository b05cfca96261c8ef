/* What the files of this folder share: OpenSSL's types stay in here. */
#ifndef CRYPTO_CRYPTO_INT_H
#define CRYPTO_CRYPTO_INT_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/sign.h"

/* --- OpenSSL's handles close themselves --- */
static inline void bio_done_(BIO **bio)
{
	BIO_free(*bio);
}
static inline void pkey_done_(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}
static inline void pkey_ctx_done_(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}
static inline void md_ctx_done_(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}
static inline void cipher_ctx_done_(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}
static inline void name_done_(X509_NAME **name)
{
	X509_NAME_free(*name);
}
#define bio_auto        __attribute__((cleanup(bio_done_), unused)) BIO *
#define pkey_auto       __attribute__((cleanup(pkey_done_), unused)) EVP_PKEY *
#define pkey_ctx_auto   __attribute__((cleanup(pkey_ctx_done_), unused)) EVP_PKEY_CTX *
#define md_ctx_auto     __attribute__((cleanup(md_ctx_done_), unused)) EVP_MD_CTX *
#define cipher_ctx_auto __attribute__((cleanup(cipher_ctx_done_), unused)) EVP_CIPHER_CTX *
#define name_auto       __attribute__((cleanup(name_done_), unused)) X509_NAME *

/* --- openssl.c --- */

/* fail() with OpenSSL's reasons behind WHAT; the thread's error queue is empty afterwards. Out of memory is ERR_MEMORY.
 */
#define fail_openssl(err, code, what) openssl_fail(err, code, __FILE__ ":" ERR_LINE_(__LINE__), what)
enum err_code openssl_fail(struct err *err, enum err_code code, const char *where, const char *what);

/* After a check that answered "no": *GOOD false and OK, unless it was memory that lacked. Empties the error queue. */
enum err_code openssl_refused(bool *good, struct err *err) MUST_USE;

/* A BIO that reads TEXT. NULL out of memory, or if TEXT is larger than OpenSSL can take. */
BIO *bio_of(struct bytes text);
/* What was written to a memory BIO; it belongs to BIO. */
struct bytes bio_bytes(BIO *bio);

/* For PEM functions: nobody is asked for a password. */
int pem_no_password(char *password, int size, int writing, void *arg);

/* True if TEXT begins as a DER SEQUENCE longer than 127 octets does; everything else is taken for PEM. */
bool is_der(struct bytes text);

/* Calls EACH with the DER of every block NAME ("CERTIFICATE"), in order. Refuses blocks of another name and more than
 * MAX. */
typedef enum err_code pem_block_fn(void *arg, struct bytes der, struct err *err);
enum err_code pem_blocks(struct bytes text, const char *name, size_t max, pem_block_fn *each, void *arg,
			 struct err *err) MUST_USE;

/* Microseconds since 1970; TIME_NONE if TIME is not one. */
int64_t asn1_time_us(const ASN1_TIME *time);

/* --- digest.c --- */
const EVP_MD *digest_md(enum digest digest); /* NULL if there is no such digest */

/* --- cert.c --- */
X509 *cert_x509(const struct cert *cert);
EVP_PKEY *cert_key(const struct cert *cert);         /* NULL: of a kind that OpenSSL does not know */
const uint8_t *cert_digest(const struct cert *cert); /* SHA-256 of the DER */
/* Takes DER whose SHA-256 is DIGEST. */
enum err_code cert_parse_der(struct bytes der, const uint8_t digest[static SHA256_SIZE], struct cert **cert,
			     struct err *err) MUST_USE;
/* Ready to verify with ALG, as signature_context() leaves it; CERT's. NULL: that cannot be. */
const EVP_MD_CTX *cert_verifier(const struct cert *cert, enum sig_alg alg);
enum key_kind key_kind_of(EVP_PKEY *key);

/* --- cert_name.c --- */

/* The X.500 name that TEXT (RFC 2253, RFC 4514 and what stacks make of them) means; values become strings of
 * STRING_TYPE (V_ASN1_UTF8STRING, or MBSTRING_UTF8 for the type that X.520 prescribes). NULL if it is not a name. */
X509_NAME *name_parse(const char *text, int string_type);
#define NAME_TEXT_MAX 4096

/* --- sign.c --- */
#define SIGNATURE_MAX 1024
#define SIG_ALGS      (SIG_RSA_SHA1 + 1)
bool sig_alg_known(unsigned alg);
/* KEY set up for ALG by INIT (EVP_DigestSignInit, EVP_DigestVerifyInit), never to be used but copied, by any thread:
 * setting up looks every algorithm up by its name, which costs a fifth of an ECDSA signature. NULL: that cannot be. */
EVP_MD_CTX *signature_context(enum sig_alg alg, EVP_PKEY *key,
			      int (*init)(EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *, EVP_PKEY *));
/* SIGNER is set up for ALG, and used up. */
enum err_code signature_make(enum sig_alg alg, EVP_MD_CTX *signer, struct bytes data, struct buf *signature,
			     struct err *err) MUST_USE;
const char *sig_alg_name(enum sig_alg alg);

/* --- wrap.c --- */

/* Bounds of what a peer may send in a wrapped key. */
#define WRAP_ORIGINATOR_MAX 256
#define WRAP_SALT_MAX       256
#define WRAP_INFO_MAX       256
#define WRAP_WRAPPED_MAX    1024
enum err_code key_unwrap(EVP_PKEY *key, enum key_kind kind, const struct wrapped_key *wrapped,
			 uint8_t out[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err) MUST_USE;
/* False if a peer's wrapped key is beyond what any algorithm makes: it opens with no key. */
bool wrapped_key_fits(const struct wrapped_key *wrapped);

#endif
