/* What is lost if a message is not taken now. Read from its octets as they lie, before anybody has parsed or verified
 * them: it decides who waits, never who is believed. */
#include <string.h>

#include "base/text.h"
#include "messaging/messaging.h"
#include "messaging/uris_int.h"

/* The header stands at the beginning, whatever is attached. */
enum { LOOKED_AT = 64 << 10 };

/* By eb:Action. ebMS 2.0 §6.3, §6.5, §8.1, §8.2: answers to what we sent, without which we send it again. What asks how
 * we are asks again. */
static const struct {
	const char *action;
	enum messaging_worth worth;
} actions[] = {
	{ "Acknowledgment", MESSAGING_SETTLES },
	{ "MessageError", MESSAGING_SETTLES },
	{ "Pong", MESSAGING_SETTLES },
	{ "StatusResponse", MESSAGING_SETTLES },
	{ "Ping", MESSAGING_ASKS },
	{ "StatusRequest", MESSAGING_ASKS },
	{ URI_TEST_ACTION, MESSAGING_ASKS },
};

/* What stands in the first eb:Action, whose end in both versions is its name and '>': it has no attributes. */
static struct bytes action_of(struct bytes body)
{
	static const char tag[] = ":Action>";
	struct bytes head = bytes(body.data, body.size < LOOKED_AT ? body.size : LOOKED_AT);
	const uint8_t *found = head.size ? memmem(head.data, head.size, tag, sizeof tag - 1) : NULL;
	if (!found)
		return bytes("", 0);
	const uint8_t *text = found + sizeof tag - 1;
	size_t left = (size_t)(head.data + head.size - text);
	const uint8_t *end = memchr(text, '<', left);
	return bytes(text, end ? (size_t)(end - text) : 0);
}

/* In AS4, which is SOAP 1.2, what settles ours comes in the answer to it: of that binding all can be sent again. */
static bool is_soap_12(const struct http_request *request)
{
	const char *type = http_header(request, "Content-Type");
	return type && strcasestr(type, "application/soap+xml");
}

enum messaging_worth messaging_worth(const struct http_request *request, bool whole)
{
	if (!whole)
		return is_soap_12(request) ? MESSAGING_BRINGS : MESSAGING_SETTLES;
	struct bytes action = action_of(request->body);
	for (size_t i = 0; i < COUNT(actions); i++)
		if (bytes_same(action, bytes_of(actions[i].action)))
			return actions[i].worth;
	return MESSAGING_BRINGS;
}
