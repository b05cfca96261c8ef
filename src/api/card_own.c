/* /api/v1/card: what this node says of itself, to whoever asks, and by itself to its partners when that changes. */
#include "api/card_own_int.h"

#include "base/log.h"
#include "customs/link/link.h"

enum { STEP_ARENA = 64 << 20 };
#define LOOK_US (15 * SECOND_US)

struct own_call {
	const struct kernel *kernel;
	struct arena *arena;
	const char *name; /* of the node */
	int64_t now_us;
	struct activation_list rows;
	struct partner_list partners;
	struct card_offer offer;
};

static enum err_code read_matrix(struct tx *tx, void *arg, struct err *err)
{
	struct own_call *o = arg;
	TRY(partner_list(tx, o->arena, &o->partners, err));
	return activation_list(tx, o->arena, NULL, &o->rows, err);
}

static void offer_document(struct own_call *o, const struct doctype *type, date day)
{
	const struct activation_stance stance = { .rows = &o->rows, .partners = &o->partners, .day = day };
	const struct activation *out = activation_state_opt_out(&stance, type->code, "out");
	const struct activation *in = activation_state_opt_out(&stance, type->code, "in");
	o->offer.documents[o->offer.documents_count++] = (struct card_document){
		.type = type->code, .version = type->version, .sends = !out, .receives = !in, .from = DATE_NONE
	};
	if (in || out)
		o->offer.opt_outs.items[o->offer.opt_outs.count++] = (struct card_opt_out){
			.document = type->code, .law = (in ? in : out)->law, .since = (in ? in : out)->from_day
		};
}

static enum err_code fill_offer(struct own_call *o, struct err *err)
{
	const struct kernel *kernel = o->kernel;
	const struct doctype *doctype;
	size_t count = doctype_count(kernel);
	o->offer.name = o->name;
	o->offer.documents = arena_array(o->arena, count + 1, sizeof *o->offer.documents);
	o->offer.opt_outs.items = arena_array(o->arena, count + 1, sizeof *o->offer.opt_outs.items);
	if (!o->offer.documents || !o->offer.opt_outs.items)
		return fail(err, ERR_MEMORY, "no memory for a card");
	for (size_t i = 0; (doctype = doctype_at(kernel, i)); i++)
		offer_document(o, doctype, date_of_time(o->now_us));
	return OK;
}

/* The card's matrix, as it is now. */
static enum err_code make_offer(struct api *api, struct arena *arena, int64_t now_us, struct own_call *o,
				struct err *err)
{
	*o = (struct own_call){
		.kernel = api->options.kernel, .arena = arena, .name = api->options.node_name, .now_us = now_us
	};
	TRY(db_read(o->kernel->db, read_matrix, o, err));
	return fill_offer(o, err);
}

enum err_code cards_own(struct call *call, struct err *err)
{
	struct own_call o;
	TRY(make_offer(call->asked->api, call->arena, call->now_us, &o, err));
	call->content_type = "application/jose+json";
	return messaging_card_write(call->asked->api->options.messaging, call->arena, &o.offer, call->now_us, call->out,
				    err);
}

/* --- To partners --- */

struct telling {
	struct api *api;
	struct own_call own;
	const char *told; /* digest of what partners know; NULL: nothing from this instance */
	char digest[CONTENT_DIGEST_SIZE];
};

static enum err_code read_told(struct tx *tx, void *arg, struct err *err)
{
	struct telling *t = arg;
	return own_card_find(tx, t->own.arena, t->own.kernel->instance, &t->told, err);
}

static enum err_code write_told(struct tx *tx, void *arg, struct err *err)
{
	struct telling *t = arg;
	return own_card_set(tx, t->own.kernel->instance, t->digest, t->own.now_us, err);
}

static enum err_code tell_one(struct telling *t, const char *partner, struct err *err)
{
	const struct api_options *options = &t->api->options;
	struct own_call *own = &t->own;
	struct card_offer offer = own->offer;
	struct findings *findings = findings_new(own->arena);
	buf_auto card;
	buf_init(&card, CARD_BYTES_MAX);
	if (!findings)
		return fail(err, ERR_MEMORY, "no memory for a card");
	if (!messaging_carries(options->messaging, partner, CARD, "customs", own->now_us)) {
		LOG(LOG_WARN, "card.not-sent", LOG_TEXT("partner", partner),
		    LOG_TEXT("why", "no agreement with it has an action for CARD: give it the new one by hand"));
		return OK;
	}
	offer.partner = partner;
	TRY(messaging_card_write(options->messaging, own->arena, &offer, own->now_us, &card, err));
	const struct card_update_request request = {
		.partner = partner, .card = buf_bytes(&card), .actor = actor_system, .now_us = own->now_us
	};
	TRY(card_update_send(options->kernel, own->arena, &request, findings, err));
	const struct finding *first = findings_at(findings, 0);
	if (findings_errors(findings))
		LOG(LOG_WARN, "card.not-sent", LOG_TEXT("partner", partner), LOG_TEXT("why", first->text));
	else
		LOG(LOG_INFO, "card.sent", LOG_TEXT("partner", partner));
	return OK;
}

/* Whoever dies between partners tells all of them again: a card is as good twice. */
static enum err_code tell_all(struct telling *t, struct err *err)
{
	const struct partner_list *partners = &t->own.partners;
	for (size_t i = 0; t->told && i < partners->count; i++)
		if (same(partners->items[i].status, "active"))
			TRY(tell_one(t, partners->items[i].code, err));
	return db_write(t->own.kernel->db, write_told, t, err);
}

/* What stood on the first card partners have from an operator: only changes since are told. */
enum err_code api_card_step(struct api *api, int64_t now_us, struct err *err)
{
	struct telling t = { .api = api };
	struct err why = { 0 };
	bool looked = api->card_looked_us && now_us >= api->card_looked_us && now_us - api->card_looked_us < LOOK_US;
	if (looked || !api->options.kernel->instance)
		return OK;
	arena_auto arena = arena_new(STEP_ARENA);
	if (!arena)
		return fail(err, ERR_MEMORY, "no memory for a card");
	api->card_looked_us = now_us;
	TRY(make_offer(api, arena, now_us, &t.own, err));
	enum err_code code = messaging_card_digest(api->options.messaging, arena, &t.own.offer, now_us, t.digest, &why);
	if (code == ERR_CONFLICT)
		return OK; /* this node has no card: a key or its address is missing */
	if (code != OK)
		return fail(err, code, "%s", why.text);
	TRY(db_read(t.own.kernel->db, read_told, &t, err));
	return same(t.told, t.digest) ? OK : tell_all(&t, err);
}
