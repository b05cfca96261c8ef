/* Evidence of one message as a folder of files that is checked without Lintas: src/messaging/evidence/explanation.md,
 * which goes into the folder as README.md, says what each file is. Here it is gathered, from one snapshot. */
#include "messaging/evidence_int.h"
#include "messaging/messaging_int.h"

/* A chain that is longer than this is given up to here; the README says so. A link is 250 octets. */
enum { LINKS_MAX = 20000 };
/* What was taken under another setting must stay provable: the arena is the bound. */
#define PLAIN_MAX_BYTES ((size_t)256 << 20)

enum err_code bundle_put(struct bundle *bundle, const char *path, struct bytes content, struct err *err)
{
	if (bundle->count == bundle->room) {
		size_t room = bundle->room ? 2 * bundle->room : 64;
		struct evidence_file *files = arena_array(bundle->arena, room, sizeof *files);
		if (!files)
			return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
		if (bundle->count)
			memcpy(files, bundle->files, bundle->count * sizeof *files);
		bundle->files = files;
		bundle->room = room;
	}
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	bundle->files[bundle->count++] = (struct evidence_file){ .path = path, .content = content };
	return OK;
}

enum err_code bundle_put_buf(struct bundle *bundle, const char *path, const struct buf *content, struct err *err)
{
	TRY(buf_check(content, path ? path : "a file", err));
	const void *copy = arena_copy(bundle->arena, buf_text(content), content->size);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	return bundle_put(bundle, path, bytes(copy, content->size), err);
}

const struct evidence_wire *bundle_first_version(const struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->wires_count; i++) {
		const struct evidence_wire *wire = &bundle->wires[i];
		if (wire_is_message(wire->wire) && wire->proved)
			return wire;
	}
	return NULL;
}

/* What the message was packed with at any time before, in one list. */
static enum err_code read_before(struct tx *tx, struct bundle *b, struct err *err)
{
	struct message_parts parts;
	b->before = (struct message_parts){ 0 };
	for (int64_t packing = 1;; packing++) {
		TRY(message_parts_before(tx, b->arena, b->message.id, packing, &parts, err));
		if (!parts.count)
			return OK;
		size_t count = b->before.count + parts.count;
		struct message_part *items = arena_array(b->arena, count, sizeof *items);
		if (!items)
			return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", b->id);
		if (b->before.count)
			memcpy(items, b->before.items, b->before.count * sizeof *items);
		memcpy(items + b->before.count, parts.items, parts.count * sizeof *items);
		b->before = (struct message_parts){ .items = items, .count = count };
	}
}

static enum err_code read_wires(struct tx *tx, struct bundle *b, struct err *err)
{
	TRY(message_wires(tx, b->arena, b->message.id, &b->stored, err));
	b->wires = arena_array(b->arena, b->stored.count + 1, sizeof *b->wires);
	if (!b->wires)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", b->id);
	for (size_t i = 0; i < b->stored.count; i++) {
		struct evidence_wire *wire = &b->wires[i];
		wire->wire = &b->stored.items[i];
		TRY(wire_basis(tx, b->arena, wire->wire, &wire->basis, err));
	}
	return evidence_read_wires(b, err);
}

static enum err_code add_agreement(struct bundle *b, const struct agreement *kept,
				   const struct evidence_agreement **added, struct err *err)
{
	struct evidence_agreement *agreement = &b->agreements[b->agreements_count];
	size_t number = b->agreements_count + 1;
	*agreement = (struct evidence_agreement){ .kept = *kept,
						  .path = arena_printf(b->arena, "agreement/%zu.xml", number) };
	if (kept->terms)
		agreement->terms_path = arena_printf(b->arena, "agreement/%zu.json", number);
	if (!agreement->path || (kept->terms && !agreement->terms_path))
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", b->id);
	content_digest(kept->text, agreement->digest);
	if (kept->terms)
		content_digest(bytes_of(kept->terms), agreement->terms_digest);
	b->agreements_count++;
	*added = agreement;
	return OK;
}

/* The version by which WIRE was exchanged: the one that counted at its time. */
static enum err_code find_agreement(struct tx *tx, struct bundle *b, struct evidence_wire *wire, struct err *err)
{
	struct agreement kept;
	if (!wire->message.ebms2 || (!wire->proved && !wire->bare))
		return OK;
	const char *id = wire->message.user.collaboration->agreement->value;
	TRY(agreement_at(tx, b->arena, id, wire->wire->at_us, &kept, err));
	if (!kept.id || !same(kept.partner, b->message.partner))
		return OK;
	for (size_t i = 0; i < b->agreements_count && !wire->agreement; i++)
		if (same(b->agreements[i].kept.id, kept.id) && b->agreements[i].kept.added_us == kept.added_us)
			wire->agreement = &b->agreements[i];
	return wire->agreement || b->agreements_count == AGREEMENTS_MAX
		       ? OK
		       : add_agreement(b, &kept, &wire->agreement, err);
}

static bool is_earlier_version(const struct bundle *b, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (same(b->agreements[i].kept.id, b->agreements[index].kept.id))
			return true;
	return false;
}

static enum err_code read_journal(struct tx *tx, struct bundle *b, struct err *err)
{
	const char *subjects[JOURNAL_SUBJECTS] = { b->message.id, b->message.document };
	b->journal_count = 2;
	for (size_t i = 0; i < b->agreements_count; i++)
		if (!is_earlier_version(b, i))
			subjects[b->journal_count++] = b->agreements[i].kept.id;
	for (size_t i = 0; i < b->journal_count; i++) {
		b->journal[i] = (struct journal_extract){ 0 };
		if (subjects[i])
			TRY(journal_extract(tx, b->arena, subjects[i], LINKS_MAX, &b->journal[i], err));
	}
	return OK;
}

