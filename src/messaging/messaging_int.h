/* Inside of the messaging: the snapshot of partners and keys that a unit of work holds, and the shared state. */
#ifndef MESSAGING_MESSAGING_INT_H
#define MESSAGING_MESSAGING_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "kernel/capability.h"
#include "kernel/party.h"
#include "messaging/binding_int.h"
#include "messaging/messaging.h"
#include "messaging/pact_int.h"

enum { PEERS_MAX = MESSAGING_PARTNERS_MAX, PEER_CERTS_MAX = MESSAGING_CERTIFICATES_MAX, STRANGERS_KEPT = 64 };

/* A partner as the gateway and the sender need it. */
struct peer {
	struct partner partner;
	const struct security_profile *profile;
	enum ebms_token_kind token;
	struct cert *signing[PEER_CERTS_MAX]; /* whom its signatures may come from */
	size_t signing_count;
	struct basis *bases;              /* what a signature by each of them is believed by, in the same order */
	struct cert *tls[PEER_CERTS_MAX]; /* its TLS client certificates */
	size_t tls_count;
	struct cert *encrypt[PEER_CERTS_MAX]; /* for which we may encrypt: see peer_encrypt() */
	size_t encrypt_count;
	struct pacts pacts;  /* ebMS 2: what is agreed */
	struct trust *trust; /* all of them pinned, with its revocation lists */
};

/* An immutable snapshot, swapped by reference count when partners or keys change. */
struct directory {
	atomic_int references;
	struct arena *arena;
	int64_t revision;
	int64_t from_us, until_us; /* between them no certificate is withdrawn */
	struct peer *peers;
	size_t count;
	struct key_list own;
	struct basis *own_bases; /* of each of our keys: its certificate, for those who look at our evidence */
};

struct stranger {
	int64_t at_us;
	char peer[64], rule[16], text[320];
};

/* What the sender remembers of a partner between rounds. */
struct lane {
	char partner[32];
	unsigned busy; /* exchanges under way */
	bool heard;    /* it has answered since the start: until then, one exchange at a time, too */
	bool replied;  /* its last turn began with a reply: the next one begins with a message */
	bool silent;   /* the last attempt got no answer: one exchange at a time until one succeeds */
};

/* The messaging as the intake of SERVICE_CONTINUITY: .intake first, so that it is found from it. */
struct continuity {
	struct intake intake;
	struct messaging *messaging;
};
extern const struct intake continuity_intake;

struct messaging {
	struct messaging_options options;
	struct continuity continuity;
	struct ebms_limits limits;
	char given_up[64];    /* how the retry policy calls its end */
	pthread_mutex_t lock; /* guards what follows */
	struct directory *directory;
	struct lane lanes[PEERS_MAX];
	size_t lanes_count, turn;
	struct awaited *awaited;    /* probes that wait for a signal; partner_test.c's */
	struct card_desk card_desk; /* for cards that arrive; card_take.c's */
	struct carrier carrier;     /* for what is submitted; pact.c's */
	struct health *health;      /* what was seen of the links; health.c's */
	struct stranger strangers[STRANGERS_KEPT];
	size_t strangers_seen;
	int64_t strangers_logged_us;          /* when a stranger was last logged; others are only counted */
	int64_t watched_us, watched_revision; /* when messaging_watch() looked last, and at which partners; its own */
	atomic_llong accepted, duplicates, refused, strangers_total, delivered, failed_attempts;
};

/* A stranger was turned away because of FINDING (NULL: it did not come to one). */
void stranger_note(struct messaging *messaging, const char *peer, const struct finding *finding, int64_t now_us);
/* Whether another exchange may begin in LANE; the lock is held. */
bool lane_has_room(const struct messaging *messaging, const struct lane *lane);
/* The current snapshot; the caller releases it. Never NULL. */
struct directory *directory_get(struct messaging *messaging);
void directory_release(struct directory *directory);

const struct peer *directory_peer(const struct directory *directory, const char *code);
const struct peer *directory_party(const struct directory *directory, const char *party_id, const char *party_type);
/* Whether KEY is active, and its certificate valid. */
bool key_is_current(const struct key_info *key, int64_t now_us);
/* Our active key for USE whose kind fits; the newest one. NULL if there is none. */
const struct key_info *directory_key(const struct directory *directory, enum key_use use, enum key_kind kind,
				     int64_t now_us);

/* Our key that signs, of KIND (NULL: any): of several the one whose certificate began first, which partners have had
 * longest. A new one is on our card from its first day, and signs when the one before it ends or is retired: so
 * partners that have not approved the card yet believe all that we sign, the card among it. NULL if none is valid. */
const struct key_info *directory_signer(const struct directory *directory, const enum key_kind *kind, int64_t now_us);

/* What PEER's profile and wishes make of our identity; with CHANNEL (NULL: AS4) the key of the certificate that it
 * names, while we have that. ERR_KEY if we have no signing key of its kind. */
enum err_code identity_for(const struct messaging *messaging, const struct directory *directory,
			   const struct peer *peer, const struct cpa_channel *channel, int64_t now_us,
			   struct ebms_identity *identity, struct err *err) MUST_USE;

/* What a signature with CERT is kept with: of PEER's (NULL: of ours). NULL if it is none of theirs. */
const struct basis *basis_of(const struct directory *directory, const struct peer *peer, const struct cert *cert);

/* The profile of ours by which MESSAGE is signed, whichever that is but one with SHA-1; PEER's if it is none of them.
 */
const struct security_profile *peer_profile_of(const struct peer *peer, const struct ebms_message *message);
/* CERT judged for signatures of PEER; findings of MSG-051 for each reason. */
void peer_judge(const struct peer *peer, const struct cert *cert, int64_t now_us, struct arena *arena,
		struct findings *findings);

/* Why CERT is not believed for USE of PEER, all reasons with their rules; NULL if it is. The arena's. */
const char *peer_doubt(const struct peer *peer, const struct cert *cert, enum cert_use use, int64_t now_us,
		       struct arena *arena);
/* Whether a key of KIND can be used for USE ("sign", "encrypt", "tls") by PROFILE. */
bool profile_takes(const struct security_profile *profile, const char *use, enum key_kind kind);
/* For whom we encrypt: of PEER's certificates of the profile's kind that are believed now the one that began last (in
 * a roll-over several are pinned). ERR_KEY if there is none, with the certificate and the rule that it breaks. */
enum err_code peer_encrypt(const struct peer *peer, int64_t now_us, struct arena *arena, const struct cert **cert,
			   struct err *err) MUST_USE;

/* The desk of kernel/card.h. */
enum err_code card_take(const struct card_desk *desk, struct tx *tx, struct arena *arena, const char *partner,
			struct bytes octets, const struct actor *actor, int64_t now_us, struct findings *findings,
			struct err *err) MUST_USE;

#endif
