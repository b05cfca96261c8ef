/* `lintas as4 inspect`: needs no node. */
#include "base/text.h"
#include "cli/cli_int.h"

enum { INSPECT_FILE_MAX = 64 << 20, INSPECT_PAYLOAD_MAX = 256 << 20, INSPECT_JSON_MAX = 16 << 20, KEY_MAX = 65536 };

/* --- As JSON --- */

enum { ROWS_MAX = 4096 };
#define INSPECTED_TEXT(type, member, name) FIELD_TEXT(struct type, member, .json = name, .max_length = TEXT_MAX)

static const struct field verdict_rows[] = {
	INSPECTED_TEXT(inspected_verdict, stage, "stage"),
	INSPECTED_TEXT(inspected_verdict, verdict, "verdict"),
	INSPECTED_TEXT(inspected_verdict, why, "why"),
};
static const struct fields verdict_fields = FIELDS(struct inspected_verdict, verdict_rows);

static const struct field part_rows[] = {
	INSPECTED_TEXT(inspected_part, content_id, "contentId"),
	INSPECTED_TEXT(inspected_part, mime_type, "mimeType"),
	FIELD_INT(struct inspected_part, bytes, .json = "bytes", .min = 1),
	FIELD_FLAG(struct inspected_part, is_signed, .json = "signed", .min = 1),
	FIELD_FLAG(struct inspected_part, encrypted, .json = "encrypted", .min = 1),
	INSPECTED_TEXT(inspected_part, encryption, "encryptionAlgorithm"),
	FIELD_FLAG(struct inspected_part, compressed, .json = "compressed", .min = 1),
	INSPECTED_TEXT(inspected_part, digest, "sha256"),
};
static const struct fields part_fields = FIELDS(struct inspected_part, part_rows);

static const struct field reference_rows[] = {
	INSPECTED_TEXT(inspected_reference, uri, "uri"),
	INSPECTED_TEXT(inspected_reference, covers, "covers"),
	INSPECTED_TEXT(inspected_reference, algorithm, "digestAlgorithm"),
	INSPECTED_TEXT(inspected_reference, stated, "stated"),
	INSPECTED_TEXT(inspected_reference, computed, "computed"),
	INSPECTED_TEXT(inspected_reference, verdict, "verdict"),
	INSPECTED_TEXT(inspected_reference, why, "why"),
};
static const struct fields reference_fields = FIELDS(struct inspected_reference, reference_rows);

static const struct field error_rows[] = {
	INSPECTED_TEXT(inspected_error, code, "code"),    INSPECTED_TEXT(inspected_error, severity, "severity"),
	INSPECTED_TEXT(inspected_error, text, "text"),    INSPECTED_TEXT(inspected_error, detail, "detail"),
	INSPECTED_TEXT(inspected_error, ref_to, "refTo"),
};
static const struct fields error_fields = FIELDS(struct inspected_error, error_rows);

static const struct field inspected_rows[] = {
	INSPECTED_TEXT(inspected_finding, stage, "stage"), INSPECTED_TEXT(inspected_finding, code, "code"),
	INSPECTED_TEXT(inspected_finding, text, "text"),   INSPECTED_TEXT(inspected_finding, law, "law"),
	INSPECTED_TEXT(inspected_finding, ebms, "ebms"),
};
static const struct fields inspected_fields = FIELDS(struct inspected_finding, inspected_rows);

