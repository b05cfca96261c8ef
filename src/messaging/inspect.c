/* The inspector: every stage of the gateway on the bytes of a file, as far as they allow, each with a verdict of its
 * own. What an operator asks when a partner says "your side is broken". */
#include "base/date.h"
#include "base/text.h"
#include "messaging/messaging_int.h"

struct inspecting {
	struct arena *arena;
	const struct inspect_options *options;
	struct inspection *report;
	struct as4_message message;
	struct findings *findings;
	struct trust *trust;
	struct cert *cert; /* the signer's; NULL */
	bool reached[STAGE_COUNT];
	const char *missing[STAGE_COUNT]; /* what a verdict lacks; NULL */
};

static enum err_code no_memory(struct err *err)
{
	return fail(err, ERR_MEMORY, "no memory to look at the message");
}

static const char *const kinds[] = {
	[AS4_USER_MESSAGE] = "user message",
	[AS4_PULL_REQUEST] = "pull request",
	[AS4_RECEIPT] = "receipt",
	[AS4_ERROR] = "error",
};
static const char *const tokens[] = {
	[TOKEN_NONE] = NULL,
	[TOKEN_BST] = "bst",
	[TOKEN_SKI] = "ski",
	[TOKEN_ISSUER_SERIAL] = "issuer-serial",
};

/* --- The stages --- */

static enum err_code read_message(struct inspecting *i, struct err *err)
{
	struct bytes headers, body;
	mime_split_http(i->options->file, &headers, &body);
	const char *type = mime_header(i->arena, headers, "Content-Type");
	if (!type)
		type = mime_guess_content_type(i->arena, body);
	TRY(as4_read(&i->message, type ? type : "application/soap+xml", body, err));
	i->reached[STAGE_MIME] = true;
	i->reached[STAGE_HEADER] = i->message.doc != NULL;
	if (!i->message.doc)
		return OK;
	TRY(as4_read_security(&i->message, err));
	const struct security_profile *profile = i->options->profile ? profile_find(i->options->profile) : NULL;
	if (i->options->profile && !profile)
		return fail(err, ERR_USAGE, "there is no security profile %s", i->options->profile);
	as4_check_profile(&i->message, profile);
	i->reached[STAGE_PROFILE] = true;
	return OK;
}

/* Each certificate that was given is an authority if it can be one, else it is pinned. With none, the signer's own:
 * then validity, use and strength are judged, and whether it is believed stays open. */
static enum err_code build_trust(struct inspecting *i, struct err *err)
{
	i->trust = trust_new(&(struct trust_policy){ 0 });
	if (!i->trust)
		return no_memory(err);
	for (size_t k = 0; k < i->options->believed_count; k++) {
		struct err why = { 0 };
		if (trust_anchor(i->trust, i->options->believed[k], &why) != OK)
			TRY(trust_pin(i->trust, i->options->believed[k], err));
	}
	return i->options->believed_count ? OK : trust_pin(i->trust, i->cert, err);
}

static enum err_code judge_signer(struct inspecting *i, struct err *err)
{
	struct findings *reasons = findings_new(i->arena);
	if (!reasons)
		return no_memory(err);
	TRY(build_trust(i, err));
	i->reached[STAGE_TRUST] = true;
	if (!i->options->believed_count)
		i->missing[STAGE_TRUST] = "no certificate was given to believe; name one with --certificate";
	cert_judge(i->cert, NULL, 0, CERT_USE_SIGN, i->trust, i->options->at_us, reasons);
	findings_append(i->findings, reasons);
	return OK;
}

static enum err_code verify(struct inspecting *i, struct err *err)
{
	struct as4_message *message = &i->message;
	if (!message->signature)
		return OK;
	TRY(as4_signer(message, i->options->believed, i->options->believed_count, &i->cert, err));
	i->reached[STAGE_SIGNATURE] = true;
	if (!i->cert)
		return OK;
	TRY(as4_verify(message, i->cert, err));
	return judge_signer(i, err);
}

static bool any_sealed(const struct as4_message *message)
{
	for (size_t k = 0; k < message->parts_count; k++)
		if (message->parts[k].sealed)
			return true;
	return false;
}

static bool any_closed(const struct as4_message *message)
{
	for (size_t k = 0; k < message->parts_count; k++)
		if (!message->parts[k].octets.data)
			return true;
	return false;
}

