/* Two states of one node's database, field by field. By SQL of its own, so that it sees what the node's queries do not.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "region.h"

/* Each row one text; messages that are no documents' are another matter. */
#define DOCUMENTS "message.service = 'urn:lintas:service:documents:1'"
/* Times of messages went over the wire in milliseconds. */
#define MS(time) "CAST(" time " / 1000 AS INTEGER)"
#define TEXT(x)  "COALESCE(" x ", '-')"

/* clang-format off */
#define FIELD(x) x " || '|' || "
#define OURS(x)  "CASE message.direction WHEN 'out' THEN " x " ELSE '' END || '|' || "

static const struct {
	const char *what, *sql;
} looks[] = {
	{ "message",
	  "SELECT " FIELD("message_id") FIELD("direction") OURS("id") OURS(TEXT("document")) FIELD("partner")
	  FIELD(TEXT("organisation")) FIELD("conversation") FIELD("position") FIELD(TEXT("ref_to")) FIELD("action")
	  FIELD(TEXT("original_sender")) FIELD(TEXT("final_recipient")) FIELD("test") FIELD("state")
	  FIELD(MS("created_us")) FIELD(TEXT(MS("accepted_us"))) "digest FROM message WHERE " DOCUMENTS " ORDER BY 1" },
	{ "part",
	  "SELECT " FIELD("message_id") FIELD("number") FIELD("content_id") FIELD("mime_type") FIELD(TEXT("charset"))
	  FIELD("compressed") "hex(octets) FROM message_part JOIN message ON message.id = message_part.message"
	  " WHERE " DOCUMENTS " ORDER BY 1" },
	{ "wire",
	  "SELECT " FIELD("message_id") FIELD("kind") FIELD("content_type") FIELD(TEXT("certificate")) FIELD(TEXT("basis"))
	  "hex(octets) FROM wire JOIN message ON message.id = wire.message WHERE " DOCUMENTS " ORDER BY 1" },
	{ "document",
	  "SELECT " FIELD("document.direction") OURS("document.id") FIELD("document.organisation") FIELD("doctype")
	  FIELD("version") FIELD("document.partner") FIELD("issuer_state") FIELD("reference") FIELD("issued_on")
	  FIELD("sender") FIELD("recipient") FIELD("document.digest") FIELD("message_id") FIELD("part")
	  FIELD("document.conversation") FIELD("document.test") FIELD("document.machine") FIELD("refused")
	  FIELD("fsm_case.state") TEXT("(SELECT reference FROM document AS other WHERE other.id = document.about)")
	  " FROM document JOIN message ON message.id = document.message JOIN fsm_case ON fsm_case.id = document.id"
	  " ORDER BY 1" },
	/* A clock runs from when a document was processed, which is not in any message: at most a minute after it came. */
	{ "clock",
	  "SELECT " FIELD("reference") FIELD("fsm_timer.machine") FIELD("fsm_timer.name") FIELD("fsm_timer.event")
	  FIELD("fsm_timer.state") "CAST((due_us + 30000000) / 60000000 AS INTEGER) FROM fsm_timer"
	  " JOIN document ON document.id = fsm_timer.case_id ORDER BY 1" },
};
/* clang-format on */

static sqlite3_stmt *look_in(struct region *region, const char *path, const char *sql, sqlite3 **db)
{
	sqlite3_stmt *statement = NULL;

	region_expect(region, sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
	if (sqlite3_prepare_v2(*db, sql, -1, &statement, NULL) != SQLITE_OK)
		region_fail(region, "%s: %s", sql, sqlite3_errmsg(*db));
	return statement;
}

static const char *next_row(struct region *region, sqlite3_stmt *statement)
{
	if (sqlite3_step(statement) != SQLITE_ROW)
		return NULL;
	const char *text = (const char *)sqlite3_column_text(statement, 0);
	return arena_printf(region->arena, "%.3000s", text ? text : "(a field is NULL)");
}

void region_compare(struct region_node *node, const char *backup)
{
	struct region *region = node->region;

	for (size_t i = 0; i < COUNT(looks); i++) {
		sqlite3 *dbs[2];
		sqlite3_stmt *was = look_in(region, backup, looks[i].sql, &dbs[0]);
		sqlite3_stmt *is = look_in(region, node->database, looks[i].sql, &dbs[1]);
		const char *before, *now;
		size_t rows = 0;
		for (bool some = true; some; rows += some) {
			before = next_row(region, was);
			now = next_row(region, is);
			if (!same(before, now))
				region_fail(region, "%s: a %s was\n%s\nand is\n%s", node->state, looks[i].what,
					    before ? before : "not there", now ? now : "not there");
			some = before != NULL;
		}
		if (rows == 0)
			region_fail(region, "%s: there is no %s to compare", node->state, looks[i].what);
		sqlite3_finalize(was);
		sqlite3_finalize(is);
		sqlite3_close(dbs[0]);
		sqlite3_close(dbs[1]);
	}
}

void region_sql_in(struct region *region, const char *backup, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	region_expect(region, sqlite3_open(backup, &db) == SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		region_fail(region, "%s: %s", sql, why);
	region_expect(region, sqlite3_changes(db) > 0);
	sqlite3_close(db);
}

void region_sql(struct region_node *node, const char *sql)
{
	region_sql_in(node->region, node->database, sql);
}
