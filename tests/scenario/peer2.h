/* TH under test, and VN in the hands of a test: it posts to TH, and catches what TH sends. */
#ifndef SCENARIO_PEER2_H
#define SCENARIO_PEER2_H

#include "letter2.h"

extern struct region *region; /* of the running test; freed even if that fails */
extern struct region_node *th, *vn;

int peer2_begin_sync(void **state);
int peer2_begin_async(void **state);
int peer2_end(void **state);

struct messaging_counters counters(struct region_node *node);

enum { CAUGHT_MAX = 8 };
/* Requests to VN, answered 204 in its place, or otherwise. */
struct caught {
	int status;
	size_t count; /* also of those that are not kept */
	struct http_answer items[CAUGHT_MAX];
};

interceptor catch_call;
/* Until nobody has anything to do. */
void settle_caught(struct caught *caught);

/* What TH answers to WIRE, on whichever leg it comes; .status is 0 if it says nothing. */
struct http_answer answer_to(const struct wire *wire);
struct signal signal_to(const struct wire *wire);
/* It must be an acknowledgment. */
struct bytes receipt_to(const struct letter2 *letter, const struct wire *wire);
/* WIRE gets a bare 400; nothing is written, not even that it was so. */
void turned_away(const char *name, const struct wire *wire);

/* TH's message to VN, which VN's server took and does not answer; and as it was sent. */
struct message waiting(unsigned number);
struct wire sent_of(const struct message *message);

/* What TH and VN have agreed, as NODE has it; and what NODE agrees with PARTNER as ID from now on. */
const char *agreed(struct region_node *node);
void agree(struct region_node *node, const char *partner, const char *id, const char *text);
/* TEXT with TO for every FROM. */
const char *everywhere(const char *text, const char *from, const char *to);

#endif
