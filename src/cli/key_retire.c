/* `lintas key retire`: what it comes to at the partners, before it is done. There is no way back, and what the other
 * key signs is believed by those alone who have approved a card with it, which no answer of theirs tells us. */
#include "base/text.h"
#include "cli/cli_int.h"
#include "customs/document/document.h"

enum { CARDS_LOOKED_AT = 20 };

/* The active key of KEY's kind that signs when KEY does not any more; NULL: KEY signs nothing, or there is none. */
static const struct key_info *successor(const struct key_list *list, const struct key_info *key)
{
	if (key->use != KEY_USE_SIGN || key->status != KEY_ACTIVE || !key->cert)
		return NULL;
	for (size_t i = 0; i < list->count; i++) {
		const struct key_info *other = &list->keys[i];
		if (other != key && other->use == key->use && other->status == KEY_ACTIVE && other->cert &&
		    cert_key_kind(other->cert) == cert_key_kind(key->cert))
			return other;
	}
	return NULL;
}

/* Since when KEY stands on our card. */
static enum err_code installed(struct invocation *in, const struct key_info *key, int64_t *at_us, struct err *err)
{
	struct http_answer answer = { 0 };
	struct event_list_view events;
	const char *path = arena_printf(in->arena, "/api/v1/timeline/%s", key->id);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the keys");
	TRY(remote_call(in, "GET", path, bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, &event_list_schema, &answer, &events, err));
	*at_us = TIME_NONE;
	for (size_t i = 0; i < events.count; i++)
		if (same(events.items[i].event, "certificate-installed"))
			*at_us = events.items[i].at_us;
	return OK;
}

/* Whether a card of ours that was sent since SINCE_US has reached PARTNER. */
static enum err_code delivered(struct invocation *in, const char *partner, int64_t since_us, bool *has, struct err *err)
{
	struct http_answer answer = { 0 };
	struct document_list_view cards;
	const char *path = arena_printf(in->arena, "/api/v1/documents?type=CARD&direction=out&partner=%s&limit=%d",
					partner, CARDS_LOOKED_AT);
	if (!path)
		return fail(err, ERR_MEMORY, "no memory for the cards");
	TRY(remote_call(in, "GET", path, bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, &document_list_schema, &answer, &cards, err));
	*has = false;
	for (size_t i = 0; i < cards.count; i++)
		if (since_us != TIME_NONE && cards.items[i].created_us >= since_us &&
		    same(cards.items[i].state, "transmitted"))
			*has = true;
	return OK;
}

enum err_code key_ask_partners(struct invocation *in, const struct key_list *list, const struct key_info *key,
			       struct err *err)
{
	const struct key_info *next = successor(list, key);
	struct http_answer answer = { 0 };
	struct partner_list_view partners;
	int64_t since_us = TIME_NONE;
	size_t active = 0;
	if (!next || !remote_running(in))
		return OK;
	TRY(installed(in, next, &since_us, err));
	TRY(remote_call(in, "GET", "/api/v1/partners", bytes(NULL, 0), &answer, err));
	TRY(remote_read(in, &partner_list_schema, &answer, &partners, err));
	for (size_t i = 0; i < partners.count; i++) {
		bool has = false;
		if (!same(partners.items[i].status, "active"))
			continue;
		TRY(delivered(in, partners.items[i].code, since_us, &has, err));
		if (!active++)
			fprintf(stderr, "From then on %s signs. Partners and our card with it:\n", next->id);
		fprintf(stderr, "  %-8s %s\n", partners.items[i].code,
			has ? "delivered; whether it is approved only its operator can say" : "NOT DELIVERED");
	}
	return active ? fail(err, ERR_CONFLICT,
			     "%s is not retired, which cannot be undone: whoever has not approved the card, or added the "
			     "certificate, refuses all that we send then. When each has confirmed, say --approved",
			     key->id)
		      : OK;
}
