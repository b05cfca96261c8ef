#include "customs/tariff/tariff_int.h"

static const struct rule *const rules[] = { tariff_duty_rules, tariff_measure_rules, tariff_assessment_rules, NULL };
static const struct edition_kind *const editions[] = { &tariff_rates_kind, &tariff_permits_kind, &tariff_exchange_kind,
						       NULL };

const struct capability tariff_capability = {
	.name = "tariff",
	.editions = editions,
	.statements = &tariff_statements,
	.rules = rules,
};
