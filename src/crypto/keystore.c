#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/keys_int.h"

#define KEYS_MAX   256
#define NUMBER_MAX 999999
#define CHAIN_MAX  8

#define FOR(use) (1u << (use))
#define SIGNS    (FOR(KEY_USE_SIGN) | FOR(KEY_USE_TLS))

static const char *const use_names[] = {
	[KEY_USE_SIGN] = "sign", [KEY_USE_DECRYPT] = "decrypt", [KEY_USE_TLS] = "tls"
};
static const char *const status_names[] = {
	[KEY_PENDING] = "pending", [KEY_ACTIVE] = "active", [KEY_RETIRED] = "retired", [KEY_DAMAGED] = "damaged"
};

static const struct type_row {
	const char *name;
	const char *algorithm;
	size_t rsa_bits;
	unsigned uses;
	const char *decrypt_usage; /* RFC 5280 §4.2.1.3, for a key whose use is decryption */
} types[] = {
	[KEY_RSA_2048] = { "rsa-2048", "RSA", 2048, SIGNS | FOR(KEY_USE_DECRYPT), "critical,keyEncipherment" },
	[KEY_RSA_3072] = { "rsa-3072", "RSA", 3072, SIGNS | FOR(KEY_USE_DECRYPT), "critical,keyEncipherment" },
	[KEY_RSA_4096] = { "rsa-4096", "RSA", 4096, SIGNS | FOR(KEY_USE_DECRYPT), "critical,keyEncipherment" },
	[KEY_P256] = { "p256", "EC", 0, SIGNS | FOR(KEY_USE_DECRYPT), "critical,keyAgreement" },
	[KEY_ED25519] = { "ed25519", "ED25519", 0, SIGNS, NULL },
	[KEY_X25519] = { "x25519", "X25519", 0, FOR(KEY_USE_DECRYPT), NULL },
};

const char *key_use_name(enum key_use use)
{
	return (size_t)use < COUNT(use_names) ? use_names[use] : "";
}

const char *key_status_name(enum key_status status)
{
	return (size_t)status < COUNT(status_names) ? status_names[status] : "";
}

const char *key_type_name(enum key_type type)
{
	return (size_t)type < COUNT(types) ? types[type].name : "unknown";
}

bool key_use_parse(const char *text, enum key_use *use)
{
	for (size_t i = 0; i < COUNT(use_names); i++) {
		if (same(text, use_names[i])) {
			*use = (enum key_use)i;
			return true;
		}
	}
	return false;
}

bool key_type_parse(const char *text, enum key_type *type)
{
	for (size_t i = 0; i < COUNT(types); i++) {
		if (same(text, types[i].name)) {
			*type = (enum key_type)i;
			return true;
		}
	}
	return false;
}

static bool key_status_parse(const char *text, enum key_status *status)
{
	for (size_t i = 0; i < KEY_DAMAGED; i++) { /* which is found, not read */
		if (same(text, status_names[i])) {
			*status = (enum key_status)i;
			return true;
		}
	}
	return false;
}

/* "<use>-<n>": nothing else ever becomes part of a path. */
static bool id_parse(const char *id, enum key_use *use, int64_t *number)
{
	char text[KEY_ID_SIZE];
	const char *dash = id ? strchr(id, '-') : NULL;

	if (!dash || (size_t)(dash - id) >= sizeof(text) || dash[1] < '1' || dash[1] > '9')
		return false;
	memcpy(text, id, (size_t)(dash - id));
	text[dash - id] = '\0';
	return key_use_parse(text, use) && int64_parse(dash + 1, number) && *number <= NUMBER_MAX;
}

/* --- The directory --- */

/* The lock keeps two ceremonies apart; it goes with the descriptor. */
static enum err_code store_open(const char *directory, bool change, int *fd, struct err *err)
{
	fd_auto opened = -1;

	TRY(directory_open(AT_FDCWD, directory, &opened, err));
	if (change && flock(opened, LOCK_EX | LOCK_NB) != 0)
		return fail(err, ERR_BUSY, "another command is changing the keys in %s", directory);
	*fd = opened;
	opened = -1;
	return OK;
}

static enum err_code entry_open(int store, const char *id, int *fd, struct err *err)
{
	enum key_use use;
	int64_t number;

