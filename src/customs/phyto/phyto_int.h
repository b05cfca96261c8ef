/* Inside phyto/: rules, cases and document types. */
#ifndef PHYTO_INT_H
#define PHYTO_INT_H

#include "customs/document/document.h"
#include "customs/phyto/phyto.h"

/* The day on which a certificate was issued, in the calendar of its issuer; DATE_NONE if there is no such day. */
date phyto_day(const char *issued_at);
/* What the first note of SUBJECT says; NULL if there is none. */
const char *phyto_note_of(const struct phyto_note *notes, size_t count, const char *subject);

/* Subjects of notes in the IPPC's mapping. */
#define NOTE_REPLACED_NUMBER "ADRPN"
#define NOTE_REPLACED_DAY    "ADRD"
#define NOTE_OTHER_QUANTITY  "OQV"
#define NOTE_ORIGINAL_NUMBER "RPCRF" /* of the certificate on which a re-export rests */

#define PHYTO_REEXPORT "657" /* sps_type.csv */

void phyto_check(const void *record, date today, struct findings *findings);

extern const char sample_e_phyto[], sample_e_phyto_withdrawal[];

extern const struct rule phyto_rules[];
extern const struct machine phyto_sent_machine, phyto_received_machine;
extern const struct doctype phyto_doctype, phyto_withdrawal_doctype;

#endif
