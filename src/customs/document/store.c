#include "base/uuid.h"
#include "customs/document/document_int.h"

/* clang-format off */
#define COLUMNS \
	"document.id, organisation, doctype, version, direction, partner, issuer_state, reference, issued_on, sender, recipient, digest," \
	" message, part, conversation, test, created_us, about, document.machine, fsm_case.state," \
	" (SELECT paper.id FROM paper WHERE paper.document = document.id)"
/* The kernel keeps the state; it is read with the row, so that a list is one query. */
#define FROM " FROM document LEFT JOIN fsm_case ON fsm_case.id = document.id AND fsm_case.machine = document.machine "

static const struct statement sql_put = { "document.put",
	"INSERT INTO document (id, organisation, doctype, version, direction, partner, issuer_state, reference, issued_on, sender, recipient,"
	" digest, message, part, conversation, test, created_us, about, machine, refused)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
	" ON CONFLICT (direction, organisation, doctype, issuer_state, reference, issued_on, test) WHERE refused = 0 DO NOTHING" };
static const struct statement sql_by_name = { "document.by-name",
	"SELECT " COLUMNS FROM "WHERE refused = 0 AND organisation = $1 AND (CAST($2 AS TEXT) IS NULL OR partner = $2) AND doctype = $3 AND issuer_state = $4"
	" AND reference = $5 AND issued_on = $6 AND test = $8 AND (CAST($7 AS TEXT) IS NULL OR direction = $7) LIMIT 1" };
static const struct statement sql_by_id = { "document.by-id",
	"SELECT " COLUMNS FROM "WHERE document.id = $1 AND (CAST($2 AS TEXT) IS NULL OR organisation = $2)" };
static const struct statement sql_finding_put = { "document.finding-put",
	"INSERT INTO document_finding (document, number, code, severity, path, text, law) VALUES ($1, $2, $3, $4, $5, $6, $7)" };
static const struct statement sql_findings = { "document.findings",
	"SELECT code, severity, path, text, law FROM document_finding WHERE document = $1 ORDER BY number" };
static const struct statement sql_findings_drop = { "document.findings-drop", "DELETE FROM document_finding WHERE document = $1" };
static const struct statement sql_message_set = { "document.message-set", "UPDATE document SET message = $2 WHERE id = $1" };
/* Texts of their own, because the list of one organisation must run along its index, that of a state along the one of
 * the states, and nothing may make the first see another's. Ids sort by time, so days are bounds of ids. */
#define FILTER \
	"(CAST($2 AS TEXT) IS NULL OR doctype = $2) AND (CAST($3 AS TEXT) IS NULL OR direction = $3)" \
	" AND (CAST($4 AS TEXT) IS NULL OR partner = $4) AND (CAST($5 AS TEXT) IS NULL OR reference = $5)" \
	" AND (CAST($7 AS TEXT) IS NULL OR (refused = 0 AND CAST(test AS TEXT) = $7))"
#define NEWEST(id) " AND " id " < $6 AND " id " >= $8 ORDER BY " id " DESC LIMIT $1"
#define IN_STATE " FROM fsm_case JOIN document ON document.id = fsm_case.id AND document.machine = fsm_case.machine WHERE fsm_case.state = $9 AND "
static const struct statement sql_all = { "document.all", "SELECT " COLUMNS FROM "WHERE " FILTER NEWEST("document.id") };
static const struct statement sql_of_organisation = { "document.of-organisation",
	"SELECT " COLUMNS FROM "WHERE organisation = $9 AND " FILTER NEWEST("document.id") };
static const struct statement sql_in_state = { "document.in-state",
	"SELECT " COLUMNS IN_STATE FILTER NEWEST("fsm_case.id") };
/* CROSS: SQLite takes them in this order. */
static const struct statement sql_in_state_of_organisation = { "document.in-state-of-organisation",
	"SELECT " COLUMNS " FROM document CROSS JOIN fsm_case WHERE fsm_case.id = document.id AND fsm_case.machine = document.machine"
	" AND fsm_case.state = $9 AND organisation = $10 AND " FILTER NEWEST("document.id") };
static const struct statement sql_of_reference = { "document.of-reference",
	"SELECT count(*) FROM document WHERE reference = $1 AND (CAST($2 AS TEXT) IS NULL OR organisation = $2)" };
static const struct statement sql_kept = { "document.kept",
	"SELECT id, organisation, doctype, message, about, reference, issuer_state, issued_on, created_us,"
	" (SELECT min(other.id) FROM document AS other WHERE other.about = document.id) FROM document WHERE id = $1" };
