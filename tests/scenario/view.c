#include "view.h"

#include "base/text.h"

static const struct {
	const char *prefix, *uri;
} namespaces[] = {
	{ "env:", "http://www.w3.org/2003/05/soap-envelope" },
	{ "eb:", "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/" },
	{ "ebbp:", "http://docs.oasis-open.org/ebxml-bp/ebbp-signals-2.0" },
	{ "wsse:", "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" },
	{ "wsu:", "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" },
	{ "ds:", "http://www.w3.org/2000/09/xmldsig#" },
	{ "xenc:", "http://www.w3.org/2001/04/xmlenc#" },
};

/* The namespace of NAME, and *LOCAL, its rest. */
static const char *namespace_of(const char *name, const char **local)
{
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (starts_with(name, namespaces[i].prefix)) {
			*local = name + strlen(namespaces[i].prefix);
			return namespaces[i].uri;
		}
	*local = name;
	return "";
}

struct view view_open(struct arena *arena, const struct wire *wire)
{
	struct view view = { 0 };
	struct bytes root = wire->octets;
	struct err err = { 0 };

	if (mime_media_type(arena, wire->content_type, &view.media_type, &err) != OK)
		fail_msg("%s", err.text);
	if (same(view.media_type, "multipart/related")) {
		if (mime_parse(arena, wire->content_type, wire->octets, &mime_limits_default, &view.mime, &err) != OK)
			fail_msg("%s", err.text);
		assert_string_equal(view.mime.parts[view.mime.root].content_type, "application/soap+xml");
		root = view.mime.parts[view.mime.root].body;
	} else {
		assert_string_equal(view.media_type, "application/soap+xml");
	}
	if (xml_parse(arena, root, &xml_limits_default, &view.doc, &err) != OK)
		fail_msg("%s", err.text);
	const struct xml_node *envelope = xml_root(view.doc);
	assert_true(xml_is(envelope, "http://www.w3.org/2003/05/soap-envelope", "Envelope"));
	view.messaging = view_at(envelope, "env:Header/eb:Messaging");
	view.security = view_find(envelope, "env:Header/wsse:Security");
	view.body = view_at(envelope, "env:Body");
	return view;
}

void view_close(struct view *view)
{
	xml_free(view->doc);
	view->doc = NULL;
}

const struct xml_node *view_child(const struct xml_node *node, const char *name, size_t index)
{
	const char *local, *uri = namespace_of(name, &local);
	const struct xml_node *child = xml_first(node);

	for (; child; child = xml_next(child))
		if (xml_is(child, uri, local) && index-- == 0)
			return child;
	return NULL;
}

size_t view_count(const struct xml_node *node, const char *name)
{
	size_t count = 0;

	while (view_child(node, name, count))
		count++;
	return count;
}

const struct xml_node *view_find(const struct xml_node *node, const char *path)
{
	char step[64];

	while (node && *path) {
		size_t length = strcspn(path, "/");
		assert_true(length < sizeof(step));
		memcpy(step, path, length);
		step[length] = '\0';
		node = view_child(node, step, 0);
		path += length + (path[length] == '/');
	}
	return node;
}

const struct xml_node *view_at(const struct xml_node *node, const char *path)
{
	const struct xml_node *found = view_find(node, path);

	if (!found)
		fail_msg("there is no %s", path);
	return found;
}

const char *view_text(struct arena *arena, const struct xml_node *node, const char *path)
{
	const char *text = xml_token(arena, view_at(node, path));

	if (!text)
		fail_msg("%s has no text", path);
	return text;
}

const char *view_attribute(const struct xml_node *node, const char *path, const char *name)
{
	const char *local, *uri = namespace_of(name, &local);
	const char *value = xml_attribute(view_at(node, path), uri, local);

	if (!value)
		fail_msg("%s has no %s", path, name);
	return value;
}

struct bytes view_base64(struct arena *arena, const struct xml_node *node, const char *path)
{
	struct bytes octets = { 0 };

	if (!base64_parse(arena, bytes_of(view_text(arena, node, path)), &octets))
		fail_msg("%s is not base64", path);
	return octets;
}

const char *view_property(struct arena *arena, const struct xml_node *node, const char *name)
{
	const struct xml_node *property;

	for (size_t i = 0; (property = view_child(node, "eb:Property", i)); i++)
		if (same(xml_attribute(property, "", "name"), name))
			return xml_token(arena, property);
	return NULL;
}
