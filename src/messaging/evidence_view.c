/* The facts and the journal's extract as JSON, for machines. Absent is what is not known or does not apply. */
#include <inttypes.h>

#include "messaging/evidence_int.h"

enum {
	WIRES_MAX = 10000,
	ENTRIES_MAX = 10000 * JOURNAL_SUBJECTS,
	HASHES_MAX = 64,
	BASIS_MAX = 1024,
	JSON_MAX = 64 << 20
};

/* --- evidence.json --- */

struct party_facts {
	const char *type, *id;
};
struct basis_facts {
	const char *fingerprint;
};
struct wire_facts {
	const char *folder, *kind, *sha256, *algorithm, *answers, *signer, *subject, *issuer, *serial;
	int64_t time_us, at_us, octets, not_before_us, not_after_us, issuers, lists, overdue_since_us;
	bool proved, bare, xmlsec;
	const char *agreement;
	struct basis_facts *basis;
	size_t basis_count;
};
struct form_facts {
	const char *path;
	bool compressed;
};
struct payload_facts {
	const char *content_id, *mime_type, *charset, *path, *signed_path, *sha256;
	int64_t octets;
	bool compressed;
	struct form_facts forms[FORMS_MAX], *others; /* .others: in which other versions are signed */
	size_t others_count;
};
struct agreement_facts {
	const char *id, *path, *terms_path, *sha256, *terms_sha256;
	int64_t added_us;
};
struct journal_facts {
	int64_t entries, unsealed, links, head_number;
	const char *head;
	bool to_head;
};
struct evidence_facts {
	const char *id, *message_id, *ref_to, *conversation, *direction, *partner, *organisation, *service, *action,
		*original_sender, *final_recipient, *document, *state, *program;
	int64_t position, created_us, accepted_us, settled_us, exported_us;
	bool test;
	struct party_facts *from, *to;
	struct wire_facts *wires;
	struct payload_facts *payloads;
	struct agreement_facts *agreements;
	size_t wires_count, payloads_count, agreements_count;
	struct journal_facts *journal;
};

static const struct field party_rows[] = {
	FIELD_TEXT(struct party_facts, type, .json = "type"),
	FIELD_TEXT(struct party_facts, id, .json = "id"),
};
static const struct fields party_fields = FIELDS(struct party_facts, party_rows);

static const struct field basis_rows[] = {
	FIELD_TEXT(struct basis_facts, fingerprint, .json = "fingerprint"),
};
static const struct fields basis_fields = FIELDS(struct basis_facts, basis_rows);

/* With all that the record of a wire speaks of (kernel/message.h) and no file says: "at" is "time" to the microsecond,
 * and "basis" has the order of its id. */
static const struct field wire_rows[] = {
	FIELD_TEXT(struct wire_facts, folder, .json = "folder"),
	FIELD_TEXT(struct wire_facts, kind, .json = "kind"),
	FIELD_TIME(struct wire_facts, time_us, .json = "time"),
	FIELD_INT(struct wire_facts, at_us, .json = "at"),
	FIELD_INT(struct wire_facts, octets, .json = "octets"),
	FIELD_TEXT(struct wire_facts, sha256, .json = "sha256"),
	FIELD_FLAG(struct wire_facts, proved, .json = "proved", .min = 1),
	FIELD_FLAG(struct wire_facts, bare, .json = "unsigned"),
	FIELD_TEXT(struct wire_facts, answers, .json = "answers"),
	FIELD_TEXT(struct wire_facts, agreement, .json = "agreement"),
	FIELD_TEXT(struct wire_facts, algorithm, .json = "algorithm"),
	FIELD_FLAG(struct wire_facts, xmlsec, .json = "xmlsec", .min = 1),
	FIELD_TEXT(struct wire_facts, signer, .json = "signer"),
	FIELD_TEXT(struct wire_facts, subject, .json = "subject"),
	FIELD_TEXT(struct wire_facts, issuer, .json = "issuer"),
	FIELD_TEXT(struct wire_facts, serial, .json = "serial"),
	FIELD_TIME(struct wire_facts, not_before_us, .json = "notBefore"),
	FIELD_TIME(struct wire_facts, not_after_us, .json = "notAfter"),
	FIELD_INT(struct wire_facts, issuers, .json = "issuers"),
	FIELD_INT(struct wire_facts, lists, .json = "revocationLists"),
	FIELD_TIME(struct wire_facts, overdue_since_us, .json = "listOverdueSince"),
	FIELD_LIST(struct wire_facts, basis, basis_count, struct basis_facts, basis_fields, .json = "basis",
		   .max = BASIS_MAX),
};
static const struct fields wire_fields = FIELDS(struct wire_facts, wire_rows);

