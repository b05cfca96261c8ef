/* What went over the wire, taken apart for those who have openssl alone: signed octets, signature, certificates. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "codec/mime.h"
#include "codec/xml.h"
#include "messaging/ebms2_int.h"
#include "messaging/evidence_int.h"
#include "messaging/uris_int.h"

enum { NAME_ARENA = 256 << 20, PEM_LINE = 64 /* RFC 7468 §2 */, PEM_MAX = 64 << 20, CANONICAL_MAX = 4 << 20 };

/* How verify.sh and openssl call them; xmlsec1 1.2 knows no Ed25519. */
static const struct signature_row {
	const char *name;
	bool xmlsec;
} signature_rows[] = {
	[SIG_RSA_SHA256] = { "rsa-sha256", true }, [SIG_RSA_SHA384] = { "rsa-sha384", true },
	[SIG_RSA_SHA512] = { "rsa-sha512", true }, [SIG_ECDSA_P256_SHA256] = { "ecdsa-sha256", true },
	[SIG_ED25519] = { "ed25519", false },      [SIG_RSA_SHA1] = { "rsa-sha1", true },
};
static const char *const digest_names[] = {
	[DIGEST_SHA256] = "sha256",
	[DIGEST_SHA384] = "sha384",
	[DIGEST_SHA512] = "sha512",
	[DIGEST_SHA1] = "sha1",
};

/* --- Reading --- */

static void give_octets(struct ebms_part *part, const struct message_parts *stored)
{
	for (size_t i = 0; i < stored->count && !part->octets.data; i++)
		if (same(part->content_id, stored->items[i].content_id) &&
		    part->compressed == stored->items[i].compressed)
			part->octets = stored->items[i].octets;
}

/* SHA-1 is taken by a profile that has it, and never without one. NULL: any other that we know. */
static const struct security_profile *profile_of(const struct ebms_message *message)
{
	bool weak = message->signature && message->signature->alg_known && message->signature->alg == SIG_RSA_SHA1;
	const struct security_profile *profile = NULL;
	for (size_t i = 0; weak && (profile = profile_at(i)) && profile->signature != SIG_RSA_SHA1;)
		i++;
	return profile;
}

/* An answer that we could not believe is kept as well: nothing of it is shown as if it proved something. */
static enum err_code judge_wire(struct evidence_wire *wire, const struct bundle *bundle, struct err *err)
{
	struct ebms_message *message = &wire->message;
	TRY(ebms_read(message, wire->wire->content_type, wire->wire->octets, err));
	if (!findings_errors(message->findings))
		TRY(ebms_read_security(message, err));
	if (!findings_errors(message->findings))
		ebms_check_profile(message, profile_of(message));
	if (findings_errors(message->findings))
		return OK;
	wire->bare = !message->signature && !wire->basis.count && ebms2_may_be_unsigned(message, false);
	if (!message->signature)
		return OK;
	/* A partner's ciphertext is not opened again: what came out of it is stored, and the signature is over that. */
	for (size_t i = 0; i < message->parts_count; i++) {
		give_octets(&message->parts[i], &bundle->parts);
		give_octets(&message->parts[i], &bundle->before);
	}
	wire->algorithm = signature_rows[message->signature->alg].name;
	wire->xmlsec =
		message->parts_count == 0 && message->mime.count == 1 && signature_rows[message->signature->alg].xmlsec;
	if (!wire->signer)
		return OK;
	TRY(ebms_verify(message, wire->signer, err));
	TRY(ebms_verify_parts(message, err));
	wire->proved = findings_errors(message->findings) == 0;
	return OK;
}

static enum err_code read_signer(struct evidence_wire *wire, struct err *err)
{
	struct err why = { 0 };
	if (!wire->basis.count || !same(wire->basis.items[0].kind, "certificate"))
		return OK;
	enum err_code code = cert_parse(wire->basis.items[0].der, &wire->signer, &why);
	if (code == ERR_MEMORY)
		*err = why;
	return code == ERR_MEMORY ? code : OK;
}

/* Of the lists that there were, the one that was made last counts; one that was overdue was used within the grace of
 * our policy, or what it speaks of would not have been believed. */
