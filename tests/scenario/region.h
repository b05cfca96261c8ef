/* A region of nodes in one process, on a simulated network, in virtual time: the whole system without sockets or
 * sleeping (the idea is that of Unbound's and FoundationDB's simulators).
 *
 * Each node has its own database, clock, keys, kernel and messaging; the network between them loses, repeats, delays
 * and reorders as a seed says. All steps run on the thread of the test, so a seed repeats its run: what would draw from
 * the system's randomness draws from the seed, but for keys and nonces, on which no decision depends.
 *
 * Whatever goes wrong ends the test with a sentence and the seed. */
#ifndef SCENARIO_REGION_H
#define SCENARIO_REGION_H

#include "../unit/unit.h"

#include "base/clock.h"
#include "base/date.h"
#include "customs/document/document.h"
#include "kernel/kernel.h"
#include "kernel/message.h"
#include "kernel/party.h"
#include "kernel/task.h"
#include "messaging/messaging.h"
#include "net/http.h"
#include "power.h"

enum { TH, LA, VN, NODES };

/* 2026-11-02T03:00:00Z: the day of the golden samples. */
#define REGION_START_US INT64_C(1793588400000000)
#define PARTY_TYPE      "urn:oasis:names:tc:ebcore:partyid-type:iso6523:0088"

/* Of a hundred requests, how many meet this. */
struct odds {
	unsigned lost;        /* the request never arrives */
	unsigned late;        /* the sender gives up; the request arrives afterwards, behind what was sent since */
	unsigned answer_lost; /* the request arrives, its answer does not */
	unsigned twice;       /* the request arrives twice at once */
	unsigned replayed;    /* the request arrives, and once more later */
	int64_t delay_us;     /* each takes up to so long */
};
extern const struct odds odds_calm, odds_storm;

/* TH and VN exchange by ebMS 2 under a CPA instead of AS4: signals in the HTTP response, or each with its own request.
 */
enum region_ebms2 { REGION_AS4, REGION_EBMS2_SYNC, REGION_EBMS2_ASYNC };

struct region_options {
	uint64_t seed;
	struct odds odds;
	bool on_disk; /* SQLite files, which a node that is started anew finds again; else in memory */
	enum region_ebms2 ebms2;
	int64_t ebms2_interval_us; /* between sendings; 0: a minute */
	bool unsigned_acks;        /* and acknowledgments are not signed */
	bool sha1;                 /* and signatures are made with SHA-1 */
	int64_t retry_max_us;      /* 0: the default's */
	struct trust_policy trust; /* of revocation lists */
	struct health_policy health;
	struct power_tally *disks; /* files on disks that can fail, and lose what was not synced (power.h); what befell
				      them is added here. NULL: disks that never fail */
};

struct region_clock {
	struct clock clock; /* first, so that it is found from it */
	const int64_t *true_us;
	int64_t skew_us;
};

struct region;
struct region_node;

/* The node's way out. */
struct region_line {
	struct http_client client; /* first, so that it is found from it */
	struct region_node *from;
};

/* eb:MessageIds, of what a node said that it is done. */
enum { NOTED_MAX = 4096 };
struct noted {
	const char *ids[NOTED_MAX];
	size_t count;
};

struct region_node {
	struct region *region;
	const char *state; /* "TH" */
	char url[64], keys_directory[160], database[200];
	struct region_clock clock;
	struct region_line line;
	struct kernel kernel;
	struct keys *keys;
	struct messaging *messaging;
	int64_t down_until_us; /* an outage: it runs no step and answers nobody */
	struct power *power;   /* its disk; NULL: one that never fails */
	unsigned starts;
	/* What it has acknowledged: durable, whatever befalls it. What it counted of this since it was started. */
	struct noted delivered, accepted;
	int64_t delivered_count, accepted_count;
	const char *calling; /* the message that it sent last; NULL */
};

/* A request on its way. */
struct packet {
	struct region_node *to;
	int64_t due_us;
	char *content_type; /* malloc'd, as the body */
	uint8_t *body;
	size_t size;
};

