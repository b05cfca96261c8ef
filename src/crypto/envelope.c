#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "crypto/cert.h"
#include "crypto/envelope_int.h"

/* --- Ports --- */

static int port_write(BIO *bio, const char *data, size_t size, size_t *written)
{
	struct envelope_port *port = BIO_get_data(bio);

	if (port->code == OK)
		port->code = port->write(port, bytes(data, size), &port->err);
	*written = port->code == OK ? size : 0;
	return port->code == OK;
}

static int port_read(BIO *bio, char *data, size_t room, size_t *got)
{
	struct envelope_port *port = BIO_get_data(bio);

	*got = 0;
	if (port->code == OK)
		port->code = port->read(port, (uint8_t *)data, room, got, &port->err);
	return port->code == OK && *got > 0;
}

static long port_control(BIO *bio, int command, long number, void *arg)
{
	(void)bio, (void)number, (void)arg;
	return command == BIO_CTRL_FLUSH; /* 0 is "no" to all other questions */
}

static BIO_METHOD *port_method;

static void port_method_make(void)
{
	port_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "envelope");
	if (!port_method)
		return;
	BIO_meth_set_write_ex(port_method, port_write);
	BIO_meth_set_read_ex(port_method, port_read);
	BIO_meth_set_ctrl(port_method, port_control);
}

BIO *envelope_bio(struct envelope_port *port)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, port_method_make);
	BIO *bio = port_method ? BIO_new(port_method) : NULL;
	if (bio) {
		BIO_set_data(bio, port);
		BIO_set_init(bio, 1);
	}
	return bio;
}

/* --- Writing --- */

struct envelope {
	int fd;
	CMS_ContentInfo *cms;
	struct envelope_port port;
	BIO *file;  /* the end of PIPE */
	BIO *plain; /* the beginning */
	uint64_t plain_bytes, bytes;
	struct sha256_run digest;
};

static enum err_code file_write(struct envelope_port *port, struct bytes piece, struct err *err)
{
	struct envelope *envelope = port->own;

	if (!fd_write(envelope->fd, piece))
		return fail(err, errno == ENOSPC ? ERR_DISK_FULL : ERR_IO, "the file cannot be written: %s",
			    strerror(errno));
	sha256_put(&envelope->digest, piece);
	envelope->bytes += piece.size;
	return OK;
}

/* RFC 8551 §2.3 asks for OAEP; what OpenSSL takes by itself are PKCS #1 v1.5 and SHA-1. */
static bool recipient_harden(CMS_RecipientInfo *recipient, EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(recipient);

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return ctx && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0;
	return ctx && EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
}

static enum err_code recipient_add(struct envelope *envelope, struct bytes text, struct err *err)
{
	cert_auto cert = NULL;

	TRY(cert_parse(text, &cert, err));
	EVP_PKEY *key = cert_key(cert);
	int id = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;
	if (id != EVP_PKEY_RSA && id != EVP_PKEY_EC)
		return fail(err, ERR_KEY, "%s: a backup is encrypted to an RSA or an elliptic curve key",
			    cert_subject(cert));
	if (id == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) < 2048)
		return fail(err, ERR_KEY, "%s: its RSA key has %d bits, less than 2048", cert_subject(cert),
			    EVP_PKEY_get_bits(key));
	CMS_RecipientInfo *recipient = CMS_add1_recipient_cert(envelope->cms, cert_x509(cert), CMS_KEY_PARAM);
	if (!recipient || !recipient_harden(recipient, key))
		return fail_openssl(err, ERR_KEY, "cannot be encrypted to");
	return OK;
}

static enum err_code envelope_start(struct envelope *envelope, const struct bytes *certificates, size_t count,
				    struct err *err)
{
	if (count == 0 || count > ENVELOPE_RECIPIENTS_MAX)
		return fail(err, ERR_USAGE, "a backup is for 1 to %d certificates", ENVELOPE_RECIPIENTS_MAX);
	envelope->cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
	envelope->file = envelope_bio(&envelope->port);
	if (!envelope->cms || !envelope->file)
		return fail_openssl(err, ERR_MEMORY, "no memory left to encrypt");
	for (size_t i = 0; i < count; i++)
		TRY(recipient_add(envelope, certificates[i], err));
	/* Streamed: the length is not known until the end (BER, indefinite). */
	envelope->plain = BIO_new_CMS(envelope->file, envelope->cms);
	return envelope->plain ? OK : fail_openssl(err, ERR_CRYPTO, "encryption cannot begin");
}

enum err_code envelope_new(int fd, const struct bytes *certificates, size_t count, struct envelope **envelope,
			   struct err *err)
{
	struct envelope *new = calloc(1, sizeof(*new));

	if (!new)
		return fail(err, ERR_MEMORY, "no memory left to encrypt");
	new->fd = fd;
	new->port = (struct envelope_port){ .write = file_write, .own = new };
	sha256_begin(&new->digest);
	enum err_code code = envelope_start(new, certificates, count, err);
	if (code != OK) {
		envelope_free(new);
		return code;
	}
	*envelope = new;
	return OK;
}

static enum err_code outcome(struct envelope *envelope, bool good, struct err *err)
{
	if (envelope->port.code != OK) {
		ERR_clear_error();
		if (err)
			*err = envelope->port.err;
		return envelope->port.code;
	}
	return good ? OK : fail_openssl(err, ERR_CRYPTO, "encryption failed");
}

enum err_code envelope_put(struct envelope *envelope, struct bytes plain, struct err *err)
{
	size_t written = 0;

	envelope->plain_bytes += plain.size;
	if (envelope->plain_bytes > ENVELOPE_MAX_BYTES)
		return fail(
			err, ERR_LIMIT,
			"more than %d GiB do not go into one encrypted file: back this database up with its own tools",
			(int)(ENVELOPE_MAX_BYTES >> 30));
	if (plain.size == 0)
		return OK;
	bool good = BIO_write_ex(envelope->plain, plain.data, plain.size, &written) == 1 && written == plain.size;
	return outcome(envelope, good, err);
}

enum err_code envelope_end(struct envelope *envelope, struct envelope_facts *facts, struct err *err)
{
	uint8_t digest[SHA256_SIZE];

	TRY(outcome(envelope, BIO_flush(envelope->plain) == 1, err));
	sha256_end(&envelope->digest, digest);
	facts->bytes = envelope->bytes;
	hex_of(digest, facts->digest);
	return OK;
}

void envelope_free(struct envelope *envelope)
{
	if (!envelope)
		return;
	/* What BIO_new_CMS() put before our file is freed one by one, as its manual says. */
	for (BIO *bio = envelope->plain; bio && bio != envelope->file;) {
		BIO *next = BIO_pop(bio);
		BIO_free(bio);
		bio = next;
	}
	BIO_free(envelope->file);
	CMS_ContentInfo_free(envelope->cms);
	free(envelope);
}
