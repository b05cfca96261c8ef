#include "opening.h"

#include "base/text.h"
#include "fuzz.h"

#define NOW_US INT64_C(1793588400000000) /* 2026-11-02T03:00:00Z */

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

static bool clean(const struct ebms_message *message)
{
	return findings_count(message->findings) == 0;
}

/* What the code after ebms_read relies on. */
static void check_header(const struct ebms_message *message)
{
	MUST(message->messaging && message->body && xml_parent(message->messaging) != NULL);
	MUST(message->parts_count <= message->limits->max_payloads);
	MUST(message->parts_count + 1 == message->mime.count);
	for (size_t i = 0; i < message->parts_count; i++)
		for (size_t k = 0; k < i; k++)
			MUST(message->parts[i].mime != message->parts[k].mime);
	if (message->kind == KIND_USER_MESSAGE) {
		const struct ebms_user_message *user = &message->user;
		MUST(user->info && user->info->message_id && user->collaboration->action &&
		     user->collaboration->conversation);
		MUST(user->parties->from->id->value && user->parties->to->id->value &&
		     user->collaboration->service->value);
	} else {
		MUST(message->parts_count == 0 && message->signal.info->message_id);
		MUST(message->kind != KIND_RECEIPT || message->signal.receipt);
	}
}

static void check_passed(const struct ebms_message *message)
{
	MUST(message->signature->count == message->parts_count + 2);
	for (size_t i = 0; i < message->parts_count; i++)
		MUST(message->parts[i].sealed);
	MUST(message->kind != KIND_USER_MESSAGE || same(message->user.info->message_id, GOOD_ID));
	MUST(message->kind != KIND_USER_MESSAGE || same(message->user.collaboration->action, "FORM-D"));
}

/* As the gateway: stops at the first stage that finds something. */
static enum err_code open_message(struct ebms_message *message, const char *type, struct bytes body, struct err *err)
{
	TRY(ebms_read(message, type, body, err));
	if (!clean(message))
		return OK;
	check_header(message);
	TRY(ebms_read_security(message, err));
	if (!clean(message))
		return OK;
	const struct ebms_signature *signature = message->signature;
	MUST(signature);
	ebms_check_profile(message, profile_find("ecdsa-p256"));
	if (clean(message))
		TRY(ebms_verify(message, signer(), err));
	if (clean(message))
		check_passed(message);
	if (message->kind == KIND_RECEIPT)
		ebms_check_receipt(message, GOOD_ID, signature->references, signature->count);
	return OK;
}

static void check_verified(const struct inspection *report)
{
	MUST(!same(report->kind, "user message") || same(report->message_id, GOOD_ID));
}

void opening_run_as4(struct bytes file)
{
	opening_run(
		&(struct opening){
			.signer = signer(), .at_us = NOW_US, .gateway = open_message, .verified = check_verified },
		file);
}