/* A paper outlives its twin: twin_us says that it came. */
static const struct statement sql_paper_alone = { "document.paper-alone",
	"UPDATE paper SET document = NULL WHERE document = $1" };
static const struct statement sql_drop = { "document.drop", "DELETE FROM document WHERE id = $1" };

#define PAPER \
	"SELECT paper.id, organisation, partner, doctype, reference, issued_on, issuer, reason, accepted_by, accepted_us, document, twin_us," \
	" fsm_case.state, link, closed_because FROM paper JOIN fsm_case ON fsm_case.id = paper.id AND fsm_case.machine = 'paper' "
static const struct statement sql_paper_put = { "document.paper-put",
	"INSERT INTO paper (id, organisation, partner, doctype, reference, issued_on, issuer, reason, accepted_by, accepted_us, link)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (organisation, doctype, partner, reference) DO NOTHING" };
static const struct statement sql_paper_by_name = { "document.paper-by-name",
	PAPER "WHERE organisation = $1 AND partner = $2 AND doctype = $3 AND reference = $4" };
static const struct statement sql_paper_by_id = { "document.paper-by-id",
	PAPER "WHERE paper.id = $1 AND (CAST($2 AS TEXT) IS NULL OR organisation = $2)" };
static const struct statement sql_paper_by_reference = { "document.paper-by-reference",
	PAPER "WHERE paper.reference = $1 AND (CAST($2 AS TEXT) IS NULL OR organisation = $2) LIMIT 2" };
static const struct statement sql_paper_close = { "document.paper-close", "UPDATE paper SET closed_because = $2 WHERE id = $1" };
static const struct statement sql_paper_twin = { "document.paper-twin",
	"SELECT id FROM document WHERE reference = $4 AND organisation = $1 AND partner = $2 AND doctype = $3 AND direction = 'in'"
	" AND refused = 0 AND test = 0 ORDER BY id LIMIT 1" };
static const struct statement sql_paper_twin_set = { "document.paper-twin-set",
	"UPDATE paper SET document = $2, twin_us = $3 WHERE id = $1 AND document IS NULL" };
static const struct statement sql_paper_list = { "document.paper-list",
	PAPER "WHERE (CAST($1 AS TEXT) IS NULL OR organisation = $1) AND (CAST($2 AS TEXT) IS NULL OR partner = $2)"
	" AND (CAST($3 AS {i64}) = 0 OR fsm_case.state = 'accepted' OR fsm_case.state = 'differing')"
	" AND (CAST($4 AS TEXT) IS NULL OR paper.id < $4) ORDER BY paper.id DESC LIMIT $5" };
/* clang-format on */

static const struct statement *const rows[] = {
	&sql_put,
	&sql_by_name,
	&sql_by_id,
	&sql_all,
	&sql_of_organisation,
	&sql_message_set,
	&sql_paper_put,
	&sql_paper_by_name,
	&sql_paper_by_id,
	&sql_paper_twin,
	&sql_paper_list,
	&sql_paper_twin_set,
	&sql_kept,
	&sql_paper_alone,
	&sql_drop,
	&sql_finding_put,
	&sql_findings,
	&sql_findings_drop,
	&sql_in_state,
	&sql_in_state_of_organisation,
	&sql_of_reference,
	&sql_paper_close,
	&sql_paper_by_reference,
};
const struct statements document_statements = { rows, COUNT(rows) };

static const char *day_or_null(date day, char buffer[static DATE_SIZE])
{
	return day == DATE_NONE ? NULL : date_format(day, buffer);
}

enum err_code store_put(struct tx *tx, const struct document *document, bool refused, struct err *err)
{
	char day[DATE_SIZE];
	int64_t changed = 0;

	TRY(db_exec(tx, &sql_put,
		    BINDS(BIND_TEXT(document->id), BIND_TEXT(document->organisation), BIND_TEXT(document->doctype),
			  BIND_TEXT(document->version), BIND_TEXT(document->direction), BIND_TEXT(document->partner),
			  BIND_TEXT(document->issuer_state), BIND_TEXT(document->reference),
			  BIND_TEXT(day_or_null(document->issued_on, day)), BIND_TEXT(document->sender),
			  BIND_TEXT(document->recipient), BIND_TEXT(document->digest), BIND_TEXT(document->message),
			  BIND_INT(document->part), BIND_TEXT(document->conversation), BIND_INT(document->test),
			  BIND_INT(document->created_us), BIND_TEXT(document->about), BIND_TEXT(document->machine),
			  BIND_INT(refused)),
		    &changed, err));
	/* Transient: in the next transaction the lookup by name finds the other one. */
	if (changed == 0)
		return fail(err, ERR_BUSY, "%s of %s is being stored by another worker", document->reference,
			    document->issuer_state);
	return OK;
}

