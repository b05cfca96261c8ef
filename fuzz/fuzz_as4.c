/* The opening of an AS4 message as the gateway does it, then on over everything that is left, as the inspector does:
 * HTTP headers and body from a stranger. Whatever it is, only what the holder of the key below wrote may pass. */
#include "base/text.h"
#include "codec/mime.h"
#include "fuzz.h"
#include "messaging/as4_int.h"

#define ARENA_MAX ((size_t)24 << 20)

/* Of the key that signed the good messages of the corpus, all with this identifier. The key was thrown away. */
#define GOOD_ID "fuzz@lintas.example"
static const char signer_pem[] = "-----BEGIN CERTIFICATE-----\n"
				 "MIIBojCCAUmgAwIBAgICA+swCgYIKoZIzj0EAwIwNTELMAkGA1UEBhMCVk4xFzAV\n"
				 "BgNVBAoMDkN1c3RvbXMsIEhhbm9pMQ0wCwYDVQQDDARSb290MB4XDTI2MDEwMTAw\n"
				 "MDAwMFoXDTM2MDEwMTAwMDAwMFowHjELMAkGA1UEBhMCVk4xDzANBgNVBAMMBnNp\n"
				 "Z24tMjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABA+J5NDNDQO50yDqMG3RL91b\n"
				 "VxgP170qymWqm2H14+eOZ4ssws1B10x2j2L7ZAOCEj/llGIKfKrwlCQnWle9zJGj\n"
				 "YDBeMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgbAMB0GA1UdDgQWBBS+lg35\n"
				 "z1R1vMgzYUF9Zkgm65D7bDAfBgNVHSMEGDAWgBQdNzfrwVyjwPlNa0XmRR968GBm\n"
				 "lTAKBggqhkjOPQQDAgNHADBEAiAAjswGKNtUidYZ23nNa0hrUqwriUtuSu+5BmjA\n"
				 "9pSvHQIgGYGQCqtjPzY3Gcf3nwwpbza3EdH6+2q8Vw0HWQery54=\n"
				 "-----END CERTIFICATE-----\n";

static struct cert *signer(void)
{
	static struct cert *cert;
	struct err err;

	if (!cert)
		MUST(cert_parse(bytes_of(signer_pem), &cert, &err) == OK);
	return cert;
}

static bool clean(const struct as4_message *message)
{
	return findings_count(message->findings) == 0;
}

/* What the code after as4_read relies on. */
static void check_header(const struct as4_message *message)
{
	MUST(message->messaging && message->body && xml_parent(message->messaging) != NULL);
	MUST(message->parts_count <= message->limits->max_payloads);
	MUST(message->parts_count + 1 == message->mime.count);
	for (size_t i = 0; i < message->parts_count; i++)
		for (size_t k = 0; k < i; k++)
			MUST(message->parts[i].mime != message->parts[k].mime);
	if (message->kind == AS4_USER_MESSAGE) {
		const struct ebms_user_message *user = &message->user;
		MUST(user->info && user->info->message_id && user->collaboration->action &&
		     user->collaboration->conversation);
		MUST(user->parties->from->id->value && user->parties->to->id->value &&
		     user->collaboration->service->value);
	} else {
		MUST(message->parts_count == 0 && message->signal.info->message_id);
		MUST(message->kind != AS4_RECEIPT || message->signal.receipt);
	}
}

static void check_passed(struct as4_message *message)
{
	MUST(message->signature->count == message->parts_count + 2);
	for (size_t i = 0; i < message->parts_count; i++)
		MUST(message->parts[i].sealed);
	MUST(message->kind != AS4_USER_MESSAGE || same(message->user.info->message_id, GOOD_ID));
	MUST(message->kind != AS4_USER_MESSAGE || same(message->user.collaboration->action, "FORM-D"));
}

static enum err_code open_as_gateway(struct as4_message *message, const char *type, struct bytes body, struct err *err)
{
	TRY(as4_read(message, type, body, err));
	if (!clean(message))
		return OK;
	check_header(message);
	TRY(as4_read_security(message, err));
	if (!clean(message))
		return OK;
	MUST(message->signature);
	as4_check_profile(message, profile_find("ecdsa-p256"));
	if (clean(message))
		TRY(as4_verify(message, signer(), err));
	if (clean(message))
		check_passed(message);
	return OK;
}

static enum err_code go_on_as_inspector(struct as4_message *message, const char *type, struct bytes body,
					struct err *err)
{
	static const struct key_list no_keys;

	TRY(as4_read(message, type, body, err));
	TRY(as4_read_security(message, err));
	as4_check_profile(message, NULL);
	if (message->signature)
		TRY(as4_verify(message, signer(), err));
	TRY(as4_decrypt(message, NULL, &no_keys, err));
	if (message->signature)
		TRY(as4_verify_parts(message, err));
	TRY(as4_expand(message, err));
	if (message->signature && message->kind == AS4_RECEIPT)
		as4_check_receipt(message, GOOD_ID, message->signature->references, message->signature->count);
	return OK;
}

typedef enum err_code opening_fn(struct as4_message *message, const char *type, struct bytes body, struct err *err);

static void run(opening_fn *open, const char *type, struct bytes body)
{
	arena_auto arena = arena_new(ARENA_MAX);
	struct findings *findings = arena ? findings_new(arena) : NULL;
	struct as4_limits limits = as4_limits_default;
	struct as4_message message;
	struct err err = { 0 };

	limits.max_payload_bytes = 1 << 20; /* a run must be short */
	if (!findings)
		return;
	as4_init(&message, arena, &limits, findings);
	enum err_code code = open(&message, type, body, &err);
	/* A stranger's bytes are wrong, never a fault of ours, unless memory ran out. */
	MUST(code == OK || code == ERR_MEMORY);
	as4_done(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes headers;
	struct bytes body;
	arena_auto arena = arena_new(1 << 20);

	if (!arena)
		return 0;
	mime_split_http(bytes(data, size), &headers, &body);
	const char *type = mime_header(arena, headers, "content-type");
	run(open_as_gateway, type, body);
	run(go_on_as_inspector, type, body);
	return 0;
}
