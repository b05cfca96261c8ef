/* What a webhook may be. Where its address leads is judged when it is connected to (net/reach.h). */
#include "base/random.h"
#include "base/text.h"
#include "national/webhook_int.h"

enum { URL_MAX = 2000, EVENTS_LENGTH_MAX = 2000, SECRET_OCTETS = 32 };

enum { RULE_URL, RULE_PLAIN, RULE_USER, RULE_EVENT, RULE_EVENTS, RULE_ELSEWHERE, RULE_TWICE, RULE_UNREACHED };
const struct rule webhook_rules[] = {
	[RULE_URL] = { .code = "WHK-001",
		       .text = "{1} is no URL of a receiver: give https://HOST/PATH, at most 2000 characters" },
	[RULE_PLAIN] = { .code = "WHK-002",
			 .text = "{1} is not protected by TLS: give an https:// URL; http:// is for this machine alone, on a node "
				 "with [gateway] plain = yes" },
	[RULE_USER] = { .code = "WHK-003",
			.text = "{1} has a user name, a password or a fragment in it: take it out, the signature says who sends" },
	[RULE_EVENT] = { .code = "WHK-004",
			 .text = "\"{1}\" is no name of an event: {2}lintas webhook events (docs/events.md) lists all" },
	[RULE_EVENTS] = { .code = "WHK-009",
			  .text = "the names of events are more than 64, or have more than 2000 characters together: leave "
				  "them out, for all" },
	[RULE_ELSEWHERE] = { .code = "WHK-010",
			     .text = "{1} is not on this machine, and http:// is for this machine alone, such as "
				     "http://127.0.0.1:PORT/PATH: give an https:// URL" },
	[RULE_TWICE] = { .code = "WHK-011", .text = "\"{1}\" stands twice: give each name of an event once" },
	[RULE_UNREACHED] = { .code = "WHK-012",
			     .text = "calls may not go to {1}: the address is not public, and in none of [webhooks] "
				     "private-networks of the node" },
	{ 0 },
};

/* As net/reach.h judges the address when it is connected to; a name is told by what it always means. */
static bool is_here(const char *host)
{
	size_t size = strcspn(host, "/?");
	size_t name = host[0] == '[' ? size : strcspn(host, ":/?");

	return (name == strlen("localhost") && strncmp(host, "localhost", name) == 0) ||
	       (starts_with(host, "127.") && strspn(host, "0123456789.") == name) ||
	       (starts_with(host, "[::1]") && (size == 5 || host[5] == ':'));
}

static void check_reach(const char *url, const struct reach *reach, struct findings *findings)
{
	if (reach && !http_url_reached(url, reach))
		finding_add(findings, &webhook_rules[RULE_UNREACHED], "/url", url, NULL);
}

static void check_url(const char *url, const struct webhook_policy *policy, struct findings *findings)
{
	bool fits = strlen(url) <= URL_MAX, plain = fits && http_url_begins(url, "http://");
	size_t authority = strcspn(url, "/");

	authority += strspn(url + authority, "/");
	if (plain && !policy->allow_plain)
		finding_add(findings, &webhook_rules[RULE_PLAIN], "/url", url, NULL);
	else if (!plain && !(fits && http_url_begins(url, "https://")))
		finding_add(findings, &webhook_rules[RULE_URL], "/url", *url ? url : "(absent)", NULL);
	else if (strchr(url, '#') || memchr(url + authority, '@', strcspn(url + authority, "/?")))
		finding_add(findings, &webhook_rules[RULE_USER], "/url", url, NULL);
	else if (!http_url_valid(url))
		finding_add(findings, &webhook_rules[RULE_URL], "/url", url, NULL);
	else if (plain && !is_here(url + strlen("http://")))
		finding_add(findings, &webhook_rules[RULE_ELSEWHERE], "/url", url, NULL);
	else if (!plain)
		check_reach(url, policy->reach, findings);
}

static void check_event(const struct kernel *kernel, struct arena *arena, const char *name, struct findings *findings)
{
	if (name && event_name_known(kernel, name))
		return;
	const char *near = name ? event_names_near(kernel, arena, name) : NULL;
	finding_add(findings, &webhook_rules[RULE_EVENT], "/events", name,
		    near ? arena_printf(arena, "near to it are %s; ", near) : NULL);
}

/* The names in EVENTS; more than WEBHOOK_NAMES_MAX of too many. */
static size_t names_count(const char *events)
{
	struct bytes word;
	size_t count = 0;

	while (count <= WEBHOOK_NAMES_MAX && word_next(&events, &word))
		count++;
	return count;
}

/* Whether WORD, one of EVENTS, stands there before. */
static bool came_before(const char *events, struct bytes word)
{
	struct bytes earlier;

	while (word_next(&events, &earlier) && earlier.data < word.data)
		if (bytes_same(earlier, word))
			return true;
	return false;
}

void webhook_check_events(const struct kernel *kernel, struct arena *arena, const char *events,
			  struct findings *findings)
{
	const char *left = events;
	struct bytes word;

	if (strlen(events) > EVENTS_LENGTH_MAX || names_count(events) > WEBHOOK_NAMES_MAX) {
		finding_add(findings, &webhook_rules[RULE_EVENTS], "/events", NULL, NULL);
		return;
	}
	while (word_next(&left, &word)) {
		const char *name = arena_text_of(arena, word);
		if (came_before(events, word))
			finding_add(findings, &webhook_rules[RULE_TWICE], "/events", name, NULL);
		else
			check_event(kernel, arena, name, findings);
	}
}

void webhook_check(const struct kernel *kernel, struct arena *arena, const struct webhook *webhook,
		   const struct webhook_policy *policy, struct findings *findings)
{
	check_url(webhook->url, policy, findings);
	webhook_check_events(kernel, arena, webhook->events, findings);
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
