/* Real messages of other products (PROVENANCE.md of the collection says whose and what to expect). For each: what every
 * stage says of it. The stages are separate: that the closed profile refuses a multihop message's header blocks does
 * not make its signature bad. */
#include "world.h"

#include <dirent.h>

#include "codec/mime.h"

/* What each stage says when it is asked by itself: the rule of its first finding; NULL: nothing. */
struct verdict {
	const char *stage, *ebms; /* where the node decides, and by which error: those of the first finding of all */
	const char *reading;      /* ebms_read */
	const char *profile;      /* ebms_read_security and ebms_check_profile, any algorithm */
	const char *verifying;    /* ebms_signer and ebms_verify */
	const char *trust;        /* cert_judge, were the signer's certificate pinned, when the message was made */
	const char *decrypting;   /* ebms_decrypt, without the recipient's key */
	const char *expanding;    /* ebms_expand */
	size_t wrong_digests;     /* of Messaging and Body, whoever signed them */
	bool names_its_message;   /* a signal: no finding MSG-015 */
	enum ebms_kind kind;
};

struct sample {
	const char *file;
	struct verdict expected;
};

#define RIGHT(kind_)                                                                                                   \
	{                                                                                                              \
		.names_its_message = true, .kind = kind_                                                               \
	}
#define DECIDED(stage_, ebms_, ...)                                                                                    \
	{                                                                                                              \
		.stage = stage_, .ebms = ebms_, .names_its_message = true, __VA_ARGS__                                 \
	}

/* What is said of certificates is what `openssl x509 -text` shows: validity, use, and size of the key. */
static const struct sample samples[] = {
	/* Signature and digests right by the embedded certificate. */
	{ "positive/governikus.as4in", RIGHT(KIND_RECEIPT) },
	{ "positive/dataport1-mustunderstand.as4in", RIGHT(KIND_RECEIPT) },
	{ "positive/TestReceipt12.xml", RIGHT(KIND_RECEIPT) },
	/* The same, but header blocks of WS-Addressing and of multihop, which are not for us. */
	{ "positive/as4-multihop-message.as4",
	  DECIDED("profile", "EBMS:0009", .reading = "MSG-016", .kind = KIND_ERROR) },
	/* Envelope right, attachments sealed for others. */
	{ "envelope-only/phase4-dump-raw.as4out", DECIDED("decryption", "EBMS:0102", .decrypting = "MSG-060") },
	/* Its ConversationId is empty, which ebMS 3.0 core §5.2.2.7 does not allow. */
	{ "envelope-only/rssbus_message.as4",
	  DECIDED("header", "EBMS:0009", .reading = "MSG-012", .decrypting = "MSG-060") },
	/* Saved without its attachments: their digests alone are not right. */
	{ "envelope-only/as4_flame_envelope.as4",
	  DECIDED("profile", "EBMS:0011", .reading = "MSG-018", .profile = "MSG-031", .verifying = "MSG-041") },
	/* Its key is RSA with 1024 bits, too. */
	{ "negative/as4-soap-wrong-signed-callback-message.txt",
	  DECIDED("signature", "EBMS:0101", .verifying = "MSG-040", .trust = "CRT-006", .wrong_digests = 1) },
	/* Names a certificate that it does not carry, does not sign the Body, and the digest of Messaging is wrong. */
	{ "negative/receipt_with_invalid_signature.as4",
	  DECIDED("profile", "EBMS:0103", .profile = "MSG-033", .verifying = "MSG-042", .wrong_digests = 1,
		  .kind = KIND_RECEIPT) },
	/* Its own fault, a wrong GCM tag, cannot be shown: the key is not public, so that nobody comes as far as the
	 * tag. It is refused as any message for others; a wrong tag is "the GCM tag changed" in test_open.c. */
	{ "negative/8.1.22-message.gcm-tag-mismatch.as4", DECIDED("decryption", "EBMS:0102", .decrypting = "MSG-060") },
	/* Says that it is compressed as application/rar; the node already refuses it as unsigned. */
	{ "negative/WrongCompression.mime",
	  DECIDED("profile", "EBMS:0103", .profile = "MSG-030", .expanding = "MSG-071") },
	{ "negative/TwoUserMessages.xml", DECIDED("header", "EBMS:0009", .reading = "MSG-013", .profile = "MSG-030") },
	/* The payload is in the Body, of which no PartInfo can name a part (TA05). */
	{ "negative/WrongSigningAlgorithm.xml",
	  DECIDED("profile", "EBMS:0011", .reading = "MSG-018", .profile = "MSG-017", .verifying = "MSG-032") },
	/* Also a Timestamp without zone. */
	{ "negative/ErrorMessageNoRefToMessageID.xml",
	  { .stage = "header", .ebms = "EBMS:0009", .reading = "MSG-012", .profile = "MSG-030", .kind = KIND_ERROR } },
	{ "unsigned/as4message_duplicate_payloads.as4",
	  DECIDED("MIME", "EBMS:0007", .reading = "MSG-001", .profile = "MSG-030") },
	{ "unsigned/ErrorMessageWithFault.xml",
	  DECIDED("profile", "EBMS:0103", .profile = "MSG-030", .kind = KIND_ERROR) },
	{ "unsigned/sample_entsog.txt", DECIDED("profile", "EBMS:0103", .profile = "MSG-030") },
};

