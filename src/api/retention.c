/* /api/v1/holds, /api/v1/retention, and what archives need of the node. */
#include "kernel/retention.h"

#include "api/call_int.h"
#include "customs/document/document.h"
#include "kernel/archive.h"
#include "kernel/hold.h"
#include "kernel/own_key.h"
#include "kernel/party.h"

/* --- Holds --- */

enum { RULE_KIND, RULE_OVER };
const struct rule hold_rules[] = {
	[RULE_KIND] = { .code = "RET-001",
			.text = "there is no {1} {2} here: lintas documents list, inbox list and outbox list show what "
				"there is" },
	[RULE_OVER] = { .code = "RET-002", .text = "a hold that ends on {1} is over before it begins" },
	{ 0 },
};

static void show_hold(const struct hold *h, int64_t now_us, struct hold_view *view)
{
	*view = (struct hold_view){ .id = h->id,
				    .kind = h->kind,
				    .subject = h->subject,
				    .organisation = h->organisation,
				    .reason = h->reason,
				    .placed_by = h->placed_by,
				    .placed_us = h->placed_us,
				    .until_us = h->until_us,
				    .lifted_by = h->lifted_by,
				    .lifted_us = h->lifted_us,
				    .others = INTEGER_NONE,
				    .counts = hold_counts(h, now_us) };
}

struct hold_call {
	struct call *call;
	struct new_hold_view wanted;
	struct findings *findings; /* of this run of the transaction */
	struct hold hold;
	int64_t others; /* that have the reference by which the document was named */
	struct hold_list list;
};

/* What is asked for is here, and is what the asker's organisation keeps; .subject becomes its id or code. */
static enum err_code find_subject(struct tx *tx, struct hold_call *h, bool *found, struct err *err)
{
	struct call *call = h->call;
	struct document document;
	struct partner partner;
	struct organisation_list list;
	const char *name = h->wanted.subject;

	*found = false;
	h->hold.organisation = call->actor.organisation;
	h->hold.subject = name;
	if (same(h->hold.kind, HOLD_DOCUMENT)) {
		TRY(document_named(tx, call->arena, call->actor.organisation, name, &document, err));
		*found = document.id != NULL;
		h->hold.subject = document.id;
		h->hold.organisation = document.id ? document.organisation : NULL;
		h->others = document.id && document.others ? document.others : INTEGER_NONE;
	} else if (same(h->hold.kind, HOLD_PARTNER)) {
		TRY(partner_find(tx, call->arena, name, &partner, err));
		*found = partner.code != NULL;
	} else {
		TRY(organisation_list(tx, call->arena, &list, err));
		for (size_t i = 0; i < list.count; i++)
			*found = *found || (same(list.items[i].code, name) && call_sees(call, name));
		h->hold.organisation = name;
	}
	return OK;
}

static enum err_code put_hold(struct tx *tx, void *arg, struct err *err)
{
	struct hold_call *h = arg;
	struct call *call = h->call;
	bool found;

	h->findings = findings_new(call->arena);
	if (!h->findings)
		return fail(err, ERR_MEMORY, "no memory for the findings");
	h->hold = (struct hold){ .kind = h->wanted.kind,
				 .reason = h->wanted.reason,
				 .until_us = h->wanted.until == DATE_NONE ? TIME_NONE
									  : (h->wanted.until + INT64_C(1)) * DAY_US };
	TRY(find_subject(tx, h, &found, err));
	if (!found)
		finding_add(h->findings, &hold_rules[RULE_KIND], "/subject", h->wanted.kind, h->wanted.subject);
	if (h->hold.until_us != TIME_NONE && h->hold.until_us <= call->now_us) {
		char day[DATE_SIZE];
		finding_add(h->findings, &hold_rules[RULE_OVER], "/until", date_format(h->wanted.until, day), NULL);
	}
	return findings_errors(h->findings) ? OK : hold_put(tx, call->arena, &h->hold, &call->actor, call->now_us, err);
}

static enum err_code answer_hold(struct hold_call *h, struct err *err)
{
	struct hold_view view;

	show_hold(&h->hold, h->call->now_us, &view);
	view.others = h->others;
	return call_answer(h->call, &view, err);
}

enum err_code holds_put(struct call *call, struct err *err)
{
	struct hold_call h = { .call = call, .others = INTEGER_NONE };

	TRY(call_read(call, &h.wanted, err));
	if (findings_errors(call->findings))
		return OK;
	TRY(db_write(call->kernel->db, put_hold, &h, err));
	findings_append(call->findings, h.findings);
	return findings_errors(call->findings) ? OK : answer_hold(&h, err);
}

static enum err_code lift_hold(struct tx *tx, void *arg, struct err *err)
{
	struct hold_call *h = arg;
	struct call *call = h->call;

	return hold_lift(tx, call->arena, call->parameters[0], &call->actor, call->now_us, &h->hold, err);
}

enum err_code holds_lift(struct call *call, struct err *err)
{
	struct hold_call h = { .call = call, .others = INTEGER_NONE };

	TRY(db_write(call->kernel->db, lift_hold, &h, err));
	return answer_hold(&h, err);
}

static enum err_code read_holds(struct tx *tx, void *arg, struct err *err)
{
	struct hold_call *h = arg;
	const struct call *call = h->call;

	return hold_list(tx, call->arena, call_organisation(call), call_query(call, "before"), call_limit(call),
			 &h->list, err);
}