static void read_lists(struct evidence_wire *wire, struct arena *arena)
{
	struct crl_info last = { .this_update_us = TIME_NONE }, info;
	struct err why = { 0 };
	wire->overdue_since_us = TIME_NONE;
	for (size_t i = 0; i < wire->basis.count; i++) {
		const struct credential *c = &wire->basis.items[i];
		if (!same(c->kind, "crl") || crl_read(arena, c->der, &info, &why) != OK ||
		    info.this_update_us > wire->wire->at_us || info.this_update_us < last.this_update_us ||
		    (info.this_update_us == last.this_update_us && info.next_update_us < last.next_update_us))
			continue;
		last = info;
	}
	if (last.this_update_us != TIME_NONE && last.next_update_us < wire->wire->at_us)
		wire->overdue_since_us = last.next_update_us;
}

/* A Pong answers a Ping; an acknowledgment that is not signed repeats nothing, and none may be unsigned of which that
 * was not asked. */
static bool does_answer(const struct bundle *bundle, const struct evidence_wire *receipt,
			const struct evidence_wire *version)
{
	struct ebms_message signal = receipt->message;
	const struct ebms_message *message = &version->message;
	const char *id = bundle->message.message_id;
	if (wire_is_pong(receipt))
		return message->kind == KIND_PING && same(signal.signal.info->ref_to, id);
	if (receipt->bare && ebms_sent_as(message).ack_signed)
		return false;
	ebms_check_receipt(&signal, id, message->signature->references, receipt->bare ? 0 : message->signature->count);
	return findings_errors(signal.findings) == 0;
}

/* The version that the wire at INDEX, a receipt, speaks of: the last one before it that fits. */
static enum err_code find_answered(struct bundle *bundle, size_t index, struct err *err)
{
	struct evidence_wire *receipt = &bundle->wires[index];
	while (index-- > 0 && !receipt->answers) {
		const struct evidence_wire *version = &bundle->wires[index];
		if (!wire_is_message(version->wire) || !version->proved)
			continue;
		receipt->message.findings = findings_new(bundle->arena);
		if (!receipt->message.findings)
			return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
		if (does_answer(bundle, receipt, version))
			receipt->answers = version;
	}
	if (!receipt->answers)
		receipt->bare = false;
	return OK;
}

enum err_code evidence_read_wires(struct bundle *bundle, struct err *err)
{
	for (size_t i = 0; i < bundle->stored.count; i++) {
		struct evidence_wire *wire = &bundle->wires[bundle->wires_count++];
		struct findings *findings = findings_new(bundle->arena);
		wire->folder = arena_printf(bundle->arena, "%zu-%s", i + 1, wire_kind_name(wire->wire->kind));
		if (!findings || !wire->folder)
			return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
		ebms_init(&wire->message, bundle->arena, &bundle->limits, findings);
		TRY(read_signer(wire, err));
		read_lists(wire, bundle->arena);
		TRY(judge_wire(wire, bundle, err));
		bool answer = wire->message.kind == KIND_RECEIPT || wire_is_pong(wire);
		if (answer && (wire->proved || wire->bare))
			TRY(find_answered(bundle, i, err));
	}
	return OK;
}

/* --- Payloads --- */

/* File names come from the media type, never from a partner's text. */
static const char *extension_of(const char *type)
{
	static const struct {
		const char *type, *extension;
	} rows[] = {
		{ "application/xml", "xml" }, { "text/xml", "xml" },        { "application/json", "json" },
		{ "application/pdf", "pdf" }, { "application/zip", "zip" }, { "text/csv", "csv" },
		{ "text/plain", "txt" },      { "image/jpeg", "jpeg" },     { "image/png", "png" },
		{ "image/tiff", "tiff" },
	};
	size_t size = type ? strcspn(type, "; \t") : 0;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (strlen(rows[i].type) == size && memcmp(rows[i].type, type, size) == 0)
			return rows[i].extension;
	return size > 4 && memcmp(type + size - 4, "+xml", 4) == 0 ? "xml" : "bin";
}

/* PAYLOAD is signed as OCTETS; under *FORM they stand in the folder. */
static enum err_code put_form(struct bundle *bundle, struct evidence_payload *payload, struct bytes octets,
			      bool compressed, const struct evidence_form **form, struct err *err)
{
	size_t count = payload->forms_count, number = (size_t)(payload - bundle->payloads) + 1;
	for (size_t i = 0; i < count; i++)
		if (bytes_same(payload->forms[i].octets, octets) && payload->forms[i].compressed == compressed) {
			*form = &payload->forms[i];
			return OK;
		}
	if (count == FORMS_MAX)
		return fail(err, ERR_INTERNAL, "message %s has a part that was signed in more than %d forms",
			    bundle->id, (int)FORMS_MAX);
	const char *path = payload->path;
	if (compressed || !bytes_same(octets, payload->plain)) {
		path = count ? arena_printf(bundle->arena, "payload/%zu.signed-%zu", number, count + 1)
			     : arena_printf(bundle->arena, "payload/%zu.signed", number);
		TRY(bundle_put(bundle, path, octets, err));
	}
	payload->forms[payload->forms_count++] =
		(struct evidence_form){ .path = path, .octets = octets, .compressed = compressed };
	*form = &payload->forms[count];
	return OK;
}