static const struct ebms_limits *limits(void)
{
	static struct ebms_limits lenient; /* files saved by tools have LF line ends */

	lenient = ebms_limits_default;
	lenient.mime.lenient = true;
	return &lenient;
}

/* The rule of the first finding since BEFORE. */
static const char *since(const struct findings *findings, size_t before)
{
	const struct finding *first = findings_at(findings, before);
	return first ? first->rule->code : NULL;
}

/* The two whose messages do not carry their certificate. */
static const char *const access_points[] = { "keys/AccessPointA.cer", "keys/AccessPointB.cer" };

/* NULL if the header was not read so far. */
static const struct ebms_message_info *info_of(const struct ebms_message *message)
{
	return message->kind == KIND_USER_MESSAGE ? message->user.info : message->signal.info;
}

static const char *judged(const struct cert *cert, int64_t at_us)
{
	struct trust *trust = trust_new(&(struct trust_policy){ 0 });
	struct findings *reasons = findings_new(world.arena);

	assert_true(trust && reasons);
	assert_int_equal(trust_pin(trust, cert, NULL), OK);
	cert_judge(cert, NULL, 0, CERT_USE_SIGN, trust, at_us, reasons);
	trust_free(trust);
	return since(reasons, 0);
}

static void verify(struct ebms_message *message, const char *folder, struct verdict *verdict)
{
	struct cert *known[COUNT(access_points)];
	cert_auto cert = NULL;
	struct err err = { 0 };
	size_t before = findings_count(message->findings);

	for (size_t i = 0; i < COUNT(known); i++)
		assert_int_equal(cert_parse(oracle_get(folder, access_points[i]), &known[i], &err), OK);
	assert_int_equal(ebms_signer(message, known, COUNT(known), &cert, &err), OK);
	if (cert)
		assert_int_equal(ebms_verify(message, cert, &err), OK);
	verdict->verifying = since(message->findings, before);
	if (cert)
		verdict->trust = info_of(message) ? judged(cert, info_of(message)->timestamp_us) : "no time";
	for (size_t i = 0; i < COUNT(known); i++)
		cert_unref(known[i]);
}

/* As the inspector shows them: also where the signer is unknown. */
static size_t wrong_digests(struct ebms_message *message)
{
	size_t wrong = 0;

	for (size_t i = 0; message->signature && i < message->signature->count; i++) {
		const struct ebms_reference *reference = &message->signature->references[i];
		uint8_t digest[DIGEST_MAX];
		if (reference->uri[0] != '#' || !reference->digest_known)
			continue;
		buf_auto octets;
		buf_init(&octets, 8 << 20);
		assert_int_equal(ebms_reference_octets(message, reference, &octets, NULL), OK);
		assert_int_equal(digest_of(reference->digest, buf_bytes(&octets), digest, NULL), OK);
		wrong += !bytes_same(bytes(digest, digest_size(reference->digest)), reference->value);
	}
	return wrong;
}

