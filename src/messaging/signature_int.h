/* ds:Signature as both bindings have it (XML Signature 1.1): reading its values and writing it. What shape it must have
 * is the rows' matter of each. */
#ifndef MESSAGING_SIGNATURE_INT_H
#define MESSAGING_SIGNATURE_INT_H

#include "messaging/binding_int.h"

/* Of references of any kind: Java's secure validation stops there, too. */
enum { REFERENCES_MAX = 30 };

/* A finding of the binding's rule for its security elements; false. */
bool security_found(struct ebms_message *message, const char *what, const char *where);
/* NODE's attribute Algorithm. */
const char *security_algorithm(const struct xml_node *node);
/* The element's base64 content; a finding if it is something else. */
struct bytes security_octets(struct ebms_message *message, const struct xml_node *node);
/* How many there are from FIRST on. False, and a finding, if they are more than anybody reads on behalf of a stranger:
 * every one costs a look at every other. */
bool security_count(struct ebms_message *message, const struct xml_node *first, size_t *count);
/* The text of the child NAME; NULL if there is none. */
const char *security_text(struct ebms_message *message, const struct xml_node *parent, const char *name);

/* The PrefixList of an exclusive canonicalisation below NODE; NULL. */
const char *signature_prefixes(const struct xml_node *node);
/* NODE (ds:Signature) into .signature, but for the token: how a certificate is named is the binding's. .signature stays
 * NULL if there are too many references. */
enum err_code signature_read(struct ebms_message *message, const struct xml_node *node, struct err *err) MUST_USE;
/* The certificate itself in ds:KeyInfo, if no token was read before. */
void signature_read_certificate(struct ebms_message *message, const struct xml_node *key_info);

/* --- Writing --- */

struct signing {
	struct arena *arena;
	const struct security_profile *profile;
	const struct ebms_identity *identity;
	struct ebms_reference *references;
	size_t count;
};
/* Room for WHOLES_MAX + PARTS references. */
enum err_code signing_init(struct signing *signing, struct arena *arena, const struct security_profile *profile,
			   const struct ebms_identity *identity, size_t parts, struct err *err) MUST_USE;
/* OCTETS are what URI names after TRANSFORM. */
enum err_code signing_add(struct signing *signing, const char *uri, const char *transform, struct bytes octets,
			  struct err *err) MUST_USE;
/* SignedInfo with START as its tag: the one of its canonical form, or the shorter one that stands in the message. */
void signing_put_info(struct buf *out, const struct signing *signing, const char *start);

#endif
