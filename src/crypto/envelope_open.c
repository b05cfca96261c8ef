/* Opening an envelope in bounded memory. OpenSSL reads a whole CMS file into memory before it decrypts; so we walk over
 * the outermost BER elements ourselves, give OpenSSL a CMS without its content, and hand the content over piece by
 * piece as if it were detached. Nothing is interpreted but lengths and two object identifiers. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "crypto/envelope_int.h"

#define HEADER_MAX   (1U << 20) /* everything but the content */
#define READ_AT_ONCE 65536
#define DEPTH        4 /* ContentInfo, [0], AuthEnvelopedData, EncryptedContentInfo */

enum {
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	TAG_CONTENT = 0x80, /* [0] IMPLICIT OCTET STRING in one piece */
	TAG_PIECES = 0xA0,  /* the same in pieces; also [0] EXPLICIT */
};

static const uint8_t oid_auth_enveloped[] = { 0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7,
					      0x0D, 0x01, 0x09, 0x10, 0x01, 0x17 };
static const uint8_t oid_data[] = { 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01 };

/* An element of BER: from BEGIN, its content from CONTENT to END; END 0: until two zero octets. */
struct element {
	uint8_t tag;
	uint64_t begin, content, end;
};

struct walk {
	int fd;
	uint64_t size; /* of the file */
	uint64_t at;
	struct element open[DEPTH];
	size_t depth;
};

static enum err_code cut_short(struct err *err)
{
	return fail(err, ERR_SYNTAX,
		    "the file is cut short: fetch it again from where it was stored, or take an older one");
}

static enum err_code no_envelope(struct err *err)
{
	return fail(err, ERR_SYNTAX,
		    "the file is no CMS AuthEnvelopedData: it is no backup of lintas, or it was altered");
}

static enum err_code read_at(const struct walk *walk, uint64_t at, uint8_t *into, size_t size, struct err *err)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = pread(walk->fd, into + done, size - done, (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(err, ERR_IO, "the file cannot be read: %s", strerror(errno));
		if (got == 0)
			return cut_short(err);
		done += (size_t)got;
	}
	return OK;
}

static uint64_t limit_of(const struct walk *walk)
{
	for (size_t i = walk->depth; i > 0; i--)
		if (walk->open[i - 1].end != 0)
			return walk->open[i - 1].end;
	return walk->size;
}

/* The element at the walk's place, which must have TAG. */
static enum err_code element_read(struct walk *walk, unsigned tag, struct element *element, struct err *err)
{
	uint8_t head[2], length[6] = { 0 };
	uint64_t size = 0;

	TRY(read_at(walk, walk->at, head, sizeof(head), err));
	if (head[0] != tag)
		return no_envelope(err);
	*element = (struct element){ .tag = head[0], .begin = walk->at, .content = walk->at + 2 };
	if (head[1] == 0x80)
		return tag & 0x20U ? OK : no_envelope(err);
	if (head[1] < 0x80) {
		size = head[1];
	} else {
		size_t octets = head[1] & 0x7FU;
		if (octets > sizeof(length))
			return no_envelope(err);
		TRY(read_at(walk, element->content, length, octets, err));
		for (size_t i = 0; i < octets; i++)
			size = size << 8 | length[i];
		element->content += octets;
	}
	element->end = element->content + size; /* at most 2^48 and a little */
	if (element->end > walk->size)
		return cut_short(err);
	return element->end <= limit_of(walk) ? OK : no_envelope(err);
}

static enum err_code enter(struct walk *walk, unsigned tag, struct err *err)
{
	TRY(element_read(walk, tag, &walk->open[walk->depth], err));
	walk->at = walk->open[walk->depth].content;
	walk->depth++;
	return OK;
}

/* True if ELEMENT ends here; what closes it is passed then. */
static enum err_code closed(struct walk *walk, const struct element *element, bool *end, struct err *err)
{
	uint8_t zeros[2];

	*end = walk->at == element->end;
	if (element->end != 0)
		return OK;
	TRY(read_at(walk, walk->at, zeros, sizeof(zeros), err));
	*end = zeros[0] == 0 && zeros[1] == 0;
	walk->at += *end ? sizeof(zeros) : 0;
	return OK;
}