	if (!id_parse(id, &use, &number))
		return fail(err, ERR_USAGE, "\"%.40s\" does not name a key (sign-1, decrypt-2, tls-1)", id ? id : "");
	if (faccessat(store, id, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return fail(err, ERR_NOT_FOUND, "there is no key %s", id);
	return directory_open(store, id, fd, err);
}

/* "<status> <type>", so that nobody opens a private key to list it. */
static enum err_code status_write(int entry, enum key_status status, enum key_type type, struct err *err)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %s\n", key_status_name(status), key_type_name(type));
	return file_replace(entry, "status", bytes_of(line), err);
}

static enum err_code status_read(int entry, const char *id, struct key_info *info, struct err *err)
{
	buf_auto text;

	buf_init(&text, KEY_FILE_MAX);
	TRY(file_read(entry, "status", false, &text, err));
	char *end = strchr((char *)text.data, '\n');
	char *blank = strchr((char *)text.data, ' ');
	if (!end || !blank || blank > end || end[1] != '\0')
		return fail(err, ERR_KEY, "the status of key %s cannot be understood", id);
	*blank = *end = '\0';

	struct key_info read = { 0 };
	int64_t number;
	if (!key_status_parse((char *)text.data, &read.status) || !key_type_parse(blank + 1, &read.type) ||
	    !id_parse(id, &read.use, &number))
		return fail(err, ERR_KEY, "the status of key %s cannot be understood", id);
	snprintf(read.id, sizeof(read.id), "%s", id);
	*info = read;
	return OK;
}

/* A certificate, and what it was issued by. */
struct chain {
	struct cert *certs[CHAIN_MAX + 1];
	size_t count;
};

static void chain_done(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		cert_unref(chain->certs[i]);
}
#define chain_auto __attribute__((cleanup(chain_done), unused)) struct chain

static enum err_code chain_add(void *arg, struct bytes der, struct err *err)
{
	struct chain *chain = arg;

	TRY(cert_parse(der, &chain->certs[chain->count], err));
	chain->count++;
	return OK;
}

static enum err_code chain_parse(struct bytes pem, struct chain *chain, struct err *err)
{
	return pem_blocks(pem, "CERTIFICATE", COUNT(chain->certs), chain_add, chain, err);
}

static enum err_code certificate_read(int entry, const char *id, struct cert **cert, struct err *err)
{
	buf_auto pem;
	chain_auto chain = { 0 };

	buf_init(&pem, KEY_FILE_MAX);
	TRY(file_read(entry, "certificate.pem", false, &pem, err));
	struct err why = { 0 };
	enum err_code code = chain_parse(buf_bytes(&pem), &chain, &why);
	if (code != OK)
		return fail(err, code, "the certificate of key %s: %s", id, why.text);
	*cert = cert_ref(chain.certs[0]);
	return OK;
}

enum err_code private_parse(struct bytes pem, EVP_PKEY **key, struct err *err)
{
	bio_auto in = bio_of(pem);
	EVP_PKEY *read = in ? PEM_read_bio_PrivateKey(in, NULL, pem_no_password, NULL) : NULL;

	if (!read)
		return fail_openssl(err, ERR_KEY, "there is no private key in it that can be read without a password");
	if (key_kind_of(read) == KEY_KIND_OTHER) {
		EVP_PKEY_free(read);
		return fail(err, ERR_KEY, "the private key is of a kind that is not used here");
	}
	*key = read;
	return OK;
}

static enum err_code private_read(int entry, const char *id, EVP_PKEY **key, struct err *err)
{
	secret_buf_auto pem;

	buf_init(&pem, KEY_FILE_MAX);
	TRY(file_read(entry, "key.pem", true, &pem, err));
	struct err why = { 0 };
	enum err_code code = private_parse(buf_bytes(&pem), key, &why);
	return code == OK ? OK : fail(err, code, "%s/key.pem: %s", id, why.text);
}

enum err_code keystore_private(const char *directory, const char *id, EVP_PKEY **key, struct err *err)
{
	fd_auto store = -1;
	fd_auto entry = -1;

	TRY(store_open(directory, false, &store, err));
	TRY(entry_open(store, id, &entry, err));
	return private_read(entry, id, key, err);
}

/* --- Listing --- */

void key_list_done(struct key_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		cert_unref(list->keys[i].cert);
	free(list->keys);
	*list = (struct key_list){ 0 };
}

static int by_use_and_number(const void *left, const void *right)
{
	const struct key_info *a = left, *b = right;
	enum key_use use;
	int64_t first = 0, second = 0;

	if (a->use != b->use)
		return a->use < b->use ? -1 : 1;
	(void)(id_parse(a->id, &use, &first) && id_parse(b->id, &use, &second));
	return first < second ? -1 : first > second;
}

/* What is wrong with the files themselves. A fault of the machine (memory, descriptors, disk) must not make good keys
 * disappear, and stays one. */
static bool means_damage(enum err_code code)
{
	return code == ERR_KEY || code == ERR_SYNTAX || code == ERR_LIMIT || code == ERR_NOT_FOUND;
}

/* INFO->id is a name that id_parse() takes. */
static enum err_code info_read(int entry, struct key_info *info, struct err *err)
{
	struct key_info read;