static const struct field inspection_rows[] = {
	INSPECTED_TEXT(inspection, verdict, "verdict"),
	FIELD_TIME(struct inspection, at_us, .json = "at"),
	INSPECTED_TEXT(inspection, taken_off, "takenOff"),
	INSPECTED_TEXT(inspection, media_type, "mediaType"),
	INSPECTED_TEXT(inspection, kind, "kind"),
	INSPECTED_TEXT(inspection, binding, "binding"),
	INSPECTED_TEXT(inspection, message_id, "messageId"),
	INSPECTED_TEXT(inspection, ref_to, "refTo"),
	FIELD_TIME(struct inspection, timestamp_us, .json = "timestamp"),
	INSPECTED_TEXT(inspection, from, "from"),
	INSPECTED_TEXT(inspection, to, "to"),
	INSPECTED_TEXT(inspection, service, "service"),
	INSPECTED_TEXT(inspection, action, "action"),
	INSPECTED_TEXT(inspection, agreement, "agreement"),
	INSPECTED_TEXT(inspection, conversation, "conversation"),
	INSPECTED_TEXT(inspection, original_sender, "originalSender"),
	INSPECTED_TEXT(inspection, final_recipient, "finalRecipient"),
	INSPECTED_TEXT(inspection, fault_code, "faultCode"),
	INSPECTED_TEXT(inspection, fault_reason, "faultReason"),
	FIELD_FLAG(struct inspection, header_signed, .json = "headerSigned", .min = 1),
	FIELD_FLAG(struct inspection, body_signed, .json = "bodySigned", .min = 1),
	INSPECTED_TEXT(inspection, signature, "signatureAlgorithm"),
	INSPECTED_TEXT(inspection, signature_value, "signatureValue"),
	INSPECTED_TEXT(inspection, signature_why, "signatureValueWhy"),
	INSPECTED_TEXT(inspection, encryption, "encryptionAlgorithm"),
	INSPECTED_TEXT(inspection, encryption_digest, "encryptionDigest"),
	INSPECTED_TEXT(inspection, encryption_mgf, "encryptionMgf"),
	INSPECTED_TEXT(inspection, key_wrap, "keyWrap"),
	INSPECTED_TEXT(inspection, profiles, "algorithmsOf"),
	INSPECTED_TEXT(inspection, token, "token"),
	INSPECTED_TEXT(inspection, token_names, "tokenNames"),
	INSPECTED_TEXT(inspection, signer, "signer"),
	INSPECTED_TEXT(inspection, issuer, "issuer"),
	INSPECTED_TEXT(inspection, serial, "serial"),
	INSPECTED_TEXT(inspection, key, "key"),
	INSPECTED_TEXT(inspection, fingerprint, "fingerprint"),
	FIELD_TIME(struct inspection, not_before_us, .json = "notBefore"),
	FIELD_TIME(struct inspection, not_after_us, .json = "notAfter"),
	FIELD_LIST(struct inspection, verdicts, verdicts_count, struct inspected_verdict, verdict_fields,
		   .json = "verdicts", .max = ROWS_MAX),
	FIELD_LIST(struct inspection, references, references_count, struct inspected_reference, reference_fields,
		   .json = "references", .max = ROWS_MAX),
	FIELD_LIST(struct inspection, parts, parts_count, struct inspected_part, part_fields, .json = "parts",
		   .max = ROWS_MAX),
	FIELD_LIST(struct inspection, errors, errors_count, struct inspected_error, error_fields, .json = "errors",
		   .max = ROWS_MAX),
	FIELD_LIST(struct inspection, findings, findings_count, struct inspected_finding, inspected_fields,
		   .json = "findings", .max = ROWS_MAX),
};
static const struct fields inspection_fields = FIELDS(struct inspection, inspection_rows);
static const struct schema inspection_schema = {
	.name = "inspection", .root = "inspection", .ns = "", .prefix = "", .fields = &inspection_fields
};

/* --- For people --- */

/* What strangers wrote may hold line ends, tabs, and what moves a terminal's cursor (C0, DEL and C1 of ECMA-48): a run
 * of these and of blanks is one blank. */
static void put_text(const char *text)
{
	bool blank = false;
	for (const uint8_t *c = (const uint8_t *)text; *c; c++) {
		bool c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0;
		if (*c > ' ' && *c != 0x7F && !c1) {
			printf("%s%c", blank ? " " : "", *c);
			blank = false;
		} else {
			blank = true;
			c += c1;
		}
	}
}

static void print_line(const char *label, const char *value)
{
	if (!value)
		return;
	printf("  %-16s ", label);
	put_text(value);
	putchar('\n');
}

static void print_time(const char *label, int64_t time_us)
{
	char text[TIME_SIZE];
	if (time_us != TIME_NONE)
		print_line(label, time_format(time_us, text));
}

/* "http://www.w3.org/2001/04/xmlenc#sha256" is sha256 to people; --json has it all. */
static const char *short_name(const char *uri)
{
	const char *fragment = uri ? strchr(uri, '#') : NULL;
	return fragment && fragment[1] ? fragment + 1 : uri;
}

/* Each on its own, or not at all. */
static void print_also(const char *before, const char *text)
{
	if (!text)
		return;
	printf("%s", before);
	put_text(text);
}

static const char *title(const struct inspection *r)
{
	if (r->kind)
		return r->kind;
	if (r->fault_code)
		return "a SOAP fault";
	return r->media_type ? "no AS4 message that can be read" : "no AS4 message";
}

