/* A file that only the holders of certain private keys can read: CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM
 * (RFC 5084), a recipient a certificate: RSA with OAEP and SHA-256, P-256 and its like by ECDH and a SHA-256 key
 * derivation. What is enveloped and what is opened passes through in bounded memory, whatever its size. The file says
 * nothing of who wrote it: whoever has the certificate can make one.
 *
 *   openssl cms -decrypt -inform DER -in FILE -inkey KEY.pem      opens it without this program */
#ifndef CRYPTO_ENVELOPE_H
#define CRYPTO_ENVELOPE_H

#include "crypto/digest.h"

#define ENVELOPE_RECIPIENTS_MAX 16
/* Of the plain content. SP 800-38D allows one key and nonce 2^39 - 256 bits. */
#define ENVELOPE_MAX_BYTES (UINT64_C(60) << 30)

/* What an envelope's file looks like from outside. */
struct envelope_facts {
	uint64_t bytes;
	char digest[SHA256_HEX_SIZE]; /* SHA-256 of the file */
};

struct envelope;
/* Begins one in FD, which stays the caller's and must live until the end, for the holders of the keys of COUNT
 * certificates, each PEM or DER. ERR_KEY: no certificate that can be encrypted to. */
enum err_code envelope_new(int fd, const struct bytes *certificates, size_t count, struct envelope **envelope,
			   struct err *err) MUST_USE;
enum err_code envelope_put(struct envelope *envelope, struct bytes plain, struct err *err) MUST_USE;
/* Closes it; without this it cannot be opened. Something must have been put. The file is not synced. */
enum err_code envelope_end(struct envelope *envelope, struct envelope_facts *facts, struct err *err) MUST_USE;
void envelope_free(struct envelope *envelope); /* NULL is fine */

/* Hands what is in FD, a file, to SINK piece by piece. The pieces are believed only when this returns OK: not before
 * the end is known whether the file was altered. KEY: a private key in PEM without a password. ERR_SYNTAX: cut short,
 * or no such file; ERR_DENIED: it is for other keys; ERR_INVALID: altered; and whatever SINK fails
 * with, if it was not altered: what SINK is given no more is read all the same. */
typedef enum err_code envelope_sink(void *arg, struct bytes plain, struct err *err);
enum err_code envelope_open(int fd, struct bytes key, envelope_sink *sink, void *arg, struct envelope_facts *facts,
			    struct err *err) MUST_USE;

#endif
