/* What went over the wire, taken apart for those who have openssl alone: signed octets, signature, certificates. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "codec/mime.h"
#include "codec/xml.h"
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
	[SIG_ED25519] = { "ed25519", false },
	[SIG_RSA_SHA1] = { "rsa-sha1", true },
};
static const char *const digest_names[] = {
	[DIGEST_SHA256] = "sha256",
	[DIGEST_SHA384] = "sha384",
	[DIGEST_SHA512] = "sha512",
	[DIGEST_SHA1] = "sha1",
};

/* --- Reading --- */

/* A partner's ciphertext is not opened again: what came out of it is stored, and the signature is over that. */
static void give_octets(const struct bundle *bundle, struct ebms_message *message)
{
	for (size_t i = 0; i < message->parts_count; i++)
		for (size_t k = 0; k < bundle->parts.count; k++)
			if (same(message->parts[i].content_id, bundle->parts.items[k].content_id))
				message->parts[i].octets = bundle->parts.items[k].octets;
}

/* An answer that we could not believe is kept as well: nothing of it is shown as if it proved something. */
static enum err_code judge_wire(struct evidence_wire *wire, const struct bundle *bundle, struct err *err)
{
	struct ebms_message *message = &wire->message;
	TRY(ebms_read(message, wire->wire->content_type, wire->wire->octets, err));
	if (!findings_errors(message->findings))
		TRY(ebms_read_security(message, err));
	if (!findings_errors(message->findings))
		ebms_check_profile(message, NULL);
	if (findings_errors(message->findings))
		return OK;
	give_octets(bundle, message);
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

/* The version that the wire at INDEX, a receipt, speaks of: the last one before it whose digests it repeats. */
static enum err_code find_answered(struct bundle *bundle, size_t index, struct err *err)
{
	struct evidence_wire *receipt = &bundle->wires[index];
	struct ebms_message *message = &receipt->message;
	while (index-- > 0 && !receipt->answers) {
		const struct evidence_wire *version = &bundle->wires[index];
		if (!wire_is_message(version->wire) || !version->proved)
			continue;
		message->findings = findings_new(bundle->arena);
		if (!message->findings)
			return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
		ebms_check_receipt(message, bundle->message.message_id, version->message.signature->references,
				   version->message.signature->count);
		if (!findings_errors(message->findings))
			receipt->answers = version;
	}
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
		if (wire->proved && wire->message.kind == KIND_RECEIPT)
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

/* The octets of PART over which its digest was made: an uncompressed XML document is signed in its canonical form. */
static enum err_code signed_octets(struct bundle *bundle, const struct message_part *part, struct buf *canonical,
				   struct bytes *octets, struct err *err)
{
	const struct evidence_wire *version = bundle_first_version(bundle);
	*octets = part->octets;
	for (size_t i = 0; version && !part->compressed && i < version->message.signature->count; i++) {
		struct ebms_message *message = &bundle->wires[version - bundle->wires].message;
		const struct ebms_reference *reference = &message->signature->references[i];
		const struct ebms_part *named = ebms_part_of(message, reference->uri);
		if (!named || !same(named->content_id, part->content_id))
			continue;
		TRY(ebms_reference_octets(message, reference, canonical, err));
		*octets = buf_bytes(canonical);
	}
	return OK;
}

static enum err_code put_payload(struct bundle *bundle, size_t index, struct err *err)
{
	struct evidence_payload *payload = &bundle->payloads[index];
	const struct message_part *part = &bundle->parts.items[index];
	struct bytes octets;
	buf_auto canonical;
	buf_init(&canonical, 2 * part->octets.size + CANONICAL_MAX);
	payload->part = part;
	payload->path = arena_printf(bundle->arena, "payload/%zu.%s", index + 1, extension_of(part->mime_type));
	payload->signed_path = payload->path;
	TRY(message_part_plain(bundle->arena, part, bundle->limits.max_payload_bytes, &payload->plain, err));
	content_digest(payload->plain, payload->digest);
	TRY(bundle_put(bundle, payload->path, payload->plain, err));
	TRY(signed_octets(bundle, part, &canonical, &octets, err));
	if (bytes_same(octets, payload->plain))
		return OK;
	payload->signed_path = arena_printf(bundle->arena, "payload/%zu.signed", index + 1);
	if (canonical.size)
		return bundle_put_buf(bundle, payload->signed_path, &canonical, err);
	return bundle_put(bundle, payload->signed_path, octets, err);
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
	if (code != OK || !xml_is(xml_root(doc), doctype->schema->ns, doctype->schema->root))
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

static const char *payload_of(const struct bundle *bundle, const struct ebms_part *part)
{
	for (size_t i = 0; i < bundle->parts.count; i++)
		if (same(bundle->parts.items[i].content_id, part->content_id))
			return bundle->payloads[i].signed_path;
	return NULL;
}

/* One line a reference, and its octets, unless they are a payload's. */
static enum err_code put_reference(struct bundle *bundle, struct evidence_wire *wire, size_t index, struct buf *table,
				   struct err *err)
{
	const struct ebms_reference *reference = &wire->message.signature->references[index];
	const struct ebms_part *part = ebms_part_of(&wire->message, reference->uri);
	put_cell(table, reference->uri);
	buf_printf(table, "\t%s\t", digest_names[reference->digest]);
	hex_put(table, reference->value);
	if (part) {
		const char *path = payload_of(bundle, part);
		if (!path)
			return fail(err, ERR_INTERNAL, "message %s has a part that is not stored", bundle->id);
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
	TRY(xml_c14n_exclusive(signature->signed_info, signature->prefixes, &info, err));
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
	if (!wire->proved)
		return OK;
	TRY(put_references(bundle, wire, err));
	TRY(put_signed_info(bundle, wire, err));
	return wire->answers ? put_line(bundle, wire, "answers", wire->answers->folder, err) : OK;
}

enum err_code evidence_put_wires(struct bundle *bundle, struct err *err)
{
	for (size_t i = 0; i < bundle->wires_count; i++)
		TRY(put_wire(bundle, &bundle->wires[i], err));
	return OK;
}