static void print_header(const struct inspection *r)
{
	printf("%s\n", title(r));
	print_line("message id", r->message_id);
	print_line("answers", r->ref_to);
	print_time("made at", r->timestamp_us);
	print_line("from", r->from);
	print_line("to", r->to);
	print_line("original sender", r->original_sender);
	print_line("final recipient", r->final_recipient);
	print_line("service", r->service);
	print_line("action", r->action);
	print_line("agreement", r->agreement);
	print_line("conversation", r->conversation);
	print_line("fault", r->fault_code);
	print_line("  reason", r->fault_reason);
	print_line("media type", r->media_type);
	print_line("taken off", r->taken_off);
	for (size_t i = 0; i < r->errors_count; i++) {
		const struct inspected_error *e = &r->errors[i];
		printf("  %-16s", "says");
		print_also(" ", e->code);
		print_also(" ", e->severity);
		print_also(": ", e->text);
		print_also(" / ", e->detail);
		print_also(", about ", e->ref_to);
		printf("\n");
	}
}

static void print_references(const struct inspection *r)
{
	for (size_t i = 0; i < r->references_count; i++) {
		const struct inspected_reference *s = &r->references[i];
		printf("  %-16s", "  digest of");
		print_also(" ", s->covers ? s->covers : s->uri);
		print_also(": ", s->verdict);
		print_also(", ", short_name(s->algorithm));
		print_also("; ", s->why);
		printf("\n");
		if (!same(s->verdict, INSPECT_REFUSED))
			continue;
		print_line("    stated", s->stated);
		print_line("    computed", s->computed ? s->computed : "nothing: it is not in the message");
	}
}

static void print_signature(const struct inspection *r)
{
	if (!r->signature_value) {
		print_line("signature", r->kind || r->fault_code ? "NONE" : NULL);
		return;
	}
	print_line("signature", short_name(r->signature));
	print_line("algorithms of", r->profiles ? r->profiles : "no profile that is known here");
	printf("  %-16s %s", "  its value", r->signature_value);
	print_also(": ", r->signature_why);
	printf("\n");
	print_references(r);
	if (!r->header_signed)
		print_line("  NOT SIGNED", "Messaging");
	if (!r->body_signed)
		print_line("  NOT SIGNED", "Body");
	print_line("certificate", r->token ? r->token : "not named in a way that is known here");
	print_line("  named by", r->token_names);
	print_line("  subject", r->signer);
	print_line("  issuer", r->issuer);
	print_line("  serial number", r->serial);
	print_line("  key", r->key);
	print_line("  fingerprint", r->fingerprint);
	print_time("  valid from", r->not_before_us);
	print_time("  valid to", r->not_after_us);
}

static void print_parts(const struct inspection *r)
{
	for (size_t i = 0; i < r->parts_count; i++) {
		const struct inspected_part *p = &r->parts[i];
		printf("  part %-11zu", i + 1);
		print_also(" ", p->content_id ? p->content_id : "(no id)");
		print_also(", ", p->mime_type ? p->mime_type : "(no type)");
		printf(", %lld bytes: %s, %s", (long long)p->bytes, p->is_signed ? "signed" : "NOT SIGNED",
		       p->encrypted                ? "encrypted"
		       : same(r->binding, "ebms2") ? "in clear, as ebMS 2 has it (TLS)"
						   : "NOT ENCRYPTED");
		print_also(" by ", short_name(p->encryption));
		printf("%s\n", p->compressed ? ", compressed" : "");
		print_line("  sha-256", p->digest);
	}
	if (!r->encryption)
		return;
	printf("  %-16s", "key encryption");
	print_also(" ", short_name(r->encryption));
	print_also(", digest ", short_name(r->encryption_digest));
	print_also(", ", short_name(r->encryption_mgf));
	print_also(", ", short_name(r->key_wrap));
	printf("\n");
}

static void print_findings_of(const struct inspection *r, const char *stage)
{
	for (size_t k = 0; k < r->findings_count; k++) {
		const struct inspected_finding *f = &r->findings[k];
		if (!same(f->stage, stage))
			continue;
		printf("    %s", f->code);
		print_also(" ", f->text);
		print_also(" (", f->law);
		printf("%s, %s\n", f->law ? ")" : "", f->ebms);
	}
}

