#include "customs/declaration/declaration_int.h"

static const struct doctype *const doctypes[] = { &acdd_doctype, &acdd_response_doctype, &acdd_cancellation_doctype,
						  NULL };
static const struct machine *const machines[] = { &acdd_sent_machine, &acdd_received_machine, NULL };
static const struct rule *const rules[] = { acdd_rules, NULL };

const struct capability declaration_capability = {
	.name = "declaration",
	.doctypes = doctypes,
	.machines = machines,
	.rules = rules,
};
