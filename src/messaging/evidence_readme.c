/* README.md of the folder: evidence/explanation.md, in which rows of this file fill what differs from message to
 * message. */
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "kernel/capability.h"
#include "kernel/codelist.h"
#include "messaging/binding_int.h"
#include "messaging/evidence_int.h"
#include "messaging/uris_int.h"

enum { README_MAX = 16 << 20, ERRORS_SHOWN = 3, SERIAL_OCTETS = 64 /* RFC 5280 §4.1.2.2: 20 */ };

/* Partners' texts, as code, so that they can be nothing else in the page. */
static void put_code(struct buf *out, const char *text)
{
	buf_putc(out, '`');
	for (const char *c = text; *c; c++)
		buf_putc(out, (unsigned char)*c < ' ' || *c == '`' || *c == '|' ? '?' : *c);
	buf_putc(out, '`');
}

static void put_time(struct buf *out, int64_t time_us)
{
	char text[TIME_SIZE];
	buf_puts(out, time_format(time_us, text));
}

/* Who sent the message, and who received it. */
static const char *state_of(const struct bundle *bundle, bool sender)
{
	bool ours = same(bundle->message.direction, "out") == sender;
	return ours ? bundle->kernel->state : bundle->message.partner;
}

/* "Thailand (TH)". */
static void put_state(struct buf *out, const char *state)
{
	const char *name = codelist_name("ISO3166", state);
	buf_printf(out, name ? "%s (%s)" : "%s", name ? name : state, state);
}

static void put_title(struct buf *out, const struct bundle *bundle)
{
	if (bundle->name.reference) {
		put_code(out, bundle->message.action);
		buf_putc(out, ' ');
		put_code(out, bundle->name.reference);
		buf_puts(out, " in ");
	}
	buf_puts(out, "message ");
	put_code(out, bundle->message.message_id);
}

static void put_program(struct buf *out, const struct bundle *bundle)
{
	buf_puts(out, "Lintas " LINTAS_VERSION " at the node of ");
	put_state(out, bundle->kernel->state);
}

static void put_exported(struct buf *out, const struct bundle *bundle)
{
	put_time(out, bundle->now_us);
}

static void put_fact(struct buf *out, const char *label, const char *text)
{
	if (!text)
		return;
	buf_printf(out, "| %s | ", label);
	put_code(out, text);
	buf_puts(out, " |\n");
}

static void put_fact_time(struct buf *out, const char *label, int64_t time_us)
{
	if (time_us == TIME_NONE)
		return;
	buf_printf(out, "| %s | ", label);
	put_time(out, time_us);
	buf_puts(out, " |\n");
}

static void put_party(struct buf *out, const char *label, const char *state, const struct ebms_party *party)
{
	buf_printf(out, "| %s | ", label);
	put_state(out, state);
	if (party) {
		buf_puts(out, ", in the message ");
		put_code(out, party->id->value);
	}
	buf_puts(out, " |\n");
}

static void put_what(struct buf *out, const struct bundle *bundle)
{
	const struct message *m = &bundle->message;
	const struct doctype *doctype = doctype_find(bundle->kernel, m->action);
	if (same(m->service, URI_TEST_SERVICE) && same(m->action, URI_TEST_ACTION)) {
		buf_puts(out, "| what | a test of the link (ping), without content |\n");
		return;
	}
	buf_puts(out, "| what | ");
	put_code(out, m->action);
	buf_printf(out, "%s%s |\n", doctype ? ": " : "", doctype ? doctype->title : "");
}

/* By which people know it: reference, date and issuer. */
static void put_name(struct buf *out, const struct bundle *bundle)
{
	const struct document_key *name = &bundle->name;
	char day[DATE_SIZE];
	if (!bundle->parts.count)
		return;
	buf_puts(out, "| document | ");
	if (name->reference) {
		put_code(out, name->reference);
		buf_printf(out, ", issued %s by ", date_format(name->issued_on, day));
		put_state(out, name->issuer_state ? name->issuer_state : "?");
		buf_puts(out, ": so says");
	} else
		buf_puts(out, "its reference, date and issuer stand in");
	buf_printf(out, " `%s` |\n", bundle->payloads[0].path);
	put_fact(out, "is about document", name->about);
}

