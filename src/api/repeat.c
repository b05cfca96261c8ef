/* What comes twice with one Idempotency-Key is done once (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * The answer is kept in a transaction of its own, after that of the work: a node that dies between them has worked and
 * does not know the answer, and once ANSWER_CLAIM_US is over it works again. So only what is idempotent by its content
 * may be .repeatable, too: the same bytes are the same document, which is not sent again ("repeated": true). */
#include "api/call_int.h"
#include "base/log.h"

enum { KEY_MAX = 255 };

struct claiming {
	struct call *call;
	enum answer_state state;
	struct kept_answer answer;
	bool done;
};

const struct rule repeat_rules[] = {
	{ .code = "API-009", .text = "the Idempotency-Key {1} was used for another request: make a new one" },
	{ 0 },
};

static bool key_valid(const char *key)
{
	size_t length = 0;
	for (; key[length]; length++)
		if (key[length] < '!' || key[length] > '~')
			return false;
	return length > 0 && length <= KEY_MAX;
}

/* Of everything that makes the request what it is. No line can end inside a path or query (http_target). */
static enum err_code digest_request(struct call *call, struct err *err)
{
	const struct http_request *request = call->asked->request;
	char body[SHA256_HEX_SIZE];
	sha256_hex(request->body, body);
	const char *whole =
		arena_printf(call->arena, "%s\n%s\n%s\n%s\n", request->method, request->raw_path, request->query, body);
	if (!whole)
		return fail(err, ERR_MEMORY, "no memory for a request");
	sha256(bytes_of(whole), call->asked->key.request);
	return OK;
}

static enum err_code claim(struct tx *tx, void *arg, struct err *err)
{
	struct claiming *claiming = arg;
	struct call *call = claiming->call;
	return answer_claim(tx, call->arena, &call->asked->key, &claiming->state, &claiming->answer, err);
}

/* The headers that the answer had follow from its body. */
static enum err_code locate(struct call *call, const struct kept_answer *answer, struct err *err)
{
	const struct schema *schema = call->route->response;
	void *record = arena_alloc(call->arena, schema->fields->size);
	if (!record)
		return fail(err, ERR_MEMORY, "no memory for an answer");
	TRY(field_read_json(call->arena, schema, answer->body, NULL, record, call->findings, err));
	return call_locate(call, record, err);
}

static enum err_code replay(struct call *call, const struct kept_answer *answer, struct err *err)
{
	TRY(locate(call, answer, err));
	call->status = answer->status;
	call->content_type = answer->content_type;
	buf_put_bytes(call->out, answer->body);
	TRY(call_header(call, "Idempotency-Replayed", "true", err));
	return buf_check(call->out, "the answer", err);
}

enum err_code call_claim(struct call *call, bool *answered, struct err *err)
{
	const char *key = http_header(call->asked->request, "Idempotency-Key");
	struct claiming claiming = { .call = call };
	*answered = false;
	if (!key || same(call->route->method, "GET"))
		return OK;
	if (!call->route->repeatable)
		return fail(err, ERR_USAGE, "%s takes no Idempotency-Key: twice would be done twice",
			    call->route->operation);
	if (!key_valid(key))
		return fail(err, ERR_SYNTAX, "an Idempotency-Key is 1 to %d visible ASCII characters", KEY_MAX);
	call->asked->key = (struct answer_key){ .actor = call->actor.name, .key = key, .claimed_us = call->now_us };
	TRY(digest_request(call, err));
	TRY(db_write(call->kernel->db, claim, &claiming, err));
	switch (claiming.state) {
	case ANSWER_NEW:
		call->asked->claimed = true;
		return OK;
	case ANSWER_UNDER_WAY:
		TRY(call_header(call, "Retry-After", "1", err));
		return fail(err, ERR_CONFLICT,
			    "the request with the Idempotency-Key %s is being worked on: ask again soon", key);
	case ANSWER_OTHER:
		finding_add(call->findings, &repeat_rules[0], "", key, NULL);
		return OK;
	case ANSWER_KEPT:
		break;
	}
	*answered = true;
	return replay(call, &claiming.answer, err);
}

static enum err_code settle(struct tx *tx, void *arg, struct err *err)
{
	enum { DAY_HOURS = 24 };
	const struct claiming *claiming = arg;
	struct call *call = claiming->call;
	int64_t kept_us = call->asked->api->options.answers_kept_us;
	const struct kept_answer answer = { call->status, call->content_type, buf_bytes(call->out) };
	if (!claiming->done || answer.body.size > ANSWER_BODY_BYTES)
		return answer_drop(tx, &call->asked->key, err);
	return answer_keep(tx, &call->asked->key, &answer, call->now_us + (kept_us ? kept_us : DAY_HOURS * HOUR_US),
			   err);
}

void call_settle(struct call *call, bool done)
{
	struct claiming claiming = { .call = call, .done = done };
	struct err err = { 0 };
	if (call->asked->claimed && db_write(call->kernel->db, settle, &claiming, &err) != OK)
		LOG(LOG_WARN, "api.answer-not-kept", LOG_TEXT("actor", call->actor.name), LOG_ERR(&err));
}
