/* Exchange with other nodes by AS4 (ISO 15000-2): the gateway that takes messages in, and the sender that drains the
 * outbox.
 *
 * The messaging knows messages, not customs: it meets the capabilities in kernel/ (inbox, outbox, document types by
 * name). */
#ifndef MESSAGING_MESSAGING_H
#define MESSAGING_MESSAGING_H

#include "crypto/keys.h"
#include "kernel/kernel.h"
#include "kernel/message.h"
#include "net/http.h"

struct messaging;

struct messaging_options {
	struct kernel *kernel; /* borrowed, as all below */
	struct keys *keys;
	const char *keys_directory; /* for certificates and states of our keys */
	struct http_client *client;
	const char *party_id, *party_type; /* ours */
	const struct http_tls *tls;        /* for sending; NULL: none */
	bool allow_plain;                  /* http:// endpoints; the configuration grants it for loopback only */
	bool require_client_certificate;   /* of who posts to our endpoint; off only where plain HTTP is allowed */
	size_t max_message_bytes;          /* on the wire */
	size_t max_payload_bytes;          /* expanded */
	int64_t duplicate_window_us;       /* how long identifiers are kept; longer than any retry */
	int64_t timeout_us;                /* of one exchange */
	unsigned senders;                  /* how many threads call messaging_send_step() */
	unsigned slots; /* exchanges at a time with one partner; a partner that does not answer gets one */
	struct retry_policy retry;
};

enum err_code messaging_new(const struct messaging_options *options, struct messaging **messaging,
			    struct err *err) MUST_USE;
void messaging_free(struct messaging *messaging);

/* Reads partners, their certificates and our keys anew, if they changed or a certificate began or ended meanwhile
 * (always if FORCE). Cheap when nothing did. */
enum err_code messaging_refresh(struct messaging *messaging, bool force, struct err *err) MUST_USE;

/* The AS4 endpoint. A known, authenticated partner gets a signed receipt or a signed error; everybody else a bare 4xx.
 */
/* True if something new was stored, so that who processes should look. */
bool messaging_receive(struct messaging *messaging, const struct http_request *request, struct http_response *response);
/* Before the body is read: how great it may be. 0, with *STATUS 403, if client certificates are required and this is no
 * partner's: a stranger does not fill our memory. */
size_t messaging_admit(struct messaging *messaging, const struct http_request *request, int *status);

/* One round of the sender: takes due messages of one partner (partners in turn), sends them, settles them. *DONE: how
 * many were tried; 0 when nothing is due. Any number of threads may call it. */
enum err_code messaging_send_step(struct messaging *messaging, int64_t now_us, unsigned *done,
				  struct err *err) MUST_USE;

/* Puts a ping (ebMS test service) to PARTNER in the outbox. *ID: our id of the message, arena's. */
enum err_code messaging_ping(struct messaging *messaging, struct arena *arena, const char *partner,
			     const struct actor *actor, int64_t now_us, const char **id, struct err *err) MUST_USE;

struct messaging_counters {
	int64_t accepted, duplicates, refused; /* from partners */
	int64_t strangers;                     /* refused without an answer */
	int64_t delivered, failed_attempts;
};
void messaging_counters(struct messaging *messaging, struct messaging_counters *counters);

/* The last strangers, newest first: when, from where, which rule. At most LIMIT (the ring keeps 64). Texts in the
 * arena. */
struct messaging_stranger {
	int64_t at_us;
	const char *peer, *rule, *text;
};
struct messaging_strangers {
	struct messaging_stranger *items;
	size_t count;
};
enum err_code messaging_strangers(struct messaging *messaging, struct arena *arena, size_t limit,
				  struct messaging_strangers *list, struct err *err) MUST_USE;

/* Whether there is a security profile of this name; messaging_profile_at() names them all, NULL after the last. */
bool messaging_profile_known(const char *name);
const char *messaging_profile_at(size_t index);

/* Bounds of what is loaded; beyond them a partner or a certificate must be refused. */
enum { MESSAGING_PARTNERS_MAX = 256, MESSAGING_CERTIFICATES_MAX = 16 /* of one use of one partner */ };
/* Whether PROFILE (NULL: any profile) can work with a partner's key of KIND for USE ("sign", "encrypt", "tls"). */
bool messaging_key_fits(const char *profile, const char *use, enum key_kind kind);

#endif
