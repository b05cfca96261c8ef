/* `lintas as4 inspect`: needs no node. */
#include "base/text.h"
#include "cli/cli_int.h"

enum { INSPECT_FILE_MAX = 64 << 20, INSPECT_PAYLOAD_MAX = 256 << 20, INSPECT_JSON_MAX = 16 << 20, KEY_MAX = 65536 };

/* --- As JSON --- */

enum { TEXT_MAX = 65536, ROWS_MAX = 4096 };
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
	FIELD_FLAG(struct inspected_part, compressed, .json = "compressed", .min = 1),
	INSPECTED_TEXT(inspected_part, digest, "sha256"),
};
static const struct fields part_fields = FIELDS(struct inspected_part, part_rows);

static const struct field error_rows[] = {
	INSPECTED_TEXT(inspected_error, code, "code"),    INSPECTED_TEXT(inspected_error, severity, "severity"),
	INSPECTED_TEXT(inspected_error, text, "text"),    INSPECTED_TEXT(inspected_error, detail, "detail"),
	INSPECTED_TEXT(inspected_error, ref_to, "refTo"),
};
static const struct fields error_fields = FIELDS(struct inspected_error, error_rows);

static const struct field finding_rows[] = {
	INSPECTED_TEXT(inspected_finding, stage, "stage"), INSPECTED_TEXT(inspected_finding, code, "code"),
	INSPECTED_TEXT(inspected_finding, text, "text"),   INSPECTED_TEXT(inspected_finding, law, "law"),
	INSPECTED_TEXT(inspected_finding, ebms, "ebms"),
};
static const struct fields finding_fields = FIELDS(struct inspected_finding, finding_rows);

static const struct field inspection_rows[] = {
	INSPECTED_TEXT(inspection, verdict, "verdict"),
	FIELD_TIME(struct inspection, at_us, .json = "at"),
	INSPECTED_TEXT(inspection, kind, "kind"),
	INSPECTED_TEXT(inspection, message_id, "messageId"),
	INSPECTED_TEXT(inspection, ref_to, "refTo"),
	FIELD_TIME(struct inspection, timestamp_us, .json = "timestamp"),
	INSPECTED_TEXT(inspection, from, "from"),
	INSPECTED_TEXT(inspection, to, "to"),
	INSPECTED_TEXT(inspection, service, "service"),
	INSPECTED_TEXT(inspection, action, "action"),
	INSPECTED_TEXT(inspection, conversation, "conversation"),
	INSPECTED_TEXT(inspection, original_sender, "originalSender"),
	INSPECTED_TEXT(inspection, final_recipient, "finalRecipient"),
	FIELD_FLAG(struct inspection, header_signed, .json = "headerSigned", .min = 1),
	FIELD_FLAG(struct inspection, body_signed, .json = "bodySigned", .min = 1),
	INSPECTED_TEXT(inspection, signature, "signatureAlgorithm"),
	INSPECTED_TEXT(inspection, encryption, "encryptionAlgorithm"),
	INSPECTED_TEXT(inspection, token, "token"),
	INSPECTED_TEXT(inspection, signer, "signer"),
	INSPECTED_TEXT(inspection, fingerprint, "fingerprint"),
	FIELD_TIME(struct inspection, not_before_us, .json = "notBefore"),
	FIELD_TIME(struct inspection, not_after_us, .json = "notAfter"),
	FIELD_LIST(struct inspection, verdicts, verdicts_count, struct inspected_verdict, verdict_fields,
		   .json = "verdicts", .max = ROWS_MAX),
	FIELD_LIST(struct inspection, parts, parts_count, struct inspected_part, part_fields, .json = "parts",
		   .max = ROWS_MAX),
	FIELD_LIST(struct inspection, errors, errors_count, struct inspected_error, error_fields, .json = "errors",
		   .max = ROWS_MAX),
	FIELD_LIST(struct inspection, findings, findings_count, struct inspected_finding, finding_fields,
		   .json = "findings", .max = ROWS_MAX),
};
static const struct fields inspection_fields = FIELDS(struct inspection, inspection_rows);
static const struct schema inspection_schema = {
	.name = "inspection", .root = "inspection", .ns = "", .prefix = "", .fields = &inspection_fields
};

