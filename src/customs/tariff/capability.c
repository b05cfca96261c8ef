#include "customs/tariff/tariff_int.h"

static const struct rule *const rules[] = { tariff_duty_rules, tariff_measure_rules, tariff_assessment_rules, NULL };

const struct capability tariff_capability = {
	.name = "tariff",
	.rules = rules,
};
