/* Private keys: a directory of them, and who may use them.
 *
 * Message keys (signing, decryption) are used only by the `keys` child process; the node holds a client that asks it
 * over socket pairs. A simulation and commands on a stopped node open the directory in the process. Callers cannot tell
 * the difference.
 *
 * On disk:  KEYS/ID/key.pem (0600)  certificate.pem (absent until installed: the leaf, after it its chain)
 *           KEYS/ID/status: "active p256", so that listing opens no private key
 * ID is "<use>-<n>", e.g. "sign-1", "decrypt-2", "tls-1". A key is pending (no certificate), active, or retired (kept,
 * so that old messages can be opened and old evidence explained; never used for signing). Two active keys of one use
 * are a roll-over. A key whose files cannot be understood is listed as damaged and used for nothing; the others go on.
 */
#ifndef CRYPTO_KEYS_H
#define CRYPTO_KEYS_H

#include "crypto/sign.h"

enum key_use { KEY_USE_SIGN, KEY_USE_DECRYPT, KEY_USE_TLS };
enum key_status { KEY_PENDING, KEY_ACTIVE, KEY_RETIRED, KEY_DAMAGED }; /* the last is never written */
enum key_type { KEY_RSA_2048, KEY_RSA_3072, KEY_RSA_4096, KEY_P256, KEY_ED25519, KEY_X25519, KEY_TYPE_UNKNOWN };

const char *key_use_name(enum key_use use);          /* "sign", "decrypt", "tls" */
const char *key_status_name(enum key_status status); /* "pending", "active", "retired", "damaged" */
const char *key_type_name(enum key_type type);       /* "rsa-2048", …, "p256", "ed25519", "x25519"; "unknown" */
bool key_use_parse(const char *text, enum key_use *use);
bool key_type_parse(const char *text, enum key_type *type);

#define KEY_ID_SIZE 32

/* What everybody may know of a key. */
struct key_info {
	char id[KEY_ID_SIZE];
	enum key_use use;
	enum key_status status;
	enum key_type type;
	struct cert *cert; /* borrowed from the list; NULL while pending, and if damaged */
};

/* --- The key ceremony (on the directory; the node reads it anew on reload) --- */
enum err_code keystore_new(const char *directory, enum key_use use, enum key_type type, struct key_info *info,
			   struct err *err) MUST_USE;
/* A PKCS#10 request (PEM) with SUBJECT ("CN=…,O=…,C=VN"). For X25519, which cannot sign, it is signed by key SIGN_ID as
 * a request that names the key in a SubjectPublicKeyInfo attribute cannot be standard: then ERR_KEY, and the text says
 * to hand the public key over. */
enum err_code keystore_csr(const char *directory, const char *id, const char *subject, struct buf *pem,
			   struct err *err) MUST_USE;
/* The public key as PEM SubjectPublicKeyInfo. */
enum err_code keystore_public(const char *directory, const char *id, struct buf *pem, struct err *err) MUST_USE;
/* Refuses a certificate for another key. PEM: the leaf first, its chain after it. */
enum err_code keystore_install(const char *directory, const char *id, struct bytes pem, struct err *err) MUST_USE;
enum err_code keystore_retire(const char *directory, const char *id, struct err *err) MUST_USE;

struct key_list {
	struct key_info *keys;
	size_t count;
};
/* In the order of use and number. key_list_done() unrefs the certificates. */
enum err_code keystore_list(const char *directory, struct key_list *list, struct err *err) MUST_USE;
void key_list_done(struct key_list *list);

/* --- Using keys --- */
struct keys;

/* In this process. */
enum err_code keys_open(const char *directory, struct keys **keys, struct err *err) MUST_USE;
/* In this process: one decryption key that an operator hands over as PEM, for looking at a message. LIST names it,
 * without a certificate; key_list_done() as ever. */
enum err_code keys_of_pem(struct bytes pem, struct keys **keys, struct key_list *list, struct err *err) MUST_USE;
/* Asks the process at the other end of the COUNT stream sockets, which are taken over on success. Thread safe: as many
 * requests at a time as sockets, the rest wait. A socket whose answer fails is closed; ERR_IO when none is left: the
 * key process must be started anew. */
enum err_code keys_connect(const int *sockets, size_t count, struct keys **keys, struct err *err) MUST_USE;
void keys_free(struct keys *keys);

/* Signs DATA (a SignedInfo; at most 1 MiB) with active key ID; the algorithm must fit the key. Appends to SIGNATURE.
 * ERR_KEY: no such key, or not one for ALG; ERR_DENIED: its use or status does not allow it. */
enum err_code keys_sign(struct keys *keys, const char *id, enum sig_alg alg, struct bytes data, struct buf *signature,
			struct err *err) MUST_USE;
/* Unwraps with key ID (active or retired). *GOOD false: it does not open with this key. */
enum err_code keys_unwrap(struct keys *keys, const char *id, const struct wrapped_key *wrapped,
			  uint8_t key[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err) MUST_USE;

/* The child: serves the COUNT stream sockets (taken over once the keys are read), a thread each, until all are closed.
 * Reads DIRECTORY at the start and again when asked
 * (keys_reload). Answers only what a key's use allows. */
enum err_code keys_serve(const char *directory, const int *sockets, size_t count, struct err *err) MUST_USE;
enum err_code keys_reload(struct keys *keys, struct err *err) MUST_USE;

/* One request of the child's protocol on bytes, for the fuzz target: never trusts its input. Appends the answer. */
void keys_answer(struct keys *local, struct bytes request, struct buf *answer);

#endif