static void print_verdicts(const struct inspection *r, bool now)
{
	char at[TIME_SIZE], made[TIME_SIZE];
	printf("\nAs of %s", time_format(r->at_us, at));
	if (now && r->timestamp_us != TIME_NONE)
		printf(", which is now; --at %s is when it was made", time_format(r->timestamp_us, made));
	printf(":\n");
	for (size_t i = 0; i < r->verdicts_count; i++) {
		const struct inspected_verdict *v = &r->verdicts[i];
		printf("  %-12s %s", v->stage, v->verdict);
		print_also(": ", v->why);
		printf("\n");
		print_findings_of(r, v->stage);
	}
	printf("\n%s", r->verdict);
	const char *before = ": ";
	for (size_t i = 0; i < r->verdicts_count; i++) {
		if (same(r->verdict, INSPECT_VERIFIED) || !same(r->verdicts[i].verdict, r->verdict))
			continue;
		print_also(before, r->verdicts[i].stage);
		before = ", ";
	}
	printf("\n");
}

/* --- The command --- */

struct given {
	struct cert *believed[CLI_REPEATS];
	size_t count;
	struct keys *keys;
	struct key_list own;
};

static void given_done(struct given *given)
{
	for (size_t i = 0; i < given->count; i++)
		cert_unref(given->believed[i]);
	keys_free(given->keys);
	key_list_done(&given->own);
}

static enum err_code read_given(struct invocation *in, struct given *given, struct err *err)
{
	const char *file, *key = option_value(in, "--key");
	struct bytes content;
	for (size_t i = 0; (file = option_value_at(in, "--certificate", i)) != NULL; i++) {
		struct err why = { 0 };
		TRY(input_read(in->arena, file, KEY_MAX, &content, err));
		if (cert_parse(content, &given->believed[given->count], &why) != OK)
			return fail(err, ERR_USAGE, "%s: %s", file, why.text);
		given->count++;
	}
	if (!key)
		return OK;
	struct err why = { 0 };
	TRY(input_read(in->arena, key, KEY_MAX, &content, err));
	if (keys_of_pem(content, &given->keys, &given->own, &why) != OK)
		return fail(err, ERR_USAGE, "%s: %s", key, why.text);
	return OK;
}

/* Everything must be verified. Whom to believe is the one thing that the bytes cannot tell: it is left open if nobody
 * was named. */
static bool is_good(const struct inspection *inspection)
{
	for (size_t i = 0; i < inspection->verdicts_count; i++) {
		const struct inspected_verdict *v = &inspection->verdicts[i];
		bool open = same(v->verdict, INSPECT_UNDECIDED) && same(v->stage, "trust");
		if (!open && !same(v->verdict, INSPECT_VERIFIED))
			return false;
	}
	return true;
}

static enum err_code report(struct invocation *in, const struct inspection *inspection, struct err *err)
{
	if (in->json) {
		buf_auto json;
		buf_init(&json, INSPECT_JSON_MAX);
		field_put_json(&json, &inspection_schema, inspection);
		TRY(buf_check(&json, "the report", err));
		printf("%s\n", buf_text(&json));
	} else {
		print_header(inspection);
		print_signature(inspection);
		print_parts(inspection);
		print_verdicts(inspection, !option_value(in, "--at"));
	}
	*err = (struct err){ 0 }; /* all is said; a reason that a stage has left behind is not this command's */
	return is_good(inspection) ? OK : ERR_INVALID;
}

enum err_code run_as4_inspect(struct invocation *in, struct err *err)
{
	const char *at = option_value(in, "--at");
	struct given given = { 0 };
	struct inspection inspection;
	struct inspect_options options = { .profile = option_value(in, "--profile"),
					   .max_payload_bytes = INSPECT_PAYLOAD_MAX,
					   .at_us = clock_now_us(&clock_system) };
	if (at && !time_parse(at, &options.at_us))
		return fail(err, ERR_USAGE, "--at is a time such as 2026-11-02T03:00:00Z, not %s", at);
	if (options.profile && !messaging_profile_known(options.profile))
		return fail(err, ERR_USAGE, "--profile is edelivery-1.15, edelivery-2.0 or ecdsa-p256, not %s",
			    options.profile);
	enum err_code code = input_read(in->arena, in->arguments[0], INSPECT_FILE_MAX, &options.file, err);
	if (code == OK)
		code = read_given(in, &given, err);
	/* Only a message that was judged may be told to be refused: whatever ends it before is a wrong call. */
	if (code != OK && code != ERR_MEMORY)
		code = err->code = ERR_USAGE;
	options.believed = given.believed;
	options.believed_count = given.count;
	options.keys = given.keys;
	options.own = &given.own;
	if (code == OK)
		code = messaging_inspect(in->arena, &options, &inspection, err);
	if (code == OK)
		code = report(in, &inspection, err);
	given_done(&given);
	return code;
}