	TRY(status_read(entry, info->id, &read, err));
	*info = read; /* also if the certificate cannot be read: its type is known */
	return read.status == KEY_PENDING ? OK : certificate_read(entry, info->id, &info->cert, err);
}

/* Adds key ID. One without a status is a ceremony that was cut off before the key was told to anybody: left out. */
static enum err_code list_add(struct key_list *list, int store, const char *id, struct err *err)
{
	fd_auto entry = -1;
	int64_t number;
	struct err why = { 0 };
	struct key_info info = { .type = KEY_TYPE_UNKNOWN };

	TRY(entry_open(store, id, &entry, err));
	if (faccessat(entry, "status", F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		return OK;
	if (list->count == KEYS_MAX)
		return fail(err, ERR_LIMIT, "there are more than %d keys", KEYS_MAX);
	snprintf(info.id, sizeof(info.id), "%s", id);
	if (!id_parse(id, &info.use, &number))
		return fail(err, ERR_INTERNAL, "\"%s\" does not name a key", info.id);
	enum err_code code = info_read(entry, &info, &why);
	if (means_damage(code))
		info.status = KEY_DAMAGED;
	else if (code != OK)
		return fail(err, code, "%s", why.text);
	list->keys[list->count++] = info;
	return OK;
}

/* Calls for every name in the directory that is a key's. */
static enum err_code each_id(int store, enum err_code (*each)(void *arg, int store, const char *id, struct err *err),
			     void *arg, struct err *err)
{
	int copy = openat(store, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* its own position */
	DIR *names = copy >= 0 ? fdopendir(copy) : NULL;
	enum err_code code = OK;
	struct dirent *name;

	if (!names) {
		fd_close(&copy);
		return fail(err, ERR_IO, "the key directory cannot be read: %s", strerror(errno));
	}
	while (code == OK && (errno = 0, name = readdir(names))) {
		enum key_use use;
		int64_t number;
		if (id_parse(name->d_name, &use, &number))
			code = each(arg, store, name->d_name, err);
	}
	if (code == OK && errno != 0)
		code = fail(err, ERR_IO, "the key directory cannot be read: %s", strerror(errno));
	closedir(names);
	return code;
}

static enum err_code list_each(void *arg, int store, const char *id, struct err *err)
{
	return list_add(arg, store, id, err);
}

enum err_code keystore_list(const char *directory, struct key_list *list, struct err *err)
{
	fd_auto store = -1;
	struct key_list found = { .keys = calloc(KEYS_MAX, sizeof(*found.keys)) };

	if (!found.keys)
		return fail(err, ERR_MEMORY, "no memory left for the list of keys");
	enum err_code code = store_open(directory, false, &store, err);
	if (code == OK)
		code = each_id(store, list_each, &found, err);
	if (code != OK) {
		key_list_done(&found);
		return code;
	}
	qsort(found.keys, found.count, sizeof(*found.keys), by_use_and_number);
	*list = found;
	return OK;
}

/* --- The ceremony --- */

static enum err_code key_write(int entry, EVP_PKEY *key, struct err *err)
{
	bio_auto out = BIO_new(BIO_s_mem()); /* OpenSSL overwrites it when it is freed */

	if (!out || PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the private key cannot be written");
	return file_replace(entry, "key.pem", bio_bytes(out), err);
}

static EVP_PKEY *key_generate(const struct type_row *type)
{
	if (type->rsa_bits > 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm, type->rsa_bits);
	if (same(type->algorithm, "EC"))
		return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm, "P-256");
	return EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm);
}

struct highest {
	enum key_use use;
	int64_t number;
};

static enum err_code highest_each(void *arg, int store, const char *id, struct err *err)
{
	struct highest *highest = arg;
	enum key_use use;
	int64_t number;

	(void)store, (void)err;
	if (id_parse(id, &use, &number) && use == highest->use && number > highest->number)
		highest->number = number;
	return OK;
}

/* A number is never used twice, also not that of a ceremony that was cut off. */
static enum err_code entry_new(int store, enum key_use use, char id[static KEY_ID_SIZE], int *entry, struct err *err)
{
	struct highest highest = { .use = use };

	TRY(each_id(store, highest_each, &highest, err));
	if (highest.number >= NUMBER_MAX)
		return fail(err, ERR_LIMIT, "there are no more numbers for %s keys", key_use_name(use));
	snprintf(id, KEY_ID_SIZE, "%s-%d", key_use_name(use), (int)highest.number + 1);
	if (mkdirat(store, id, S_IRWXU) != 0)
		return fail(err, ERR_IO, "the directory of key %s cannot be made: %s", id, strerror(errno));
	return directory_open(store, id, entry, err);
}

enum err_code keystore_new(const char *directory, enum key_use use, enum key_type type, struct key_info *info,
			   struct err *err)
{
	fd_auto store = -1;
	fd_auto entry = -1;
	struct key_info new = { .use = use, .status = KEY_PENDING, .type = type };

	if ((size_t)type >= COUNT(types) || (size_t)use >= COUNT(use_names) || (types[type].uses & FOR(use)) == 0)
		return fail(err, ERR_USAGE, "a key of type %s cannot be used for %s", key_type_name(type),
			    key_use_name(use));
	if (mkdir(directory, S_IRWXU) != 0 && errno != EEXIST)
		return fail(err, ERR_IO, "the key directory %s cannot be made: %s", directory, strerror(errno));
	pkey_auto key = key_generate(&types[type]);
	if (!key)
		return fail_openssl(err, ERR_CRYPTO, "the key cannot be generated");
	TRY(store_open(directory, true, &store, err));
	TRY(entry_new(store, use, new.id, &entry, err));
	TRY(key_write(entry, key, err));
	TRY(status_write(entry, KEY_PENDING, type, err)); /* last: before it, the key does not count */
	TRY(directory_sync(store, err));
	*info = new;
	return OK;
}

static bool request_extension(STACK_OF(X509_EXTENSION) * extensions, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (extension && sk_X509_EXTENSION_push(extensions, extension) > 0)
		return true;
	X509_EXTENSION_free(extension);
	return false;
}

/* Asks for the usage that partners will insist on (cert_judge). */
static bool request_usage(X509_REQ *request, const struct key_info *info)
{
	static const char *const usages[] = {
		[KEY_USE_SIGN] = "critical,digitalSignature,nonRepudiation",
		[KEY_USE_TLS] = "critical,digitalSignature",
	};
	const char *usage = info->use == KEY_USE_DECRYPT ? types[info->type].decrypt_usage : usages[info->use];
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	bool done = extensions && request_extension(extensions, NID_key_usage, usage) &&
		    (info->use != KEY_USE_TLS ||
		     request_extension(extensions, NID_ext_key_usage, "serverAuth,clientAuth")) &&
		    X509_REQ_add_extensions(request, extensions) == 1;

	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return done;
}

static enum err_code request_make(X509_REQ *request, const X509_NAME *subject, const struct key_info *info,
				  EVP_PKEY *key, struct buf *pem, struct err *err)
{
	const EVP_MD *md = key_kind_of(key) == KEY_KIND_ED25519 ? NULL : EVP_sha256();
	bio_auto out = BIO_new(BIO_s_mem());

	if (!out || !request || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_subject_name(request, subject) != 1 || X509_REQ_set_pubkey(request, key) != 1 ||
	    !request_usage(request, info) || X509_REQ_sign(request, key, md) <= 0 ||
	    PEM_write_bio_X509_REQ(out, request) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the certificate request cannot be made");
	buf_put_bytes(pem, bio_bytes(out));
	return buf_check(pem, "certificate request", err);
}

enum err_code keystore_csr(const char *directory, const char *id, const char *subject, struct buf *pem, struct err *err)
{
	fd_auto store = -1;
	fd_auto entry = -1;
	pkey_auto key = NULL;
	struct key_info info;

	TRY(store_open(directory, false, &store, err));
	TRY(entry_open(store, id, &entry, err));
	TRY(status_read(entry, id, &info, err));
	if (info.type == KEY_X25519)
		return fail(err, ERR_KEY,
			    "an X25519 key cannot sign a request; hand its public key to the authority instead: "
			    "lintas key public %s",
			    id);
	name_auto name = name_parse(subject, MBSTRING_UTF8);
	if (!name)
		return fail_openssl(err, ERR_USAGE, "the subject is not a name such as CN=...,O=...,C=VN");
	TRY(private_read(entry, id, &key, err));

	X509_REQ *request = X509_REQ_new();
	enum err_code code = request_make(request, name, &info, key, pem, err);
	X509_REQ_free(request);
	return code;
}

enum err_code keystore_public(const char *directory, const char *id, struct buf *pem, struct err *err)
{
	pkey_auto key = NULL;

	TRY(keystore_private(directory, id, &key, err));
	bio_auto out = BIO_new(BIO_s_mem());
	if (!out || PEM_write_bio_PUBKEY(out, key) != 1)
		return fail_openssl(err, ERR_CRYPTO, "the public key cannot be written");
	buf_put_bytes(pem, bio_bytes(out));
	return buf_check(pem, "public key", err);
}

/* Leaf and chain in one file, so that one rename exchanges both; it is also what TLS wants. */
static enum err_code chain_write(int entry, const struct chain *chain, struct err *err)
{
	bio_auto out = BIO_new(BIO_s_mem());

	for (size_t i = 0; i < chain->count; i++)
		if (!out || PEM_write_bio_X509(out, cert_x509(chain->certs[i])) != 1)
			return fail_openssl(err, ERR_MEMORY, "no memory left for certificates");
	if (bio_bytes(out).size > KEY_FILE_MAX)
		return fail(err, ERR_LIMIT, "the certificate and its chain are larger than %d bytes", KEY_FILE_MAX);
	return file_replace(entry, "certificate.pem", bio_bytes(out), err);
}

/* A certificate that partners would refuse at every message is not installed. One that begins later is fine. */
static enum err_code usable_check(const struct cert *cert, enum key_use use, struct err *err)
{
	static const enum cert_use purposes[] = { [KEY_USE_SIGN] = CERT_USE_SIGN,
						  [KEY_USE_DECRYPT] = CERT_USE_DECRYPT,
						  [KEY_USE_TLS] = CERT_USE_TLS_SERVER };
	int64_t now_us = clock_now_us(&clock_system), begins_us = cert_not_before_us(cert);
	arena_auto arena = arena_new(65536);
	struct findings *reasons = arena ? findings_new(arena) : NULL;
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });
	enum err_code code = trust && reasons ? trust_pin(trust, cert, err)
					      : fail(err, ERR_MEMORY, "no memory left to judge a certificate");

	if (code == OK &&
	    !cert_judge(cert, NULL, 0, purposes[use], trust, now_us > begins_us ? now_us : begins_us, reasons))
		code = fail(err, ERR_KEY, "the certificate cannot be used for %s: %s", key_use_name(use),
			    findings_at(reasons, 0) ? findings_at(reasons, 0)->text : "it is not believed");
	trust_free(trust);
	return code;
}

enum err_code keystore_install(const char *directory, const char *id, struct bytes pem, struct err *err)
{
	fd_auto store = -1;
	fd_auto entry = -1;
	pkey_auto key = NULL;
	struct key_info info;
	chain_auto chain = { 0 };

