/* A message of ebMS 2: HTTP headers and body from a stranger, opened as the gateway does it, understood by an agreement
 * and, if it is an acknowledgment or an error, held against a message of ours. Whatever it is, only what the holder of
 * one key wrote may pass. */
#include "base/text.h"
#include "fuzz.h"
#include "messaging/pact_int.h"
#include "opening.h"

#define NOW_US     INT64_C(1795316401000000) /* 2026-11-22T03:00:01Z */
#define PARTY_TYPE "urn:oasis:names:tc:ebcore:partyid-type:unregistered:asw"

/* Of the key that signed the recorded messages, which are the corpus (tests/interop/ebms2/recorded). It was thrown
 * away. */
static const char signer_pem[] = "-----BEGIN CERTIFICATE-----\n"
				 "MIIDFzCCAf+gAwIBAgIUBBLGW71RcjscdX/mXnd4OyuIOrwwDQYJKoZIhvcNAQEL\n"
				 "BQAwEjEQMA4GA1UEAwwHVk4gc2lnbjAgFw0yNjExMjIxNTQzMThaGA8yMTI2MTAy\n"
				 "OTE1NDMxOFowEjEQMA4GA1UEAwwHVk4gc2lnbjCCASIwDQYJKoZIhvcNAQEBBQAD\n"
				 "ggEPADCCAQoCggEBANseoZO3TGtlC00HcMPMqxB22dq1gCHGFHHcpvho3OOVq9ZI\n"
				 "AWupAXcIeDLsWtl6oxJckn508fqNYN6jgcxemHxSVR+jXlLe5p8x2eK4nM0YvNQT\n"
				 "eyjn2H+juf6jTRfQCCVFhol/ON04UL2rVybTOeUPhpfyLD1yl3ovIcSXpL0SLs++\n"
				 "6KwIy4EdOu2T2CvONX7s7GrzhuWf8s5j7PdAGKSbmIuaxhJy1dqtAFCXPT80O+O+\n"
				 "DHYBRy7eiCYoJQXav7TazlpHnr1ybcYkkZJxfQ3PMxi3AE9WYzODHSwDYKF89R2N\n"
				 "DNw1zkXenG9nmv3mpBo/2zyroTd/dpvtRTE2MkkCAwEAAaNjMGEwHQYDVR0OBBYE\n"
				 "FDtmA8AaVB8WDGdJi729QUYe5DzvMB8GA1UdIwQYMBaAFDtmA8AaVB8WDGdJi729\n"
				 "QUYe5DzvMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgeAMA0GCSqGSIb3\n"
				 "DQEBCwUAA4IBAQCm32LQMkqpKHuYCvOhPNRyFjHuauygPI5RhcCz7GatXLxuPWeB\n"
				 "Z5AM8C3RTNvW+9AXYMDw+F0n76/uIH0i2z3eau86rMP/sRAIq/QSySNycC5CmKJw\n"
				 "+/PbVj2hNi2+vHV0cBA2+NRuojSC8ktwbAdFU4chjZz93YS77PliNXrKAUpyw4Bp\n"
				 "cZ07r+dtxRHN0wcRhxHsTdLNyX6a+/WoGEt0hnoqxPExh8yZPFxC5ozJo6xORx7f\n"
				 "jvVsKKlBkp0VebTAWLC7klHP3wJ6sXWNK/bGa2VazpZ60qwqWVUripCkhUlU8IQ2\n"
				 "1U1VZeY4kChZUt9hWp8B9HfsdgTELTqQZ6Ld\n"
				 "-----END CERTIFICATE-----\n";
/* What the recorded acknowledgment is of, and the references of its signature. */
#define ASKED_ID "ebms-core-1@vn.example"
static const char *const asked_uris[] = { "", "cid:form-d@vn.example" };
static const char *const asked_digests[] = { "S5tfT0MFefgFE4wJ8LJewpfEIlA36qMreMy3ldrhWHo=",
					     "0nBQBSXK6pa96fptr1sfd2jHUgafuwUCTPYzdu7ccpk=" };

static struct cert *signer;
static struct pact pact;

/* Between VN, which sends an e-Form D, and TH. */
static void agree(struct arena *arena)
{
	static const struct cpa_offer_action actions[] = { { .service = "urn:lintas:service:documents:1",
							     .action = "FORM-D",
							     .from_role = "issuing-authority",
							     .to_role = "customs" } };
	struct cpa_offer_party vn = { .name = "VN",
				      .party_id = "VN",
				      .party_type = PARTY_TYPE,
				      .endpoint = "https://vn.example/ebms",
				      .signing = cert_der(signer) };
	struct cpa_offer_party th = vn;
	buf_auto text;
	struct err err;

	th.name = th.party_id = "TH";
	struct cpa_offer offer = { .id = "vn-th-1",
				   .status = "agreed",
				   .start_us = NOW_US - DAY_US,
				   .end_us = NOW_US + 365 * DAY_US,
				   .retries = 5,
				   .retry_interval_us = MINUTE_US,
				   .persist_us = DAY_US,
				   .parties = { vn, th },
				   .actions = actions,
				   .actions_count = COUNT(actions) };
	buf_init(&text, (size_t)1 << 20);
	MUST(cpa_write(&offer, &text, &err) == OK);
	struct agreement agreement = { .id = "vn-th-1", .text = buf_bytes(&text), .until_us = TIME_NONE };
	MUST(pact_read(arena, &agreement, "TH", PARTY_TYPE, &pact, &err) == OK);
}

