/* Private keys inside this folder: files, the directory's entries, and the two kinds of `struct keys`. */
#ifndef CRYPTO_KEYS_INT_H
#define CRYPTO_KEYS_INT_H

#include "base/fd.h"
#include "crypto/crypto_int.h"
#include "crypto/keys.h"

/* --- keystore_file.c --- */
#define KEY_FILE_MAX 65536

/* NAME in the directory DIR. A secret file that others may read, or that is another user's, is refused: ERR_KEY.
 * ERR_NOT_FOUND if there is none. */
enum err_code file_read(int dir, const char *name, bool secret, struct buf *out, struct err *err) MUST_USE;
/* Either the old content or the new one is there, whatever happens (written beside, synced, renamed). Mode 0600. */
enum err_code file_replace(int dir, const char *name, struct bytes content, struct err *err) MUST_USE;
/* Of the directory NAME in DIR (AT_FDCWD: a path). */
enum err_code directory_open(int dir, const char *name, int *fd, struct err *err) MUST_USE;
enum err_code directory_sync(int dir, struct err *err) MUST_USE;

/* Overwrites all that BUF has held, then frees it. */
void buf_wipe(struct buf *buf);
#define secret_buf_auto __attribute__((cleanup(buf_wipe), unused)) struct buf

/* --- keystore.c --- */
/* The first private key in PEM. */
enum err_code private_parse(struct bytes pem, EVP_PKEY **key, struct err *err) MUST_USE;
enum err_code keystore_private(const char *directory, const char *id, EVP_PKEY **key, struct err *err) MUST_USE;

/* --- keys.c, keys_wire.c --- */

/* A canonical SignedInfo is some kilobytes; this is one with thousands of references. */
#define SIGNED_DATA_MAX (1u << 20)

struct keys {
	const struct keys_ops {
		enum err_code (*sign)(struct keys *keys, const char *id, enum sig_alg alg, struct bytes data,
				      struct buf *signature, struct err *err);
		enum err_code (*unwrap)(struct keys *keys, const char *id, const struct wrapped_key *wrapped,
					uint8_t key[static CONTENT_KEY_MAX], size_t *size, bool *good, struct err *err);
		enum err_code (*reload)(struct keys *keys, struct err *err);
		void (*free)(struct keys *keys);
	} * ops;
};

#endif
