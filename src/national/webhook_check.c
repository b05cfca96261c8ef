/* What a webhook may be. Where its address leads is judged when it is connected to (net/reach.h). */
#include "base/random.h"
#include "base/text.h"
#include "national/webhook_int.h"

enum { URL_MAX = 2000, EVENTS_LENGTH_MAX = 2000, SECRET_OCTETS = 32 };

enum { RULE_URL, RULE_PLAIN, RULE_USER, RULE_EVENT };
const struct rule webhook_rules[] = {
	[RULE_URL] = { .code = "WHK-001",
		       .text = "{1} is no URL of a receiver: give https://HOST/PATH, at most 2000 characters" },
	[RULE_PLAIN] = { .code = "WHK-002",
			 .text = "{1} is not protected by TLS: give an https:// URL; http:// is for this machine alone, on a node "
				 "with [gateway] plain = yes" },
	[RULE_USER] = { .code = "WHK-003",
			.text = "{1} has a user name, a password or a fragment in it: take it out, the signature says who sends" },
	[RULE_EVENT] = { .code = "WHK-004",
			 .text = "\"{1}\" is no name of an event: lintas events (GET /api/v1/events) shows names, such as "
				 "issued" },
	{ 0 },
};

/* By its text, before any name service is asked. */
static bool is_this_machine(const char *host)
{
	static const char *const names[] = { "127.", "localhost:", "localhost/", "[::1]" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (starts_with(host, names[i]))
			return true;
	return same(host, "localhost");
}

static void check_url(const char *url, bool allow_plain, struct findings *findings)
{
	bool fits = strlen(url) <= URL_MAX, plain = fits && http_url_begins(url, "http://");
	size_t authority = strcspn(url, "/");

	authority += strspn(url + authority, "/");
	if (plain && !(allow_plain && is_this_machine(url + strlen("http://"))))
		finding_add(findings, &webhook_rules[RULE_PLAIN], "/url", url, NULL);
	else if (!plain && !(fits && http_url_begins(url, "https://")))
		finding_add(findings, &webhook_rules[RULE_URL], "/url", *url ? url : "(absent)", NULL);
	else if (strchr(url, '#') || memchr(url + authority, '@', strcspn(url + authority, "/?")))
		finding_add(findings, &webhook_rules[RULE_USER], "/url", url, NULL);
	else if (!http_url_valid(url))
		finding_add(findings, &webhook_rules[RULE_URL], "/url", url, NULL);
}

/* Names of the journal are words of letters and hyphens. */
static void check_events(const char *events, struct findings *findings)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-. ";

	if (strspn(events, allowed) != strlen(events) || strlen(events) > EVENTS_LENGTH_MAX)
		finding_add(findings, &webhook_rules[RULE_EVENT], "/events", events, NULL);
}

void webhook_check(const struct webhook *webhook, bool allow_plain, struct findings *findings)
{
	check_url(webhook->url, allow_plain, findings);
	check_events(webhook->events, findings);
}

const char *webhook_secret_new(struct arena *arena)
{
	uint8_t secret[SECRET_OCTETS];
	buf_auto text;

	random_bytes(secret, sizeof(secret));
	buf_init(&text, 128);
	buf_puts(&text, WEBHOOK_SECRET_PREFIX);
	base64_put(&text, bytes(secret, sizeof(secret)));
	return text.failed == OK ? arena_text(arena, buf_text(&text)) : NULL;
}