/* The last one that answers a version of the message; NULL. */
static const struct evidence_wire *bundle_receipt(const struct bundle *bundle)
{
	const struct evidence_wire *receipt = NULL;
	for (size_t i = 0; i < bundle->wires_count; i++)
		if (bundle->wires[i].answers)
			receipt = &bundle->wires[i];
	return receipt;
}

static void put_agreements(struct buf *out, const struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->agreements_count; i++) {
		const struct evidence_agreement *agreement = &bundle->agreements[i];
		buf_puts(out, "| exchanged under agreement (CPA) | ");
		put_code(out, agreement->kept.id);
		buf_puts(out, ", as this node has kept it since ");
		put_time(out, agreement->kept.added_us);
		buf_printf(out, ": `%s`", agreement->path);
		if (agreement->terms_path)
			buf_printf(out, ", with `%s`", agreement->terms_path);
		buf_puts(out, " |\n");
	}
}

static void put_facts(struct buf *out, const struct bundle *bundle)
{
	const struct message *m = &bundle->message;
	const struct evidence_wire *version = bundle_first_version(bundle);
	const struct ebms_party_info *parties = version ? version->message.user.parties : NULL;
	buf_puts(out, "| | |\n|---|---|\n");
	put_party(out, "from", state_of(bundle, true), parties ? parties->from : NULL);
	put_party(out, "to", state_of(bundle, false), parties ? parties->to : NULL);
	put_fact(out, "sent for (state and authority)", m->original_sender);
	put_fact(out, "meant for (state and authority)", m->final_recipient);
	put_what(out, bundle);
	put_name(out, bundle);
	put_agreements(out, bundle);
	if (m->test)
		buf_puts(out, "| test | marked as a test: no business follows from it |\n");
	put_fact(out, "message identifier", m->message_id);
	put_fact(out, "answers message", m->ref_to);
	buf_puts(out, "| conversation | ");
	put_code(out, m->conversation);
	buf_printf(out, ", message %" PRId64 " of it |\n", m->position);
	put_fact_time(out, "made, says its sender", m->created_us);
	put_fact_time(out, "accepted here", m->accepted_us);
	put_fact(out, "what became of it here", m->state);
	put_fact_time(out, "since", m->settled_us);
	if (!bundle_receipt(bundle))
		put_fact(out, "why the last attempt failed", m->last_error);
	put_fact(out, "number of the message here", m->id);
	put_fact(out, "number of the document here", m->document);
}

/* What a wire was, told by who did it. */
static const char *const deeds[] = {
	[WIRE_SENT] = "%s signed the message, for sending",
	[WIRE_RECEIVED] = "the message of %s came in and was accepted",
	[WIRE_RECEIPT_SENT] = "%s acknowledged it with a signed receipt",
	[WIRE_RECEIPT_RECEIVED] = "%s acknowledged it with a signed receipt",
	[WIRE_ERROR_SENT] = "%s refused it with an error",
	[WIRE_ERROR_RECEIVED] = "%s answered without a receipt",
};

static const char *deed_of(const struct evidence_wire *wire)
{
	if (!wire->answers)
		return deeds[wire->wire->kind];
	if (wire_is_pong(wire))
		return wire->bare ? "%s answered the ping, unsigned" : "%s answered the ping, signed";
	return wire->bare ? "%s acknowledged it, unsigned" : deeds[wire->wire->kind];
}

static void put_deed(struct buf *out, const struct bundle *bundle, const struct evidence_wire *wire)
{
	enum wire_kind kind = wire->wire->kind;
	bool ours = kind == WIRE_SENT || kind == WIRE_RECEIPT_SENT || kind == WIRE_ERROR_SENT;
	const char *who = ours ? bundle->kernel->state : bundle->message.partner, *deed = deed_of(wire);
	const char *place = strstr(deed, "%s");
	buf_put_bytes(out, bytes(deed, (size_t)(place - deed)));
	put_state(out, who);
	buf_puts(out, place + 2);
}

static void put_errors(struct buf *out, const struct ebms_message *message)
{
	for (size_t i = 0; i < message->signal.errors_count && i < ERRORS_SHOWN; i++) {
		const struct ebms_error *error = &message->signal.errors[i];
		buf_puts(out, ". It says: ");
		put_code(out, error->code);
		buf_putc(out, ' ');
		put_code(out, error->description_text ? error->description_text : "");
		if (error->detail) {
			buf_putc(out, ' ');
			put_code(out, error->detail);
		}
	}
}