static const struct field form_rows[] = {
	FIELD_FLAG(struct form_facts, compressed, .json = "compressed", .min = 1),
	FIELD_TEXT(struct form_facts, path, .json = "signed"),
};
static const struct fields form_fields = FIELDS(struct form_facts, form_rows);

static const struct field payload_rows[] = {
	FIELD_TEXT(struct payload_facts, content_id, .json = "contentId"),
	FIELD_TEXT(struct payload_facts, mime_type, .json = "mimeType"),
	FIELD_TEXT(struct payload_facts, charset, .json = "charset"),
	FIELD_FLAG(struct payload_facts, compressed, .json = "compressed", .min = 1),
	FIELD_TEXT(struct payload_facts, path, .json = "plain"),
	FIELD_TEXT(struct payload_facts, signed_path, .json = "signed"),
	FIELD_INT(struct payload_facts, octets, .json = "octets"),
	FIELD_TEXT(struct payload_facts, sha256, .json = "sha256"),
	FIELD_LIST(struct payload_facts, others, others_count, struct form_facts, form_fields, .json = "otherForms",
		   .max = FORMS_MAX),
};
static const struct fields payload_fields = FIELDS(struct payload_facts, payload_rows);

static const struct field agreement_rows[] = {
	FIELD_TEXT(struct agreement_facts, id, .json = "id"),
	FIELD_TEXT(struct agreement_facts, path, .json = "text"),
	FIELD_TEXT(struct agreement_facts, terms_path, .json = "terms"),
	FIELD_TIME(struct agreement_facts, added_us, .json = "added"),
	FIELD_TEXT(struct agreement_facts, sha256, .json = "sha256"),
	FIELD_TEXT(struct agreement_facts, terms_sha256, .json = "termsSha256"),
};
static const struct fields agreement_fields = FIELDS(struct agreement_facts, agreement_rows);

static const struct field journal_rows[] = {
	FIELD_INT(struct journal_facts, entries, .json = "entries"),
	FIELD_INT(struct journal_facts, unsealed, .json = "unsealed"),
	FIELD_INT(struct journal_facts, links, .json = "links"),
	FIELD_INT(struct journal_facts, head_number, .json = "lastSeal"),
	FIELD_TEXT(struct journal_facts, head, .json = "lastHash"),
	FIELD_FLAG(struct journal_facts, to_head, .json = "toHead", .min = 1),
};
static const struct fields journal_fields = FIELDS(struct journal_facts, journal_rows);