/* A folder without anything in it would look as if nothing had been exchanged. */
static enum err_code check_not_deleted(const struct bundle *b, struct err *err)
{
	const struct journal_extract *own = &b->journal[0];
	for (size_t i = 0; i < own->paths_count; i++)
		if (same(own->paths[i].entry->subject_type, "deletion") && same(own->paths[i].entry->event, "deleted"))
			return fail(err, ERR_NOT_FOUND,
				    "message %s was deleted when its term was over; lintas archive search FOLDER "
				    "--message %s finds its evidence",
				    b->message.id, b->message.id);
	return OK;
}

/* What reading the wires took. */
static void release(struct bundle *b)
{
	for (size_t i = 0; i < b->wires_count; i++) {
		ebms_done(&b->wires[i].message);
		cert_unref(b->wires[i].signer);
	}
	b->wires_count = b->agreements_count = 0;
}

/* All in one snapshot, so that the journal speaks of exactly what is in the folder. The wires are read in it, too,
 * because they say what agreements there are to be found. */
static enum err_code read_stored(struct tx *tx, void *arg, struct err *err)
{
	struct bundle *b = arg;
	release(b);
	TRY(message_find(tx, b->arena, b->id, &b->message, err));
	if (!b->message.id)
		return fail(err, ERR_NOT_FOUND,
			    "there is no message %s; lintas outbox list and lintas inbox list show what there is",
			    b->id);
	TRY(message_parts_of(tx, b->arena, b->message.id, &b->parts, err));
	TRY(read_before(tx, b, err));
	TRY(read_wires(tx, b, err));
	for (size_t i = 0; i < b->wires_count; i++)
		TRY(find_agreement(tx, b, &b->wires[i], err));
	TRY(read_journal(tx, b, err));
	return check_not_deleted(b, err);
}

/* What is not sealed has no path yet. */
static enum err_code seal_journal(struct kernel *kernel, int64_t now_us, struct err *err)
{
	enum { AT_A_TIME = 1000, STEPS_MAX = 1000 };
	unsigned sealed = 1;
	for (unsigned i = 0; i < STEPS_MAX && sealed; i++)
		TRY(journal_seal_step(kernel, now_us, AT_A_TIME, &sealed, err));
	return OK;
}

static enum err_code put_program(struct bundle *bundle, const char *path, const char *text, struct err *err)
{
	TRY(bundle_put(bundle, path, bytes_of(text), err));
	bundle->files[bundle->count - 1].executable = true;
	return OK;
}

/* In the form of sha256sum -c. Of every file but itself. */
static enum err_code put_sums(struct bundle *bundle, struct err *err)
{
	char digest[CONTENT_DIGEST_SIZE];
	buf_auto out;
	buf_init(&out, 1024 + bundle->count * 256);
	for (size_t i = 0; i < bundle->count; i++) {
		content_digest(bundle->files[i].content, digest);
		buf_printf(&out, "%s  %s\n", digest, bundle->files[i].path);
	}
	return bundle_put_buf(bundle, EVIDENCE_SUMS, &out, err);
}

static enum err_code put_agreements(struct bundle *bundle, struct err *err)
{
	for (size_t i = 0; i < bundle->agreements_count; i++) {
		const struct evidence_agreement *agreement = &bundle->agreements[i];
		TRY(bundle_put(bundle, agreement->path, agreement->kept.text, err));
		if (agreement->terms_path)
			TRY(bundle_put(bundle, agreement->terms_path, bytes_of(agreement->kept.terms), err));
	}
	return OK;
}

static enum err_code put_files(struct bundle *bundle, struct err *err)
{
	TRY(evidence_put_payloads(bundle, err));
	TRY(evidence_put_wires(bundle, err));
	TRY(put_agreements(bundle, err));
	TRY(evidence_put_journal(bundle, err));
	TRY(evidence_put_facts(bundle, err));
	TRY(evidence_put_readme(bundle, err));
	TRY(put_program(bundle, "verify.sh", text_verify_sh, err));
	TRY(put_program(bundle, "derive.py", text_derive_py, err));
	return put_sums(bundle, err);
}

enum err_code messaging_evidence(struct messaging *messaging, struct arena *arena, const char *id, int64_t now_us,
				 struct evidence *evidence, struct err *err)
{
	struct kernel *kernel = messaging->options.kernel;
	struct bundle bundle = { .arena = arena,
				 .kernel = kernel,
				 .party_id = messaging->options.party_id,
				 .party_type = messaging->options.party_type,
				 .limits = messaging->limits,
				 .now_us = now_us,
				 .id = id };
	bundle.limits.max_payload_bytes = PLAIN_MAX_BYTES;
	TRY(seal_journal(kernel, now_us, err));
	enum err_code code = db_read(kernel->db, read_stored, &bundle, err);
	if (code == OK)
		code = put_files(&bundle, err);
	release(&bundle);
	if (code != OK)
		return code;
	const char *name = arena_printf(arena, "evidence-%s", bundle.message.id);
	if (!name)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", id);
	*evidence = (struct evidence){
		.name = name, .message = bundle.message, .files = bundle.files, .count = bundle.count
	};
	return OK;
}