static enum err_code leave(struct walk *walk, struct err *err)
{
	bool end = false;

	TRY(closed(walk, &walk->open[walk->depth - 1], &end, err));
	walk->depth--;
	return end ? OK : no_envelope(err);
}

/* Copies the next element, which is small, into OUT; EXPECTED (may be NULL): what it must be. */
static enum err_code copy(struct walk *walk, unsigned tag, struct bytes expected, struct buf *out, struct err *err)
{
	struct element element = { 0 };

	TRY(element_read(walk, tag, &element, err));
	if (element.end == 0 || element.end - element.begin > HEADER_MAX)
		return no_envelope(err);
	size_t size = (size_t)(element.end - element.begin);
	uint8_t *room = buf_reserve(out, size);
	if (!room)
		return buf_check(out, "the head of the file", err);
	TRY(read_at(walk, element.begin, room, size, err));
	buf_grown(out, size);
	walk->at = element.end;
	if (expected.data && !bytes_same(expected, bytes(room, size)))
		return no_envelope(err);
	return OK;
}

/* Passes over the content, so that its end is known: CONTENT is where it begins. */
static enum err_code content_skip(struct walk *walk, struct element *content, struct err *err)
{
	uint8_t tag;
	bool end = false;

	TRY(read_at(walk, walk->at, &tag, 1, err));
	if (tag == TAG_CONTENT) {
		TRY(element_read(walk, TAG_CONTENT, content, err));
		walk->at = content->end;
		return OK;
	}
	TRY(element_read(walk, TAG_PIECES, content, err));
	walk->at = content->content;
	for (;;) {
		struct element piece = { 0 };
		TRY(closed(walk, content, &end, err));
		if (end)
			return OK;
		TRY(element_read(walk, TAG_OCTETS, &piece, err));
		if (content->end != 0 && piece.end > content->end)
			return no_envelope(err);
		walk->at = piece.end;
	}
}

static void wrap(struct buf *out, unsigned tag, struct bytes content)
{
	buf_putc(out, (char)tag);
	buf_putc(out, (char)0x83); /* three octets of length: HEADER_MAX fits */
	for (int shift = 16; shift >= 0; shift -= 8)
		buf_putc(out, (char)(content.size >> shift & 0xFFU));
	buf_put_bytes(out, content);
}

/* HEADER: the same CMS without its content. The whole file is read once for this. */
static enum err_code walk_over(struct walk *walk, struct element *content, struct buf *header, struct err *err)
{
	buf_auto type, envelope, encrypted, outer;

	buf_init(&type, HEADER_MAX);
	buf_init(&envelope, HEADER_MAX);
	buf_init(&encrypted, HEADER_MAX);
	buf_init(&outer, 2 * HEADER_MAX);
	TRY(enter(walk, TAG_SEQUENCE, err));
	TRY(copy(walk, TAG_OID, bytes(oid_auth_enveloped, sizeof(oid_auth_enveloped)), &type, err));
	TRY(enter(walk, TAG_PIECES, err));
	TRY(enter(walk, TAG_SEQUENCE, err));
	TRY(copy(walk, TAG_INTEGER, bytes(NULL, 0), &envelope, err));
	TRY(copy(walk, TAG_SET, bytes(NULL, 0), &envelope, err));
	TRY(enter(walk, TAG_SEQUENCE, err));
	TRY(copy(walk, TAG_OID, bytes(oid_data, sizeof(oid_data)), &encrypted, err));
	TRY(copy(walk, TAG_SEQUENCE, bytes(NULL, 0), &encrypted, err));
	TRY(content_skip(walk, content, err));
	TRY(leave(walk, err));
	wrap(&envelope, TAG_SEQUENCE, buf_bytes(&encrypted));
	TRY(copy(walk, TAG_OCTETS, bytes(NULL, 0), &envelope, err));
	while (walk->depth > 0)
		TRY(leave(walk, err));
	if (walk->at != walk->size)
		return fail(err, ERR_SYNTAX, "the file goes on behind its end: it was altered");

