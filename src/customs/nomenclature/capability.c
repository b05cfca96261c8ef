#include "customs/nomenclature/nomenclature_int.h"

static const struct rule *const rules[] = { nomenclature_rules, NULL };

const struct capability nomenclature_capability = {
	.name = "nomenclature",
	.editions = nomenclature_kinds,
	.statements = &nomenclature_statements,
	.rules = rules,
};