enum err_code store_findings_put(struct tx *tx, const char *document, const struct findings *findings, struct err *err)
{
	const struct finding *f;

	for (size_t i = 0; (f = findings_at(findings, i)); i++)
		TRY(db_exec(tx, &sql_finding_put,
			    BINDS(BIND_TEXT(document), BIND_INT((int64_t)i + 1), BIND_TEXT(f->rule->code),
				  BIND_TEXT(severity_name(f->rule->severity)), BIND_TEXT(f->path), BIND_TEXT(f->text),
				  BIND_TEXT(f->law)),
			    NULL, err));
	return OK;
}

enum err_code document_findings(struct tx *tx, struct arena *arena, const char *id, struct document_finding_list *list,
				struct err *err)
{
	struct document_finding_list found = { .items = arena_array(arena, FINDINGS_MAX, sizeof(*found.items)) };
	db_query_auto query = { 0 };

	if (!found.items)
		return fail(err, ERR_MEMORY, "no memory left for what was found in document %s", id);
	TRY(db_query(tx, &sql_findings, BINDS(BIND_TEXT(id)), &query, err));
	while (found.count < FINDINGS_MAX && db_next(&query))
		found.items[found.count++] = (struct document_finding){
			.code = db_text(arena, &query, 0),
			.severity = db_text(arena, &query, 1),
			.path = db_text(arena, &query, 2),
			.text = db_text(arena, &query, 3),
			.law = db_text(arena, &query, 4),
		};
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code store_message_set(struct tx *tx, const char *document, const char *message, struct err *err)
{
	return db_exec(tx, &sql_message_set, BINDS(BIND_TEXT(document), BIND_TEXT(message)), NULL, err);
}

static struct document row_of(struct arena *arena, const struct query *query)
{
	return (struct document){
		.id = db_text(arena, query, 0),
		.organisation = db_text(arena, query, 1),
		.doctype = db_text(arena, query, 2),
		.version = db_text(arena, query, 3),
		.direction = db_text(arena, query, 4),
		.partner = db_text(arena, query, 5),
		.issuer_state = db_text(arena, query, 6),
		.reference = db_text(arena, query, 7),
		.issued_on = db_day(query, 8),
		.sender = db_text(arena, query, 9),
		.recipient = db_text(arena, query, 10),
		.digest = db_text(arena, query, 11),
		.message = db_text(arena, query, 12),
		.part = db_int(query, 13),
		.conversation = db_text(arena, query, 14),
		.test = db_int(query, 15) != 0,
		.created_us = db_int(query, 16),
		.about = db_text(arena, query, 17),
		.machine = db_text(arena, query, 18),
		.state = db_text(arena, query, 19),
		.paper = db_text(arena, query, 20),
	};
}

static enum err_code one(struct tx *tx, struct arena *arena, const struct statement *statement,
			 const struct bind *binds, size_t count, struct document *document, struct err *err)
{
	struct document found = { .issued_on = DATE_NONE };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	if (db_next(&query))
		found = row_of(arena, &query);
	TRY(db_end(&query, err));
	*document = found;
	return OK;
}

enum err_code store_by_name(struct tx *tx, struct arena *arena, const struct document_name *name,
			    struct document *document, struct err *err)
{
	char day[DATE_SIZE];

	return one(tx, arena, &sql_by_name,
		   BINDS(BIND_TEXT(name->organisation), BIND_TEXT(name->partner), BIND_TEXT(name->doctype),
			 BIND_TEXT(name->issuer_state), BIND_TEXT(name->reference),
			 BIND_TEXT(date_format(name->issued_on, day)), BIND_TEXT(name->direction),
			 BIND_INT(name->test)),
		   document, err);
}

enum err_code store_by_id(struct tx *tx, struct arena *arena, const char *organisation, const char *id,
			  struct document *document, struct err *err)
{
	return one(tx, arena, &sql_by_id, BINDS(BIND_TEXT(id), BIND_TEXT(organisation)), document, err);
}

/* The smallest id of that time, which is a whole millisecond; none is smaller than "", none as great as "z". */
static const char *id_bound(int64_t time_us, const char *always, char bound[static UUID_SIZE])
{
	if (time_us == 0)
		return always;
	uuid_floor(bound, time_us);
	return bound;
}

enum err_code store_list(struct tx *tx, struct arena *arena, const struct document_filter *filter,
			 struct document_list *list, struct err *err)
{
	static const struct statement *const statements[2][2] = { { &sql_all, &sql_of_organisation },
								  { &sql_in_state, &sql_in_state_of_organisation } };
	size_t limit = filter->limit < DOCUMENT_LIST_MAX ? filter->limit : DOCUMENT_LIST_MAX;
	size_t count = 8; /* of what is always bound */
	struct document_list found = { .items = arena_array(arena, limit, sizeof(*found.items)) };
	char from[UUID_SIZE], to[UUID_SIZE];
	const char *since = id_bound(filter->since_us, "", from), *end = id_bound(filter->end_us, "z", to);
	struct bind binds[10] = { BIND_INT(limit),
				  BIND_TEXT(filter->doctype),
				  BIND_TEXT(filter->direction),
				  BIND_TEXT(filter->partner),
				  BIND_TEXT(filter->reference),
				  BIND_TEXT(filter->before && strcmp(filter->before, end) < 0 ? filter->before : end),
				  BIND_TEXT(filter->valid),
				  BIND_TEXT(since) };
	db_query_auto query = { 0 };

