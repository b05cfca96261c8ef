/* What the files over libxml2 share. */
#ifndef CODEC_XML_INT_H
#define CODEC_XML_INT_H

#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include "codec/xml.h"

/* `struct xml_doc` and `struct xml_node` are never defined: they are libxml2's xmlDoc and xmlNode under names that the
 * public header can use without libxml2's. Wrapping each node would cost a second tree for nothing. */
static inline const xmlNode *xml_inner(const struct xml_node *node)
{
	return (const xmlNode *)node;
}

/* The first error that libxml2 reports between xml_errors_begin() and xml_errors_end().
 *
 * Some errors (character conversion, canonicalisation, memory) reach only the handler of the thread, not that of the
 * parser, and without one they are printed on standard error. So the thread's handler, which libxml2 keeps in
 * thread-local memory, is ours while we are inside the library, and is put back on every way out. */
struct xml_errors {
	enum err_code code; /* OK as long as there is none; warnings are none */
	int line;           /* 0 if not known */
	char text[200];
	xmlStructuredErrorFunc saved_handler;
	void *saved_arg;
};

void xml_errors_begin(struct xml_errors *errors);
void xml_errors_end(const struct xml_errors *errors);

#endif
