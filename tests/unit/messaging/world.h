/* Two parties with keys of every profile, a message that is right, and its opening stage by stage. */
#ifndef TESTS_MESSAGING_WORLD_H
#define TESTS_MESSAGING_WORLD_H

#include "../unit.h"

#include "messaging/binding_int.h"
#include "pki.h"

#define WORLD_PARTS 3
#define WORLD_CERTS 8

struct world {
	char *directory, *foreign_directory; /* our keys; keys that nobody here knows */
	struct keys *keys, *foreign_keys;
	struct key_list own, foreign;
	struct cert *certs[WORLD_CERTS]; /* the signing ones of OWN, borrowed */
	size_t certs_count;
	struct pki *root;
	struct arena *arena; /* of the running test */
};
extern struct world world;

/* Group set-up and tear-down; test set-up and tear-down (a new arena). */
int world_begin(void **state);
int world_end(void **state);
int world_arena_new(void **state);
int world_arena_free(void **state);

/* The first key of this use and type; must be there. */
const struct key_info *world_key(const struct key_list *list, enum key_use use, enum key_type type);
/* What PROFILE signs and decrypts with. */
const struct key_info *world_signer(const struct key_list *list, const struct security_profile *profile);
const struct key_info *world_recipient(const struct key_list *list, const struct security_profile *profile);

/* A user message with all that it points to, for tests to change before it is packed. */
struct letter {
	const struct security_profile *profile;
	struct ebms_identity identity;
	const struct cert *recipient;
	struct ebms_message_info info;
	struct ebms_typed from_id, to_id, service, property[2];
	struct ebms_party from, to;
	struct ebms_party_info parties;
	struct ebms_collaboration collaboration;
	struct ebms_properties properties;
	struct ebms_part_info part[WORLD_PARTS];
	struct ebms_properties part_properties[WORLD_PARTS];
	struct ebms_typed part_property[WORLD_PARTS][3];
	struct ebms_payload_info payload;
	struct ebms_user_message user;
	struct ebms_payload payloads[WORLD_PARTS];
	size_t count;
};
/* COMPRESSED: gzipped documents; else octets that are no text. LETTER points into itself: it is not copied. */
void letter_init(struct letter *letter, const char *profile, enum ebms_token_kind token, size_t parts, bool compressed);
/* Gives part NUMBER a media type and content, not compressed. */
void letter_part(struct letter *letter, size_t number, const char *mime_type, struct bytes octets);

/* A message as it goes over the wire. */
struct wire_copy {
	const char *content_type;
	struct buf body;
	struct ebms_reference *references;
	size_t references_count;
};
void letter_pack(const struct letter *letter, struct wire_copy *wire);

/* How far an opening came: at which step the first finding was, as the gateway stops there. */
enum step { READING, SECURITY, PROFILE, SIGNER, VERIFYING, DECRYPTING, PARTS, EXPANDING, PASSED };
struct opening {
	struct ebms_message message;
	struct findings *findings;
	struct cert *cert;
	enum step step;
};
/* PROFILE NULL: any algorithm that is known. KEYS are OWN's. The caller opening_done()s. */
void opening_run(struct opening *opening, const struct security_profile *profile, const struct ebms_limits *limits,
		 const char *content_type, struct bytes body);
void opening_done(struct opening *opening);
/* The code of the first finding; "" if there is none. */
const char *opening_rule(const struct opening *opening);
/* Ends the test with all findings unless it passed. */
void opening_must_pass(const struct opening *opening);

/* --- Texts --- */
/* Where TEXT first stands in BODY, which must have it. */
size_t text_at(const struct buf *body, const char *text);
bool text_has(const struct buf *body, const char *text);
/* Replaces the first, or every, FROM, which must be there. */
void text_replace(struct buf *body, const char *from, const char *to);
void text_replace_all(struct buf *body, const char *from, const char *to);
void text_insert(struct buf *body, size_t at, const char *text);
/* From the first BEGIN up to and with the next END: a copy in the arena; and the same cut out. */
const char *text_copy(const struct buf *body, const char *begin, const char *end);
const char *text_cut(struct buf *body, const char *begin, const char *end);

/* --- Hostile messages --- */
/* A good letter with two gzipped parts (none: .bare), signed and encrypted, then changed; and how it must fail. */
struct hostile {
	const char *name;
	enum ebms_rule_name rule; /* of the first finding */
	enum step step;
	void (*shape)(struct letter *letter);   /* before it is packed */
	void (*mutate)(struct wire_copy *wire); /* after */
	struct {
		const char *from, *to;
	} edits[4];            /* after that: the first FROM in the message */
	const char *profile;   /* packed with; NULL: "ecdsa-p256" */
	const char *opened_as; /* NULL: as packed; "any": no profile */
	bool bare;
};
/* Ends the test after all rows if one passed, or failed otherwise than it says; and if the good letter did not pass. */
void hostile_run(const struct hostile *rows, size_t count);

/* --- Oracles --- */
/* Runs a command line; its exit status. Output goes to FILES/out. */
int oracle_run(const char *files, const char *format, ...) PRINTF(2, 3);
/* True if PROGRAM answers to COMMAND with status 0; else says aloud that the test is skipped. */
bool oracle_there(const char *files, const char *command);
void oracle_put(const char *files, const char *name, struct bytes content);
struct bytes oracle_get(const char *files, const char *name);
/* The folder of collected AS4 messages; NULL, and said aloud, if it is not there. Arena's. */
const char *collection(void);

#endif
