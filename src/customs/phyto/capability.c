#include "customs/phyto/phyto_int.h"

/* The withdrawal first: every certificate has the root that it has. */
static const struct doctype *const doctypes[] = { &phyto_withdrawal_doctype, &phyto_doctype, NULL };
static const struct machine *const machines[] = { &phyto_sent_machine, &phyto_received_machine, NULL };
static const struct rule *const rules[] = { phyto_rules, NULL };

const struct capability phyto_capability = {
	.name = "phyto",
	.doctypes = doctypes,
	.machines = machines,
	.rules = rules,
};
