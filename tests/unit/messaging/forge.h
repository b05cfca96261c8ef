/* Messages of ebMS 2 signed by a key's holder who writes what he likes: the envelope is changed before it is signed,
 * and what the signature says of itself is as a test wants it. */
#ifndef TESTS_MESSAGING_FORGE_H
#define TESTS_MESSAGING_FORGE_H

#include "../unit.h"

#include "messaging/ebms2_int.h"

/* How ds:Signature is written. NULL, where not said otherwise: as our own. */
struct forgery {
	struct arena *arena;
	struct keys *keys;
	const struct key_info *key;
	const char *transforms; /* the elements in ds:Transforms of the reference to the envelope */
	const char *c14n;       /* URI for ds:SignedInfo */
	const char *method;     /* URI of the signature; the value is made by it */
	const char *digest;     /* URI of all digests */
	const char *key_info;   /* what is in ds:KeyInfo */
	const char *references; /* further ds:Reference elements */
	bool without_envelope;  /* no reference to the envelope */
	bool without_parts;     /* none to the parts */
};

/* The template in pieces: the elements of ds:Transforms, with LITERAL as the XPath. */
#define FORGE_ENVELOPED                                                                                                \
	"<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>"
#define FORGE_XPATH(literal)                                                                                           \
	"<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>" literal                  \
	"</ds:XPath></ds:Transform>"
#define FORGE_C14N                "<ds:Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></ds:Transform>"
#define FORGE_TERM(prefix, actor) "ancestor-or-self::node()[@" prefix ":actor=\"" actor "\"]"
#define FORGE_LITERAL                                                                                                  \
	"not(" FORGE_TERM("soap", "urn:oasis:names:tc:ebxml-msg:actor:nextMSH") "|" FORGE_TERM(                        \
		"soap", "http://schemas.xmlsoap.org/soap/actor/next") ")"

/* Signs the envelope in BODY, which must be XML, anew; of the old signature the digests of parts are kept. */
void forge_sign(const struct forgery *forgery, struct buf *body);

#endif
