/* The inspector: every stage of the gateway on the bytes of a file, as far as they allow, each with a verdict of its
 * own. What an operator asks when a partner says "your side is broken". */
#include "base/text.h"
#include "messaging/binding_int.h"
#include "messaging/inspect_int.h"
#include "messaging/uris_int.h"

static enum err_code no_memory(struct err *err)
{
	return fail(err, ERR_MEMORY, "no memory to look at the message");
}

const struct finding *inspect_finding(const struct inspecting *i, size_t index)
{
	size_t own = findings_count(i->findings) < FINDINGS_MAX ? findings_count(i->findings) : FINDINGS_MAX;
	if (index < own)
		return findings_at(i->findings, index);
	return index - own < i->chosen_count ? i->chosen[index - own] : NULL;
}

/* WANTED NULL: all of them. */
static enum err_code keep(struct inspecting *i, const struct findings *from, bool (*wanted)(const struct rule *rule),
			  struct err *err)
{
	if (!wanted) {
		findings_append(i->findings, from);
		return OK;
	}
	if (!i->chosen)
		i->chosen = arena_array(i->arena, FINDINGS_MAX, sizeof(const struct finding *));
	if (!i->chosen)
		return no_memory(err);
	for (size_t k = 0; findings_at(from, k) && i->chosen_count < FINDINGS_MAX; k++)
		if (wanted(findings_at(from, k)->rule))
			i->chosen[i->chosen_count++] = findings_at(from, k);
	return OK;
}

/* --- Reading --- */

static bool after_mime(const struct rule *rule)
{
	return ebms_rule_stage(rule) != STAGE_MIME;
}

/* What a lone envelope can be blamed for. */
static bool of_header(const struct rule *rule)
{
	return ebms_rule_stage(rule) == STAGE_HEADER;
}

static bool of_security(const struct rule *rule)
{
	return rule == ebms_rule(RULE_UNSIGNED) || rule == ebms_rule(RULE_ALGORITHM);
}

static enum err_code read_as(struct inspecting *i, const char *type, struct bytes body,
			     bool (*wanted)(const struct rule *rule), struct err *err)
{
	struct findings *aside = findings_new(i->arena);
	if (!aside)
		return no_memory(err);
	ebms_done(&i->message);
	ebms_init(&i->message, i->arena, &i->limits, aside);
	TRY(ebms_read(&i->message, type, body, err));
	i->message.findings = i->findings;
	return i->message.doc ? keep(i, aside, wanted, err) : OK;
}

/* The package is refused. What it would be under another media type, or else its envelope alone, still tells whose
 * message this is, and whether the signature is right. */
static enum err_code read_what_is_left(struct inspecting *i, struct err *err)
{
	const char *guessed = mime_guess_content_type(i->arena, i->file.body);
	if (guessed)
		TRY(read_as(i, guessed, i->file.body, after_mime, err));
	struct bytes envelope = inspect_envelope(i->file.body);
	if (i->message.doc || !envelope.size)
		return OK;
	i->parts_lost = guessed != NULL;
	return read_as(i, MIME_SOAP12, envelope, i->parts_lost ? of_header : after_mime, err);
}

/* A certificate or a web page: what the parsers say of it would lead astray. */
static void refuse_file(struct inspecting *i)
{
	enum { SHOWN_MAX = 40 };
	struct bytes body = i->file.body;
	size_t shown = 0;
	while (shown < body.size && shown < SHOWN_MAX && body.data[shown] >= ' ' && body.data[shown] < 0x7F)
		shown++;
	const char *begin = shown       ? arena_printf(i->arena, "; it begins with \"%.*s\"", (int)shown, body.data)
			    : body.size ? ""
					: "; it is empty";
	finding_add(i->findings, ebms_rule(RULE_MIME), "",
		    arena_printf(i->arena, "the file holds neither a MIME package nor a SOAP envelope%s",
				 begin ? begin : ""),
		    NULL);
}