/* As openssl prints it: two digits an octet. */
static void put_serial(struct buf *out, const char *decimal)
{
	uint8_t number[SERIAL_OCTETS] = { 0 };
	size_t first = 0;
	for (const char *c = decimal; *c; c++) {
		unsigned carry = (unsigned)(*c - '0');
		if (carry > 9 || number[0]) {
			put_code(out, decimal);
			buf_puts(out, " (decimal)");
			return;
		}
		for (size_t i = sizeof number; i-- > 0;) {
			carry += number[i] * 10U;
			number[i] = (uint8_t)carry;
			carry >>= 8;
		}
	}
	while (first < sizeof number - 1 && !number[first])
		first++;
	buf_putc(out, '`');
	for (size_t i = first; i < sizeof number; i++)
		buf_printf(out, "%02X", number[i]);
	buf_putc(out, '`');
}

static void put_signer(struct buf *out, const struct evidence_wire *wire)
{
	if (wire->bare) {
		buf_puts(out, ". **Nobody signed it, which ebMS 2 allows: who said it is the word of the node that "
			      "wrote this folder.**");
		return;
	}
	if (!wire->proved) {
		buf_puts(out, ". **No signature of a certificate that we believed: it proves nothing.**");
		return;
	}
	buf_puts(out, ". Signed by ");
	put_code(out, cert_subject(wire->signer));
	buf_printf(out, ", certificate with the SHA-256 fingerprint `%s`, serial number ",
		   cert_fingerprint(wire->signer));
	put_serial(out, cert_serial(wire->signer));
	buf_puts(out, " of ");
	put_code(out, cert_issuer(wire->signer));
	buf_puts(out, ", valid from ");
	put_time(out, cert_not_before_us(wire->signer));
	buf_puts(out, " to ");
	put_time(out, cert_not_after_us(wire->signer));
	if (wire->message.signature->alg == SIG_RSA_SHA1)
		buf_puts(out,
			 ". **It is made with SHA-1, which is weak: two texts with the same digest can be made, so "
			 "that it proves less**");
	if (wire->overdue_since_us == TIME_NONE)
		return;
	int64_t minutes = (wire->wire->at_us - wire->overdue_since_us) / MINUTE_US;
	buf_puts(out, ". The revocation list was to be replaced by ");
	put_time(out, wire->overdue_since_us);
	buf_printf(out,
		   ": it was overdue by %" PRId64 " d %" PRId64 " h %" PRId64 " min, and used within the grace of this "
		   "node's policy (`[trust] crl-grace`)",
		   minutes / (24 * 60), minutes / 60 % 24, minutes % 60);
}

static void put_wire(struct buf *out, const struct bundle *bundle, const struct evidence_wire *wire)
{
	put_time(out, wire->wire->at_us);
	buf_puts(out, ": ");
	put_deed(out, bundle, wire);
	buf_printf(out, " (folder `%s`)", wire->folder);
	if (wire->answers)
		buf_printf(out, "; it speaks of `%s`", wire->answers->folder);
	if (wire->message.kind == KIND_ERROR && wire->message.messaging)
		put_errors(out, &wire->message);
	put_signer(out, wire);
	buf_puts(out, ".\n");
}

/* What the journal alone tells: the events of the machines of messages at which nothing went over the wire. */
static const char *turn_of(const struct journal_entry *entry)
{
	static const struct {
		const char *event, *sentence;
	} rows[] = {
		{ "hold", "was held, not to be sent before it is released," },
		{ "release", "was released to be sent" },
		{ "retry", "was put to be tried again" },
		{ "given-up", "was given up, not to be tried again by itself," },
		{ "failed", "was found impossible to process" },
		{ "abandon", "was abandoned" },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (same(entry->event, rows[i].event))
			return rows[i].sentence;
	return NULL;
}

static void put_turn(struct buf *out, const struct journal_entry *entry)
{
	put_time(out, entry->at_us);
	buf_printf(out, ": the message %s by ", turn_of(entry));
	put_code(out, entry->actor);
	if (entry->detail) {
		buf_puts(out, ": ");
		put_code(out, entry->detail);
	}
	buf_puts(out, " (in the journal alone).\n");
}

/* Both in the order of time. */
static void put_events(struct buf *out, const struct bundle *bundle)
{
	const struct journal_extract *journal = &bundle->journal[0];
	size_t number = 0, next = 0;
	for (size_t i = 0; i <= bundle->wires_count; i++) {
		const struct evidence_wire *wire = i < bundle->wires_count ? &bundle->wires[i] : NULL;
		for (; next < journal->paths_count; next++) {
			const struct journal_entry *entry = journal->paths[next].entry;
			if (wire && entry->at_us > wire->wire->at_us)
				break;
			if (!turn_of(entry))
				continue;
			buf_printf(out, "%zu. ", ++number);
			put_turn(out, entry);
		}
		if (!wire)
			break;
		buf_printf(out, "%zu. ", ++number);
		put_wire(out, bundle, wire);
	}
	if (!bundle->wires_count)
		buf_puts(out, "\nNothing was signed or sent.\n");
}

static void put_abandoned(struct buf *out, const struct bundle *bundle)
{
	if (!same(bundle->message.state, "abandoned"))
		return;
	buf_puts(out, "\n\n**The exchange was abandoned** here");
	buf_puts(out, same(bundle->message.direction, "out") ? ": the message is not sent any more."
							     : ": the message came in, and was not processed.");
}

/* With something that came over the wire, be it a refusal. */
static bool answered(const struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->wires_count; i++)
		if (bundle->wires[i].wire->kind != WIRE_SENT)
			return true;
	return false;
}