	wrap(&outer, TAG_SEQUENCE, buf_bytes(&envelope));
	buf_auto inner;
	buf_init(&inner, 2 * HEADER_MAX);
	buf_put_bytes(&inner, buf_bytes(&type));
	wrap(&inner, TAG_PIECES, buf_bytes(&outer));
	wrap(header, TAG_SEQUENCE, buf_bytes(&inner));
	TRY(buf_check(&inner, "the head of the file", err));
	return buf_check(header, "the head of the file", err);
}

/* --- The content, piece by piece --- */

struct content {
	struct walk walk; /* stands in the content */
	struct element all;
	uint64_t left; /* of the piece at hand */
	bool end;
};

static enum err_code piece_next(struct content *content, struct err *err)
{
	struct element piece = { 0 };

	if (content->all.tag == TAG_CONTENT) {
		content->end = content->walk.at == content->all.end;
		content->left = content->all.end - content->walk.at;
		return OK;
	}
	TRY(closed(&content->walk, &content->all, &content->end, err));
	if (content->end)
		return OK;
	TRY(element_read(&content->walk, TAG_OCTETS, &piece, err));
	content->walk.at = piece.content;
	content->left = piece.end - piece.content;
	return OK;
}

static enum err_code content_read(struct envelope_port *port, uint8_t *into, size_t room, size_t *got, struct err *err)
{
	struct content *content = port->own;

	while (content->left == 0 && !content->end)
		TRY(piece_next(content, err));
	size_t size = content->left < room ? (size_t)content->left : room;
	if (size > 0)
		TRY(read_at(&content->walk, content->walk.at, into, size, err));
	content->walk.at += size;
	content->left -= size;
	*got = size;
	return OK;
}

static enum err_code failed(const struct content *content, const struct envelope_port *in, struct err *err)
{
	ERR_clear_error();
	if (in->code != OK) {
		if (err)
			*err = in->err;
		return in->code;
	}
	/* OpenSSL's reasons differ by kind of key, but without the content's key it reads nothing of the content. */
	if (content->walk.at == content->all.content)
		return fail(
			err, ERR_DENIED,
			"the backup does not open with this key: give the private key of one of the certificates that "
			"it was made for");
	return fail(err, ERR_INVALID,
		    "the backup was altered, or damaged where it was stored: fetch it again, or take an older one");
}

/* CMS_decrypt() would keep all plain text in memory until it knows that nothing was altered. Here the sink has it
 * before, and learns that from us. What it stumbles over may be the damage, so it is only told when the rest has been
 * read and the file was found to be as it was made. */
static enum err_code pieces_hand_over(BIO *plain, struct content *content, struct envelope_port *in,
				      envelope_sink *sink, void *arg, struct err *err)
{
	uint8_t piece[READ_AT_ONCE];
	enum err_code sunk = OK;
	struct err why = { 0 };
	int size;

	while ((size = BIO_read(plain, piece, sizeof(piece))) > 0)
		if (sunk == OK)
			sunk = sink(arg, bytes(piece, (size_t)size), &why);
	if (size < 0 || in->code != OK || BIO_get_cipher_status(plain) <= 0)
		return failed(content, in, err);
	return sunk == OK ? OK : fail(err, sunk, "%s", why.text);
}

static bool agreed_opens(CMS_ContentInfo *cms, CMS_RecipientInfo *recipient, EVP_PKEY *key)
{
	STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(recipient);
	bool opens = false;

	for (int i = 0; !opens && i < sk_CMS_RecipientEncryptedKey_num(keys); i++) {
		if (CMS_RecipientInfo_kari_set0_pkey(recipient, key) == 1)
			opens = CMS_RecipientInfo_kari_decrypt(cms, recipient,
							       sk_CMS_RecipientEncryptedKey_value(keys, i)) == 1;
		CMS_RecipientInfo_kari_set0_pkey(recipient, NULL);
	}
	return opens;
}

