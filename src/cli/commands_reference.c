/* Commands: reference data. */
#include "cli/options_int.h"
#include "interface/edition.h"

/* A decision on an edition: what most of them are. */
#define DECISION(words_, event_, summary_, ...)                                                                        \
	{                                                                                                              \
		.words = words_, .arguments = "EDITION", .summary = summary_,                                          \
		.example = "lintas " words_ " 0192f3c4-…", .method = "POST", .path = "/api/v1/editions/{}/" event_,    \
		.answer = &edition_schema, .print = print_edition, __VA_ARGS__                                         \
	}

const struct command reference_commands[] = {
	{ .words = "edition list",
	  .summary = "editions of reference data, newest first",
	  .options = edition_list_options,
	  .example = "lintas edition list\nlintas edition list --kind tariff.rates --state active",
	  .method = "GET",
	  .path = "/api/v1/editions",
	  .answer = &edition_list_schema,
	  .print = print_editions },
	{ .words = "edition show",
	  .arguments = "EDITION",
	  .summary = "an edition, who did what with it, and what was found in its file",
	  .example = "lintas edition show 0192f3c4-…",
	  .method = "GET",
	  .path = "/api/v1/editions/{}",
	  .answer = &edition_schema,
	  .print = print_edition },
	{ .words = "edition import",
	  .arguments = "FILE",
	  .summary = "read a file of reference data into a new edition, or say all that is wrong with it",
	  .options = edition_import_options,
	  .example = "lintas edition import tariff.csv --mapping tariff.json --subject VN --from 2026-01-01",
	  .run = run_edition_import,
	  .method = "POST",
	  .path = "/api/v1/editions",
	  .answer = &edition_schema,
	  .print = print_imported_edition },
	DECISION("edition approve", "approve", "approve an edition that somebody else has imported",
		 .options = reason_options),
	DECISION("edition activate", "activate", "let an edition count, from its day or from another one",
		 .options = activate_options),
	DECISION("edition withdraw", "withdraw", "take back an edition: the one before it counts again",
		 .options = reason_options),
	DECISION("edition discard", "discard", "throw away an edition that does not count yet",
		 .options = reason_options),
	{ 0 },
};
