#include "../unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "pki.h"
#include "support.h"

static struct {
	char *directory; /* a new one for each test */
	struct pki *root;
} world;

static int world_new(void **state)
{
	(void)state;
	world.directory = pki_directory_new();
	world.root = pki_issue(&(struct pki_spec){ .subject = "/C=VN/CN=Root", .authority = true });
	return 0;
}

static int world_free(void **state)
{
	(void)state;
	pki_free(world.root);
	pki_directory_free(world.directory);
	return 0;
}

static char *path_of(char path[static 512], const char *id, const char *name)
{
	snprintf(path, 512, "%s/%s/%s", world.directory, id, name);
	return path;
}

static void new_key(enum key_use use, enum key_type type, const char *expected_id)
{
	struct key_info info;
	struct err err = { 0 };

	assert_int_equal(keystore_new(world.directory, use, type, &info, &err), OK);
	assert_string_equal(info.id, expected_id);
	assert_int_equal(info.status, KEY_PENDING);
	assert_null(info.cert);
}

/* "sign-1 active p256, ..." */
static void listed(const char *expected)
{
	struct key_list list;
	buf_auto text = { 0 };

	buf_init(&text, 65536);
	assert_int_equal(keystore_list(world.directory, &list, NULL), OK);
	for (size_t i = 0; i < list.count; i++) {
		buf_printf(&text, "%s%s %s %s", i > 0 ? ", " : "", list.keys[i].id,
			   key_status_name(list.keys[i].status), key_type_name(list.keys[i].type));
		assert_int_equal(list.keys[i].cert == NULL,
				 list.keys[i].status == KEY_PENDING || list.keys[i].status == KEY_DAMAGED);
	}
	key_list_done(&list);
	assert_string_equal(buf_text(&text), expected);
}

static void keys_are_numbered_within_their_use_and_listed_in_order(void **state)
{
	(void)state;
	listed("");
	new_key(KEY_USE_SIGN, KEY_P256, "sign-1");
	new_key(KEY_USE_TLS, KEY_P256, "tls-1");
	for (int i = 1; i <= 10; i++) {
		char id[32];
		snprintf(id, sizeof(id), "decrypt-%d", i);
		new_key(KEY_USE_DECRYPT, KEY_X25519, id);
	}
	new_key(KEY_USE_SIGN, KEY_ED25519, "sign-2");
	listed("sign-1 pending p256, sign-2 pending ed25519, decrypt-1 pending x25519, decrypt-2 pending x25519, "
	       "decrypt-3 pending x25519, decrypt-4 pending x25519, decrypt-5 pending x25519, decrypt-6 pending x25519, "
	       "decrypt-7 pending x25519, decrypt-8 pending x25519, decrypt-9 pending x25519, decrypt-10 pending x25519, "
	       "tls-1 pending p256");
}

static void a_missing_directory_is_made_for_its_owner_alone(void **state)
{
	(void)state;
	char path[512];
	struct key_info info;
	struct stat status;
	struct err err = { 0 };

	snprintf(path, sizeof(path), "%s/keys", world.directory);
	struct key_list list;
	assert_int_equal(keystore_list(path, &list, &err), ERR_NOT_FOUND);
	assert_int_equal(keystore_new(path, KEY_USE_SIGN, KEY_P256, &info, &err), OK);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/keys/sign-1", world.directory);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/keys/sign-1/key.pem", world.directory);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_type_that_cannot_do_the_use_is_refused(void **state)
{
	(void)state;
	struct key_info info;
	struct err err;

	assert_int_equal(keystore_new(world.directory, KEY_USE_SIGN, KEY_X25519, &info, &err), ERR_USAGE);
	assert_int_equal(keystore_new(world.directory, KEY_USE_TLS, KEY_X25519, &info, &err), ERR_USAGE);
	assert_int_equal(keystore_new(world.directory, KEY_USE_DECRYPT, KEY_ED25519, &info, &err), ERR_USAGE);
	listed("");
}

