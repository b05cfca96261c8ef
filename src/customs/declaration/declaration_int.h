/* Inside declaration/: rules, cases and document types. */
#ifndef DECLARATION_INT_H
#define DECLARATION_INT_H

#include "customs/declaration/declaration.h"
#include "customs/document/document.h"

void acdd_check(const void *record, date today, struct findings *findings);
void acdd_response_check(const void *record, date today, struct findings *findings);
void acdd_cancellation_check(const void *record, date today, struct findings *findings);

extern const char sample_acdd[], sample_acdd_response[], sample_acdd_cancellation[];

extern const struct rule acdd_rules[];
extern const struct machine acdd_sent_machine, acdd_received_machine;
extern const struct doctype acdd_doctype, acdd_response_doctype, acdd_cancellation_doctype;

#endif
