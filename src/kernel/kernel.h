/* What every capability and the messaging share: the node they run in. One per node; a simulation has several in one
 * process. */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "base/clock.h"
#include "codec/field.h"
#include "db/db.h"

struct capability;
struct card_desk;
struct carrier;
struct inbox_work;
struct retention;
struct intake;

struct kernel {
	struct db *db;
	const struct clock *clock;
	const struct code_lists *lists;
	const struct capability *const *capabilities; /* NULL-terminated, in the order in which one may use another */
	/* Who takes messages of SERVICE_CONTINUITY: the messaging, while there is one; NULL */
	const struct intake *continuity;
	const char *state; /* ISO 3166 alpha-2 of the member state that this node serves */
	/* This process among those that work on one database, the same after a restart: machine and directory. NULL if
	 * it never sends. */
	const char *instance;
	const struct retention *retention; /* kernel/retention.h; NULL: the defaults of the document types */
	const struct card_desk *card_desk; /* who judges cards that arrive (kernel/card.h); NULL: nobody */
	const struct carrier *carrier;     /* who knows what agreements carry (kernel/message.h); NULL: all goes */
	struct inbox_work *inbox_work;     /* what its processors have in hand; inbox.c's alone, NULL to begin with */
};

/* On whose behalf something is done. */
struct actor {
	const char *name;         /* "system", "partner:TH", "user:nguyen", "operator" */
	const char *organisation; /* code of our organisation; NULL for the node itself */
};

/* Of what nobody asked for: timers, workers. */
extern const struct actor actor_system;
/* Of what a partner's message asked for; .name is NULL if there is no memory. */
struct actor actor_partner(struct arena *arena, const char *partner);

/* All tables of the kernel and of the capabilities, in order. */
extern const struct migration kernel_migrations[];
extern const size_t kernel_migrations_count;
/* All SQL of the kernel; that of a capability stands in its row. */
extern const struct statements kernel_statements;

#endif