	TRY(store_open(directory, true, &store, err));
	TRY(entry_open(store, id, &entry, err));
	TRY(status_read(entry, id, &info, err));
	if (info.status == KEY_RETIRED)
		return fail(err, ERR_CONFLICT, "key %s is retired", id);
	TRY(chain_parse(pem, &chain, err));
	TRY(private_read(entry, id, &key, err));
	if (!cert_key(chain.certs[0]) || EVP_PKEY_eq(cert_key(chain.certs[0]), key) != 1) {
		ERR_clear_error();
		return fail(err, ERR_KEY, "the certificate of %s is for another key than %s",
			    cert_subject(chain.certs[0]), id);
	}
	TRY(usable_check(chain.certs[0], info.use, err));
	TRY(chain_write(entry, &chain, err));
	return status_write(entry, KEY_ACTIVE, info.type, err);
}

enum err_code keystore_retire(const char *directory, const char *id, struct err *err)
{
	fd_auto store = -1;
	fd_auto entry = -1;
	struct key_info info;

	TRY(store_open(directory, true, &store, err));
	TRY(entry_open(store, id, &entry, err));
	TRY(status_read(entry, id, &info, err));
	if (info.status != KEY_ACTIVE)
		return fail(err, ERR_CONFLICT, "key %s is %s, not active", id, key_status_name(info.status));
	return status_write(entry, KEY_RETIRED, info.type, err);
}