static void put_acknowledged(struct buf *out, const struct evidence_wire *receipt)
{
	const char *folder = receipt->folder, *answered = receipt->answers->folder;
	if (receipt->bare)
		buf_printf(out,
			   "**The answer** in `%s` is not signed, and `%s`, which is, did not ask for that. That the "
			   "other side gave it is the word of the node that wrote this folder, nothing more. It says "
			   "that it was made at ",
			   folder, answered);
	else if (wire_is_pong(receipt))
		buf_printf(out, "**The answer to the ping** is in `%s`. It names `%s`, and says that it was made at ",
			   folder, answered);
	else
		buf_printf(out,
			   "**The receipt** is in `%s`. It repeats the digests of `%s`, and says that it was made at ",
			   folder, answered);
	put_time(out, receipt->message.signal.info->timestamp_us);
	buf_putc(out, '.');
}

static void put_receipt(struct buf *out, const struct bundle *bundle)
{
	const struct evidence_wire *receipt = bundle_receipt(bundle);
	if (receipt)
		put_acknowledged(out, receipt);
	else
		buf_printf(out, "**There is no receipt.** Nothing in this folder shows that %s accepted the message%s.",
			   state_of(bundle, false), answered(bundle) ? "" : ", or that it left");
	put_abandoned(out, bundle);
}

static void put_payloads(struct buf *out, const struct bundle *bundle)
{
	if (!bundle->parts.count)
		buf_puts(out, "The message has no content beside its header.\n");
	for (size_t i = 0; i < bundle->parts.count; i++) {
		const struct evidence_payload *p = &bundle->payloads[i];
		buf_printf(out, "- `%s`: ", p->path);
		put_code(out, p->part->mime_type);
		buf_printf(out, ", %zu octets, SHA-256 `%s`", p->plain.size, p->digest);
		for (size_t k = 0; k < p->forms_count; k++) {
			const struct evidence_form *form = &p->forms[k];
			if (!same(form->path, p->path))
				buf_printf(out, "; signed in the form of `%s`, %s", form->path,
					   form->compressed ? "compressed" : "its canonical XML");
			else if (p->forms_count > 1)
				buf_puts(out, "; signed as it is");
		}
		buf_putc(out, '\n');
	}
}

static void put_xmlsec(struct buf *out, const struct bundle *bundle)
{
	bool any = false;
	for (size_t i = 0; i < bundle->wires_count; i++) {
		if (!bundle->wires[i].proved || !bundle->wires[i].xmlsec)
			continue;
		if (!any)
			buf_puts(out,
				 "3. What carries no content beside its header can also be checked by another program, "
				 "`xmlsec1` 1.2:\n\n```\n");
		any = true;
		buf_printf(out, "xmlsec1 --verify %s--pubkey-cert-pem %s/signer.pem %s/message\n",
			   bundle->wires[i].message.ebms2 ? ""
							  : "--id-attr:Id " NS_EBMS3
							    ":Messaging --id-attr:Id " NS_SOAP12 ":Body ",
			   bundle->wires[i].folder, bundle->wires[i].folder);
	}
	if (any)
		buf_puts(out, "```\n");
}

