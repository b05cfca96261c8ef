/* A document from a stranger: read it, look at everything in it, canonicalise it. What we wrote must read back as
 * itself. */
#include "base/text.h"
#include "codec/xml.h"
#include "fuzz.h"

static bool look(void *arg, const char *ns, const char *name, const char *value)
{
	(void)arg;
	return ns && *name && value;
}

static bool is_a(void *arg, const struct xml_node *node)
{
	(void)arg;
	return same(xml_name(node), "a");
}

/* What is left out of a document is gone, and what stays is its own canonical form, as a document and as an element. */
static void leave_out(struct arena *arena, const struct xml_doc *doc)
{
	xml_doc_auto rest = NULL;
	buf_auto once = { 0 };
	buf_auto twice = { 0 };
	struct err err;

	buf_init(&once, 64 << 20);
	buf_init(&twice, 64 << 20);
	MUST(xml_c14n_inclusive(doc, is_a, NULL, &once, &err) == OK);
	if (once.size == 0)
		return;
	MUST(xml_parse(arena, buf_bytes(&once), &xml_limits_default, &rest, &err) == OK);
	for (const struct xml_node *node = xml_root(rest); node; node = xml_walk(xml_root(rest), node))
		MUST(!is_a(NULL, node));
	MUST(xml_c14n_inclusive(rest, is_a, NULL, &twice, &err) == OK);
	MUST(bytes_same(buf_bytes(&once), buf_bytes(&twice)));
	buf_clear(&twice);
	MUST(xml_c14n_inclusive_element(xml_root(rest), &twice, &err) == OK);
	MUST(bytes_same(buf_bytes(&once), buf_bytes(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	arena_auto arena = arena_new(64 << 20);
	xml_doc_auto doc = NULL;
	buf_auto once = { 0 };
	buf_auto twice = { 0 };
	struct err err;

	if (!arena || xml_parse(arena, bytes(data, size), &xml_limits_default, &doc, &err) != OK)
		return 0;
	for (const struct xml_node *node = xml_root(doc); node; node = xml_walk(xml_root(doc), node)) {
		xml_attributes(node, look, NULL);
		MUST(xml_text(node) || xml_first(node));
		MUST(xml_token(arena, node) || !xml_has_stray_text(node) || xml_first(node));
	}
	buf_init(&once, 64 << 20);
	buf_init(&twice, 64 << 20);
	if (xml_c14n_exclusive(xml_root(doc), "#default xml a", &once, &err) != OK)
		return 0;
	MUST(xml_c14n_exclusive(xml_root(doc), NULL, &twice, &err) == OK);
	buf_clear(&once);
	MUST(xml_c14n_document(buf_bytes(&twice), &xml_limits_default, &once, &err) == OK);
	MUST(bytes_same(buf_bytes(&once), buf_bytes(&twice)));
	leave_out(arena, doc);
	return 0;
}