	if (!found.items)
		return fail(err, ERR_MEMORY, "no memory left for the list of documents");
	if (filter->state)
		binds[count++] = BIND_TEXT(filter->state);
	if (filter->organisation)
		binds[count++] = BIND_TEXT(filter->organisation);
	TRY(db_query(tx, statements[filter->state != NULL][filter->organisation != NULL], binds, count, &query, err));
	while (found.count < limit && db_next(&query))
		found.items[found.count++] = row_of(arena, &query);
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}

enum err_code store_count(struct tx *tx, const char *organisation, const char *reference, int64_t *count,
			  struct err *err)
{
	int64_t found = 0;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_of_reference, BINDS(BIND_TEXT(reference), BIND_TEXT(organisation)), &query, err));
	if (db_next(&query))
		found = db_int(&query, 0);
	TRY(db_end(&query, err));
	*count = found;
	return OK;
}

static enum err_code kept_find(struct tx *tx, struct arena *arena, const char *id, struct kept_document *document,
			       struct err *err)
{
	struct kept_document found = { .issued_on = DATE_NONE };
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_kept, BINDS(BIND_TEXT(id)), &query, err));
	if (db_next(&query))
		found = (struct kept_document){
			.id = db_text(arena, &query, 0),
			.organisation = db_text(arena, &query, 1),
			.doctype = db_text(arena, &query, 2),
			.message = db_text(arena, &query, 3),
			.about = db_text(arena, &query, 4),
			.reference = db_text(arena, &query, 5),
			.issuer_state = db_text(arena, &query, 6),
			.issued_on = db_day(&query, 7),
			.created_us = db_int(&query, 8),
			.referred_by = db_text(arena, &query, 9),
		};
	TRY(db_end(&query, err));
	*document = found;
	return OK;
}

static enum err_code kept_drop(struct tx *tx, const char *id, struct err *err)
{
	TRY(db_exec(tx, &sql_paper_alone, BINDS(BIND_TEXT(id)), NULL, err));
	TRY(db_exec(tx, &sql_findings_drop, BINDS(BIND_TEXT(id)), NULL, err));
	return db_exec(tx, &sql_drop, BINDS(BIND_TEXT(id)), NULL, err);
}

const struct keeper document_keeper = { kept_find, kept_drop, document_effect };

/* --- Papers --- */

static struct paper paper_row_of(struct arena *arena, const struct query *query)
{
	return (struct paper){
		.id = db_text(arena, query, 0),
		.organisation = db_text(arena, query, 1),
		.partner = db_text(arena, query, 2),
		.doctype = db_text(arena, query, 3),
		.reference = db_text(arena, query, 4),
		.issued_on = db_day(query, 5),
		.issuer = db_text(arena, query, 6),
		.reason = db_text(arena, query, 7),
		.accepted_by = db_text(arena, query, 8),
		.accepted_us = db_int(query, 9),
		.document = db_text(arena, query, 10),
		.twin_us = db_time(query, 11),
		.state = db_text(arena, query, 12),
		.link = db_text(arena, query, 13),
		.closed_because = db_text(arena, query, 14),
	};
}

static enum err_code one_paper(struct tx *tx, struct arena *arena, const struct statement *statement,
			       const struct bind *binds, size_t count, struct paper *paper, struct err *err)
{
	struct paper found = { .issued_on = DATE_NONE, .twin_us = TIME_NONE };
	db_query_auto query = { 0 };

	TRY(db_query(tx, statement, binds, count, &query, err));
	if (db_next(&query))
		found = paper_row_of(arena, &query);
	TRY(db_end(&query, err));
	*paper = found;
	return OK;
}

