/* The openssl program is the oracle in both directions. */
#include "../unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "crypto/envelope.h"
#include "pki.h"
#include "support.h"

#define ROOM          (2 * CONTENT_BYTES)
#define CONTENT_BYTES 300001 /* several pieces, and not a whole number of them */
#define LARGE_BYTES   (32 << 20)

struct world {
	char *directory;
	struct buf rsa_cert, rsa_key, p256_cert, p256_key, other_key;
	struct buf content;
};

static void pair_put(const char *kind, struct buf *cert, struct buf *key)
{
	pki_auto pki = pki_issue(&(struct pki_spec){ .subject = "/CN=backup", .key = kind });

	buf_init(cert, 65536);
	buf_init(key, 65536);
	pki_cert_pem(pki, cert);
	pki_key_pem(pki, key);
}

static int setup(void **state)
{
	static struct world world;
	struct buf unused;

	world.directory = pki_directory_new();
	pair_put("rsa-2048", &world.rsa_cert, &world.rsa_key);
	pair_put("p256", &world.p256_cert, &world.p256_key);
	pair_put("rsa-2048", &unused, &world.other_key);
	buf_done(&unused);
	buf_init(&world.content, CONTENT_BYTES);
	for (unsigned i = 0; i < CONTENT_BYTES; i++)
		buf_putc(&world.content, (char)(i * 2654435761U >> 13 & 0xFFU));
	file_put(world.directory, "content", buf_bytes(&world.content));
	file_put(world.directory, "rsa.pem", buf_bytes(&world.rsa_cert));
	file_put(world.directory, "rsa-key.pem", buf_bytes(&world.rsa_key));
	file_put(world.directory, "p256.pem", buf_bytes(&world.p256_cert));
	file_put(world.directory, "p256-key.pem", buf_bytes(&world.p256_key));
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	buf_done(&world->rsa_cert), buf_done(&world->rsa_key);
	buf_done(&world->p256_cert), buf_done(&world->p256_key);
	buf_done(&world->other_key), buf_done(&world->content);
	pki_directory_free(world->directory);
	return 0;
}

static int file_open(const struct world *world, const char *name, int flags)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", world->directory, name);
	int fd = open(path, flags, 0600);
	assert_true(fd >= 0);
	return fd;
}

/* Writes SIZE octets of the content, in uneven pieces, into the file NAME. */
static struct envelope_facts envelope_made(const struct world *world, const char *name, size_t size)
{
	const struct bytes certificates[] = { buf_bytes(&world->rsa_cert), buf_bytes(&world->p256_cert) };
	struct envelope_facts facts;
	struct envelope *envelope = NULL;
	struct err err;
	int fd = file_open(world, name, O_RDWR | O_CREAT | O_TRUNC);

	assert_int_equal(envelope_new(fd, certificates, COUNT(certificates), &envelope, &err), OK);
	for (size_t at = 0, piece = 1; at < size; at += piece, piece = piece * 3 % 50021) {
		if (piece > size - at)
			piece = size - at;
		assert_int_equal(envelope_put(envelope, bytes(world->content.data + at, piece), &err), OK);
	}
	assert_int_equal(envelope_end(envelope, &facts, &err), OK);
	envelope_free(envelope);
	close(fd);
	return facts;
}

static enum err_code sink_put(void *arg, struct bytes plain, struct err *err)
{
	(void)err;
	buf_put_bytes(arg, plain);
	return OK;
}

static enum err_code opened(const struct world *world, const char *name, const struct buf *key, struct buf *out,
			    struct envelope_facts *facts, struct err *err)
{
	int fd = file_open(world, name, O_RDONLY);

	buf_clear(out);
	enum err_code code = envelope_open(fd, buf_bytes(key), sink_put, out, facts, err);
	close(fd);
	return code;
}

static void every_recipient_opens_what_was_enveloped(void **state)
{
	const struct world *world = *state;
	static const size_t sizes[] = { 1, 4095, 4096, 4097, CONTENT_BYTES };
	const struct buf *const keys[] = { &world->rsa_key, &world->p256_key };
	buf_auto plain;
	struct err err;

	buf_init(&plain, ROOM);
	for (size_t i = 0; i < COUNT(sizes) * COUNT(keys); i++) {
		struct envelope_facts read, made = envelope_made(world, "made", sizes[i / 2]);
		assert_int_equal(opened(world, "made", keys[i % 2], &plain, &read, &err), OK);
		assert_int_equal(plain.size, sizes[i / 2]);
		assert_true(plain.size == 0 || memcmp(plain.data, world->content.data, plain.size) == 0);
		assert_string_equal(made.digest, read.digest);
		assert_true(made.bytes == read.bytes && read.bytes > sizes[i / 2]);
	}
}

