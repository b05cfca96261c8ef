/* Inside link/: rules and document types. */
#ifndef LINK_INT_H
#define LINK_INT_H

#include "customs/document/document.h"
#include "customs/link/link.h"

void notice_check(const void *record, date today, struct findings *findings);
/* Rules of the sender alone: a notice that arrives after its end was late, and is not wrong. */
void notice_check_now(const struct notice *notice, int64_t now_us, struct findings *findings);

void card_update_check(const void *record, date today, struct findings *findings);
/* Of the receiver: there is nobody who could judge it. */
void card_update_find_unread(struct findings *findings);

extern const char sample_notice[], sample_card[];
extern const struct rule link_rules[];
extern const struct doctype notice_doctype, card_update_doctype;

#endif
