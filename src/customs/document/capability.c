#include "customs/document/api_int.h"
#include "customs/document/document_int.h"

static const struct machine *const machines[] = { &document_sent_machine, &document_received_machine,
						  &document_refused_machine, &paper_machine, NULL };
static const struct rule *const rules[] = { document_rules, NULL };

const struct capability document_capability = {
	.name = "document",
	.title = "Documents",
	.machines = machines,
	.statements = &document_statements,
	.rules = rules,
	.intake = &document_intake,
	.keeper = &document_keeper,
	.routes = document_routes,
	.commands = document_commands,
};
