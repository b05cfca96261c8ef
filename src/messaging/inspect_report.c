/* What the inspector says: rows and texts, all in the arena. */
#include "base/text.h"
#include "messaging/binding_int.h"
#include "messaging/grammar_int.h"
#include "messaging/inspect_int.h"
#include "messaging/uris_int.h"

static enum err_code no_memory(struct err *err)
{
	return fail(err, ERR_MEMORY, "no memory to say what the message is");
}

/* The document that names and values are views of goes before the report. Out of memory shows as an absent value in
 * the first place that has no other way to say it, and as ERR_MEMORY in the next one that has. */
static const char *kept(const struct inspecting *i, const char *text)
{
	return text ? arena_text(i->arena, text) : NULL;
}

static const char *hex(struct inspecting *i, struct bytes octets)
{
	buf_auto text;
	buf_init(&text, octets.size * 2 + 1);
	hex_put(&text, octets);
	return kept(i, buf_text(&text));
}

/* --- The references of the signature --- */

static const char *covers(struct inspecting *i, const struct ebms_reference *reference)
{
	const struct ebms_part *part = ebms_part_of(&i->message, reference->uri);
	const struct xml_node *element = ebms_element_of(&i->message, reference->uri);
	if (part)
		return arena_printf(i->arena, "part %zu", (size_t)(part - i->message.parts) + 1);
	if (!element && i->message.binding->covers(&i->message, reference->uri) == 0)
		return i->message.binding->wholes[0];
	return element ? kept(i, xml_name(element)) : NULL;
}

/* Why its digest says nothing; NULL if it can be compared. What is nowhere in the message has no digest that could be
 * right. */
static const char *incomparable(struct inspecting *i, const struct ebms_reference *reference)
{
	const struct ebms_part *part = ebms_part_of(&i->message, reference->uri);
	bool attachment = reference->uri && starts_with(reference->uri, "cid:");
	if (!reference->digest_known)
		return arena_printf(i->arena, "digests by %s are not computed here",
				    reference->digest_name ? reference->digest_name : "no algorithm");
	if (attachment && !part)
		return "the part is not in this file";
	if (part && !part->octets.data)
		return "the payload stays closed";
	if (!i->message.binding->transforms_fit(reference))
		return reference->transform
			       ? arena_printf(i->arena, "transform %s is not computed here", reference->transform)
			       : "not exactly one transform";
	return NULL;
}

static enum err_code compare(struct inspecting *i, const struct ebms_reference *reference,
			     struct inspected_reference *row, struct err *err)
{
	uint8_t digest[DIGEST_MAX];
	bool computed = false;
	*row = (struct inspected_reference){ .uri = kept(i, reference->uri),
					     .covers = covers(i, reference),
					     .algorithm = kept(i, reference->digest_name),
					     .stated = hex(i, reference->value),
					     .verdict = INSPECT_UNDECIDED,
					     .why = incomparable(i, reference) };
	if (row->why) {
		if (!i->missing[STAGE_SIGNATURE])
			i->missing[STAGE_SIGNATURE] = arena_printf(i->arena, "the digest of %s: %s",
								   row->covers ? row->covers : row->uri, row->why);
		return OK;
	}
	if (row->covers)
		TRY(ebms_reference_digest(&i->message, reference, digest, &computed, err));
	if (computed)
		row->computed = hex(i, bytes(digest, digest_size(reference->digest)));
	row->verdict = computed && same(row->computed, row->stated) ? INSPECT_VERIFIED : INSPECT_REFUSED;
	if (!same(row->verdict, INSPECT_VERIFIED))
		finding_add(i->findings, ebms_rule(RULE_DIGEST), "", row->covers ? row->covers : row->uri, NULL);
	return OK;
}

enum err_code inspect_references(struct inspecting *i, struct err *err)
{
	const struct ebms_signature *signature = i->message.signature;
	size_t count = signature ? signature->count : 0;
	struct inspected_reference *rows = arena_array(i->arena, count + 1, sizeof *rows);
	if (!rows)
		return no_memory(err);
	for (size_t k = 0; k < count; k++)
		TRY(compare(i, &signature->references[k], &rows[k], err));
	i->report->references = rows;
	i->report->references_count = count;
	return OK;
}

/* --- Findings and verdicts --- */

static enum err_code put_findings(struct inspecting *i, struct err *err)
{
	size_t count = 0;
	while (inspect_finding(i, count))
		count++;
	struct inspected_finding *items = arena_array(i->arena, count + 1, sizeof *items);
	bool lost =
		findings_count(i->findings) <= FINDINGS_MAX && count < findings_count(i->findings) + i->chosen_count;
	if (!items || lost)
		return no_memory(err);
	for (size_t k = 0; k < count; k++) {
		const struct finding *f = inspect_finding(i, k);
		items[k] = (struct inspected_finding){ .stage = ebms_stage_name(ebms_rule_stage(f->rule)),
						       .code = f->rule->code,
						       .text = f->text,
						       .law = f->law,
						       .ebms = ebms_error_row(ebms_rule_ebms(f->rule))->code };
	}
	i->report->findings = items;
	i->report->findings_count = count;
	return OK;
}

