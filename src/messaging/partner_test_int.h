/* What an exchange with a partner says about the two sides. */
#ifndef MESSAGING_PARTNER_TEST_INT_H
#define MESSAGING_PARTNER_TEST_INT_H

#include "messaging/send_int.h"

struct diagnosis {
	const char *found; /* what was seen */
	const char *side;  /* PARTNER_TEST_US, PARTNER_TEST_THEM; NULL: nothing is wrong */
	const char *mend;
	bool untried; /* nothing is wrong, and there is nothing that could be tried: .found says why */
};
/* Of the HTTP exchange: up to where it came. */
struct diagnosis diagnose_way(const struct probe *probe);
/* Of the answer, which was to be a receipt or a pong. */
struct diagnosis diagnose_answer(const struct probe *probe);
/* Of the answer to what must be refused. */
struct diagnosis diagnose_refusal(const struct probe *probe);
/* Of their clock, by Date and the signal's timestamp. */
struct diagnosis diagnose_clock(const struct probe *probe);
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7); TIME_NONE if HEADERS have no Date of that form. */
int64_t http_date_of(struct bytes headers);

#endif