/* --- For people --- */

static void print_line(const char *label, const char *value)
{
	if (value)
		printf("  %-16s %s\n", label, value);
}

static void print_time(const char *label, int64_t time_us)
{
	char text[TIME_SIZE];
	if (time_us != TIME_NONE)
		print_line(label, time_format(time_us, text));
}

static void print_flag(const char *label, bool flag)
{
	print_line(label, flag ? "yes" : "no");
}

static void print_content(const struct inspection *r)
{
	printf("%s\n", r->kind ? r->kind : "not a message that can be read");
	print_line("message id", r->message_id);
	print_line("answers", r->ref_to);
	print_time("made at", r->timestamp_us);
	print_line("from", r->from);
	print_line("to", r->to);
	print_line("original sender", r->original_sender);
	print_line("final recipient", r->final_recipient);
	print_line("service", r->service);
	print_line("action", r->action);
	print_line("conversation", r->conversation);
	print_line("signature", r->signature);
	print_line("encryption", r->encryption);
	print_line("signer", r->signer);
	print_line("fingerprint", r->fingerprint);
	print_time("valid from", r->not_before_us);
	print_time("valid to", r->not_after_us);
	print_flag("header signed", r->header_signed);
	print_flag("body signed", r->body_signed);
	for (size_t i = 0; i < r->parts_count; i++) {
		const struct inspected_part *p = &r->parts[i];
		printf("  part %-11zu %s, %s, %lld bytes: %s, %s%s\n", i + 1, p->content_id ? p->content_id : "(no id)",
		       p->mime_type ? p->mime_type : "(no type)", (long long)p->bytes,
		       p->is_signed ? "signed" : "NOT SIGNED", p->encrypted ? "encrypted" : "NOT ENCRYPTED",
		       p->compressed ? ", compressed" : "");
		print_line("  sha-256", p->digest);
	}
	for (size_t i = 0; i < r->errors_count; i++) {
		const struct inspected_error *e = &r->errors[i];
		printf("  says          %s %s: %s%s%s\n", e->code ? e->code : "", e->severity ? e->severity : "",
		       e->text ? e->text : "", e->detail ? " / " : "", e->detail ? e->detail : "");
	}
}

static void print_verdicts(const struct inspection *r)
{
	char at[TIME_SIZE];
	printf("\nAs of %s:\n", time_format(r->at_us, at));
	for (size_t i = 0; i < r->verdicts_count; i++) {
		const struct inspected_verdict *v = &r->verdicts[i];
		printf("  %-12s %-10s %s%s%s\n", v->stage, v->verdict, v->why ? "(" : "", v->why ? v->why : "",
		       v->why ? ")" : "");
		for (size_t k = 0; k < r->findings_count; k++) {
			const struct inspected_finding *f = &r->findings[k];
			if (same(f->stage, v->stage))
				printf("    %s %s%s%s%s, answered with %s\n", f->code, f->text, f->law ? " (" : "",
				       f->law ? f->law : "", f->law ? ")" : "", f->ebms);
		}
	}
	printf("\n%s\n", r->verdict);
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

static enum err_code report(struct invocation *in, const struct inspection *inspection, struct err *err)
{
	if (in->json) {
		buf_auto json;
		buf_init(&json, INSPECT_JSON_MAX);
		field_put_json(&json, &inspection_schema, inspection);
		TRY(buf_check(&json, "the report", err));
		printf("%s\n", buf_text(&json));
	} else {
		print_content(inspection);
		print_verdicts(inspection);
	}
	return same(inspection->verdict, INSPECT_REFUSED) ? ERR_INVALID : OK;
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
	TRY(input_read(in->arena, in->arguments[0], INSPECT_FILE_MAX, &options.file, err));
	enum err_code code = read_given(in, &given, err);
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