static bool is_refused(const struct inspecting *i, enum ebms_stage stage)
{
	for (size_t k = 0; inspect_finding(i, k); k++)
		if (inspect_finding(i, k)->rule->severity == SEVERITY_ERROR &&
		    ebms_rule_stage(inspect_finding(i, k)->rule) == stage)
			return true;
	return false;
}

static const char *unreached(const struct inspecting *i, enum ebms_stage stage)
{
	if (!i->file.is_message)
		return "not reached: there is no message";
	if (!i->message.doc)
		return "not reached: the envelope cannot be read";
	if (stage == STAGE_SIGNATURE)
		return "not reached: there is no signature";
	return stage == STAGE_TRUST ? "not reached: the signer's certificate is not known"
				    : "not reached: the header cannot be read";
}

static enum err_code put_verdicts(struct inspecting *i, struct err *err)
{
	static const enum ebms_stage stages[] = { STAGE_MIME,  STAGE_HEADER,     STAGE_PROFILE,  STAGE_SIGNATURE,
						  STAGE_TRUST, STAGE_DECRYPTION, STAGE_EXPANSION };
	struct inspected_verdict *verdicts = arena_array(i->arena, COUNT(stages), sizeof *verdicts);
	bool refused = false, undecided = false;
	if (!verdicts)
		return no_memory(err);
	for (size_t k = 0; k < COUNT(stages); k++) {
		struct inspected_verdict *v = &verdicts[k];
		*v = (struct inspected_verdict){ .stage = ebms_stage_name(stages[k]), .verdict = INSPECT_VERIFIED };
		if (is_refused(i, stages[k])) {
			v->verdict = INSPECT_REFUSED;
			refused = true;
		} else if (!i->reached[stages[k]] || i->missing[stages[k]]) {
			v->verdict = INSPECT_UNDECIDED;
			v->why = i->missing[stages[k]] ? i->missing[stages[k]] : unreached(i, stages[k]);
			undecided = true;
		} else if (stages[k] == STAGE_DECRYPTION && !i->message.encryption) {
			v->why = "nothing is encrypted";
		}
	}
	i->report->verdicts = verdicts;
	i->report->verdicts_count = COUNT(stages);
	i->report->verdict = refused ? INSPECT_REFUSED : undecided ? INSPECT_UNDECIDED : INSPECT_VERIFIED;
	return OK;
}

/* --- The content --- */

static bool is_covered(const struct ebms_message *message, int whole)
{
	for (size_t k = 0; message->signature && k < message->signature->count; k++)
		if (message->binding->covers(message, message->signature->references[k].uri) == whole)
			return true;
	return false;
}

static enum err_code put_parts(struct inspecting *i, struct err *err)
{
	struct ebms_message *message = &i->message;
	struct inspected_part *parts = arena_array(i->arena, message->parts_count + 1, sizeof *parts);
	if (!parts)
		return no_memory(err);
	for (size_t k = 0; k < message->parts_count; k++) {
		const struct ebms_part *part = &message->parts[k];
		parts[k] =
			(struct inspected_part){ .content_id = kept(i, part->content_id),
						 .mime_type = kept(i, part->mime_type ? part->mime_type : part->type),
						 .encryption = part->sealed ? kept(i, part->sealed->algorithm) : NULL,
						 .bytes = part->mime ? (int64_t)part->mime->body.size : 0,
						 .encrypted = part->sealed != NULL,
						 .compressed = part->compressed };
		for (size_t r = 0; message->signature && r < message->signature->count; r++)
			if (ebms_part_of(message, message->signature->references[r].uri) == part)
				parts[k].is_signed = true;
		char digest[CONTENT_DIGEST_SIZE];
		if (!part->octets.data)
			continue;
		content_digest(part->octets, digest);
		parts[k].digest = kept(i, digest);
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
		report->agreement = user->collaboration->agreement ? user->collaboration->agreement->value : NULL;
	}
	report->original_sender = ebms_property(user->properties, "originalSender");
	report->final_recipient = ebms_property(user->properties, "finalRecipient");
}