/* `openssl pkey` says what was generated. */
static void every_type_is_what_it_says(void **state)
{
	(void)state;
	static const struct {
		enum key_use use;
		enum key_type type;
		const char *says;
	} rows[] = {
		{ KEY_USE_SIGN, KEY_RSA_2048, "Private-Key: (2048 bit" },
		{ KEY_USE_SIGN, KEY_RSA_3072, "Private-Key: (3072 bit" },
		{ KEY_USE_SIGN, KEY_P256, "ASN1 OID: prime256v1" },
		{ KEY_USE_SIGN, KEY_ED25519, "ED25519 Private-Key" },
		{ KEY_USE_DECRYPT, KEY_X25519, "X25519 Private-Key" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct key_info info;
		buf_auto text = { 0 };
		enum key_type again;

		buf_init(&text, 65536);
		assert_int_equal(keystore_new(world.directory, rows[i].use, rows[i].type, &info, NULL), OK);
		assert_int_equal(openssl_run(world.directory, "pkey -in %s/key.pem -noout -text -out text", info.id),
				 0);
		assert_true(file_get(world.directory, "text", &text));
		assert_non_null(strstr(buf_text(&text), rows[i].says));
		assert_true(key_type_parse(key_type_name(rows[i].type), &again));
		assert_int_equal(again, rows[i].type);
	}
	assert_string_equal(key_type_name(KEY_RSA_4096), "rsa-4096");
	enum key_use use;
	assert_true(key_use_parse("decrypt", &use) && use == KEY_USE_DECRYPT);
	assert_false(key_use_parse("encrypt", &use));
	assert_false(key_use_parse(NULL, &use));
}

/* `openssl req` verifies the request and reads it. */
static void a_request_is_signed_and_names_the_subject_in_order(void **state)
{
	(void)state;
	static const struct {
		enum key_use use;
		enum key_type type;
		const char *id, *usage;
	} rows[] = {
		{ KEY_USE_SIGN, KEY_P256, "sign-1", "Digital Signature, Non Repudiation" },
		{ KEY_USE_SIGN, KEY_ED25519, "sign-2", "Digital Signature, Non Repudiation" },
		{ KEY_USE_DECRYPT, KEY_RSA_2048, "decrypt-1", "Key Encipherment" },
		{ KEY_USE_DECRYPT, KEY_P256, "decrypt-2", "Key Agreement" },
		{ KEY_USE_TLS, KEY_P256, "tls-1", "TLS Web Server Authentication, TLS Web Client Authentication" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		buf_auto pem = { 0 };
		buf_auto text = { 0 };
		buf_auto public_pem = { 0 };
		struct err err = { 0 };

		buf_init(&pem, 65536);
		buf_init(&text, 65536);
		buf_init(&public_pem, 65536);
		new_key(rows[i].use, rows[i].type, rows[i].id);
		assert_int_equal(keystore_csr(world.directory, rows[i].id,
					      "CN=gateway,O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
					      "c\\, Hanoi,C=VN",
					      &pem, &err),
				 OK);
		file_put(world.directory, "request.pem", buf_bytes(&pem));
		assert_int_equal(
			openssl_run(
				world.directory,
				"req -verify -in request.pem -noout -text -nameopt RFC2253,-esc_msb,utf8 -out text"),
			0);
		assert_true(file_get(world.directory, "text", &text));
		assert_non_null(strstr(buf_text(&text), "Subject: CN=gateway,O=T\xe1\xbb\x95ng c\xe1\xbb\xa5"
							"c\\, Hanoi,C=VN"));
		assert_non_null(strstr(buf_text(&text), rows[i].usage));
		/* The key of the request is the one that is handed out. */
		assert_int_equal(openssl_run(world.directory, "req -in request.pem -noout -pubkey -out public.pem"), 0);
		buf_clear(&text);
		assert_true(file_get(world.directory, "public.pem", &text));
		assert_int_equal(keystore_public(world.directory, rows[i].id, &public_pem, &err), OK);
		assert_string_equal(buf_text(&text), buf_text(&public_pem));
	}
}

static void a_request_that_cannot_be_is_refused(void **state)
{
	(void)state;
	buf_auto pem = { 0 };
	struct err err = { 0 };

	buf_init(&pem, 65536);
	new_key(KEY_USE_DECRYPT, KEY_X25519, "decrypt-1");
	new_key(KEY_USE_SIGN, KEY_P256, "sign-1");
	assert_int_equal(keystore_csr(world.directory, "decrypt-1", "CN=x", &pem, &err), ERR_KEY);
	assert_non_null(strstr(err.text, "public key"));
	assert_int_equal(keystore_csr(world.directory, "sign-1", "no name", &pem, &err), ERR_USAGE);
	/* X.520: a country is two letters. */
	assert_int_equal(keystore_csr(world.directory, "sign-1", "CN=x,C=VNM", &pem, &err), ERR_USAGE);
	assert_int_equal(keystore_csr(world.directory, "sign-2", "CN=x", &pem, &err), ERR_NOT_FOUND);
	assert_int_equal(pem.size, 0);
}

/* The certificate that ROOT gives to key ID; appends. */
static void certify(const char *id, const char *subject, struct buf *pem)
{
	buf_auto public_pem = { 0 };

	buf_init(&public_pem, 65536);
	assert_int_equal(keystore_public(world.directory, id, &public_pem, NULL), OK);
	pki_auto leaf = pki_issue(
		&(struct pki_spec){ .subject = subject, .issuer = world.root, .public_key = buf_bytes(&public_pem) });
	pki_cert_pem(leaf, pem);
}

static void a_key_becomes_active_with_its_certificate_and_then_retires(void **state)
{
	(void)state;
	buf_auto pem = { 0 };
	buf_auto chain = { 0 };
	struct key_list list;
	struct err err = { 0 };

	buf_init(&pem, 65536);
	buf_init(&chain, 65536);
	new_key(KEY_USE_SIGN, KEY_ED25519, "sign-1");
	assert_int_equal(keystore_retire(world.directory, "sign-1", &err), ERR_CONFLICT);
	certify("sign-1", "/CN=first", &pem);
	pki_cert_pem(world.root, &pem);
	assert_int_equal(keystore_install(world.directory, "sign-1", buf_bytes(&pem), &err), OK);
	listed("sign-1 active ed25519");
	/* One file, so that a crash cannot leave a leaf with another one's chain. */
	assert_true(file_get(world.directory, "sign-1/certificate.pem", &chain));
	assert_string_equal(buf_text(&chain), buf_text(&pem));
	assert_int_equal(keystore_list(world.directory, &list, NULL), OK);
	assert_string_equal(cert_subject(list.keys[0].cert), "CN=first");
	key_list_done(&list);

	/* Renewed, without a chain: the old one goes. */
	buf_clear(&pem);
	certify("sign-1", "/CN=second", &pem);
	assert_int_equal(keystore_install(world.directory, "sign-1", buf_bytes(&pem), &err), OK);
	assert_int_equal(keystore_list(world.directory, &list, NULL), OK);
	assert_string_equal(cert_subject(list.keys[0].cert), "CN=second");
	key_list_done(&list);
	buf_clear(&chain);
	assert_true(file_get(world.directory, "sign-1/certificate.pem", &chain));
	assert_string_equal(buf_text(&chain), buf_text(&pem));

	assert_int_equal(keystore_retire(world.directory, "sign-1", &err), OK);
	listed("sign-1 retired ed25519");
	assert_int_equal(keystore_retire(world.directory, "sign-1", &err), ERR_CONFLICT);
	assert_int_equal(keystore_install(world.directory, "sign-1", buf_bytes(&pem), &err), ERR_CONFLICT);
	new_key(KEY_USE_SIGN, KEY_ED25519, "sign-2"); /* the number of a retired key is not given again */
}

static void a_certificate_for_another_key_is_refused(void **state)
{
	(void)state;
	buf_auto pem = { 0 };
	struct err err = { 0 };

	buf_init(&pem, 65536);
	new_key(KEY_USE_SIGN, KEY_P256, "sign-1");
	new_key(KEY_USE_SIGN, KEY_P256, "sign-2");
	new_key(KEY_USE_DECRYPT, KEY_X25519, "decrypt-1");
	certify("sign-2", "/CN=other", &pem);
	assert_int_equal(keystore_install(world.directory, "sign-1", buf_bytes(&pem), &err), ERR_KEY);
	assert_int_equal(keystore_install(world.directory, "decrypt-1", buf_bytes(&pem), &err), ERR_KEY);
	/* The right certificate, but not first. */
	certify("sign-1", "/CN=own", &pem);
	assert_int_equal(keystore_install(world.directory, "sign-1", buf_bytes(&pem), &err), ERR_KEY);
	assert_int_equal(keystore_install(world.directory, "sign-1", bytes_of("nothing"), &err), ERR_SYNTAX);
	listed("sign-1 pending p256, sign-2 pending p256, decrypt-1 pending x25519");
}

static void an_id_never_leaves_the_directory(void **state)
{
	(void)state;
	static const char *const ids[] = { "../sign-1", "sign-1/..",    "sign-",    "sign-0", "sign-01", "sign--1",
					   "sign-1x",   "Sign-1",       "",         "sign",   "/etc",    ".",
					   "sign-1 ",   "sign-9999999", "encrypt-1" };
	buf_auto pem = { 0 };
	struct err err;

	buf_init(&pem, 65536);
	new_key(KEY_USE_SIGN, KEY_P256, "sign-1");
	for (size_t i = 0; i < COUNT(ids); i++)
		assert_int_equal(keystore_public(world.directory, ids[i], &pem, &err), ERR_USAGE);
	assert_int_equal(keystore_public(world.directory, NULL, &pem, &err), ERR_USAGE);
	assert_int_equal(keystore_public(world.directory, "sign-1", &pem, &err), OK);
}

static void a_private_key_that_others_can_read_is_not_used(void **state)
{
	(void)state;
	static const mode_t modes[] = { 0640, 0604, 0620, 0610 };
	char path[512], elsewhere[512];
	buf_auto pem = { 0 };
	struct err err = { 0 };

	buf_init(&pem, 65536);
	new_key(KEY_USE_SIGN, KEY_P256, "sign-1");
	path_of(path, "sign-1", "key.pem");
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(keystore_public(world.directory, "sign-1", &pem, &err), ERR_KEY);
		assert_non_null(strstr(err.text, "0600"));
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(keystore_public(world.directory, "sign-1", &pem, &err), OK);
	/* Nor one that a symbolic link points to. */
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", world.directory);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_int_equal(keystore_public(world.directory, "sign-1", &pem, &err), ERR_IO);
}

static void a_damaged_key_says_so_and_hides_no_other(void **state)
{
	(void)state;
	char path[512];
	buf_auto pem = { 0 };
	struct err err = { 0 };

	buf_init(&pem, 65536);
	new_key(KEY_USE_SIGN, KEY_P256, "sign-1");
	path_of(path, "sign-1", "key.pem");
	assert_int_equal(truncate(path, 60), 0);
	assert_int_equal(keystore_public(world.directory, "sign-1", &pem, &err), ERR_KEY);
	new_key(KEY_USE_SIGN, KEY_ED25519, "sign-2");
	file_put(world.directory, "sign-1/status", bytes_of("pending\n"));
	listed("sign-1 damaged unknown, sign-2 pending ed25519");
	file_put(world.directory, "sign-1/status", bytes_of("damaged p256\n")); /* nobody writes that */
	listed("sign-1 damaged unknown, sign-2 pending ed25519");
	file_put(world.directory, "sign-1/status", bytes_of("active p256\n")); /* without a certificate */
	listed("sign-1 damaged p256, sign-2 pending ed25519");
	file_put(world.directory, "sign-1/status", bytes_of("retired p256\n"));
	file_put(world.directory, "sign-1/certificate.pem", bytes_of("rubbish"));
	listed("sign-1 damaged p256, sign-2 pending ed25519");
}

/* What a crash leaves: a directory without a status, and files that were being written. */
static void a_ceremony_that_was_cut_off_does_not_count(void **state)
{
	(void)state;
	char path[512];

	snprintf(path, sizeof(path), "%s/sign-1", world.directory);
	assert_int_equal(mkdir(path, 0700), 0);
	file_put(world.directory, "sign-1/.key.pem.new", bytes_of("half"));
	file_put(world.directory, "notes.txt", bytes_of("not a key"));
	listed("");
	new_key(KEY_USE_SIGN, KEY_P256, "sign-2");
	file_put(world.directory, "sign-2/.status.new", bytes_of("half"));
	listed("sign-2 pending p256");
}

static void two_ceremonies_do_not_mix(void **state)
{
	(void)state;
	struct key_info info;
	struct err err = { 0 };
	int other = open(world.directory, O_RDONLY | O_DIRECTORY);

	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(keystore_new(world.directory, KEY_USE_SIGN, KEY_P256, &info, &err), ERR_BUSY);
	close(other);
	new_key(KEY_USE_SIGN, KEY_P256, "sign-1");
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world_new, world_free)
	const struct CMUnitTest tests[] = {
		IN_WORLD(keys_are_numbered_within_their_use_and_listed_in_order),
		IN_WORLD(a_missing_directory_is_made_for_its_owner_alone),
		IN_WORLD(a_type_that_cannot_do_the_use_is_refused),
		IN_WORLD(every_type_is_what_it_says),
		IN_WORLD(a_request_is_signed_and_names_the_subject_in_order),
		IN_WORLD(a_request_that_cannot_be_is_refused),
		IN_WORLD(a_key_becomes_active_with_its_certificate_and_then_retires),
		IN_WORLD(a_certificate_for_another_key_is_refused),
		IN_WORLD(an_id_never_leaves_the_directory),
		IN_WORLD(a_private_key_that_others_can_read_is_not_used),
		IN_WORLD(a_damaged_key_says_so_and_hides_no_other),
		IN_WORLD(a_ceremony_that_was_cut_off_does_not_count),
		IN_WORLD(two_ceremonies_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
