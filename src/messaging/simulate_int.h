/* A partner that is played: its script, what the rows of a script do, and by whom and for whom it speaks. */
#ifndef MESSAGING_SIMULATE_INT_H
#define MESSAGING_SIMULATE_INT_H

#include "messaging/letter_int.h"
#include "messaging/messaging_int.h"

enum { SCRIPT_ROWS_MAX = 200 };

/* Who does it: bits. */
enum side { SIDE_ANSWERS = 1, SIDE_SENDS = 2, SIDE_BOTH = 3 };

struct script_row {
	const char *on;           /* "ping", "any", or an action: "FORM-D" */
	int64_t after;            /* so many of these are as they should be before */
	int64_t times;            /* for so many; INTEGER_NONE: for all */
	const char *act;          /* "do": a row of the acts */
	int64_t seconds;          /* "delay", "away", "clock", "duplicate" */
	int64_t status;           /* "status" */
	const char *error;        /* "refuse": a rule of ours or an ebMS code */
	int64_t seen, used;       /* not in the file */
	enum ebms_rule_name rule; /* .error, understood */
};
struct script {
	struct script_row *rows;
	size_t count;
};

/* TEXT (JSON) in ARENA, for one SIDE; SIM-001 … for what is wrong. OTHER_KEYS: there are some to sign with. */
enum err_code script_read(struct arena *arena, struct bytes text, enum side side, bool other_keys,
			  struct script *script, struct findings *findings, struct err *err) MUST_USE;
/* The row for a message of ACTION, which counts; NULL: none applies. By one thread at a time. */
const struct script_row *script_next(struct script *script, const char *action);
/* Whether a row does NAME. */
bool script_does(const struct script *script, const char *name);

/* What goes out next, an answer or a message: as it should be, until an act has changed it. Whoever plays that side
 * makes it and sends it. */
struct turn {
	const struct script_row *row;         /* NULL: none applies */
	const struct act *act;                /* never NULL */
	const struct ebms_identity *identity; /* that signs */
	const struct ebms_identity *other;    /* NULL: there is none */
	int64_t now_us;                       /* the time that it says */
	bool other_version;                   /* something of the other version instead */
	bool breaks;                          /* the connection ends instead of, or within, what is said */
	int64_t away_us;                      /* nothing is said, for so long */
	/* An answer. */
	const char *ref_to; /* what it speaks of */
	bool refuses;
	int64_t status; /* of HTTP, and nothing else; 0 */
	/* A message. */
	const char *from, *to, *action; /* other ones than it should be; NULL */
	struct bytes document;
	enum { ONCE, AGAIN, AT_ONCE, ALTERED } repeated;
	int64_t pause_us; /* before it is repeated */
	struct ebms_packed packed;
};

struct act {
	const char *name;
	enum side side;
	const char *needs;                 /* member of the row; NULL */
	void (*before)(struct turn *turn); /* it is made; NULL: nothing */
	void (*after)(struct turn *turn);
};
/* NULL: there is none of this name. */
const struct act *act_find(const char *name);
/* As it should be. */
extern const struct act act_right;

/* By which it signs. */
struct hand {
	struct keys *keys; /* NULL: there is none */
	struct key_list list;
	struct ebms_identity identity;
};
enum err_code hand_open(const char *directory, const struct security_profile *profile, struct hand *hand,
			struct err *err) MUST_USE;
/* Its key for another PROFILE, which lives with HAND. ERR_KEY: it has none. */
enum err_code hand_identity(const struct hand *hand, const struct security_profile *profile,
			    struct ebms_identity *identity, struct err *err) MUST_USE;
void hand_close(struct hand *hand);

/* The profile NAME; a finding and NULL if there is none. */
const struct security_profile *simulated_profile(const char *name, struct findings *findings);

/* For whom it sends. */
struct addressee {
	const char *url;
	struct letter_party us, them; /* AS4 */
	const char *state;            /* by which the receiver is addressed behind its node */
	struct cert *encrypt;         /* NULL: by ebMS 2, or not known, and a finding says so */
	struct cert *signing[PEER_CERTS_MAX];
	size_t signing_count;     /* 0: whoever signs is believed */
	struct pact pact;         /* ebMS 2 */
	struct ebms2_route route; /* by it; stays where it is, with .pact */
};
enum err_code addressee_find(struct arena *arena, const struct simulator_mail *mail,
			     const struct security_profile *profile, struct addressee *addressee,
			     struct findings *findings, struct err *err) MUST_USE;
void addressee_done(struct addressee *addressee);

enum simulate_rule {
	SIM_UNKNOWN_ACT,
	SIM_UNKNOWN_ERROR,
	SIM_NEEDS,
	SIM_RANGE,
	SIM_SIDE,
	SIM_PROFILE,
	SIM_DOCTYPE,
	SIM_PARTY,
	SIM_URL,
	SIM_ENCRYPT,
	SIM_CERTIFICATE,
	SIM_AGREEMENT,
	SIM_NOT_PARTY,
	SIM_ROUTE,
};
void simulate_found(struct findings *findings, enum simulate_rule rule, const char *path, const char *first,
		    const char *second);

#endif