static enum err_code read_message(struct inspecting *i, struct err *err)
{
	TRY(inspect_file_open(i->arena, i->options->file, i->options->max_payload_bytes, &i->file, err));
	if (!i->file.is_message) {
		refuse_file(i);
		return OK;
	}
	TRY(ebms_read(&i->message, i->file.content_type, i->file.body, err));
	i->reached[STAGE_MIME] = true;
	const struct finding *first = findings_at(i->findings, 0);
	if (!i->message.doc && first && ebms_rule_stage(first->rule) == STAGE_MIME)
		TRY(read_what_is_left(i, err));
	i->reached[STAGE_HEADER] = i->message.doc != NULL;
	return OK;
}

/* --- The profile --- */

static bool algorithms_fit(const struct findings *findings)
{
	for (size_t k = 0; findings_at(findings, k); k++)
		if (findings_at(findings, k)->rule == ebms_rule(RULE_ALGORITHM))
			return false;
	return findings_count(findings) <= FINDINGS_MAX;
}

/* Names the profiles whose algorithms these are. */
static enum err_code find_profiles(struct inspecting *i, struct err *err)
{
	struct ebms_message *message = &i->message;
	const struct security_profile *profile;
	for (size_t k = 0; message->signature && (profile = profile_at(k)); k++) {
		if (profile->binding != message->binding)
			continue;
		struct findings *aside = findings_new(i->arena);
		if (!aside)
			return no_memory(err);
		message->findings = aside;
		ebms_check_profile(message, profile);
		message->findings = i->findings;
		const char *before = i->report->profiles;
		if (algorithms_fit(aside))
			i->report->profiles =
				before ? arena_printf(i->arena, "%s, %s", before, profile->name) : profile->name;
	}
	return OK;
}

static enum err_code judge_profile(struct inspecting *i, struct err *err)
{
	struct ebms_message *message = &i->message;
	struct findings *aside = findings_new(i->arena);
	const struct security_profile *profile = i->options->profile ? profile_find(i->options->profile) : NULL;
	if (i->options->profile && !profile)
		return fail(err, ERR_USAGE, "there is no security profile %s", i->options->profile);
	if (!aside)
		return no_memory(err);
	message->findings = aside;
	enum err_code code = ebms_read_security(message, err);
	if (code == OK)
		ebms_check_profile(message, profile);
	message->findings = i->findings;
	if (code != OK)
		return code;
	TRY(keep(i, aside, i->parts_lost ? of_security : NULL, err));
	i->reached[STAGE_PROFILE] = true;
	if (i->parts_lost)
		i->missing[STAGE_PROFILE] = "the parts of a broken package cannot be told apart";
	TRY(find_profiles(i, err));
	if (!profile && !i->report->profiles && !i->missing[STAGE_PROFILE])
		i->missing[STAGE_PROFILE] = "together its algorithms are those of no profile that is known here; "
					    "--profile with the agreed one says which of them is not";
	return OK;
}

/* --- The signature --- */

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

/* A message that only names its certificate is not at fault if nobody handed that certificate to us. */
static enum err_code find_signer(struct inspecting *i, struct err *err)
{
	const struct inspect_options *options = i->options;
	const struct ebms_token *token = &i->message.signature->token;
	struct findings *aside = findings_new(i->arena);
	if (!aside)
		return no_memory(err);
	if (token->kind == TOKEN_NONE && options->believed_count == 1) {
		i->cert = cert_ref(options->believed[0]);
		return OK;
	}
	i->message.findings = aside;
	enum err_code code = ebms_signer(&i->message, options->believed, options->believed_count, &i->cert, err);
	i->message.findings = i->findings;
	if (code != OK || i->cert)
		return code;
	if (token->kind == TOKEN_BST || options->believed_count)
		findings_append(i->findings, aside);
	i->missing[STAGE_SIGNATURE] = "the signer's certificate is not in the message; give it with --certificate";
	return OK;
}