static void openssl_opens_what_we_enveloped(void **state)
{
	const struct world *world = *state;
	static const char *const keys[] = { "rsa", "p256" };
	buf_auto plain;

	envelope_made(world, "made", CONTENT_BYTES);
	buf_init(&plain, ROOM);
	for (size_t i = 0; i < COUNT(keys); i++) {
		buf_clear(&plain);
		assert_int_equal(openssl_run(world->directory,
					     "cms -decrypt -inform DER -in made -inkey %s-key.pem -out plain", keys[i]),
				 0);
		assert_true(file_get(world->directory, "plain", &plain));
		assert_true(bytes_same(buf_bytes(&plain), buf_bytes(&world->content)));
	}
}

/* In pieces of an unknown number, and in one piece whose length is known. */
static void we_open_what_openssl_enveloped(void **state)
{
	const struct world *world = *state;
	static const char *const ways[] = { "-stream", "" };
	buf_auto plain;
	struct err err;

	buf_init(&plain, ROOM);
	for (size_t i = 0; i < COUNT(ways); i++) {
		assert_int_equal(
			openssl_run(world->directory,
				    "cms -encrypt -binary -aes-256-gcm %s -outform DER -in content -out theirs "
				    "rsa.pem p256.pem",
				    ways[i]),
			0);
		assert_int_equal(opened(world, "theirs", &world->p256_key, &plain, NULL, &err), OK);
		assert_true(bytes_same(buf_bytes(&plain), buf_bytes(&world->content)));
	}
}

static void another_key_does_not_open_it(void **state)
{
	const struct world *world = *state;
	buf_auto plain;
	struct err err;

	envelope_made(world, "made", 5000);
	buf_init(&plain, ROOM);
	assert_int_equal(opened(world, "made", &world->other_key, &plain, NULL, &err), ERR_DENIED);
	assert_int_equal(opened(world, "made", &world->rsa_cert, &plain, NULL, &err), ERR_KEY);
}

/* Octets all over the file, one after the other: whatever it is, nothing altered passes. Those of another recipient's
 * wrapped key are not ours to notice. */
static void no_octet_can_be_altered(void **state)
{
	const struct world *world = *state;
	buf_auto file, plain;
	struct err err;
	size_t passed = 0;

	envelope_made(world, "made", 3000);
	buf_init(&plain, ROOM);
	buf_init(&file, ROOM);
	assert_true(file_get(world->directory, "made", &file));
	for (size_t i = 0; i < file.size; i += 11) {
		file.data[i] ^= 0x10;
		file_put(world->directory, "altered", buf_bytes(&file));
		enum err_code code = opened(world, "altered", &world->rsa_key, &plain, NULL, &err);
		if (code == OK) {
			passed++;
			assert_true(i < 1000);
			assert_memory_equal(plain.data, world->content.data, 3000);
		}
		file.data[i] ^= 0x10;
	}
	assert_true(passed < 900 / 11);
}

static void a_file_that_is_cut_short_or_goes_on_is_refused(void **state)
{
	const struct world *world = *state;
	buf_auto file, plain;
	struct err err;

	envelope_made(world, "made", 10000);
	buf_init(&plain, ROOM);
	buf_init(&file, ROOM);
	assert_true(file_get(world->directory, "made", &file));
	for (size_t size = 0; size<file.size; size += size> file.size - 100 ? 1 : 29) {
		file_put(world->directory, "cut", bytes(file.data, size));
		assert_int_equal(opened(world, "cut", &world->rsa_key, &plain, NULL, &err), ERR_SYNTAX);
		assert_int_equal(plain.size, 0);
	}
	buf_puts(&file, "x");
	file_put(world->directory, "cut", buf_bytes(&file));
	assert_int_equal(opened(world, "cut", &world->rsa_key, &plain, NULL, &err), ERR_SYNTAX);
	assert_int_equal(plain.size, 0);
}

