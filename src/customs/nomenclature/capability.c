#include "customs/nomenclature/api_int.h"

static const struct rule *const rules[] = { nomenclature_rules, NULL };

const struct capability nomenclature_capability = {
	.name = "nomenclature",
	.title = "Nomenclature",
	.editions = nomenclature_kinds,
	.statements = &nomenclature_statements,
	.rules = rules,
	.routes = nomenclature_routes,
	.commands = nomenclature_commands,
};
