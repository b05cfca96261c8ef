/* A CPA that is right, and how one thing in it is changed. */
#ifndef TESTS_MESSAGING_AGREEMENT_H
#define TESTS_MESSAGING_AGREEMENT_H

#include <stdio.h>

#include "../unit.h"

#include "messaging/cpa_int.h"
#include "messaging/cpa_rules_int.h"
#include "pki.h"

#define ARENA_MAX ((size_t)64 << 20)
#define CPA_MAX   ((size_t)4 << 20)

/* With keys: of the two parties' signatures (RSA), of TLS, and one that is P-256. */
struct world {
	struct pki *one, *other, *tls, *p256;
	struct arena *arena; /* of the running test */
};
extern struct world world;

int world_begin(void **state);
int world_end(void **state);
int begin(void **state);
int end(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#define ACTIONS 4
extern const struct cpa_offer_action actions[ACTIONS];
struct cpa_offer offer(void);
const char *written(const struct cpa_offer *from);
/* What the offer gives. */
const char *good(void);
/* How its parties' names stand in a place. */
#define VN "PartyInfo[Customs & Excise, \"VN\"]"
#define TH "PartyInfo[TH]"
extern const struct cpa_seat vn_seat, th_seat;

const struct cpa *read_bytes(struct bytes text, struct findings *findings);
/* There must be no finding. */
const struct cpa *read_good(const char *text);
struct findings *checked(const struct cpa *cpa, const struct cpa_seat *seat);
void show(const struct findings *findings);

/* TEXT with TO for the first FROM, which must be there, or for all of them. */
const char *replaced(const char *text, const char *from, const char *to, bool all);

struct mutation {
	const char *from, *to;
	bool all;                /* every occurrence, else the first */
	size_t count;            /* of findings; 0: not looked at */
	const char *code, *path; /* of the first finding */
};
void assert_first(const struct findings *findings, const struct mutation *mutation);

#endif