/* What was submitted, remembered outside the nodes. */
struct submitted {
	struct region_node *node;
	char document[37], message[37], digest[65];
};

/* Answers a request in the place of its receiver; false: it does not want to. */
typedef bool interceptor(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
			 struct http_answer *answer);

enum { FLIGHTS_MAX = 512, SUBMITTED_MAX = 512, REGION_ARENA_BYTES = 256 << 20 };

struct region {
	struct region_options options;
	struct odds odds; /* now */
	int64_t now_us;
	uint64_t random; /* the network's own, so that it does not depend on how much the nodes draw */
	struct region_node nodes[NODES];
	struct packet flights[FLIGHTS_MAX];
	size_t flights_count;
	struct packet last; /* the last request that somebody sent */
	struct submitted submitted[SUBMITTED_MAX];
	size_t submitted_count;
	struct bytes client_certificate; /* DER, in TLS, of who posts; empty: none */
	interceptor *intercept;          /* NULL: none */
	void *intercept_arg;
	bool clock_jumped;                                     /* times of a node do not tell its order any more */
	uint64_t trace;                                        /* of all that the network did */
	unsigned requests, lost, late, repeated, answers_lost; /* what the network did */
	unsigned submitted_again;                              /* because it was not acknowledged */
	unsigned found_again;                                  /* of these, how many were there all the same */
	char directory[128];
	struct arena *arena;
	struct err err;
};

struct region *region_new(const struct region_options *options);
void region_free(struct region *region);
struct region_node *region_node(struct region *region, const char *state);

/* Ends the test with the sentence of ERR and the seed, unless CODE is OK. */
#define region_must(region, call) region_must_(region, (call), __FILE__, __LINE__)
void region_must_(struct region *region, enum err_code code, const char *file, int line);
/* Ends the test with the sentence and the seed. */
#define region_fail(region, ...)                                                                                       \
	(print_error(__VA_ARGS__), print_error(" (LINTAS_SEED=%llu)\n", (unsigned long long)(region)->options.seed),   \
	 _fail(__FILE__, __LINE__))
#define region_expect(region, condition) ((condition) ? (void)0 : region_fail(region, "not so: %s", #condition))

/* TH and VN change from AS4 to ebMS 2, with whatever waits between them. */
void region_change_binding(struct region *region, enum region_ebms2 ebms2);

/* NODE believes DER as USE ("sign", "tls", "crl", …) of PARTNER until UNTIL_US. */
void region_believe(struct region_node *node, const char *partner, const char *use, struct bytes der, int64_t until_us);

/* --- Time --- */

/* Runs every role of every node until none has anything to do. */
void region_settle(struct region *region);
/* Goes on for DURATION_US of virtual time. */
void region_run(struct region *region, int64_t duration_us);
/* Until nothing waits any more, in an outbox, an inbox or on the network; it must come to that within LIMIT_US. */
void region_drain(struct region *region, int64_t limit_us);
/* NODE stops for DURATION_US and, on disk, is started anew from its directory then. */
void region_outage(struct region_node *node, int64_t duration_us);

/* The files of NODE, which is on disk, as they are now: a backup. The region's directory holds it. */
const char *region_backup(struct region_node *node);
/* NODE is started anew from BACKUP: what it did since, it never did. */
void region_restore(struct region_node *node, const char *backup);

/* All of a region in which nothing is under way, to go back to as often as one likes. */
struct region_moment {
	char files[NODES][200]; /* backups; others may take their place */
	int64_t now_us;
	unsigned starts[NODES];
	size_t submitted_count;
};
struct region_moment region_moment(struct region *region);
/* What was done since MOMENT was never done; the nodes are stopped, and the region's arena is a new one. Chance is
 * SEED's from here on, so that SEED alone repeats what follows. */
void region_rewind(struct region *region, const struct region_moment *moment, uint64_t seed);
/* Starts the nodes that region_rewind() left stopped. */
void region_wake(struct region *region);
/* Where a node is stopped and started by hand: it comes up, however often its disk fails meanwhile. */
void region_node_close(struct region_node *node);
void region_node_open(struct region_node *node);

