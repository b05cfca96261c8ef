#include "keyring.h"

#include "../unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "pki.h"

enum { RINGS_MAX = 16 };

static struct keyring {
	char *root;
	struct pki *authority;
	char name[RINGS_MAX][16], directory[RINGS_MAX][160];
	size_t count;
} keyring; /* a test program has one thread */

static void keyring_done(void)
{
	pki_directory_free(keyring.root);
	pki_free(keyring.authority);
}

static void keyring_init(void)
{
	if (keyring.root)
		return;
	keyring.root = pki_directory_new();
	keyring.authority = pki_issue(&(struct pki_spec){ .subject = "/O=Region/CN=authority", .authority = true });
	atexit(keyring_done);
}

const struct pki *keyring_authority(void)
{
	keyring_init();
	return keyring.authority;
}

static const char *find(const char *name)
{
	for (size_t i = 0; i < keyring.count; i++)
		if (same(keyring.name[i], name))
			return keyring.directory[i];
	return NULL;
}

static const char *add(const char *name)
{
	keyring_init();
	assert_true(keyring.count < RINGS_MAX);
	char *directory = keyring.directory[keyring.count];
	snprintf(directory, sizeof(keyring.directory[0]), "%s/%s", keyring.root, name);
	snprintf(keyring.name[keyring.count++], sizeof(keyring.name[0]), "%s", name);
	assert_int_equal(mkdir(directory, 0700), 0);
	return directory;
}

const char *keyring_directory(const char *name)
{
	static const struct {
		enum key_use use;
		enum key_type type;
	} rows[] = {
		{ KEY_USE_SIGN, KEY_P256 },    { KEY_USE_SIGN, KEY_RSA_2048 },    { KEY_USE_SIGN, KEY_ED25519 },
		{ KEY_USE_DECRYPT, KEY_P256 }, { KEY_USE_DECRYPT, KEY_RSA_2048 }, { KEY_USE_DECRYPT, KEY_X25519 },
	};
	const char *directory = find(name);

	if (directory)
		return directory;
	directory = add(name);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct key_info info;
		pki_key_install(directory, rows[i].use, rows[i].type, keyring.authority, &info);
	}
	return directory;
}

static void special_pem(struct bytes public_pem, const char *key_usage, int64_t from_us, int64_t to_us, struct buf *pem)
{
	struct pki *leaf = pki_issue(&(struct pki_spec){
		.subject = "/C=VN/CN=special",
		.issuer = keyring.authority,
		.key_usage = key_usage,
		.public_key = public_pem,
		.not_before_us = from_us,
		.not_after_us = to_us,
	});

	buf_clear(pem);
	pki_cert_pem(leaf, pem);
	pki_free(leaf);
}

/* The ceremony refuses a certificate that cannot be used; who attacks does not ask it. */
void keyring_special(const char *name, const char *key_usage, int64_t from_us, int64_t to_us)
{
	const char *directory = add(name);
	struct key_info info;
	struct err err = { 0 };
	char path[256];
	buf_auto public_pem, pem;

	buf_init(&public_pem, 65536);
	buf_init(&pem, 65536);
	assert_int_equal(keystore_new(directory, KEY_USE_SIGN, KEY_P256, &info, &err), OK);
	assert_int_equal(keystore_public(directory, info.id, &public_pem, &err), OK);
	special_pem(buf_bytes(&public_pem), "critical,digitalSignature", 0, 0, &pem);
	if (keystore_install(directory, info.id, buf_bytes(&pem), &err) != OK)
		fail_msg("%s", err.text);
	special_pem(buf_bytes(&public_pem), key_usage, from_us, to_us, &pem);
	snprintf(path, sizeof path, "%s/%s/certificate.pem", directory, info.id);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
	assert_int_equal(fclose(file), 0);
}

const struct cert *keyring_find(const struct key_list *list, enum key_use use, enum key_type type)
{
	const struct cert *found = NULL;

	for (size_t i = 0; i < list->count; i++)
		if (list->keys[i].use == use && list->keys[i].type == type && list->keys[i].status == KEY_ACTIVE)
			found = list->keys[i].cert;
	assert_non_null(found);
	return found;
}
