/* Inside origin/: rules, cases and document types. */
#ifndef ORIGIN_INT_H
#define ORIGIN_INT_H

#include "customs/document/document.h"
#include "customs/origin/origin.h"

/* Pure rules of each document type, in the form of struct doctype's .check. */
void form_d_check(const void *record, date today, struct findings *findings);
void customs_response_check(const void *record, date today, struct findings *findings);
void origin_cancellation_check(const void *record, date today, struct findings *findings);
void retransmission_check(const void *record, date today, struct findings *findings);

extern const char sample_form_d[], sample_customs_response[], sample_cancellation[], sample_retransmission_request[];

extern const struct rule form_d_rules[], origin_message_rules[];

/* RESPONSE against the certificate FORM that it is about. */
void customs_response_check_against(const struct customs_response *response, const struct form_d *form,
				    struct findings *findings);
/* A cancelled or replaced certificate was asked for. */
void origin_find_withdrawn(const struct document *certificate, struct findings *findings);

/* The event that STATUS, of the code list ORIGIN_STATUS, is for the certificate's case; NULL if it is none of that. */
const char *origin_event_of(const char *status);
/* What a customs response to items with these statuses says of the certificate as a whole; NULL if there are none. */
const char *origin_status_of_items(const struct customs_response_item *items, size_t count);

/* Cases: the certificate at the issuing and at the importing side, and the importing side's clock for a rejection. */
extern const struct machine form_d_sent_machine, form_d_received_machine, form_d_clock_machine;

extern const struct doctype form_d_doctype, customs_response_doctype, origin_cancellation_doctype,
	retransmission_doctype;

#endif