static const struct ebms_reference *reference_of(struct ebms_message *message, const struct ebms_part *part)
{
	for (size_t i = 0; i < message->signature->count; i++)
		if (ebms_part_of(message, message->signature->references[i].uri) == part)
			return &message->signature->references[i];
	return NULL;
}

/* The octets of PART over which its digest was made: an uncompressed XML document is signed in AS4 in its canonical
 * form. */
static enum err_code signed_octets(struct bundle *bundle, struct ebms_message *message, const struct ebms_part *part,
				   struct bytes *octets, struct err *err)
{
	const struct ebms_reference *reference = reference_of(message, part);
	buf_auto canonical;
	buf_init(&canonical, 2 * part->octets.size + CANONICAL_MAX);
	*octets = part->octets;
	if (!reference)
		return OK;
	TRY(ebms_reference_octets(message, reference, &canonical, err));
	if (bytes_same(buf_bytes(&canonical), part->octets))
		return OK;
	const void *copy = arena_copy(bundle->arena, buf_text(&canonical), canonical.size);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	*octets = bytes(copy, canonical.size);
	return OK;
}

/* Those in which versions are signed that say of compression what is stored come first. */
static enum err_code put_forms(struct bundle *bundle, struct evidence_payload *payload, bool stored, struct err *err)
{
	const struct evidence_form *form;
	for (size_t i = 0; i < bundle->wires_count; i++) {
		struct evidence_wire *wire = &bundle->wires[i];
		for (size_t k = 0; wire->proved && k < wire->message.parts_count; k++) {
			const struct ebms_part *part = &wire->message.parts[k];
			struct bytes octets;
			if (!same(part->content_id, payload->part->content_id) ||
			    (part->compressed == payload->part->compressed) != stored)
				continue;
			TRY(signed_octets(bundle, &wire->message, part, &octets, err));
			TRY(put_form(bundle, payload, octets, part->compressed, &form, err));
		}
	}
	if (stored && !payload->forms_count)
		TRY(put_form(bundle, payload, payload->part->octets, payload->part->compressed, &form, err));
	return OK;
}

static enum err_code put_payload(struct bundle *bundle, size_t index, struct err *err)
{
	struct evidence_payload *payload = &bundle->payloads[index];
	const struct message_part *part = &bundle->parts.items[index];
	*payload = (struct evidence_payload){ .part = part };
	payload->path = arena_printf(bundle->arena, "payload/%zu.%s", index + 1, extension_of(part->mime_type));
	TRY(message_part_plain(bundle->arena, part, bundle->limits.max_payload_bytes, &payload->plain, err));
	content_digest(payload->plain, payload->digest);
	TRY(bundle_put(bundle, payload->path, payload->plain, err));
	TRY(put_forms(bundle, payload, true, err));
	return put_forms(bundle, payload, false, err);
}

static enum err_code keep_name(struct bundle *bundle, const struct document_key *key, struct err *err)
{
	struct document_key name = { .issued_on = key->issued_on,
				     .reference = arena_text(bundle->arena, key->reference),
				     .issuer_state = arena_text(bundle->arena, key->issuer_state),
				     .about = arena_text(bundle->arena, key->about) };
	if (!name.reference || (key->issuer_state && !name.issuer_state) || (key->about && !name.about))
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	bundle->name = name;
	return OK;
}

/* The type's own row knows where its reference stands. What cannot be read has no name here: it is shown as it is. */
static enum err_code read_name(struct bundle *bundle, struct bytes content, struct err *err)
{
	const struct doctype *doctype = doctype_find(bundle->kernel, bundle->message.action);
	arena_auto arena = arena_new(NAME_ARENA); /* of the document as a whole, of which the name is a small part */
	xml_doc_auto doc = NULL;
	struct err why = { 0 };
	struct document_key key = { 0 };
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	if (!doctype || !same(bundle->message.service, SERVICE_DOCUMENTS))
		return OK;
	enum err_code code = xml_parse(arena, content, &xml_limits_default, &doc, &why);
	if (code == ERR_MEMORY)
		return fail(err, code, "%s", why.text);
	if (code != OK || !field_is_root(doctype->schema, xml_root(doc)))
		return OK;
	void *record = arena_alloc(arena, doctype->schema->fields->size);
	struct findings *findings = findings_new(arena);
	if (!record || !findings ||
	    !field_read_xml(arena, doctype->schema, xml_root(doc), bundle->kernel->lists, record, findings))
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	if (findings_errors(findings))
		return OK;
	doctype->key(arena, record, &key);
	return keep_name(bundle, &key, err);
}