/* Ends the test unless NODE's documents, their messages, evidence, cases and clocks are those of BACKUP, field by
 * field. What only NODE knew of what it had received (its own ids) it gives anew, and times are those of a header, to
 * the millisecond. */
void region_compare(struct region_node *node, const char *backup);

/* Changes NODE's database behind its back. */
void region_sql(struct region_node *node, const char *sql);
/* The same in a BACKUP of one. */
void region_sql_in(struct region *region, const char *backup, const char *sql);

/* --- Disks that fail ---
 *
 * What a node does may fail when its disk does meanwhile, and only then: it is then not acknowledged, and done again.
 */

/* NODE's power fails if it has not yet, and comes back: it is started anew from what its disk kept. Ends the test if
 * that is less than what it had acknowledged. It is down for a minute. */
void region_power_cut(struct region_node *node);
/* Whether what gave CODE is to be done again: NODE's disk has failed since it had FAULTS faults, and has power now.
 * Ends the test if CODE is a failure that the disk is not to blame for. */
#define region_again(node, faults, code) region_again_((node), (faults), (code), __FILE__, __LINE__)
bool region_again_(struct region_node *node, uint64_t faults, enum err_code code, const char *file, int line);

/* --- The network --- */

/* What the network tells of NODE, so that its acknowledgements are known outside it: it sends BODY; it has answered
 * one. */
/* NODE is about to take a request: what it has settled by itself is noted before. */
void region_note_request(struct region_node *node);
void region_note_call(struct region_node *node, struct bytes body);
void region_note_answer(struct region_node *node, struct bytes body);

enum err_code region_call(struct http_client *client, struct arena *arena, const struct http_call *call,
			  struct http_answer *answer, struct err *err);
/* Hands a request to NODE's gateway; the answer is ARENA's. */
void region_post(struct region_node *node, struct arena *arena, const char *content_type, struct bytes body,
		 struct http_answer *answer);
/* Requests whose time has come arrive. True if there were some. */
bool region_arrivals(struct region *region);
int64_t region_next_arrival_us(const struct region *region); /* INT64_MAX: none */
void region_network_done(struct region *region);

/* --- Documents --- */

/* An e-Form D from FROM to TO, a response of TO's customs to it, a cancellation by FROM: golden samples with other
 * names, numbers and days. */
const char *paper_form_d(struct region *region, const char *from, const char *to, unsigned number, date day);
const char *paper_response(struct region *region, const char *from, const char *to, unsigned number, date issued_on,
			   date day);
const char *paper_cancellation(struct region *region, const char *from, const char *to, unsigned number, date issued_on,
			       date day);
/* TO's customs asks FROM to send the e-Form D again. */
const char *paper_retransmission(struct region *region, const char *from, const char *to, unsigned number, date issued,
				 date day);
/* Submits TEXT, again if the disk fails, until it is acknowledged; it must be without a finding. */
struct document_result region_submit(struct region_node *node, const char *organisation, const char *text);
date region_today(const struct region_node *node);

/* --- Looking --- */

struct message_list region_messages(struct region_node *node, const char *direction, const char *state);
struct message region_message(struct region_node *node, const char *id);
struct document_list region_documents(struct region_node *node, const char *direction);
struct wire_list region_wires(struct region_node *node, const char *message);
/* The only octets of KIND among the evidence of MESSAGE. */
struct bytes region_wire(struct region_node *node, const char *message, enum wire_kind kind);
size_t region_open_tasks(struct region_node *node, const char *kind);
struct exchange_counts region_counts(struct region_node *node, const char *partner);

/* What must be so in any region whose network has healed and which has drained:
 *  - every document that was submitted exists at its receiver exactly once, with the same digest;
 *  - every message is delivered, was processed exactly once, in the order of its conversation, and its document was
 *    taken in once, or found there once if another message had brought it;
 *  - the sender holds a verified receipt, octet for octet the one that the receiver stored, and the octets that the
 *    receiver accepted are among those that the sender kept as sent;
 *  - the receiver has no message that the sender does not know;
 *  - every journal verifies. */
void region_check(struct region *region);
void region_check_journals(struct region *region);

#endif
