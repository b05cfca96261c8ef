/* /api/v1/refusals */
#include "kernel/refusal.h"

#include "api/call_int.h"

static void show(const void *item, void *view)
{
	const struct refusal *r = item;
	*(struct refusal_view *)view = (struct refusal_view){ .id = r->id,
							      .partner = r->partner,
							      .message_id = r->message_id,
							      .rule = r->rule,
							      .text = r->text,
							      .at_us = r->at_us,
							      .received_bytes = r->received_bytes,
							      .error_bytes = r->error_bytes };
}

struct listing {
	struct call *call;
	struct refusal_list list;
};

static enum err_code list(struct tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;
	const struct call *call = listing->call;
	return refusal_list(tx, call->arena, call_query(call, "partner"), call_query(call, "before"), call_limit(call),
			    &listing->list, err);
}

enum err_code refusals_list(struct call *call, struct err *err)
{
	struct listing listing = { .call = call };
	TRY(db_read(call->kernel->db, list, &listing, err));
	const struct refusal_list *page = &listing.list;
	bool more = page->count == call_limit(call);
	return call_answer_page(call, PAGE(*page, refusal_view, show, more ? page->items[page->count - 1].id : NULL),
				err);
}

struct finding_wire {
	struct call *call;
	enum wire_kind kind;
	struct wire wire;
};

static enum err_code find_wire(struct tx *tx, void *arg, struct err *err)
{
	struct finding_wire *one = arg;
	return refusal_wire(tx, one->call->arena, one->call->parameters[0], one->kind, &one->wire, err);
}

/* With its Content-Type before it, without which nobody could take a package apart (RFC 2046 5.1.1). */
static enum err_code answer_wire(struct call *call, enum wire_kind kind, struct err *err)
{
	struct finding_wire one = { .call = call, .kind = kind };
	TRY(db_read(call->kernel->db, find_wire, &one, err));
	if (!one.wire.id)
		return fail(err, ERR_NOT_FOUND,
			    "there is no refusal %s whose bytes are kept; lintas refusal list shows what there is",
			    call->parameters[0]);
	call->content_type = "application/octet-stream";
	buf_printf(call->out, "Content-Type: %s\r\n\r\n", one.wire.content_type);
	buf_put_bytes(call->out, one.wire.octets);
	return buf_check(call->out, "the bytes", err);
}

/* What was refused may be refused because it was not encrypted. */
enum err_code refusals_received(struct call *call, struct err *err)
{
	TRY(answer_wire(call, WIRE_RECEIVED, err));
	return call_shown(call, "refusal", call->parameters[0], NULL, err);
}

enum err_code refusals_error(struct call *call, struct err *err)
{
	return answer_wire(call, WIRE_ERROR_SENT, err);
}