static const struct field evidence_rows[] = {
	FIELD_TEXT(struct evidence_facts, message_id, .json = "messageId"),
	FIELD_TEXT(struct evidence_facts, id, .json = "id"),
	FIELD_TEXT(struct evidence_facts, ref_to, .json = "refToMessageId"),
	FIELD_TEXT(struct evidence_facts, conversation, .json = "conversation"),
	FIELD_INT(struct evidence_facts, position, .json = "position"),
	FIELD_TEXT(struct evidence_facts, direction, .json = "direction"),
	FIELD_TEXT(struct evidence_facts, partner, .json = "partner"),
	FIELD_TEXT(struct evidence_facts, organisation, .json = "organisation"),
	FIELD_GROUP(struct evidence_facts, from, struct party_facts, party_fields, .json = "from"),
	FIELD_GROUP(struct evidence_facts, to, struct party_facts, party_fields, .json = "to"),
	FIELD_TEXT(struct evidence_facts, service, .json = "service"),
	FIELD_TEXT(struct evidence_facts, action, .json = "action"),
	FIELD_TEXT(struct evidence_facts, original_sender, .json = "originalSender"),
	FIELD_TEXT(struct evidence_facts, final_recipient, .json = "finalRecipient"),
	FIELD_TEXT(struct evidence_facts, document, .json = "document"),
	FIELD_FLAG(struct evidence_facts, test, .json = "test", .min = 1),
	FIELD_TEXT(struct evidence_facts, state, .json = "state"),
	FIELD_TIME(struct evidence_facts, created_us, .json = "created"),
	FIELD_TIME(struct evidence_facts, accepted_us, .json = "accepted"),
	FIELD_TIME(struct evidence_facts, settled_us, .json = "settled"),
	FIELD_LIST(struct evidence_facts, wires, wires_count, struct wire_facts, wire_fields, .json = "wires",
		   .max = WIRES_MAX),
	FIELD_LIST(struct evidence_facts, payloads, payloads_count, struct payload_facts, payload_fields,
		   .json = "payloads", .max = WIRES_MAX),
	FIELD_LIST(struct evidence_facts, agreements, agreements_count, struct agreement_facts, agreement_fields,
		   .json = "agreements", .max = AGREEMENTS_MAX),
	FIELD_GROUP(struct evidence_facts, journal, struct journal_facts, journal_fields, .json = "journal"),
	FIELD_TIME(struct evidence_facts, exported_us, .json = "exported"),
	FIELD_TEXT(struct evidence_facts, program, .json = "program"),
};
static const struct fields evidence_fields = FIELDS(struct evidence_facts, evidence_rows);
static const struct schema evidence_schema = { .name = "evidence", .ns = "", .prefix = "", .fields = &evidence_fields };

static struct wire_facts facts_of(const struct evidence_wire *wire, struct basis_facts *basis)
{
	struct wire_facts facts = {
		.folder = wire->folder,
		.kind = wire_kind_name(wire->wire->kind),
		.time_us = wire->wire->at_us,
		.at_us = wire->wire->at_us,
		.octets = (int64_t)wire->wire->octets.size,
		.sha256 = wire->wire->digest,
		.proved = wire->proved,
		.bare = wire->bare,
		.agreement = wire->agreement ? wire->agreement->path : NULL,
		.answers = wire->answers ? wire->answers->folder : NULL,
		.algorithm = wire->proved ? wire->algorithm : NULL,
		.xmlsec = wire->proved && wire->xmlsec,
		.not_before_us = TIME_NONE,
		.not_after_us = TIME_NONE,
		.issuers = INTEGER_NONE,
		.lists = INTEGER_NONE,
		.overdue_since_us = TIME_NONE,
		.basis = basis,
		.basis_count = wire->basis.count,
	};
	for (size_t i = 0; i < wire->basis.count; i++)
		basis[i].fingerprint = wire->basis.items[i].fingerprint;
	if (!wire->proved)
		return facts;
	facts.signer = cert_fingerprint(wire->signer);
	facts.subject = cert_subject(wire->signer);
	facts.issuer = cert_issuer(wire->signer);
	facts.serial = cert_serial(wire->signer);
	facts.not_before_us = cert_not_before_us(wire->signer);
	facts.not_after_us = cert_not_after_us(wire->signer);
	facts.overdue_since_us = wire->overdue_since_us;
	facts.issuers = facts.lists = 0;
	for (size_t i = 1; i < wire->basis.count; i++)
		++*(same(wire->basis.items[i].kind, "crl") ? &facts.lists : &facts.issuers);
	return facts;
}

static void payload_facts(const struct evidence_payload *payload, struct payload_facts *facts)
{
	*facts = (struct payload_facts){ .content_id = payload->part->content_id,
					 .mime_type = payload->part->mime_type,
					 .charset = payload->part->charset,
					 .compressed = payload->part->compressed,
					 .path = payload->path,
					 .signed_path = payload->forms[0].path,
					 .octets = (int64_t)payload->plain.size,
					 .sha256 = payload->digest,
					 .others_count = payload->forms_count - 1 };
	for (size_t i = 0; i < payload->forms_count; i++)
		facts->forms[i] = (struct form_facts){ .path = payload->forms[i].path,
						       .compressed = payload->forms[i].compressed };
	facts->others = facts->forms + 1;
}

