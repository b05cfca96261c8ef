/* What nodes tell each other of the link between them: that one goes down, is down or is back. Sent and received like
 * any document, so signed, receipted and in the timeline; what it announces is kept in kernel/link.h. */
#ifndef CUSTOMS_LINK_H
#define CUSTOMS_LINK_H

#include "kernel/capability.h"
#include "kernel/link.h"

#define NOTICE "NOTICE"

struct notice {
	const char *reference;
	date issued_on;
	const char *issuing_country, *receiving_country;
	const char *kind;          /* LINK_NOTICE_… */
	int64_t from_us, until_us; /* .until_us TIME_NONE of "restored" */
	const char *text;
};
extern const struct schema notice_schema;

/* How long nothing may be announced to get through; who needs longer is no partner for that time. */
enum { NOTICE_DAYS_MAX = 90 };

/* One announcement to several partners. */
struct notice_request {
	const char *organisation; /* ours, that sends; NULL: the only one of customs */
	const char *kind, *text;
	int64_t from_us, until_us; /* TIME_NONE: now; none */
	const char *const *partners;
	size_t count;
	struct actor actor;
	int64_t now_us;
};
struct notice_result {
	const char *partner;
	const char *document, *message; /* NULL: refused */
	const char *refused;            /* why; NULL */
};
/* What is wrong with the announcement, whoever of its partners it goes to; nothing is said without one. */
enum err_code notice_judge(struct kernel *kernel, struct arena *arena, const struct notice_request *request,
			   struct findings *findings, struct err *err) MUST_USE;
/* A document for each partner, in transactions of their own, so that one that is refused (a partner has opted out of
 * notices) keeps nobody else from knowing. With findings about the announcement itself nothing is sent. RESULTS: one
 * for each partner. */
enum err_code notice_send(struct kernel *kernel, struct arena *arena, const struct notice_request *request,
			  struct findings *findings, struct notice_result *results, struct err *err) MUST_USE;

/* --- Cards that have changed --- */

#define CARD "CARD"

struct card_update {
	const char *reference;
	date issued_on;
	const char *issuing_country, *receiving_country;
	const char *card; /* base64 of the signed card (messaging.h) */
};
extern const struct schema card_update_schema;

struct card_update_request {
	const char *partner;
	struct bytes card; /* ours, signed */
	struct actor actor;
	int64_t now_us;
};
/* Sends our card to a partner that has another one. It believes it by the signature on the card, and an operator there
 * approves it. */
enum err_code card_update_send(struct kernel *kernel, struct arena *arena, const struct card_update_request *request,
			       struct findings *findings, struct err *err) MUST_USE;

extern const struct capability link_capability;

#endif
