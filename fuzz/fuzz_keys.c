/* What a node that was taken over could ask of the key process. Whatever it asks, there is one well-formed answer. */
#include "crypto/keys.h"
#include "fuzz.h"
#include "pki.h"

#define ANSWER_MAX 4096
enum { DONE, NOT_GOOD, FAULT };

static struct {
	char *directory;
	struct keys *keys;
} world;

static void world_end(void)
{
	keys_free(world.keys);
	pki_directory_free(world.directory);
}

static void world_begin(void)
{
	static const struct {
		enum key_use use;
		enum key_type type;
	} rows[] = {
		{ KEY_USE_SIGN, KEY_P256 },    { KEY_USE_SIGN, KEY_ED25519 },     { KEY_USE_DECRYPT, KEY_X25519 },
		{ KEY_USE_DECRYPT, KEY_P256 }, { KEY_USE_DECRYPT, KEY_RSA_2048 }, { KEY_USE_TLS, KEY_P256 },
	};
	struct key_info info;
	pki_auto root = pki_issue(&(struct pki_spec){ .subject = "/CN=root", .authority = true });

	world.directory = pki_directory_new();
	for (size_t i = 0; i < COUNT(rows); i++)
		pki_key_install(world.directory, rows[i].use, rows[i].type, root, &info);
	MUST(keys_open(world.directory, &world.keys, NULL) == OK);
	atexit(world_end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	buf_auto answer = { 0 };

	if (!world.keys)
		world_begin();
	buf_init(&answer, ANSWER_MAX);
	keys_answer(world.keys, bytes(data, size), &answer);
	MUST(answer.failed == OK && answer.size > 0);
	MUST(answer.data[0] <= FAULT);
	MUST(answer.data[0] != NOT_GOOD || answer.size == 1);
	MUST(answer.data[0] != FAULT || (answer.data[1] != OK && answer.data[1] < ERR_COUNT));
	/* A private key is no answer to anything: a signature or a content key is all that ever comes out. */
	MUST(answer.data[0] != DONE || answer.size <= 1 + 4 + 512);
	return 0;
}
