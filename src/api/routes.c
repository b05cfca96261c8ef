/* The routes: one row each. What a row says is enforced by the router, printed as OpenAPI, and offered by the command
 * line. */
#include "api/call_int.h"

static const struct route routes[] = {
	{ "POST", "/api/v1/documents", "submitDocument", "Submit a document (XML or JSON) to a partner",
	  "documents.submit", documents_submit, NULL, &submit_schema },
	{ "GET", "/api/v1/documents", "listDocuments", "Documents, newest first", "documents.read", documents_list,
	  NULL, &document_list_schema },
	{ "GET", "/api/v1/documents/{id}", "getDocument", "One document by its id", "documents.read", documents_get,
	  NULL, &document_schema },
	{ "GET", "/api/v1/documents/{id}/original", "getDocumentOriginal", "The exact bytes that were signed",
	  "documents.read", documents_original, NULL, NULL },
	{ "POST", "/api/v1/documents/{id}/seen", "markDocumentSeen", "An officer has opened the document",
	  "documents.read", documents_seen, NULL, &document_schema },
	{ "GET", "/api/v1/messages", "listMessages", "Messages, newest first", "messages.read", messages_list, NULL,
	  &message_list_schema },
	{ "GET", "/api/v1/messages/{id}", "getMessage", "One message by our id or its ebMS id", "messages.read",
	  messages_get, NULL, &message_schema },
	{ "POST", "/api/v1/messages/{id}/{decision}", "decideMessage",
	  "Hold, release or retry a message that is to be sent", "messages.decide", messages_decide, NULL,
	  &message_schema },
	{ "GET", "/api/v1/timeline/{id}", "getTimeline", "What happened to a document or message", "documents.read",
	  timeline_get, NULL, &event_list_schema },
	{ "GET", "/api/v1/events", "listEvents", "The event feed after a cursor, without gaps", "events.read",
	  events_list, NULL, &event_list_schema },
	{ "POST", "/api/v1/partners", "addPartner", "Add a partner with its certificates", "partners.change",
	  partners_add, &partner_schema, &partner_schema },
	{ "GET", "/api/v1/partners", "listPartners", "All partners", "partners.read", partners_list, NULL,
	  &partner_list_schema },
	{ "GET", "/api/v1/partners/{code}", "getPartner", "One partner with its certificates", "partners.read",
	  partners_get, NULL, &partner_schema },
	{ "POST", "/api/v1/partners/{code}/ping", "pingPartner", "Send a test message that no business sees",
	  "messages.decide", messages_ping, NULL, &message_schema },
	{ "POST", "/api/v1/organisations", "addOrganisation", "Add a seat to this node", "organisations.change",
	  organisations_add, &organisation_schema, &organisation_schema },
	{ "GET", "/api/v1/organisations", "listOrganisations", "The seats of this node", "organisations.read",
	  organisations_list, NULL, &organisation_list_schema },
	{ "GET", "/api/v1/tasks", "listTasks", "What an officer must look at", "tasks.read", tasks_list, NULL,
	  &task_list_schema },
	{ "GET", "/api/v1/status", "getStatus", "The node and its links at a glance", "status.read", status_get, NULL,
	  &status_schema },
	{ "POST", "/api/v1/audit/verify", "verifyAudit", "Recompute the journal's digests and seals", "audit.read",
	  journal_check, NULL, &proof_schema },
	{ "POST", "/api/v1/keys/reread", "rereadKeys", "Use what the key ceremony has changed", "keys.change",
	  keys_reread, NULL, NULL },
};

const struct route *api_route_at(size_t index)
{
	return index < COUNT(routes) ? &routes[index] : NULL;
}
