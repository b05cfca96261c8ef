/* A stage for conformance cases. In their words a producer submits to the sending message service handler, SMSH, which
 * sends to the receiving one, RMSH, which delivers to the consumer. Here TH's node is the SMSH and LA's the RMSH, by
 * the profile of eDelivery AS4 1.15 (RSA); a simulated SMSH is a letter. */
#ifndef SCENARIO_PLAY_H
#define SCENARIO_PLAY_H

#include "letter.h"
#include "view.h"

struct play {
	struct region *region;
	struct arena *arena; /* the region's */
	struct region_node *smsh, *rmsh;
	/* What went over the line last, both ways. */
	struct region_node *to;
	struct wire request;
	struct http_answer answer;
};
extern struct play play; /* a test program has one thread */
extern const struct actor play_officer;

/* Test set-up and tear-down. */
int play_begin(void **state);
int play_end(void **state);
/* From now on receipts are intercepted, or not; then nothing is overheard. */
void play_lose_receipts(bool lost);

/* --- The producer --- */
/* A Form D from TH to LA: only submitted; delivered. */
struct message play_submit(unsigned number);
struct message play_exchange(unsigned number);
/* LA's customs answers the Form D with NUMBER. */
struct message play_answer_form_d(unsigned number);
/* A message with parts of the producer's own making, delivered. CONVERSATION may be NULL. */
struct message play_exchange_parts(const char *conversation, const struct message_part *parts, size_t count);
/* A leading document and two others, of media that gain by compression. */
enum { PLAY_PARTS = 3 };
void play_three_parts(struct message_part parts[static PLAY_PARTS]);
struct message play_ping(void);

/* --- What was generated --- */
/* The octets of MESSAGE that FROM kept as sent: the very ones that went over the line. The caller view_close()s. */
struct view play_sent_by(struct region_node *from, const struct message *message);
const struct xml_node *play_user_message(const struct view *view);
const struct xml_node *play_part_info(const struct view *view, size_t index);
const char *play_part_property(const struct view *view, size_t index, const char *name);
/* The MIME part that PartInfo INDEX refers to, and that is not the envelope. */
const struct mime_part *play_part_of(const struct view *view, size_t index);

/* --- What was returned --- */
/* A receipt in an answer 2xx for REQUEST: the references of its signature again (AS4 profile 1.0 §5.1.8), signed by
 * FROM. */
void play_returns_receipt(struct region_node *from, const struct wire *request, const struct http_answer *answer);
/* WIRE, of LETTER to the RMSH, is answered at once by a receipt, and PLAIN reaches the consumer as a document. */
void play_letter_is_delivered(const struct letter *letter, const struct wire *wire, const char *plain);
/* It is answered at once by a signed eb:Error, and nothing of it is delivered. */
void play_letter_is_refused(const struct letter *letter, const struct wire *wire, const char *code,
			    const char *short_description, const char *category);

/* --- What was delivered --- */
/* The parts of MESSAGE as the RMSH keeps them for the consumer, who has looked at them. */
struct message_parts play_parts_delivered(const struct message *message);
void play_part_is(const struct message_part *part, struct bytes plain);

struct bytes play_gzipped(struct bytes plain);

#endif
