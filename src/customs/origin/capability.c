#include "customs/origin/origin_int.h"

static const struct doctype *const doctypes[] = { &form_d_doctype, &customs_response_doctype,
						  &origin_cancellation_doctype, &retransmission_doctype, NULL };
static const struct machine *const machines[] = { &form_d_sent_machine, &form_d_received_machine, &form_d_clock_machine,
						  NULL };
static const struct rule *const rules[] = { form_d_rules, origin_message_rules, NULL };

const struct capability origin_capability = {
	.name = "origin",
	.doctypes = doctypes,
	.machines = machines,
	.rules = rules,
};