static void agreement_facts(const struct bundle *bundle, struct agreement_facts facts[static AGREEMENTS_MAX])
{
	for (size_t i = 0; i < bundle->agreements_count; i++) {
		const struct evidence_agreement *agreement = &bundle->agreements[i];
		facts[i] = (struct agreement_facts){ .id = agreement->kept.id,
						     .path = agreement->path,
						     .terms_path = agreement->terms_path,
						     .sha256 = agreement->digest,
						     .terms_sha256 =
							     agreement->terms_path ? agreement->terms_digest : NULL,
						     .added_us = agreement->kept.added_us };
	}
}

static void count_journal(const struct bundle *bundle, struct journal_facts *facts)
{
	*facts = (struct journal_facts){ .head_number = INTEGER_NONE };
	for (size_t i = 0; i < bundle->journal_count; i++) {
		const struct journal_extract *extract = &bundle->journal[i];
		facts->entries += (int64_t)extract->paths_count;
		for (size_t k = 0; k < extract->paths_count; k++)
			facts->unsealed += extract->paths[k].seal == 0;
	}
	const struct journal_link *last = bundle->links_count ? bundle->links[bundle->links_count - 1] : NULL;
	facts->links = (int64_t)bundle->links_count;
	facts->head_number = last ? last->number : INTEGER_NONE;
	facts->head = last ? last->hash : NULL;
	facts->to_head = bundle->to_head;
}

static void fill_facts(const struct bundle *bundle, struct evidence_facts *facts)
{
	const struct message *m = &bundle->message;
	*facts = (struct evidence_facts){ .id = m->id,
					  .message_id = m->message_id,
					  .ref_to = m->ref_to,
					  .conversation = m->conversation,
					  .position = m->position,
					  .direction = m->direction,
					  .partner = m->partner,
					  .organisation = m->organisation,
					  .service = m->service,
					  .action = m->action,
					  .original_sender = m->original_sender,
					  .final_recipient = m->final_recipient,
					  .document = m->document,
					  .test = m->test,
					  .state = m->state,
					  .created_us = m->created_us,
					  .accepted_us = m->accepted_us,
					  .settled_us = m->settled_us,
					  .wires_count = bundle->wires_count,
					  .payloads_count = bundle->parts.count,
					  .agreements_count = bundle->agreements_count,
					  .exported_us = bundle->now_us,
					  .program = "lintas " LINTAS_VERSION };
}

/* Who the parties are stands in the signed header. */
static void fill_parties(const struct bundle *bundle, struct evidence_facts *facts,
			 struct party_facts parties[static 2])
{
	const struct evidence_wire *version = bundle_first_version(bundle);
	if (!version)
		return;
	const struct ebms_party_info *info = version->message.user.parties;
	parties[0] = (struct party_facts){ .type = info->from->id->type, .id = info->from->id->value };
	parties[1] = (struct party_facts){ .type = info->to->id->type, .id = info->to->id->value };
	facts->from = &parties[0];
	facts->to = &parties[1];
}

enum err_code evidence_put_facts(struct bundle *bundle, struct err *err)
{
	struct evidence_facts facts;
	struct party_facts parties[2];
	struct journal_facts journal;
	struct agreement_facts agreements[AGREEMENTS_MAX];
	buf_auto out;
	buf_init(&out, JSON_MAX);
	fill_facts(bundle, &facts);
	fill_parties(bundle, &facts, parties);
	count_journal(bundle, &journal);
	facts.journal = &journal;
	agreement_facts(bundle, agreements);
	facts.agreements = agreements;
	facts.wires = arena_array(bundle->arena, bundle->wires_count + 1, sizeof *facts.wires);
	facts.payloads = arena_array(bundle->arena, bundle->parts.count + 1, sizeof *facts.payloads);
	if (!facts.wires || !facts.payloads)
		return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
	for (size_t i = 0; i < bundle->wires_count; i++) {
		struct basis_facts *basis = arena_array(bundle->arena, bundle->wires[i].basis.count + 1, sizeof *basis);
		if (!basis)
			return fail(err, ERR_MEMORY, "no memory for the evidence of message %s", bundle->id);
		facts.wires[i] = facts_of(&bundle->wires[i], basis);
	}
	for (size_t i = 0; i < bundle->parts.count; i++)
		payload_facts(&bundle->payloads[i], &facts.payloads[i]);
	field_put_json(&out, &evidence_schema, &facts);
	buf_putc(&out, '\n');
	return bundle_put_buf(bundle, "evidence.json", &out, err);
}