static enum err_code sink_full(void *arg, struct bytes plain, struct err *err)
{
	(void)arg, (void)plain;
	return fail(err, ERR_DISK_FULL, "no more");
}

static void what_the_receiver_fails_with_is_what_opening_fails_with(void **state)
{
	const struct world *world = *state;
	struct err err;

	envelope_made(world, "made", CONTENT_BYTES);
	int fd = file_open(world, "made", O_RDONLY);
	assert_int_equal(envelope_open(fd, buf_bytes(&world->rsa_key), sink_full, NULL, NULL, &err), ERR_DISK_FULL);
	assert_string_equal(err.text, "no more");
	close(fd);
}

/* What a receiver stumbles over is the damage, and would say nothing to whoever fetches the file. */
static void damage_is_told_as_damage_whatever_the_receiver_says_of_it(void **state)
{
	const struct world *world = *state;
	buf_auto file;
	struct err err;

	envelope_made(world, "made", CONTENT_BYTES);
	buf_init(&file, 2 * CONTENT_BYTES);
	assert_true(file_get(world->directory, "made", &file));
	file.data[file.size / 2] ^= 1;
	file_put(world->directory, "altered", buf_bytes(&file));
	int fd = file_open(world, "altered", O_RDONLY);
	assert_int_equal(envelope_open(fd, buf_bytes(&world->rsa_key), sink_full, NULL, NULL, &err), ERR_INVALID);
	assert_non_null(strstr(err.text, "damaged where it was stored: fetch it again, or take an older one"));
	close(fd);
}

static void a_certificate_that_cannot_be_encrypted_to_is_refused(void **state)
{
	const struct world *world = *state;
	static const char *const kinds[] = { "ed25519", "rsa-1024" };
	struct envelope *envelope = NULL;
	struct err err;
	int fd = file_open(world, "made", O_RDWR | O_CREAT | O_TRUNC);

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct buf cert, key;
		pair_put(kinds[i], &cert, &key);
		const struct bytes pem = buf_bytes(&cert);
		assert_int_equal(envelope_new(fd, &pem, 1, &envelope, &err), ERR_KEY);
		buf_done(&cert), buf_done(&key);
	}
	assert_int_equal(envelope_new(fd, NULL, 0, &envelope, &err), ERR_USAGE);
	close(fd);
}

static enum err_code sink_count(void *arg, struct bytes plain, struct err *err)
{
	(void)err;
	*(size_t *)arg += plain.size;
	return OK;
}

static long peak_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

static void opening_takes_no_memory_that_grows_with_the_content(void **state)
{
	const struct world *world = *state;
	const struct bytes certificate = buf_bytes(&world->rsa_cert);
	struct envelope *envelope = NULL;
	struct envelope_facts facts;
	struct err err;
	size_t put = 0, got = 0;
	int fd = file_open(world, "large", O_RDWR | O_CREAT | O_TRUNC);

	assert_int_equal(envelope_new(fd, &certificate, 1, &envelope, &err), OK);
	for (; put < LARGE_BYTES; put += CONTENT_BYTES)
		assert_int_equal(envelope_put(envelope, bytes(world->content.data, CONTENT_BYTES), &err), OK);
	assert_int_equal(envelope_end(envelope, &facts, &err), OK);
	envelope_free(envelope);
	long before = peak_kib();
	assert_int_equal(envelope_open(fd, buf_bytes(&world->rsa_key), sink_count, &got, &facts, &err), OK);
	assert_int_equal(got, put);
	assert_in_range(peak_kib() - before, 0, LARGE_BYTES / 1024 / 4);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recipient_opens_what_was_enveloped),
		cmocka_unit_test(openssl_opens_what_we_enveloped),
		cmocka_unit_test(we_open_what_openssl_enveloped),
		cmocka_unit_test(another_key_does_not_open_it),
		cmocka_unit_test(no_octet_can_be_altered),
		cmocka_unit_test(a_file_that_is_cut_short_or_goes_on_is_refused),
		cmocka_unit_test(what_the_receiver_fails_with_is_what_opening_fails_with),
		cmocka_unit_test(damage_is_told_as_damage_whatever_the_receiver_says_of_it),
		cmocka_unit_test(a_certificate_that_cannot_be_encrypted_to_is_refused),
		cmocka_unit_test(opening_takes_no_memory_that_grows_with_the_content),
	};

	return cmocka_run_group_tests_name("envelope", tests, setup, teardown);
}