enum err_code store_paper_by_name(struct tx *tx, struct arena *arena, const struct paper *name, struct paper *paper,
				  struct err *err)
{
	return one_paper(tx, arena, &sql_paper_by_name,
			 BINDS(BIND_TEXT(name->organisation), BIND_TEXT(name->partner), BIND_TEXT(name->doctype),
			       BIND_TEXT(name->reference)),
			 paper, err);
}

enum err_code store_paper_by_id(struct tx *tx, struct arena *arena, const char *organisation, const char *id,
				struct paper *paper, struct err *err)
{
	return one_paper(tx, arena, &sql_paper_by_id, BINDS(BIND_TEXT(id), BIND_TEXT(organisation)), paper, err);
}

enum err_code store_paper_by_reference(struct tx *tx, struct arena *arena, const char *organisation,
				       const char *reference, struct paper *paper, struct err *err)
{
	struct paper found = { .issued_on = DATE_NONE, .twin_us = TIME_NONE };
	bool several = false;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_paper_by_reference, BINDS(BIND_TEXT(reference), BIND_TEXT(organisation)), &query, err));
	if (db_next(&query)) {
		found = paper_row_of(arena, &query);
		several = db_next(&query);
	}
	TRY(db_end(&query, err));
	if (several)
		return fail(err, ERR_CONFLICT,
			    "several papers have the reference %s: name one by its id, as lintas paper list shows it",
			    reference);
	*paper = found;
	return OK;
}

enum err_code store_paper_close(struct tx *tx, const char *paper, const char *reason, struct err *err)
{
	return db_exec(tx, &sql_paper_close, BINDS(BIND_TEXT(paper), BIND_TEXT(reason)), NULL, err);
}

enum err_code store_paper_put(struct tx *tx, const struct paper *paper, struct err *err)
{
	char day[DATE_SIZE];
	int64_t changed = 0;

	TRY(db_exec(tx, &sql_paper_put,
		    BINDS(BIND_TEXT(paper->id), BIND_TEXT(paper->organisation), BIND_TEXT(paper->partner),
			  BIND_TEXT(paper->doctype), BIND_TEXT(paper->reference),
			  BIND_TEXT(date_format(paper->issued_on, day)), BIND_TEXT(paper->issuer),
			  BIND_TEXT(paper->reason), BIND_TEXT(paper->accepted_by), BIND_INT(paper->accepted_us),
			  BIND_TEXT(paper->link)),
		    &changed, err));
	if (changed == 0)
		return fail(err, ERR_BUSY, "the paper %s of %s is being accepted by another officer", paper->reference,
			    paper->partner);
	return OK;
}

enum err_code store_paper_twin(struct tx *tx, struct arena *arena, const struct paper *paper, const char **twin,
			       struct err *err)
{
	const char *found = NULL;
	db_query_auto query = { 0 };

	TRY(db_query(tx, &sql_paper_twin,
		     BINDS(BIND_TEXT(paper->organisation), BIND_TEXT(paper->partner), BIND_TEXT(paper->doctype),
			   BIND_TEXT(paper->reference)),
		     &query, err));
	if (db_next(&query))
		found = db_text(arena, &query, 0);
	TRY(db_end(&query, err));
	*twin = found;
	return OK;
}

enum err_code store_paper_twin_set(struct tx *tx, const char *paper, const char *document, int64_t now_us,
				   struct err *err)
{
	return db_exec(tx, &sql_paper_twin_set, BINDS(BIND_TEXT(paper), BIND_TEXT(document), BIND_INT(now_us)), NULL,
		       err);
}

enum err_code store_paper_list(struct tx *tx, struct arena *arena, const struct paper_filter *filter,
			       struct paper_list *list, struct err *err)
{
	size_t limit = filter->limit < DOCUMENT_LIST_MAX ? filter->limit : DOCUMENT_LIST_MAX;
	struct paper_list found = { .items = arena_array(arena, limit, sizeof(*found.items)) };
	db_query_auto query = { 0 };

	if (!found.items)
		return fail(err, ERR_MEMORY, "no memory left for the list of papers");
	TRY(db_query(tx, &sql_paper_list,
		     BINDS(BIND_TEXT(filter->organisation), BIND_TEXT(filter->partner), BIND_INT(filter->open),
			   BIND_TEXT(filter->before), BIND_INT(limit)),
		     &query, err));
	while (found.count < limit && db_next(&query))
		found.items[found.count++] = paper_row_of(arena, &query);
	TRY(db_end(&query, err));
	*list = found;
	return OK;
}