/* Every stage, whatever those before it found. */
static void judge(const char *folder, const char *file, struct verdict *verdict)
{
	struct bytes headers, body;
	struct err err = { 0 };
	struct ebms_message message;
	struct findings *findings = findings_new(world.arena);
	size_t before = 0;

	mime_split_http(oracle_get(folder, file), &headers, &body);
	const char *type = mime_header(world.arena, headers, "content-type");
	if (!type)
		type = mime_guess_content_type(world.arena, body);
	ebms_init(&message, world.arena, limits(), findings);
	assert_int_equal(ebms_read(&message, type ? type : "application/soap+xml", body, &err), OK);
	*verdict =
		(struct verdict){ .reading = since(findings, before), .names_its_message = true, .kind = message.kind };
	for (size_t i = 0; findings_at(findings, i); i++)
		verdict->names_its_message &= findings_at(findings, i)->rule != ebms_rule(RULE_SIGNAL_REF);

	before = findings_count(findings);
	assert_int_equal(ebms_read_security(&message, &err), OK);
	ebms_check_profile(&message, NULL);
	verdict->profile = since(findings, before);
	if (message.signature)
		verify(&message, folder, verdict);
	verdict->wrong_digests = wrong_digests(&message);
	before = findings_count(findings);
	assert_int_equal(ebms_decrypt(&message, world.keys, &world.own, &err), OK);
	verdict->decrypting = since(findings, before);
	before = findings_count(findings);
	assert_int_equal(ebms_expand(&message, &err), OK);
	verdict->expanding = since(findings, before);
	const struct finding *first = findings_at(findings, 0);
	verdict->ebms = first ? ebms_error_row(ebms_rule_ebms(first->rule))->code : NULL;
	verdict->stage = first ? ebms_stage_name(ebms_rule_stage(first->rule)) : NULL;
	ebms_done(&message);
}

static size_t differs(const char *file, const char *what, const char *said, const char *expected)
{
	if (same(said, expected))
		return 0;
	print_error("%s: %s: %s, not %s\n", file, what, said ? said : "nothing", expected ? expected : "nothing");
	return 1;
}

static size_t compare(const char *file, const struct verdict *said, const struct verdict *expected)
{
	size_t wrong = differs(file, "the deciding stage", said->stage, expected->stage) +
		       differs(file, "reading", said->reading, expected->reading) +
		       differs(file, "the profile", said->profile, expected->profile) +
		       differs(file, "the signature", said->verifying, expected->verifying) +
		       differs(file, "trust", said->trust, expected->trust) +
		       differs(file, "decryption", said->decrypting, expected->decrypting) +
		       differs(file, "expansion", said->expanding, expected->expanding) +
		       differs(file, "ebMS error", said->ebms, expected->ebms);
	if (said->wrong_digests == expected->wrong_digests && said->kind == expected->kind &&
	    said->names_its_message == expected->names_its_message)
		return wrong;
	print_error("%s: kind %d, %zu wrong digests\n", file, said->kind, said->wrong_digests);
	return wrong + 1;
}

static void every_collected_message_is_judged_as_its_provenance_says(void **state)
{
	size_t wrong = 0;

	(void)state;
	if (!collection())
		skip();
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct verdict verdict;
		assert_int_equal(world_arena_free(NULL), 0);
		assert_int_equal(world_arena_new(NULL), 0);
		judge(collection(), samples[i].file, &verdict);
		wrong += compare(samples[i].file, &verdict, &samples[i].expected);
	}
	assert_int_equal(wrong, 0);
}

/* So that whatever is collected next is judged, too. */
static void every_collected_message_has_a_row(void **state)
{
	static const char *const folders[] = { "positive", "negative", "envelope-only", "unsigned" };
	size_t files = 0, without = 0;

	(void)state;
	if (!collection())
		skip();
	for (size_t i = 0; i < COUNT(folders); i++) {
		DIR *folder = opendir(arena_printf(world.arena, "%s/%s", collection(), folders[i]));
		assert_non_null(folder);
		for (const struct dirent *entry; (entry = readdir(folder));) {
			const char *file = arena_printf(world.arena, "%s/%s", folders[i], entry->d_name);
			bool known = entry->d_name[0] == '.';
			for (size_t k = 0; k < COUNT(samples) && !known; k++)
				known = same(samples[k].file, file);
			if (!known)
				print_error("%s has no row\n", file);
			without += !known;
			files += entry->d_name[0] != '.';
		}
		closedir(folder);
	}
	assert_int_equal(without, 0);
	assert_int_equal(files, COUNT(samples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_collected_message_has_a_row, world_arena_new, world_arena_free),
		cmocka_unit_test_setup_teardown(every_collected_message_is_judged_as_its_provenance_says,
						world_arena_new, world_arena_free),
	};
	return cmocka_run_group_tests(tests, world_begin, world_end);
}
