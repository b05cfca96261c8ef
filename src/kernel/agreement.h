/* Collaboration protocol agreements (CPPA 2.0, ISO/TS 15000-1): what a partner and we have agreed for ebMS 2, as it was
 * written. Here it is kept, by its CPAId; messaging reads it. */
#ifndef KERNEL_AGREEMENT_H
#define KERNEL_AGREEMENT_H

#include "kernel/kernel.h"

struct agreement {
	const char *partner;
	const char *id;    /* CPAId */
	struct bytes text; /* the CPA, byte for byte */
	const char *terms; /* JSON, what the CPA leaves open; messaging reads it. NULL: nothing */
	int64_t added_us;  /* given by agreement_put */
	int64_t until_us;  /* withdrawn from then on; TIME_NONE */
};
struct agreement_list {
	struct agreement *items;
	size_t count;
};

/* Adds AGREEMENT, or replaces what its partner had agreed under that id; every version is kept. ERR_NOT_FOUND if there
 * is no such partner, ERR_CONFLICT if the id is another partner's. */
enum err_code agreement_put(struct tx *tx, const struct agreement *agreement, const struct actor *actor, int64_t now_us,
			    struct err *err) MUST_USE;
/* It ends at NOW_US. One that has ended stays as it is. ERR_NOT_FOUND if there is none. */
enum err_code agreement_withdraw(struct tx *tx, const char *id, const struct actor *actor, int64_t now_us,
				 struct err *err) MUST_USE;

/* As they are now, withdrawn ones too, by id. PARTNER NULL: of all. */
enum err_code agreement_list(struct tx *tx, struct arena *arena, const char *partner, struct agreement_list *list,
			     struct err *err) MUST_USE;
/* .id is NULL if there is none. */
enum err_code agreement_find(struct tx *tx, struct arena *arena, const char *id, struct agreement *agreement,
			     struct err *err) MUST_USE;
/* The version that counted at AT_US, whatever has replaced it since; .until_us is that of the version. */
enum err_code agreement_at(struct tx *tx, struct arena *arena, const char *id, int64_t at_us,
			   struct agreement *agreement, struct err *err) MUST_USE;

#endif