/* Why the value cannot be verified at all; NULL if it can. */
static const char *unverifiable(const struct inspecting *i)
{
	const struct ebms_signature *signature = i->message.signature;
	if (!signature->alg_known)
		return arena_printf(i->arena, "signatures by %s are not verified here",
				    signature->algorithm ? signature->algorithm : "no algorithm");
	if (!ebms_c14n_fits(&i->message))
		return arena_printf(i->arena, "the canonical form %s is not computed here",
				    signature->c14n ? signature->c14n : "(none)");
	if (cert_key_kind(i->cert) == KEY_KIND_OTHER)
		return "the certificate's key is of a kind that is not used here";
	return NULL;
}

static enum err_code verify(struct inspecting *i, struct err *err)
{
	bool good;
	if (!i->message.signature)
		return OK;
	i->reached[STAGE_SIGNATURE] = true;
	i->report->signature_value = INSPECT_UNDECIDED;
	TRY(find_signer(i, err));
	if (i->cert)
		i->missing[STAGE_SIGNATURE] = unverifiable(i);
	i->report->signature_why = i->missing[STAGE_SIGNATURE];
	if (!i->cert)
		return OK;
	if (!i->missing[STAGE_SIGNATURE]) {
		TRY(ebms_verify_value(&i->message, i->cert, &good, err));
		i->report->signature_value = good ? INSPECT_VERIFIED : INSPECT_REFUSED;
	}
	return judge_signer(i, err);
}

/* --- The payloads --- */

static bool any_closed(const struct ebms_message *message)
{
	for (size_t k = 0; k < message->parts_count; k++)
		if (!message->parts[k].octets.data)
			return true;
	return false;
}

/* Without a key nothing that is sealed can be said; what came in clear is looked at all the same. */
static enum err_code open_parts(struct inspecting *i, struct err *err)
{
	struct ebms_message *message = &i->message;
	struct findings *aside = findings_new(i->arena);
	static const struct key_list no_keys = { 0 };
	bool closed = message->encryption && !i->options->keys;
	if (!aside)
		return no_memory(err);
	if (closed)
		message->findings = aside;
	enum err_code code = ebms_decrypt(message, i->options->keys, i->options->own ? i->options->own : &no_keys, err);
	message->findings = i->findings;
	if (code != OK)
		return code;
	i->reached[STAGE_DECRYPTION] = message->unit_read || message->encryption;
	i->reached[STAGE_EXPANSION] = message->unit_read; /* what is compressed stands in the header */
	if (closed)
		i->missing[STAGE_DECRYPTION] = "the payloads are encrypted; give the key that opens them with --key";
	if (message->encryption && message->parts_count == 0)
		i->missing[STAGE_DECRYPTION] = "the encrypted parts are not in this file";
	if (any_closed(message) || i->missing[STAGE_DECRYPTION])
		i->missing[STAGE_EXPANSION] = "payloads stay closed";
	if (i->parts_lost)
		i->missing[STAGE_EXPANSION] = i->missing[STAGE_PROFILE];
	return ebms_expand(message, err);
}

static enum err_code inspect(struct inspecting *i, struct err *err)
{
	TRY(read_message(i, err));
	if (i->message.doc) {
		TRY(judge_profile(i, err));
		TRY(verify(i, err));
		TRY(open_parts(i, err));
		TRY(inspect_references(i, err));
	}
	return inspect_report(i, err);
}

enum err_code messaging_inspect(struct arena *arena, const struct inspect_options *options,
				struct inspection *inspection, struct err *err)
{
	struct inspection report = { .timestamp_us = TIME_NONE,
				     .not_before_us = TIME_NONE,
				     .not_after_us = TIME_NONE,
				     .at_us = options->at_us };
	struct inspecting i = { .arena = arena,
				.options = options,
				.report = &report,
				.limits = ebms_limits_default,
				.findings = findings_new(arena) };
	if (!i.findings)
		return no_memory(err);
	i.limits.max_payload_bytes = options->max_payload_bytes;
	i.limits.mime.lenient = true; /* files that tools have saved have other line ends */
	ebms_init(&i.message, arena, &i.limits, i.findings);
	enum err_code code = inspect(&i, err);
	ebms_done(&i.message);
	cert_unref(i.cert);
	trust_free(i.trust);
	if (code == OK)
		*inspection = report;
	return code;
}
