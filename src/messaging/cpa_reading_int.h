/* A CPA while it is read: what cpa_read.c and cpa_links.c share. */
#ifndef MESSAGING_CPA_READING_INT_H
#define MESSAGING_CPA_READING_INT_H

#include "messaging/cpa_rules_int.h"
#include "messaging/grammar_int.h"

struct cpa_reading {
	struct arena *arena;
	struct findings *findings;
	struct cpa *cpa;
	const struct xml_node *root;
	const struct xml_node *parties[2];  /* PartyInfo; NULL where there are fewer */
	const struct xml_node **actions[2]; /* CanSend or CanReceive, in the order of the party's .actions */
	bool no_memory;
};

/* An error or a warning against NODE. */
void cpa_found(struct cpa_reading *reading, enum cpa_rule_name rule, const struct xml_node *node, const char *first,
	       const char *second);
/* Zeroed; NULL, and .no_memory is set. */
void *cpa_room(struct cpa_reading *reading, size_t count, size_t size);

/* The attribute of CPPA 2.0; NULL if it is left out, or NODE is NULL. The second one must be there and say something.
 */
const char *cpa_attribute(const struct xml_node *node, const char *name);
const char *cpa_needed(struct cpa_reading *reading, const struct xml_node *node, const char *name);
/* The text of an element; NULL if NODE is NULL or holds elements. The second one must say something. */
const char *cpa_text(struct cpa_reading *reading, const struct xml_node *node);
const char *cpa_token(struct cpa_reading *reading, const struct xml_node *node);

/* What an element is called by, and whether nothing else in the document is called so (xsd:ID). */
struct cpa_name {
	const char *element, *attribute;
	bool id;
};
const struct cpa_name *cpa_name_of(const struct xml_node *node); /* NULL: by nothing */

/* The actions of PARTY, one after the other; not those inside another. NODE is PARTY itself to begin with. */
const struct xml_node *cpa_next_action(const struct xml_node *party, const struct xml_node *node);

/* Identifiers that stand twice, and references that lead nowhere or to the wrong thing. */
void cpa_check_references(struct cpa_reading *reading);
/* Joins what one party sends to what the other receives. */
void cpa_join(struct cpa_reading *reading);

#endif
