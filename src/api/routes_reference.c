/* Routes: reference data. */
#include "api/routes_int.h"
#include "interface/edition.h"
#include "kernel/edition.h"
#include "national/national.h"

static enum err_code kinds(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	const struct edition_kind *kind;
	(void)tx, (void)err;
	for (size_t i = 0; (kind = edition_kind_at(call->kernel, i)); i++)
		query_word(words, kind->name);
	return OK;
}

static enum err_code states(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	(void)tx, (void)call, (void)err;
	query_states(words, &edition_machine);
	return OK;
}

static enum err_code mappings(struct tx *tx, const struct call *call, struct query_words *words, struct err *err)
{
	const struct national_mapping *mapping;
	(void)tx, (void)err;
	for (size_t i = 0; (mapping = national_records_at(call->asked->api->options.mappings, i)); i++)
		query_word(words, mapping->name);
	return OK;
}

static const struct query_row
	query_kind = { .name = "kind",
		       .kind = QUERY_WORD,
		       .summary = "kind of reference data",
		       .words = kinds,
		       .fixed = true,
		       .what = "kind" },
	query_subject = { .name = "subject", .kind = QUERY_TEXT, .summary = "what it is an edition of: AHTN2022, VN" },
	query_edition_state = { .name = "state",
				.kind = QUERY_WORD,
				.summary = "state of the edition",
				.words = states,
				.fixed = true,
				.what = "state" },
	query_title = { .name = "title", .kind = QUERY_TEXT, .summary = "what people call it" },
	query_from = { .name = "from",
		       .kind = QUERY_DAY,
		       .summary = "the first day on which it counts (without it the one that its kind knows)" },
	query_last = { .name = "until",
		       .kind = QUERY_DAY,
		       .summary = "the last day on which it counts (none: no end)" },
	query_activate = { .name = "activate",
			   .kind = QUERY_FLAG,
			   .summary = "it counts at once, which needs the permission reference.approve, too" },
	query_reason = { .name = "reason", .kind = QUERY_TEXT, .summary = "why, for the journal" },
	query_records_map = { .name = "map",
			      .kind = QUERY_WORD,
			      .summary = "name of a mapping of this node, by which the file is read",
			      .words = mappings,
			      .what = "mapping",
			      .more = "a file in the folder that [national] mappings names, with \"records\"" };

const struct route reference_routes[] = {
	{ .method = "POST",
	  .path = "/api/v1/editions",
	  .operation = "importEdition",
	  .summary =
		  "Read a file of reference data into a new edition, which is then staged; all that is wrong with it is found at once",
	  .permission = "reference.import",
	  .handle = editions_import,
	  .takes = "text/csv, application/json, application/xml, text/xml, multipart/related",
	  .response = &edition_schema,
	  .query = QUERY(&query_kind, &query_subject, &query_from, &query_last, &query_title, &query_records_map,
			 &query_activate),
	  .status = 201 },
	{ .method = "GET",
	  .path = "/api/v1/editions",
	  .operation = "listEditions",
	  .summary = "Editions of reference data, newest first",
	  .permission = "reference.read",
	  .handle = editions_list,
	  .response = &edition_list_schema,
	  .query = QUERY(&query_kind, &query_subject, &query_edition_state, PAGES) },
	{ .method = "GET",
	  .path = "/api/v1/editions/{edition}",
	  .operation = "getEdition",
	  .summary = "One edition, with what was found in its file",
	  .permission = "reference.read",
	  .handle = editions_get,
	  .response = &edition_schema },
	{ .method = "POST",
	  .path = "/api/v1/editions/{edition}/approve",
	  .operation = "approveEdition",
	  .summary = "Approve an edition that somebody else has imported",
	  .permission = "reference.approve",
	  .handle = editions_decide,
	  .response = &edition_schema,
	  .query = QUERY(&query_reason) },
	{ .method = "POST",
	  .path = "/api/v1/editions/{edition}/activate",
	  .operation = "activateEdition",
	  .summary = "Let an edition count, from the day that it was imported for, or from another one",
	  .permission = "reference.approve",
	  .handle = editions_decide,
	  .response = &edition_schema,
	  .query = QUERY(&query_from, &query_reason) },
	{ .method = "POST",
	  .path = "/api/v1/editions/{edition}/withdraw",
	  .operation = "withdrawEdition",
	  .summary = "Take back an edition that counts: the one before it counts again",
	  .permission = "reference.approve",
	  .handle = editions_decide,
	  .response = &edition_schema,
	  .query = QUERY(&query_reason) },
	{ .method = "POST",
	  .path = "/api/v1/editions/{edition}/discard",
	  .operation = "discardEdition",
	  .summary = "Throw away an edition that does not count yet",
	  .permission = "reference.import",
	  .handle = editions_decide,
	  .response = &edition_schema,
	  .query = QUERY(&query_reason) },
	{ 0 },
};