static bool transported_opens(CMS_ContentInfo *cms, CMS_RecipientInfo *recipient, EVP_PKEY *key)
{
	bool opens = EVP_PKEY_up_ref(key) == 1 && CMS_RecipientInfo_set0_pkey(recipient, key) == 1 &&
		     CMS_RecipientInfo_decrypt(cms, recipient) == 1;

	CMS_RecipientInfo_set0_pkey(recipient, NULL);
	return opens;
}

/* Not CMS_decrypt_set1_pkey(): without the certificate it hides a wrong key behind a made-up one, against who may ask a
 * server many times. Here the owner of the key asks, and is told at once. */
static bool key_opens(CMS_ContentInfo *cms, EVP_PKEY *key)
{
	STACK_OF(CMS_RecipientInfo) *recipients = CMS_get0_RecipientInfos(cms);
	bool transported = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, opens = false;

	for (int i = 0; !opens && i < sk_CMS_RecipientInfo_num(recipients); i++) {
		CMS_RecipientInfo *recipient = sk_CMS_RecipientInfo_value(recipients, i);
		int type = CMS_RecipientInfo_type(recipient);
		opens = transported ? type == CMS_RECIPINFO_TRANS && transported_opens(cms, recipient, key)
				    : type == CMS_RECIPINFO_AGREE && agreed_opens(cms, recipient, key);
	}
	return opens;
}

static enum err_code decrypt(struct content *content, CMS_ContentInfo *cms, EVP_PKEY *key, envelope_sink *sink,
			     void *arg, struct err *err)
{
	struct envelope_port in = { .read = content_read, .own = content };
	bio_auto source = envelope_bio(&in);

	if (!source)
		return fail(err, ERR_MEMORY, "no memory left to decrypt");
	BIO *plain = key_opens(cms, key) ? CMS_dataInit(cms, source) : NULL;
	if (!plain)
		return failed(content, &in, err);
	enum err_code code = pieces_hand_over(plain, content, &in, sink, arg, err);
	while (plain != source) {
		BIO *next = BIO_pop(plain);
		BIO_free(plain);
		plain = next;
	}
	return code;
}

static enum err_code key_read(struct bytes pem, EVP_PKEY **key, struct err *err)
{
	bio_auto in = bio_of(pem);

	*key = in ? PEM_read_bio_PrivateKey(in, NULL, pem_no_password, NULL) : NULL;
	return *key ? OK
		    : fail_openssl(
			      err, ERR_KEY,
			      "the key is no PEM private key without a password (openssl pkey -in KEY.pem takes it off)");
}

static enum err_code file_facts(const struct walk *walk, struct envelope_facts *facts, struct err *err)
{
	uint8_t digest[SHA256_SIZE], piece[READ_AT_ONCE];
	struct sha256_run run;

	sha256_begin(&run);
	for (uint64_t at = 0; at < walk->size;) {
		size_t size = walk->size - at < sizeof(piece) ? (size_t)(walk->size - at) : sizeof(piece);
		TRY(read_at(walk, at, piece, size, err));
		sha256_put(&run, bytes(piece, size));
		at += size;
	}
	sha256_end(&run, digest);
	facts->bytes = walk->size;
	hex_of(digest, facts->digest);
	return OK;
}

enum err_code envelope_open(int fd, struct bytes key, envelope_sink *sink, void *arg, struct envelope_facts *facts,
			    struct err *err)
{
	struct stat status;
	struct content content = { .walk = { .fd = fd } };
	buf_auto header;
	cms_auto cms = NULL;
	pkey_auto pkey = NULL;

	buf_init(&header, 4 * HEADER_MAX);
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return fail(err, ERR_SYNTAX, "a backup is a file, which is read twice: not a pipe or a directory");
	content.walk.size = (uint64_t)status.st_size;
	TRY(key_read(key, &pkey, err));
	TRY(walk_over(&content.walk, &content.all, &header, err));
	if (facts)
		TRY(file_facts(&content.walk, facts, err));
	const uint8_t *at = header.data;
	cms = d2i_CMS_ContentInfo(NULL, &at, (long)header.size);
	if (!cms)
		return fail_openssl(err, ERR_SYNTAX, "the head of the backup is not understood");
	content.walk.at = content.all.content;
	return decrypt(&content, cms, pkey, sink, arg, err);
}