static void show_line(const void *item, void *view)
{
	*(struct hold_view *)view = *(const struct hold_view *)item;
}

enum err_code holds_list(struct call *call, struct err *err)
{
	struct hold_call h = { .call = call, .others = INTEGER_NONE };
	struct hold_list_view page = { 0 };

	TRY(db_read(call->kernel->db, read_holds, &h, err));
	page.items = arena_array(call->arena, h.list.count + 1, sizeof *page.items);
	if (!page.items)
		return fail(err, ERR_MEMORY, "no memory for the holds");
	for (; page.count < h.list.count; page.count++)
		show_hold(&h.list.items[page.count], call->now_us, &page.items[page.count]);
	bool more = page.count == call_limit(call);
	return call_answer_page(call, PAGE(page, hold_view, show_line, more ? page.items[page.count - 1].id : NULL),
				err);
}

/* --- What is due --- */

static enum err_code show_due(struct arena *arena, const struct retention_item *i, struct retention_view *view,
			      struct err *err)
{
	char term[RETENTION_TERM_SIZE];

	*view = (struct retention_view){ .message = i->message,
					 .type = i->type,
					 .document = i->document,
					 .organisation = i->organisation,
					 .partner = i->partner,
					 .direction = i->direction,
					 .reference = i->reference,
					 .issuer_state = i->issuer_state,
					 .issued_on = i->issued_on,
					 .last_us = i->last_us,
					 .due_us = i->due_us,
					 .archived_us = i->archived_us,
					 .settled = i->settled,
					 .term = arena_text(arena, retention_term_format(i->rule.term, term)),
					 .law = i->rule.law,
					 .verdict = i->verdict,
					 .why = i->why };
	return view->term ? OK : fail(err, ERR_MEMORY, "no memory for what is due");
}

static void show_retention(const void *item, void *view)
{
	*(struct retention_view *)view = *(const struct retention_view *)item;
}

/* A page looks at so many messages; how many of them it shows depends on their terms. */
enum err_code retention_due(struct call *call, struct err *err)
{
	const char *at = call_query(call, "at");
	int64_t at_us = call->now_us;
	date day;
	struct retention_list list;
	struct retention_list_view page = { 0 };

	if (at && date_parse(at, &day))
		at_us = (day + INT64_C(1)) * DAY_US;
	TRY(retention_list(call->kernel, call->arena, call_organisation(call), call_query(call, "after"), at_us,
			   call_limit(call), &list, err));
	page.items = arena_array(call->arena, list.count + 1, sizeof *page.items);
	if (!page.items)
		return fail(err, ERR_MEMORY, "no memory for what is due");
	for (; page.count < list.count; page.count++)
		TRY(show_due(call->arena, &list.items[page.count], &page.items[page.count], err));
	return call_answer_page(call, PAGE(page, retention_view, show_retention, list.next), err);
}

enum err_code retention_run(struct call *call, struct err *err)
{
	enum { STEPS_MAX = 100 }; /* an answer must come in time */
	struct retention_walk walk = { .pause_until_us = 0 };
	struct retention_run_view view = { .more = true };

	for (int i = 0; i < STEPS_MAX && view.more; i++) {
		unsigned done;
		TRY(retention_step(call->kernel, &call->actor, call->now_us, &walk, &done, &view.more, err));
		view.deleted += done;
	}
	return call_answer(call, &view, err);
}

/* --- Archives --- */

enum err_code archives_sign(struct call *call, struct err *err)
{
	struct archive_manifest manifest;
	buf_auto payload;

	buf_init(&payload, ARCHIVE_LINE_MAX);
	TRY(call_read(call, &manifest, err));
	if (findings_errors(call->findings))
		return OK;
	field_put_json(&payload, &archive_manifest_schema, &manifest);
	TRY(buf_check(&payload, "a volume", err));
	call->content_type = "application/jose+json";
	return messaging_sign(call->asked->api->options.messaging, ARCHIVE_TYPE, buf_bytes(&payload), call->now_us,
			      call->out, err);
}

struct noting {
	struct call *call;
	struct retention_volume volume;
	const char *signer;
};

static enum err_code note_volume(struct tx *tx, void *arg, struct err *err)
{
	const struct noting *noting = arg;
	struct call *call = noting->call;
	bool ours;

	TRY(own_key_known(tx, noting->signer, &ours, err));
	if (!ours)
		return fail(err, ERR_CONFLICT,
			    "volume %lld is signed by %s, which is no key of this node: the archive is another's",
			    (long long)noting->volume.number, noting->signer);
	return retention_note_volume(tx, call->arena, &noting->volume, &call->actor, call->now_us, err);
}

enum err_code archives_note(struct call *call, struct err *err)
{
	struct archive_note_view view;
	struct noting noting = { .call = call };

	TRY(call_read(call, &view, err));
	if (findings_errors(call->findings))
		return OK;
	noting.signer = view.signer;
	struct retention_archived *items = arena_array(call->arena, view.count, sizeof *items);
	if (!items)
		return fail(err, ERR_MEMORY, "no memory for a volume");
	for (size_t i = 0; i < view.count; i++)
		items[i] =
			(struct retention_archived){ view.items[i].message, view.items[i].digest, view.items[i].at_us };
	noting.volume = (struct retention_volume){ .archive = view.archive,
						   .digest = view.digest,
						   .number = view.number,
						   .items = items,
						   .count = view.count };
	return db_write(call->kernel->db, note_volume, &noting, err);
}