static enum err_code put_errors(struct inspecting *i, struct err *err)
{
	const struct ebms_signal *signal = &i->message.signal;
	size_t count = i->message.kind == KIND_ERROR ? signal->errors_count : 0;
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
	static const char *const kinds[] = { [KIND_USER_MESSAGE] = "user message",
					     [KIND_PULL_REQUEST] = "pull request",
					     [KIND_RECEIPT] = "receipt",
					     [KIND_ERROR] = "error",
					     [KIND_PING] = "ping",
					     [KIND_PONG] = "pong",
					     [KIND_STATUS_REQUEST] = "status request",
					     [KIND_STATUS_RESPONSE] = "status response" };
	const struct ebms_message *message = &i->message;
	struct inspection *report = i->report;
	report->binding = message->binding ? message->binding->name : NULL;
	if (!message->unit_read)
		return;
	report->kind = kinds[message->kind];
	if (message->kind == KIND_USER_MESSAGE || message->ebms2)
		put_user(i);
	if (message->kind == KIND_USER_MESSAGE || !message->signal.info)
		return;
	report->message_id = message->signal.info->message_id;
	report->ref_to = message->signal.info->ref_to;
	report->timestamp_us = message->signal.info->timestamp_us;
}

/* SOAP 1.2 part 1 §5.4, SOAP 1.1 §4.4: a peer that could not even read us says so without ebMS. */
static void put_fault(struct inspecting *i)
{
	const struct xml_node *fault = grammar_child(i->message.body, "env:Fault");
	const struct xml_node *code = grammar_child(grammar_child(fault, "env:Code"), "env:Value");
	const struct xml_node *reason = grammar_child(grammar_child(fault, "env:Reason"), "env:Text");
	const struct xml_node *old = i->message.fault;
	for (const struct xml_node *n = old ? xml_first(old) : NULL; n; n = xml_next(n)) {
		code = same(xml_name(n), "faultcode") ? n : code;
		reason = same(xml_name(n), "faultstring") ? n : reason;
	}
	if (code)
		i->report->fault_code = xml_token(i->arena, code);
	if (reason)
		i->report->fault_reason = xml_token(i->arena, reason);
}

static void put_token(struct inspecting *i, const struct ebms_token *token)
{
	static const char *const tokens[] = { [TOKEN_BST] = "bst",
					      [TOKEN_SKI] = "ski",
					      [TOKEN_ISSUER_SERIAL] = "issuer-serial",
					      [TOKEN_THUMBPRINT] = "thumbprint",
					      [TOKEN_NONE] = NULL };
	i->report->token = tokens[token->kind];
	if (token->kind == TOKEN_SKI || token->kind == TOKEN_THUMBPRINT)
		i->report->token_names = hex(i, token->data);
	if (token->kind == TOKEN_ISSUER_SERIAL)
		i->report->token_names =
			arena_printf(i->arena, "%s, serial number %s", token->issuer ? token->issuer : "",
				     token->serial ? token->serial : "");
}

static void put_security(struct inspecting *i)
{
	const struct ebms_message *message = &i->message;
	const struct ebms_encryption *encryption = message->encryption;
	struct inspection *report = i->report;
	report->header_signed = message->messaging && is_covered(message, 0);
	/* ebMS 2 has one whole, the envelope with its body. */
	report->body_signed = message->body && is_covered(message, message->binding->wholes[1] ? 1 : 0);
	if (message->signature) {
		report->signature = kept(i, message->signature->algorithm);
		put_token(i, &message->signature->token);
	}
	if (!encryption)
		return;
	report->encryption = kept(i, encryption->algorithm);
	if (encryption->wrap_known && encryption->wrapped.alg == WRAP_RSA_OAEP) {
		report->encryption_digest = digest_uri(encryption->wrapped.digest);
		report->encryption_mgf = mgf_uri(encryption->wrapped.mgf);
	} else if (encryption->wrap_known) {
		report->key_wrap = key_wrap_uri(encryption->wrapped.kek_bytes);
	}
}

static void put_certificate(struct inspecting *i)
{
	static const char *const keys[] = { [KEY_KIND_RSA] = "RSA",
					    [KEY_KIND_P256] = "P-256",
					    [KEY_KIND_ED25519] = "Ed25519",
					    [KEY_KIND_X25519] = "X25519",
					    [KEY_KIND_OTHER] = "another kind" };
	struct inspection *report = i->report;
	enum key_kind kind = cert_key_kind(i->cert);
	report->signer = kept(i, cert_subject(i->cert));
	report->issuer = kept(i, cert_issuer(i->cert));
	report->serial = kept(i, cert_serial(i->cert));
	report->key =
		kind == KEY_KIND_RSA ? arena_printf(i->arena, "%s %u", keys[kind], cert_key_bits(i->cert)) : keys[kind];
	report->fingerprint = kept(i, cert_fingerprint(i->cert));
	report->not_before_us = cert_not_before_us(i->cert);
	report->not_after_us = cert_not_after_us(i->cert);
}

enum err_code inspect_report(struct inspecting *i, struct err *err)
{
	i->report->taken_off = i->file.taken_off;
	i->report->media_type = i->file.is_message ? i->file.content_type : NULL;
	put_header(i);
	put_security(i);
	if (i->message.body)
		put_fault(i);
	if (i->cert)
		put_certificate(i);
	TRY(put_parts(i, err));
	TRY(put_errors(i, err));
	TRY(put_findings(i, err));
	return put_verdicts(i, err);
}
