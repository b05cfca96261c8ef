/* Papers: what officers accept by hand while the link to a partner is down, and the electronic twin that comes later.
 */
#include <stdio.h>

#include "base/uuid.h"
#include "customs/document/document_int.h"
#include "kernel/journal.h"
#include "kernel/link.h"
#include "kernel/party.h"
#include "kernel/task.h"

/* Since 1 January 2024 hard copies of Form D are issued and accepted when there are technical issues; by rule 26(1) the
 * two formats have equivalent legal effect, so that one of them is used, and once. */
#define LAW        "ATIGA OCP rule 26(1)"
#define TASK       "paper-differs"
#define DIFFERENCE 400 /* longest text of what differs, with the NUL */

static const char *const ended[] = { "settled", "closed", NULL };
static const struct fsm_row rows[] = {
	/* from       event     guard  to           emit  timer law */
	{ "accepted", "twin", NULL, "settled", NULL, NULL, LAW },
	{ "accepted", "differ", NULL, "differing", NULL, NULL, LAW },
	{ "accepted", "close", NULL, "closed", NULL, NULL, NULL },
	{ "differing", "close", NULL, "closed", NULL, NULL, NULL },
	{ 0 },
};
const struct machine paper_machine = {
	.name = "paper",
	.title = "A paper that was accepted while the electronic document could not come",
	.initial = "accepted",
	.final = ended,
	.rows = rows,
	.subject_type = "paper",
};

static void find(struct findings *findings, enum document_rule rule, const char *path, const char *first,
		 const char *second)
{
	finding_add(findings, &document_rules[rule], path, first, second);
}

/* --- Accepting --- */

/* The organisation, and that its seat receives such documents. */
static enum err_code check_seat(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct paper *paper,
				struct findings *findings, struct err *err)
{
	const struct doctype *doctype = doctype_find(kernel, paper->doctype);
	struct organisation organisation;

	if (!doctype)
		find(findings, DOCUMENT_UNKNOWN_TYPE, "/type", paper->doctype, NULL);
	TRY(organisation_find(tx, arena, paper->organisation, &organisation, err));
	if (!organisation.code)
		find(findings, DOCUMENT_NO_ORGANISATION, "/organisation", paper->organisation, NULL);
	else if (doctype && !same(organisation.seat, doctype->to_seat))
		find(findings, PAPER_WRONG_SEAT, "/organisation", organisation.code, doctype->to_seat);
	return OK;
}

static enum err_code check_paper(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct paper *paper,
				 struct findings *findings, struct err *err)
{
	struct partner partner;
	struct paper known;
	const char *twin;
	char day[DATE_SIZE];

	TRY(check_seat(kernel, tx, arena, paper, findings, err));
	TRY(partner_find(tx, arena, paper->partner, &partner, err));
	if (!partner.code)
		find(findings, DOCUMENT_NO_PARTNER, "/partner", paper->partner, NULL);
	document_check_issued(paper->issued_on, "/issuedOn", document_today(paper->accepted_us), findings);
	TRY(store_paper_by_name(tx, arena, paper, &known, err));
	if (known.id)
		find(findings, PAPER_ACCEPTED_BEFORE, "/reference", known.id,
		     date_format(date_of_time(known.accepted_us), day));
	TRY(store_paper_twin(tx, arena, paper, &twin, err));
	if (twin)
		find(findings, PAPER_TWIN_IS_HERE, "/reference", twin, NULL);
	return OK;
}

/* Hard copies are for technical issues, so the record says whether there was one. Who is told that there is none may
 * know better: of the partner's own systems a link says nothing. */
static enum err_code note_link(struct tx *tx, struct arena *arena, struct paper *paper, struct findings *findings,
			       struct err *err)
{
	struct link_list links;
	char since[TIME_SIZE], until[TIME_SIZE];

	paper->link = "not tried yet";
	TRY(link_list(tx, arena, paper->accepted_us, &links, err));
	for (size_t i = 0; i < links.count; i++) {
		const struct link *link = &links.items[i];
		if (!same(link->partner, paper->partner))
			continue;
		const struct link_notice *notice = link->notice;
		if (notice)
			paper->link =
				arena_printf(arena, "%s, announced, since %s until %s", notice->kind,
					     time_format(notice->from_us, since), time_format(notice->until_us, until));
		else if (!same(link->state, LINK_UNKNOWN))
			paper->link =
				arena_printf(arena, "%s since %s", link->state, time_format(link->since_us, since));
		if (!paper->link)
			return fail(err, ERR_MEMORY, "no memory left for a paper");
		if (same(link->state, LINK_UP) || same(link->state, LINK_SLOW))
			find(findings, PAPER_LINK_IS_UP, "/partner", paper->partner, paper->link);
	}
	return OK;
}

static struct fsm_case case_of(struct kernel *kernel, struct arena *arena, const struct paper *paper,
			       const struct actor *actor, int64_t now_us, const char *detail)
{
	return (struct fsm_case){ .kernel = kernel,
				  .arena = arena,
				  .id = paper->id,
				  .organisation = paper->organisation,
				  .actor = *actor,
				  .now_us = now_us,
				  .detail = detail };
}

