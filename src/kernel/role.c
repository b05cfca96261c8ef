#include "kernel/user_int.h"

#include "base/buf.h"
#include "base/text.h"

/* What each lets somebody do stands in the routes that name it (interface/route.h). For tokens of one's own there is
 * none: whoever shows his password may make them, whoever is logged in revoke them. */
static const struct permission permissions[] = {
	{ "documents.read", "Read documents and what happened to them" },
	{ "documents.submit", "Submit documents to partners" },
	{ "documents.handle", "Work on received documents as an officer" },
	{ "messages.read", "Read messages: where each stands, not what is in it" },
	{ "messages.decide", "Hold, release, retry and abandon messages" },
	{ "evidence.export", "Export what proves an exchange, with the payload" },
	{ "events.read", "Follow the event feed" },
	{ "webhooks.read", "Read webhooks and their deliveries, without their secrets" },
	{ "webhooks.change", "Add, pause and remove webhooks, replace their secrets, deliver again" },
	{ "tasks.read", "Read the tasks" },
	{ "partners.read", "Read the partners and their certificates" },
	{ "partners.change", "Add, change and suspend partners and their certificates" },
	{ "links.announce", "Tell partners that the node goes down or is back" },
	{ "organisations.read", "Read the organisations of the node" },
	{ "organisations.change", "Add organisations" },
	{ "users.read", "Read users and their tokens" },
	{ "users.change", "Add, change and disable users, set passwords, revoke tokens of others" },
	{ "status.read", "Read the state of the node" },
	{ "refusals.read", "Read messages that were refused, which may hold documents in clear" },
	{ "audit.read", "Verify the journal" },
	{ "retention.read", "Read what is due for deletion, why, and what is held" },
	{ "retention.change", "Place and lift legal holds" },
	{ "retention.run", "Write archives, and delete what is due" },
	{ "catch-up.change", "Ask partners for what was lost before a restore, and end that" },
	{ "reference.read", "Read reference data: its editions, and what was found in their files" },
	{ "reference.import", "Put in files of reference data, and throw away what does not count yet" },
	{ "reference.approve", "Approve editions of reference data, let them count, and take them back" },
	{ "keys.change", "Put keys of the key ceremony in use" },
};

/* Those of an organisation and those of the node have no common role: who runs the node does not read what
 * organisations keep, and exporting evidence is reading it. An administrator lets others in, and reads no document
 * either, so that nobody has to be both; nobody changes his own roles (src/api/users.c). That does not keep one who
 * lets others in from making a user for himself: it makes him do what the journal shows. The state of the node, its
 * keys and its journal as a whole are of no organisation, so an auditor of one reads all but these. */
#define OFFICER                                                                                                        \
	"documents.read documents.submit documents.handle messages.read tasks.read events.read partners.read"          \
	" organisations.read reference.read"

static const struct role roles[] = {
	{ .name = "officer", .title = "Submits and reads documents, and does the tasks", .permissions = OFFICER },
	{ .name = "supervisor",
	  .title = "An officer who also decides what happens to messages, and exports evidence",
	  .permissions = OFFICER " messages.decide evidence.export links.announce retention.read retention.change"
				 " reference.import reference.approve" },
	{ .name = "auditor",
	  .title = "Reads everything of the organisation, changes nothing",
	  .permissions = "documents.read messages.read evidence.export events.read tasks.read partners.read"
			 " organisations.read users.read webhooks.read retention.read reference.read" },
	{ .name = "integrator",
	  .title = "Connects systems of the organisation: the event feed and webhooks, without what is in documents",
	  .permissions = "events.read webhooks.read webhooks.change tasks.read organisations.read reference.read" },
	{ .name = "administrator",
	  .title = "Manages the users of the organisation",
	  .permissions = "users.read users.change organisations.read tasks.read" },
	{ .name = "operator",
	  .title = "Runs the node: partners, organisations, users, keys and messages, without what is in them",
	  .permissions =
		  "status.read partners.read partners.change links.announce organisations.read organisations.change"
		  " keys.change messages.read messages.decide tasks.read audit.read events.read users.read users.change webhooks.read"
		  " webhooks.change retention.read retention.change retention.run catch-up.change reference.read"
		  " reference.import reference.approve",
	  .node = true },
	{ .name = "investigator",
	  .title = "Finds out what is wrong with a refused message, whatever stands in it; the journal names each",
	  .permissions = "status.read partners.read refusals.read",
	  .node = true },
	{ .name = "monitor",
	  .title = "Watches the node and its links",
	  .permissions = "status.read partners.read",
	  .node = true },
};

const struct permission *permission_at(size_t index)
{
	return index < COUNT(permissions) ? &permissions[index] : NULL;
}

const struct role *role_at(size_t index)
{
	return index < COUNT(roles) ? &roles[index] : NULL;
}

const struct role *role_find(const char *name)
{
	for (size_t i = 0; i < COUNT(roles); i++)
		if (same(roles[i].name, name))
			return &roles[i];
	return NULL;
}

bool roles_permit(const char *names, const char *permission)
{
	for (size_t i = 0; i < COUNT(roles); i++)
		if (word_among(names, roles[i].name) && word_among(roles[i].permissions, permission))
			return true;
	return false;
}

const char *roles_common(struct arena *arena, const char *a, const char *b)
{
	enum { ROLES_MAX = 1000 }; /* the table's names together are shorter */
	buf_auto common;

	buf_init(&common, ROLES_MAX);
	for (size_t i = 0; i < COUNT(roles); i++)
		if (word_among(a, roles[i].name) && word_among(b, roles[i].name))
			buf_printf(&common, "%s%s", common.size > 0 ? " " : "", roles[i].name);
	return common.failed == OK ? arena_text(arena, buf_text(&common)) : NULL;
}