/* --- audit/entries.json and audit/links.tsv --- */

static const struct field hash_rows[] = {
	FIELD_TEXT(struct hash_view, hash, .json = "hash"),
};
static const struct fields hash_fields = FIELDS(struct hash_view, hash_rows);

/* In the order in which the digest takes them, up to content; "time" is "at" for people, and "empty" names those that
 * are an empty text, which differs from none. */
static const struct field entry_rows[] = {
	FIELD_TIME(struct entry_view, time_us, .json = "time"),
	FIELD_TEXT(struct entry_view, id, .json = "id"),
	FIELD_INT(struct entry_view, at_us, .json = "at"),
	FIELD_TEXT(struct entry_view, actor, .json = "actor"),
	FIELD_TEXT(struct entry_view, organisation, .json = "organisation"),
	FIELD_TEXT(struct entry_view, subject_type, .json = "subjectType"),
	FIELD_TEXT(struct entry_view, subject, .json = "subject"),
	FIELD_TEXT(struct entry_view, event, .json = "event"),
	FIELD_TEXT(struct entry_view, from_state, .json = "fromState"),
	FIELD_TEXT(struct entry_view, to_state, .json = "toState"),
	FIELD_TEXT(struct entry_view, detail, .json = "detail"),
	FIELD_TEXT(struct entry_view, law, .json = "law"),
	FIELD_TEXT(struct entry_view, content, .json = "content"),
	FIELD_TEXT(struct entry_view, empty, .json = "empty"),
	FIELD_INT(struct entry_view, sequence, .json = "sequence"),
	FIELD_INT(struct entry_view, seal, .json = "seal"),
	FIELD_INT(struct entry_view, index, .json = "index"),
	FIELD_INT(struct entry_view, count, .json = "count"),
	FIELD_LIST(struct entry_view, path, path_count, struct hash_view, hash_fields, .json = "path",
		   .max = HASHES_MAX),
};
const struct fields evidence_entry_fields = FIELDS(struct entry_view, entry_rows);

static const struct field entries_rows[] = {
	FIELD_LIST(struct entries_view, items, count, struct entry_view, evidence_entry_fields, .json = "entries",
		   .max = ENTRIES_MAX),
};
static const struct fields entries_fields = FIELDS(struct entries_view, entries_rows);
const struct schema evidence_entries_schema = { .name = "entries", .ns = "", .prefix = "", .fields = &entries_fields };

/* The JSON names of the texts of ENTRY that are empty; NULL if there are none. *GOOD false: out of memory. */
static const char *empty_fields(struct arena *arena, const struct entry_view *entry, bool *good)
{
	const char *names = NULL;
	*good = true;
	for (size_t i = 0; i < COUNT(entry_rows) && *good; i++) {
		const struct field *row = &entry_rows[i];
		const char *text = NULL;
		if (row->kind == FIELD_KIND_TEXT)
			memcpy(&text, (const char *)entry + row->offset, sizeof text);
		if (!text || *text)
			continue;
		names = arena_printf(arena, "%s%s%s", names ? names : "", names ? " " : "", row->json);
		*good = names != NULL;
	}
	return names;
}

static enum err_code show_entry(struct arena *arena, const struct journal_path *path, struct entry_view *view,
				struct err *err)
{
	const struct journal_entry *e = path->entry;
	bool sealed = path->seal != 0, good;
	*view = (struct entry_view){ .time_us = e->at_us,
				     .id = e->id,
				     .at_us = e->at_us,
				     .actor = e->actor,
				     .organisation = e->organisation,
				     .subject_type = e->subject_type,
				     .subject = e->subject,
				     .event = e->event,
				     .from_state = e->from_state,
				     .to_state = e->to_state,
				     .detail = e->detail,
				     .law = e->law,
				     .content = e->content,
				     .sequence = sealed ? e->sequence : INTEGER_NONE,
				     .seal = sealed ? path->seal : INTEGER_NONE,
				     .index = sealed ? path->index : INTEGER_NONE,
				     .count = sealed ? path->count : INTEGER_NONE,
				     .path = arena_array(arena, path->hashes_count, sizeof *view->path),
				     .path_count = path->hashes_count };
	view->empty = empty_fields(arena, view, &good);
	if (!view->path || !good)
		return fail(err, ERR_MEMORY, "no memory for the journal's extract");
	for (size_t i = 0; i < path->hashes_count; i++)
		view->path[i].hash = path->hashes[i];
	return OK;
}