static void begin(void)
{
	static struct arena *arena;
	struct err err;

	if (arena)
		return;
	arena = arena_new((size_t)64 << 20);
	MUST(arena && cert_parse(bytes_of(signer_pem), &signer, &err) == OK);
	agree(arena);
}

static bool clean(const struct ebms_message *message)
{
	return findings_count(message->findings) == 0;
}

static void check_kind(const struct ebms_message *message)
{
	MUST(message->kind == KIND_USER_MESSAGE || message->parts_count == 0);
	MUST(message->kind != KIND_RECEIPT || (message->signal.receipt && message->signal.info->ref_to));
	MUST(message->kind != KIND_ERROR || (message->signal.errors_count && message->signal.info->ref_to));
	MUST(message->kind != KIND_STATUS_REQUEST || message->ebms2->status.ref_to);
	MUST(message->kind != KIND_PONG || message->signal.info->ref_to);
}

/* What the code after ebms_read relies on. */
static void check_header(const struct ebms_message *message)
{
	const struct ebms_user_message *user = &message->user;

	MUST(message->messaging && message->body && xml_parent(message->messaging) != NULL);
	MUST(message->parts_count <= message->limits->max_payloads);
	MUST(message->parts_count + 1 == message->mime.count);
	if (!message->ebms2)
		return;
	MUST(user->info && user->info->message_id && user->collaboration->action && user->collaboration->conversation &&
	     user->collaboration->agreement->value && user->collaboration->service->value);
	MUST(user->parties->from->ids && user->parties->from->id->value && user->parties->to->ids &&
	     user->parties->to->id->value);
	MUST(message->signal.info == user->info && message->kind != KIND_PULL_REQUEST);
	check_kind(message);
}

/* The signature is good: then the holder of the key has written this header, and every octet of every part. */
static void check_passed(const struct ebms_message *message)
{
	bool asks = message->kind == KIND_USER_MESSAGE;
	const char *id = message->user.info->message_id;

	MUST(message->signature->count == message->parts_count + 1);
	MUST(ends_with(id, asks ? "@vn.example" : "@th.example"));
	MUST(same(message->user.collaboration->conversation, "conversation-1@vn.example"));
	MUST(same(message->user.collaboration->agreement->value, "vn-th-1"));
	MUST(!asks || same(message->user.collaboration->action, "FORM-D"));
	MUST(!message->ebms2->acknowledgment || same(id, "acknowledgment@th.example"));
	MUST(!message->ebms2->errors || same(id, "error@th.example"));
}

static void understand(struct ebms_message *message)
{
	struct understood understood;

	pact_understand(&pact, "VN", "TH", message, NOW_US, &understood);
	if (clean(message) && message->kind == KIND_USER_MESSAGE)
		MUST(same(understood.action, "FORM-D") && same(understood.original_sender, "VN:issuing-authority") &&
		     same(understood.final_recipient, "TH:customs") && message->parts_count > 0);
}

static void settle(struct ebms_message *message)
{
	struct ebms_reference references[COUNT(asked_uris)] = { 0 };

	for (size_t i = 0; i < COUNT(asked_uris); i++) {
		references[i].uri = asked_uris[i];
		references[i].digest_name = digest_uri(DIGEST_SHA256);
		if (!base64_parse(message->arena, bytes_of(asked_digests[i]), &references[i].value))
			return;
	}
	ebms_check_receipt(message, ASKED_ID, references, COUNT(references));
	if (clean(message))
		MUST(message->kind == KIND_RECEIPT && same(message->signal.info->ref_to, ASKED_ID));
}

/* As the gateway: stops at the first stage that finds something. */
static enum err_code open_message(struct ebms_message *message, const char *type, struct bytes body, struct err *err)
{
	const struct key_list none = { 0 };

	messaging_worth(&(struct http_request){ .body = body }, true);
	TRY(ebms_read(message, type, body, err));
	if (!clean(message))
		return OK;
	check_header(message);
	TRY(ebms_read_security(message, err));
	if (!clean(message) || !message->ebms2)
		return OK;
	ebms_check_profile(message, profile_find("ebms2-rsa-sha256"));
	MUST(message->signature || ebms2_may_be_unsigned(message, false));
	if (clean(message) && message->signature)
		TRY(ebms_verify(message, signer, err));
	if (clean(message))
		TRY(ebms_decrypt(message, NULL, &none, err));
	if (clean(message) && message->signature)
		TRY(ebms_verify_parts(message, err));
	if (clean(message) && message->signature)
		check_passed(message);
	if (clean(message))
		understand(message);
	if (message->signal.receipt)
		settle(message);
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	opening_run(
		&(struct opening){
			.signer = signer, .profile = "ebms2-rsa-sha256", .at_us = NOW_US, .gateway = open_message },
		bytes(data, size));
	return 0;
}
