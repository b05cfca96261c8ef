#include "customs/link/link_int.h"

static const struct doctype *const doctypes[] = { &notice_doctype, &card_update_doctype, NULL };
static const struct rule *const rules[] = { link_rules, NULL };

const struct capability link_capability = {
	.name = "link",
	.doctypes = doctypes,
	.rules = rules,
};