static enum err_code put_entries(struct bundle *bundle, struct err *err)
{
	size_t count = 0;
	struct entries_view view = { 0 };
	buf_auto out;
	buf_init(&out, JSON_MAX);
	for (size_t i = 0; i < bundle->journal_count; i++)
		count += bundle->journal[i].paths_count;
	view.items = arena_array(bundle->arena, count + 1, sizeof *view.items);
	if (!view.items)
		return fail(err, ERR_MEMORY, "no memory for the journal's extract");
	for (size_t i = 0; i < bundle->journal_count; i++)
		for (size_t k = 0; k < bundle->journal[i].paths_count; k++)
			TRY(show_entry(bundle->arena, &bundle->journal[i].paths[k], &view.items[view.count++], err));
	field_put_json(&out, &evidence_entries_schema, &view);
	buf_putc(&out, '\n');
	return bundle_put_buf(bundle, "audit/entries.json", &out, err);
}

/* Whether LINK comes after a gap in the links that hold the message: the folder has one unbroken run from there on, to
 * the last link, which is what a head that was written down is compared with. */
static bool is_cut_off(const struct bundle *bundle, const struct journal_link *link)
{
	const struct journal_extract *message = &bundle->journal[0];
	const struct journal_link *last = bundle->links_count ? bundle->links[bundle->links_count - 1] : NULL;
	return last && link->number > last->number + 1 && message->links_count &&
	       last->number >= message->links[0].number;
}

/* The extract whose next link has the lowest number. NEXT: how many of each are taken. */
static const struct journal_extract *lowest(const struct bundle *bundle, const size_t next[static JOURNAL_SUBJECTS])
{
	const struct journal_extract *found = NULL;
	int64_t number = INT64_MAX;
	for (size_t i = 0; i < bundle->journal_count; i++) {
		const struct journal_extract *extract = &bundle->journal[i];
		if (next[i] == extract->links_count || extract->links[next[i]].number >= number)
			continue;
		found = extract;
		number = extract->links[next[i]].number;
	}
	return found;
}

/* The chains are of one snapshot: where several have a link it is the same. */
static enum err_code merge_links(struct bundle *bundle, struct err *err)
{
	size_t next[JOURNAL_SUBJECTS] = { 0 }, count = 0;
	const struct journal_extract *extract;
	for (size_t i = 0; i < bundle->journal_count; i++)
		count += bundle->journal[i].links_count;
	bundle->links = arena_array(bundle->arena, count + 1, sizeof *bundle->links);
	if (!bundle->links)
		return fail(err, ERR_MEMORY, "no memory for the journal's extract");
	while ((extract = lowest(bundle, next))) {
		const struct journal_link *link = &extract->links[next[extract - bundle->journal]];
		bundle->to_head = false;
		if (is_cut_off(bundle, link))
			break;
		bundle->links[bundle->links_count++] = link;
		for (size_t i = 0; i < bundle->journal_count; i++) {
			const struct journal_extract *each = &bundle->journal[i];
			next[i] += next[i] < each->links_count && each->links[next[i]].number == link->number;
			bundle->to_head |= next[i] == each->links_count && each->to_head;
		}
	}
	return OK;
}

enum err_code evidence_put_journal(struct bundle *bundle, struct err *err)
{
	buf_auto out;
	buf_init(&out, JSON_MAX);
	TRY(put_entries(bundle, err));
	TRY(merge_links(bundle, err));
	for (size_t i = 0; i < bundle->links_count; i++) {
		const struct journal_link *link = bundle->links[i];
		buf_printf(&out, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\t%s\t%s\n", link->number,
			   link->first, link->last, link->at_us, link->previous, link->root, link->hash);
	}
	return bundle_put_buf(bundle, "audit/links.tsv", &out, err);
}