enum err_code evidence_put_payloads(struct bundle *bundle, struct err *err)
{
	bundle->payloads = arena_array(bundle->arena, bundle->parts.count + 1, sizeof *bundle->payloads);
	if (!bundle->payloads)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	for (size_t i = 0; i < bundle->parts.count; i++)
		TRY(put_payload(bundle, i, err));
	return bundle->parts.count ? read_name(bundle, bundle->payloads[0].plain, err) : OK;
}

/* --- Wires --- */

static enum err_code put_file(struct bundle *bundle, const struct evidence_wire *wire, const char *name,
			      const struct buf *content, struct err *err)
{
	return bundle_put_buf(bundle, arena_printf(bundle->arena, "%s/%s", wire->folder, name), content, err);
}

static void put_pem(struct buf *out, const char *label, struct bytes der)
{
	buf_printf(out, "-----BEGIN %s-----\n", label);
	for (size_t at = 0; at < der.size; at += PEM_LINE / 4 * 3) {
		size_t size = der.size - at < PEM_LINE / 4 * 3 ? der.size - at : PEM_LINE / 4 * 3;
		base64_put(out, bytes(der.data + at, size));
		buf_putc(out, '\n');
	}
	buf_printf(out, "-----END %s-----\n", label);
}

/* X.690 §8.3: a positive INTEGER has no superfluous zeros, and one where the first bit would make it negative. */
static void put_integer(struct buf *out, struct bytes number)
{
	while (number.size > 1 && number.data[0] == 0)
		number = bytes(number.data + 1, number.size - 1);
	bool high = number.data[0] & 0x80;
	buf_putc(out, 0x02);
	buf_putc(out, (char)(number.size + high));
	if (high)
		buf_putc(out, 0);
	buf_put_bytes(out, number);
}

/* XML Signature 1.1 §6.4.3 has r and s side by side, openssl takes the Ecdsa-Sig-Value of RFC 3279 §2.2.3. */
static void put_signature(struct buf *out, const struct ebms_signature *signature)
{
	enum { SCALAR = 32, INTEGERS_MAX = 2 * (SCALAR + 3) };
	struct bytes value = signature->value;
	if (signature->alg != SIG_ECDSA_P256_SHA256 || value.size != 2 * SCALAR) {
		buf_put_bytes(out, value);
		return;
	}
	buf_auto integers;
	buf_init(&integers, INTEGERS_MAX);
	put_integer(&integers, bytes(value.data, SCALAR));
	put_integer(&integers, bytes(value.data + SCALAR, SCALAR));
	buf_putc(out, 0x30);
	buf_putc(out, (char)integers.size);
	buf_put_bytes(out, buf_bytes(&integers));
}

/* In a table of lines and tabs. */
static void put_cell(struct buf *out, const char *text)
{
	for (const char *c = text; *c; c++)
		buf_putc(out, (unsigned char)*c < ' ' ? '?' : *c);
}

/* Where the octets of PART stand that WIRE has signed. */
static enum err_code payload_of(struct bundle *bundle, struct evidence_wire *wire, const struct ebms_part *part,
				const char **path, struct err *err)
{
	for (size_t i = 0; i < bundle->parts.count; i++) {
		const struct evidence_form *form;
		struct bytes octets;
		if (!same(bundle->parts.items[i].content_id, part->content_id))
			continue;
		TRY(signed_octets(bundle, &wire->message, part, &octets, err));
		TRY(put_form(bundle, &bundle->payloads[i], octets, part->compressed, &form, err));
		*path = form->path;
		return OK;
	}
	return fail(err, ERR_INTERNAL, "message %s has a part that is not stored", bundle->id);
}

