/* A message as any reader of XML and MIME sees it: parts and elements by name, their namespaces written out as the
 * standards print them, and nothing of what Lintas makes of it. */
#ifndef SCENARIO_VIEW_H
#define SCENARIO_VIEW_H

#include "codec/mime.h"
#include "codec/xml.h"
#include "region.h"

struct view {
	const char *media_type;   /* of the whole */
	struct mime_message mime; /* no parts if it is bare XML */
	struct xml_doc *doc;
	const struct xml_node *messaging, *security, *body; /* SECURITY may be NULL */
};

/* Ends the test if WIRE is no SOAP 1.2 envelope with eb:Messaging, alone or as the root of multipart/related. */
struct view view_open(struct arena *arena, const struct wire *wire);
void view_close(struct view *view);
#define view_auto __attribute__((cleanup(view_close), unused)) struct view

/* The element at PATH ("eb:PartyInfo/eb:From") below NODE, the first of its name at each step; NULL if there is none.
 */
const struct xml_node *view_find(const struct xml_node *node, const char *path);
/* The same, which must be there. */
const struct xml_node *view_at(const struct xml_node *node, const char *path);
/* Its text, and its attribute NAME ("Algorithm", "wsu:Id"); the test ends if there is none. */
const char *view_text(struct arena *arena, const struct xml_node *node, const char *path);
const char *view_attribute(const struct xml_node *node, const char *path, const char *name);
/* The octets whose base64 the element has. */
struct bytes view_base64(struct arena *arena, const struct xml_node *node, const char *path);
/* How many children called NAME it has, and the one with INDEX. */
size_t view_count(const struct xml_node *node, const char *name);
const struct xml_node *view_child(const struct xml_node *node, const char *name, size_t index);
/* The value of the eb:Property called NAME in NODE; NULL if there is none. */
const char *view_property(struct arena *arena, const struct xml_node *node, const char *name);

#endif