/* Without a key nothing that is sealed can be said; what came in clear is looked at all the same. */
static enum err_code open_parts(struct inspecting *i, struct err *err)
{
	struct as4_message *message = &i->message;
	struct findings *all = message->findings, *aside = findings_new(i->arena);
	static const struct key_list no_keys = { 0 };
	bool closed = any_sealed(message) && !i->options->keys;
	if (!aside)
		return no_memory(err);
	if (closed)
		message->findings = aside;
	enum err_code code = as4_decrypt(message, i->options->keys, i->options->own ? i->options->own : &no_keys, err);
	message->findings = all;
	if (code != OK)
		return code;
	i->reached[STAGE_DECRYPTION] = i->reached[STAGE_EXPANSION] = true;
	if (any_closed(message)) {
		if (closed)
			i->missing[STAGE_DECRYPTION] =
				"the payloads are encrypted; give the key that opens them with --key";
		i->missing[STAGE_EXPANSION] = "payloads stay closed";
		if (i->reached[STAGE_SIGNATURE])
			i->missing[STAGE_SIGNATURE] = "the digests of payloads that stay closed";
	}
	if (message->signature)
		TRY(as4_verify_parts(message, err));
	return as4_expand(message, err);
}

/* --- The report --- */

static enum err_code put_findings(struct inspecting *i, struct err *err)
{
	size_t count = 0;
	struct inspected_finding *items;
	while (findings_at(i->findings, count))
		count++;
	items = arena_array(i->arena, count + 1, sizeof *items);
	if (!items)
		return no_memory(err);
	for (size_t k = 0; k < count; k++) {
		const struct finding *f = findings_at(i->findings, k);
		items[k] = (struct inspected_finding){ .stage = as4_stage_name(as4_rule_stage(f->rule)),
						       .code = f->rule->code,
						       .text = f->text,
						       .law = f->law,
						       .ebms = ebms_error_row(as4_rule_ebms(f->rule))->code };
	}
	i->report->findings = items;
	i->report->findings_count = count;
	return OK;
}

static bool is_refused(const struct inspecting *i, enum as4_stage stage)
{
	for (size_t k = 0; findings_at(i->findings, k); k++)
		if (findings_at(i->findings, k)->rule->severity == SEVERITY_ERROR &&
		    as4_rule_stage(findings_at(i->findings, k)->rule) == stage)
			return true;
	return false;
}

static const char *unreached(const struct inspecting *i, enum as4_stage stage)
{
	if (!i->message.doc)
		return "the envelope cannot be read";
	if (stage == STAGE_SIGNATURE)
		return "there is no signature that could be verified";
	return stage == STAGE_TRUST ? "the signer's certificate is not known" : "the header cannot be read";
}

static enum err_code put_verdicts(struct inspecting *i, struct err *err)
{
	static const enum as4_stage stages[] = { STAGE_MIME,  STAGE_HEADER,     STAGE_PROFILE,  STAGE_SIGNATURE,
						 STAGE_TRUST, STAGE_DECRYPTION, STAGE_EXPANSION };
	struct inspected_verdict *verdicts = arena_array(i->arena, COUNT(stages), sizeof *verdicts);
	bool refused = false, undecided = false;
	if (!verdicts)
		return no_memory(err);
	for (size_t k = 0; k < COUNT(stages); k++) {
		struct inspected_verdict *v = &verdicts[k];
		*v = (struct inspected_verdict){ .stage = as4_stage_name(stages[k]), .verdict = INSPECT_VERIFIED };
		if (is_refused(i, stages[k])) {
			v->verdict = INSPECT_REFUSED;
			refused = true;
		} else if (!i->reached[stages[k]] || i->missing[stages[k]]) {
			v->verdict = INSPECT_UNDECIDED;
			v->why = i->missing[stages[k]] ? i->missing[stages[k]] : unreached(i, stages[k]);
			undecided = true;
		} else if (stages[k] == STAGE_DECRYPTION && !any_sealed(&i->message)) {
			v->why = "nothing is encrypted";
		}
	}
	i->report->verdicts = verdicts;
	i->report->verdicts_count = COUNT(stages);
	i->report->verdict = refused ? INSPECT_REFUSED : undecided ? INSPECT_UNDECIDED : INSPECT_VERIFIED;
	return OK;
}

static bool is_referred_to(const struct as4_message *message, const struct xml_node *node)
{
	for (size_t k = 0; message->signature && k < message->signature->count; k++)
		if (as4_refers_to(message->signature->references[k].uri, node))
			return true;
	return false;
}

static enum err_code put_parts(struct inspecting *i, struct err *err)
{
	struct as4_message *message = &i->message;
	struct inspected_part *parts = arena_array(i->arena, message->parts_count + 1, sizeof *parts);
	if (!parts)
		return no_memory(err);
	for (size_t k = 0; k < message->parts_count; k++) {
		const struct as4_part *part = &message->parts[k];
		char digest[CONTENT_DIGEST_SIZE];
		parts[k] = (struct inspected_part){ .content_id = part->content_id,
						    .mime_type = part->mime_type ? part->mime_type : part->type,
						    .bytes = part->mime ? (int64_t)part->mime->body.size : 0,
						    .encrypted = part->sealed != NULL,
						    .compressed = part->compressed };
		for (size_t r = 0; message->signature && r < message->signature->count; r++)
			if (as4_part_of(message, message->signature->references[r].uri) == part)
				parts[k].is_signed = true;
		if (!part->octets.data)
			continue;
		content_digest(part->octets, digest);
		parts[k].digest = arena_text(i->arena, digest);
	}
	i->report->parts = parts;
	i->report->parts_count = message->parts_count;
	return OK;
}