enum err_code paper_accept(struct kernel *kernel, struct tx *tx, struct arena *arena, struct paper *paper,
			   const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err)
{
	size_t errors = findings_errors(findings);
	char *id = arena_alloc(arena, UUID_SIZE);
	char day[DATE_SIZE];

	if (!id)
		return fail(err, ERR_MEMORY, "no memory left for a paper");
	paper->accepted_by = actor->name;
	paper->accepted_us = now_us;
	TRY(check_paper(kernel, tx, arena, paper, findings, err));
	if (findings_errors(findings) > errors)
		return OK;
	TRY(note_link(tx, arena, paper, findings, err));
	uuid_new(id, now_us);
	paper->id = id;
	paper->document = NULL;
	paper->twin_us = TIME_NONE;
	paper->state = paper_machine.initial;
	TRY(store_paper_put(tx, paper, err));

	struct fsm_case fsm_case =
		case_of(kernel, arena, paper, actor, now_us,
			arena_printf(arena, "%s %s of %s, issued on %s, accepted on paper: %s; link %s", paper->doctype,
				     paper->reference, paper->partner, date_format(paper->issued_on, day),
				     paper->reason, paper->link));
	return fsm_open(tx, &paper_machine, &fsm_case, err);
}

enum err_code paper_close(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct paper *paper,
			  const char *reason, const struct actor *actor, int64_t now_us, struct findings *findings,
			  struct err *err)
{
	struct fsm_case fsm_case = case_of(kernel, arena, paper, actor, now_us, reason);

	const char *to;
	TRY(fsm_fire(tx, &paper_machine, &fsm_case, "close", &to, findings, err));
	if (!to)
		return OK;
	TRY(store_paper_close(tx, paper->id, reason, err));
	return task_close(tx, paper->id, TASK, now_us, err);
}

enum err_code paper_list(struct tx *tx, struct arena *arena, const struct paper_filter *filter, struct paper_list *list,
			 struct err *err)
{
	return store_paper_list(tx, arena, filter, list, err);
}

enum err_code paper_named(struct tx *tx, struct arena *arena, const char *organisation, const char *name,
			  struct paper *paper, struct err *err)
{
	TRY(store_paper_by_id(tx, arena, organisation, name, paper, err));
	return paper->id ? OK : store_paper_by_reference(tx, arena, organisation, name, paper, err);
}

/* --- The twin --- */

/* What the electronic one says otherwise than the officer noted; "" if nothing. SENDER is "TH:dft". */
static void compare(const struct paper *paper, const struct document *twin, const char *seat,
		    char differs[static DIFFERENCE])
{
	const char *issuer = twin->sender ? strchr(twin->sender, ':') : NULL;
	/* By ebMS 2 a role is all that is said of the sender, which may be any organisation with that seat. */
	bool is_seat = issuer && same(issuer + 1, seat);
	char noted[DATE_SIZE], says[DATE_SIZE];
	int size = 0;

	differs[0] = '\0';
	if (paper->issued_on != twin->issued_on)
		size = snprintf(differs, DIFFERENCE, "the paper was issued on %s, the electronic one on %s",
				date_format(paper->issued_on, noted), date_format(twin->issued_on, says));
	if (paper->issuer && !is_seat && !same(paper->issuer, issuer ? issuer + 1 : twin->sender))
		snprintf(differs + size, (size_t)(DIFFERENCE - size),
			 "%sthe paper was issued by %.100s, the electronic one by %.100s", size ? "; " : "",
			 paper->issuer, twin->sender ? twin->sender : "nobody who says so");
}

static enum err_code ask_officer(struct tx *tx, struct arena *arena, const struct paper *paper, const char *differs,
				 int64_t now_us, struct err *err)
{
	const char *text = arena_printf(
		arena,
		"%s %s of %s was accepted on paper, and its electronic twin differs: %s. Compare the two, then lintas paper close %s",
		paper->doctype, paper->reference, paper->partner, differs, paper->id);

	if (!text)
		return fail(err, ERR_MEMORY, "no memory left for a paper");
	return task_open(
		tx,
		&(struct task){ .organisation = paper->organisation, .kind = TASK, .subject = paper->id, .text = text },
		now_us, err);
}

static enum err_code note_twin(struct tx *tx, struct arena *arena, const struct paper *paper,
			       const struct document *twin, const struct actor *actor, int64_t now_us, struct err *err)
{
	char day[DATE_SIZE];

	return journal_put(
		tx,
		&(struct journal_entry){ .at_us = now_us,
					 .actor = actor->name,
					 .organisation = paper->organisation,
					 .subject_type = "document",
					 .subject = twin->id,
					 .event = "twin-of-paper",
					 .detail = arena_printf(arena, "electronic twin of paper accepted on %s (%s)",
								date_format(date_of_time(paper->accepted_us), day),
								paper->id),
					 .law = LAW },
		err);
}

enum err_code paper_meet(struct kernel *kernel, struct tx *tx, struct arena *arena, const struct document *twin,
			 const struct actor *actor, int64_t now_us, struct findings *findings, struct err *err)
{
	const struct paper name = { .organisation = twin->organisation,
				    .partner = twin->partner,
				    .doctype = twin->doctype,
				    .reference = twin->reference };
	struct paper paper = { 0 };
	char differs[DIFFERENCE];

	if (!twin->test && twin->reference)
		TRY(store_paper_by_name(tx, arena, &name, &paper, err));
	if (!paper.id || paper.document)
		return OK;
	TRY(store_paper_twin_set(tx, paper.id, twin->id, now_us, err));
	TRY(note_twin(tx, arena, &paper, twin, actor, now_us, err));
	if (!same(paper.state, paper_machine.initial))
		return OK; /* closed by an officer */

	const struct doctype *doctype = doctype_find(kernel, paper.doctype);
	compare(&paper, twin, doctype ? doctype->from_seat : NULL, differs);
	struct fsm_case fsm_case =
		case_of(kernel, arena, &paper, actor, now_us,
			arena_printf(arena, "by document %s%s%s", twin->id, *differs ? ": " : "", differs));
	TRY(fsm_fire(tx, &paper_machine, &fsm_case, *differs ? "differ" : "twin", NULL, findings, err));
	return *differs ? ask_officer(tx, arena, &paper, differs, now_us, err) : OK;
}