static void put_chain(struct buf *out, const struct bundle *bundle)
{
	const struct journal_link *last = bundle->links_count ? bundle->links[bundle->links_count - 1] : NULL;
	if (!last) {
		buf_puts(out, "None of the entries is sealed yet.");
		return;
	}
	buf_printf(
		out,
		"The last link here is seal %" PRId64 ". A head that was written down at exactly that seal must be its "
		"hash, `%s`; one that was written down earlier must be the hash (last column) of the link of its seal",
		last->number, last->hash);
	buf_puts(out,
		 bundle->to_head
			 ? "."
			 : ". The chain is longer than what this folder has room for: later heads say nothing here.");
}

static void put_number(struct buf *out, const struct bundle *bundle)
{
	buf_puts(out, bundle->message.id);
}

/* The end of what stands in the text only if there is such a file. */
static void put_nothing(struct buf *out, const struct bundle *bundle)
{
	(void)out;
	(void)bundle;
}

/* The first folder that can be checked by hand. */
static void put_folder(struct buf *out, const struct bundle *bundle)
{
	for (size_t i = 0; i < bundle->wires_count; i++) {
		if (!bundle->wires[i].proved)
			continue;
		buf_puts(out, bundle->wires[i].folder);
		return;
	}
}

static const struct {
	const char *name;
	void (*put)(struct buf *out, const struct bundle *bundle);
} places[] = {
	{ "TITLE", put_title },   { "PROGRAM", put_program }, { "EXPORTED", put_exported }, { "FACTS", put_facts },
	{ "EVENTS", put_events }, { "RECEIPT", put_receipt }, { "PAYLOADS", put_payloads }, { "XMLSEC", put_xmlsec },
	{ "CHAIN", put_chain },   { "FOLDER", put_folder },   { "END", put_nothing },       { "NUMBER", put_number },
};

static bool has_file(const struct bundle *bundle, const char *part, size_t size)
{
	for (size_t i = 0; i < bundle->count; i++)
		for (const char *at = bundle->files[i].path; *at; at++)
			if (strncmp(at, part, size) == 0)
				return true;
	return false;
}

static bool has_binding(const struct bundle *bundle, const char *name, size_t size)
{
	for (size_t i = 0; i < bundle->wires_count; i++) {
		const struct binding *binding = bundle->wires[i].message.binding;
		if (binding && strlen(binding->name) == size && memcmp(binding->name, name, size) == 0)
			return true;
	}
	return false;
}

static const char condition[] = "@IF:", condition_end[] = "@END@";

/* Behind the end of the condition at TEXT, whatever others it has inside. */
static const char *skip_condition(const char *text)
{
	unsigned depth = 1;
	for (const char *at = text + 1; *at; at++) {
		depth += starts_with(at, condition);
		depth -= starts_with(at, condition_end);
		if (depth == 0)
			return at + sizeof condition_end - 1;
	}
	return text + strlen(text);
}

/* "@IF:PART@" at TEXT: what follows is for folders with a file whose path has that PART, or with something that went by
 * the binding of that name; else it is skipped with its "@END@". */
static size_t fill_condition(const struct bundle *bundle, const char *text)
{
	if (!starts_with(text, condition))
		return 0;
	const char *part = text + sizeof condition - 1;
	size_t size = strcspn(part, "@");
	if (has_file(bundle, part, size) || has_binding(bundle, part, size))
		return sizeof condition + size;
	return (size_t)(skip_condition(text) - text);
}

/* "@NAME@" at TEXT: fills it and returns its length; 0 if there is none. */
static size_t fill_place(struct buf *out, const struct bundle *bundle, const char *text)
{
	for (size_t i = 0; i < COUNT(places); i++) {
		size_t length = strlen(places[i].name);
		if (strncmp(text + 1, places[i].name, length) != 0 || text[1 + length] != '@')
			continue;
		places[i].put(out, bundle);
		return length + 2;
	}
	return fill_condition(bundle, text);
}

enum err_code evidence_put_readme(struct bundle *bundle, struct err *err)
{
	buf_auto out;
	buf_init(&out, README_MAX);
	for (const char *text = text_explanation_md; *text;) {
		size_t plain = strcspn(text, "@");
		buf_put_bytes(&out, bytes(text, plain));
		text += plain;
		size_t place = *text ? fill_place(&out, bundle, text) : 0;
		if (*text && !place)
			buf_putc(&out, *text++);
		text += place;
	}
	return bundle_put_buf(bundle, "README.md", &out, err);
}
