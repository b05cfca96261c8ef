/* A probe: a message that is packed, sent and answered like any other, but stands in no outbox, and of which nothing is
 * kept. It says what an exchange with a partner meets, in more detail than a message that is only tried again. */
#ifndef MESSAGING_SEND_INT_H
#define MESSAGING_SEND_INT_H

#include "messaging/messaging_int.h"

/* What a partner said. Texts are in the arena of the probe. */
struct probe_answer {
	bool read;                        /* it is a message of one of our bindings */
	const char *binding;              /* of which; NULL */
	enum ebms_kind kind;              /* if it was read */
	bool about;                       /* an error, and it names our message */
	const char *error, *text;         /* eb:Error's code, description and detail; NULL */
	int64_t said_us;                  /* its timestamp; TIME_NONE */
	const char *signer, *fingerprint; /* of the certificate by which it is signed; NULL: it is not */
	struct findings *findings;        /* all that is wrong with it */
};
struct probe {
	/* In. */
	struct messaging *messaging;
	struct arena *arena;
	struct arena *later; /* of what comes with a request of its own; NULL: nobody waits for that */
	struct directory *directory;
	const struct peer *peer;
	const struct message *message; /* as outbox_put() makes them */
	const char *seat;              /* of the organisation that sends */
	struct message_parts parts;
	const char *action; /* instead of what is agreed; NULL */
	int64_t timeout_us;
	const char *card_endpoint; /* what their card says, which is held, where we use another; NULL */
	bool card_waits;           /* a card of theirs waits for an operator here */
	/* Out. */
	const char *unsent;        /* why it could not be packed; NULL */
	const char *unanswered;    /* why no whole HTTP answer came; NULL */
	bool cut_off;              /* by the end of this process, which says nothing of the partner */
	enum http_stage failed_at; /* if there was none */
	struct http_answer http;
	int64_t sent_us, answered_us;
	bool taken;        /* ebMS 2: the answer comes with a request of its own */
	bool plain;        /* it goes by http:// */
	const char *cpa;   /* ebMS 2: the agreement by which it was sent; NULL */
	const char *fault; /* of a SOAP Fault; NULL */
	struct probe_answer answer;
};

/* MESSAGE, whose service and action are there, as a test from organisation FROM to TO of PEER. */
enum err_code probe_message(const struct messaging *messaging, struct arena *arena, const struct peer *peer,
			    const char *from, const char *to, struct message *message, struct err *err) MUST_USE;
/* One exchange. Whatever the partner does is no error: ERR_MEMORY. */
enum err_code send_probe(struct probe *probe, struct err *err) MUST_USE;

/* What REPLY to the message ABOUT says, signed with CERT (NULL: unsigned or not to be found). */
void probe_read(struct arena *arena, const char *about, const struct ebms_message *reply, const struct cert *cert,
		struct probe_answer *answer);

/* A probe whose answer comes with a request of its own waits where the gateway looks for what signals are about. */
struct awaited {
	/* In. What comes is in an arena of its own: the gateway's thread writes it while the sender's goes on. */
	struct arena *arena;
	struct findings *findings;
	struct ebms_sent sent;
	/* Out, once it has come. */
	struct probe_answer answer;
	const struct probe *probe;
	struct awaited *next;
	pthread_cond_t heard; /* with the lock of messaging */
	bool came;
};
/* From before it is sent until it is forgotten; both must live as long. */
void probe_await(struct awaited *awaited, const struct probe *probe);
/* For the probe's time. False: nothing came. */
bool probe_wait(struct awaited *awaited);
void probe_forget(struct awaited *awaited);
/* Whether a probe to PEER waits for SIGNAL, which is signed with CERT (NULL: unsigned); it has it then. */
bool probe_came(struct messaging *messaging, const struct peer *peer, struct ebms_message *signal,
		const struct cert *cert);

#endif
