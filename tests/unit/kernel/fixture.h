/* A kernel on an empty, migrated database: our node serves TH, with two organisations ("customs", "dft") and two
 * partners ("VN", "MY"). Each test runs on SQLite and, when LINTAS_TEST_POSTGRES is set, on PostgreSQL. */
#ifndef KERNEL_FIXTURE_H
#define KERNEL_FIXTURE_H

#include "../unit.h"

#include "kernel/capability.h"
#include "kernel/kernel.h"

struct fake_clock {
	struct clock clock; /* first, so that the clock is found from it */
	int64_t now_us;
};

struct kernel_fixture {
	struct kernel kernel;
	struct fake_clock clock;
	enum db_kind kind;
	bool skip;
	char directory[64]; /* SQLite */
	char schema[64];    /* PostgreSQL: the programs of one run share the server */
	char beside[64];    /* another schema there, if the test asked for one */
	char url[512];
	struct arena *arena;
	struct err err;
	void *own; /* the test's */
};

#define FIXTURE_NOW_US INT64_C(1793577600000000) /* 2026-11-02T00:00:00Z */

extern const struct actor fixture_actor; /* an officer of customs */

/* Fails the test with the error's sentence. */
#define must(call) fixture_must((call), &fixture->err, __FILE__, __LINE__)
void fixture_must(enum err_code code, const struct err *err, const char *file, int line);

/* The fixture of a test; skips it where its database is absent. */
struct kernel_fixture *kernel_fixture_of(void **state);

/* The URL of an empty schema on the PostgreSQL server, beside the fixture's own and with the same end; each call
 * empties it. The arena's. NULL without a server. */
const char *fixture_beside(struct kernel_fixture *fixture);

/* Runs TESTS on each database with CAPABILITIES (NULL-terminated; NULL: none). Returns how many failed. */
int kernel_run(const char *name, const struct CMUnitTest *tests, size_t count,
	       const struct capability *const *capabilities);

/* Runs one statement. */
void fixture_exec(struct kernel_fixture *fixture, const struct statement *statement, const struct bind *binds,
		  size_t count);
/* The first column of the first row; -1 if there is none. */
int64_t fixture_int(struct kernel_fixture *fixture, const struct statement *statement, const struct bind *binds,
		    size_t count);

/* TEXT as it went over the wire now. */
struct wire fixture_wire(const struct kernel_fixture *fixture, enum wire_kind kind, const char *text);
/* Puts a message in the outbox; CONVERSATION NULL: a new one. The arena's. */
struct message fixture_put(struct kernel_fixture *fixture, const char *partner, const char *conversation,
			   const char *document);
/* Accepts a message from PARTNER with TEXT as its payload. */
struct inbox_delivery fixture_delivery(struct kernel_fixture *fixture, const char *partner, const char *message_id,
				       const char *conversation, const char *text);
enum inbox_outcome fixture_accept(struct kernel_fixture *fixture, struct inbox_delivery *delivery,
				  struct wire *receipt);
/* COUNT messages like ID, without parts: after it in its conversation, or each in a conversation of its own. */
void fixture_copies(struct kernel_fixture *fixture, const char *id, int count, bool own_conversation);
/* The message as it is stored now. */
struct message fixture_message(struct kernel_fixture *fixture, const char *id);

#endif