static void put_user(struct inspecting *i)
{
	const struct ebms_user_message *user = &i->message.user;
	struct inspection *report = i->report;
	if (user->info) {
		report->message_id = user->info->message_id;
		report->ref_to = user->info->ref_to;
		report->timestamp_us = user->info->timestamp_us;
	}
	if (user->parties) {
		report->from = user->parties->from && user->parties->from->id ? user->parties->from->id->value : NULL;
		report->to = user->parties->to && user->parties->to->id ? user->parties->to->id->value : NULL;
	}
	if (user->collaboration) {
		report->service = user->collaboration->service ? user->collaboration->service->value : NULL;
		report->action = user->collaboration->action;
		report->conversation = user->collaboration->conversation;
	}
	report->original_sender = ebms_property(user->properties, "originalSender");
	report->final_recipient = ebms_property(user->properties, "finalRecipient");
}

static enum err_code put_errors(struct inspecting *i, struct err *err)
{
	const struct ebms_signal *signal = &i->message.signal;
	size_t count = i->message.kind == AS4_ERROR ? signal->errors_count : 0;
	struct inspected_error *errors = arena_array(i->arena, count + 1, sizeof *errors);
	if (!errors)
		return no_memory(err);
	for (size_t k = 0; k < count; k++)
		errors[k] = (struct inspected_error){ .code = signal->errors[k].code,
						      .severity = signal->errors[k].severity,
						      .text = signal->errors[k].description_text
								      ? signal->errors[k].description_text
								      : signal->errors[k].short_description,
						      .detail = signal->errors[k].detail,
						      .ref_to = signal->errors[k].ref_to };
	i->report->errors = errors;
	i->report->errors_count = count;
	return OK;
}

static void put_header(struct inspecting *i)
{
	const struct as4_message *message = &i->message;
	struct inspection *report = i->report;
	if (!message->messaging)
		return;
	report->kind = kinds[message->kind];
	if (message->kind == AS4_USER_MESSAGE) {
		put_user(i);
	} else if (message->signal.info) {
		report->message_id = message->signal.info->message_id;
		report->ref_to = message->signal.info->ref_to;
		report->timestamp_us = message->signal.info->timestamp_us;
	}
	report->header_signed = is_referred_to(message, message->messaging);
	report->body_signed = is_referred_to(message, message->body);
	/* The document that these are views of goes before the report. */
	if (message->signature && message->signature->algorithm) {
		report->signature = arena_text(i->arena, message->signature->algorithm);
		report->token = tokens[message->signature->token.kind];
	}
	if (message->encryption && message->encryption->algorithm)
		report->encryption = arena_text(i->arena, message->encryption->algorithm);
}

static enum err_code put_report(struct inspecting *i, struct err *err)
{
	put_header(i);
	if (i->cert) {
		i->report->signer = arena_text(i->arena, cert_subject(i->cert));
		i->report->fingerprint = arena_text(i->arena, cert_fingerprint(i->cert));
		i->report->not_before_us = cert_not_before_us(i->cert);
		i->report->not_after_us = cert_not_after_us(i->cert);
	}
	TRY(put_parts(i, err));
	TRY(put_errors(i, err));
	TRY(put_findings(i, err));
	return put_verdicts(i, err);
}

static enum err_code inspect(struct inspecting *i, struct err *err)
{
	TRY(read_message(i, err));
	if (i->message.doc) {
		TRY(verify(i, err));
		TRY(open_parts(i, err));
	}
	return put_report(i, err);
}

enum err_code messaging_inspect(struct arena *arena, const struct inspect_options *options,
				struct inspection *inspection, struct err *err)
{
	struct as4_limits limits = as4_limits_default;
	struct inspection report = { .timestamp_us = TIME_NONE,
				     .not_before_us = TIME_NONE,
				     .not_after_us = TIME_NONE,
				     .at_us = options->at_us };
	struct inspecting i = {
		.arena = arena, .options = options, .report = &report, .findings = findings_new(arena)
	};
	if (!i.findings)
		return no_memory(err);
	limits.max_payload_bytes = options->max_payload_bytes;
	limits.mime.lenient = true; /* files that tools have saved have other line ends */
	as4_init(&i.message, arena, &limits, i.findings);
	enum err_code code = inspect(&i, err);
	as4_done(&i.message);
	cert_unref(i.cert);
	trust_free(i.trust);
	if (code == OK)
		*inspection = report;
	return code;
}