/* One line a reference, and its octets, unless they are a payload's. The empty URI is the envelope's. */
static enum err_code put_reference(struct bundle *bundle, struct evidence_wire *wire, size_t index, struct buf *table,
				   struct err *err)
{
	const struct ebms_reference *reference = &wire->message.signature->references[index];
	const struct ebms_part *part = ebms_part_of(&wire->message, reference->uri);
	const char *path = NULL;
	put_cell(table, *reference->uri ? reference->uri : "(envelope)");
	buf_printf(table, "\t%s\t", digest_names[reference->digest]);
	hex_put(table, reference->value);
	if (part) {
		TRY(payload_of(bundle, wire, part, &path, err));
		buf_printf(table, "\t../%s\n", path);
		return OK;
	}
	buf_auto octets;
	buf_init(&octets, CANONICAL_MAX);
	TRY(ebms_reference_octets(&wire->message, reference, &octets, err));
	const char *name = arena_printf(bundle->arena, "reference-%zu.bin", index + 1);
	if (!name)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	buf_printf(table, "\t%s\n", name);
	return put_file(bundle, wire, name, &octets, err);
}

static enum err_code put_references(struct bundle *bundle, struct evidence_wire *wire, struct err *err)
{
	buf_auto table;
	buf_init(&table, CANONICAL_MAX);
	for (size_t i = 0; i < wire->message.signature->count; i++)
		TRY(put_reference(bundle, wire, i, &table, err));
	return put_file(bundle, wire, "references.tsv", &table, err);
}

static enum err_code put_signed_info(struct bundle *bundle, const struct evidence_wire *wire, struct err *err)
{
	const struct ebms_signature *signature = wire->message.signature;
	buf_auto info, value, algorithm;
	buf_init(&info, CANONICAL_MAX);
	buf_init(&value, 4096);
	buf_init(&algorithm, 4096);
	TRY(ebms_signed_info(signature, &info, err));
	TRY(put_file(bundle, wire, "signed-info.xml", &info, err));
	put_signature(&value, signature);
	TRY(put_file(bundle, wire, "signature.bin", &value, err));
	buf_printf(&algorithm, "%s\n%s\n", wire->algorithm, signature->algorithm);
	return put_file(bundle, wire, "algorithm", &algorithm, err);
}

/* A list made after WIRE was judged only says what came later: it is kept, and not used for the check. */
static bool list_is_later(struct bundle *bundle, const struct evidence_wire *wire, struct bytes der)
{
	struct crl_info info;
	struct err why = { 0 };
	return crl_read(bundle->arena, der, &info, &why) == OK && info.this_update_us > wire->wire->at_us;
}

static enum err_code put_basis(struct bundle *bundle, const struct evidence_wire *wire, struct err *err)
{
	size_t issuers = 0, lists = 0;
	for (size_t i = 0; i < wire->basis.count; i++) {
		const struct credential *c = &wire->basis.items[i];
		bool list = same(c->kind, "crl");
		const char *name = list ? arena_printf(bundle->arena, "%scrl-%zu.pem",
						       list_is_later(bundle, wire, c->der) ? "later-" : "", ++lists)
				   : i  ? arena_printf(bundle->arena, "issuer-%zu.pem", ++issuers)
					: "signer.pem";
		buf_auto pem;
		buf_init(&pem, PEM_MAX);
		put_pem(&pem, list ? "X509 CRL" : "CERTIFICATE", c->der);
		TRY(put_file(bundle, wire, name ? name : "", &pem, err));
	}
	return OK;
}

static enum err_code put_line(struct bundle *bundle, const struct evidence_wire *wire, const char *name,
			      const char *text, struct err *err)
{
	const char *path = arena_printf(bundle->arena, "%s/%s", wire->folder, name);
	const char *line = arena_printf(bundle->arena, "%s\n", text);
	return bundle_put(bundle, line ? path : NULL, bytes_of(line), err);
}

static enum err_code put_wire(struct bundle *bundle, struct evidence_wire *wire, struct err *err)
{
	char at[TIME_SIZE];
	const char *time = arena_printf(bundle->arena, "%" PRId64 "\n%s", wire->wire->at_us / SECOND_US,
					time_format(wire->wire->at_us, at));
	TRY(bundle_put(bundle, arena_printf(bundle->arena, "%s/message", wire->folder), wire->wire->octets, err));
	TRY(put_line(bundle, wire, "content-type", wire->wire->content_type, err));
	TRY(put_line(bundle, wire, "time", time ? time : "", err));
	TRY(put_basis(bundle, wire, err)); /* the journal speaks of it, whether the signature holds or not */
	if (wire->proved) {
		TRY(put_references(bundle, wire, err));
		TRY(put_signed_info(bundle, wire, err));
	}
	return wire->answers ? put_line(bundle, wire, "answers", wire->answers->folder, err) : OK;
}

enum err_code evidence_put_wires(struct bundle *bundle, struct err *err)
{
	for (size_t i = 0; i < bundle->wires_count; i++)
		TRY(put_wire(bundle, &bundle->wires[i], err));
	return OK;
}
