#include "peer2.h"

#include "base/text.h"
#include "kernel/agreement.h"

struct region *region;
struct region_node *th, *vn;

static int begin_as(enum region_ebms2 ebms2)
{
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .ebms2 = ebms2 });
	th = &region->nodes[TH];
	vn = &region->nodes[VN];
	return 0;
}

int peer2_begin_sync(void **state)
{
	(void)state;
	return begin_as(REGION_EBMS2_SYNC);
}

int peer2_begin_async(void **state)
{
	(void)state;
	return begin_as(REGION_EBMS2_ASYNC);
}

int peer2_end(void **state)
{
	(void)state;
	region_free(region);
	return 0;
}

struct messaging_counters counters(struct region_node *node)
{
	struct messaging_counters found;

	messaging_counters(node->messaging, &found);
	return found;
}

bool catch_call(void *arg, struct region_node *to, struct arena *arena, const struct http_call *call,
		struct http_answer *answer)
{
	struct caught *caught = arg;

	if (to != vn)
		return false;
	if (caught->count < CAUGHT_MAX)
		caught->items[caught->count] = (struct http_answer){
			.status = 200,
			.content_type = arena_text(region->arena, call->headers[0].value),
			.body = bytes(arena_copy(region->arena, call->body.data, call->body.size), call->body.size),
		};
	caught->count++;
	*answer = (struct http_answer){ .status = caught->status ? caught->status : 204,
					.content_type = arena_text(arena, "") };
	return true;
}

void settle_caught(struct caught *caught)
{
	region->intercept = catch_call;
	region->intercept_arg = caught;
	region_settle(region);
	region->intercept = NULL;
}

struct http_answer answer_to(const struct wire *wire)
{
	struct caught caught = { 0 };
	struct http_answer answer = letter_post(th, wire);

	settle_caught(&caught);
	if (answer.status == 204) {
		assert_int_equal(answer.body.size, 0);
		assert_int_equal(caught.count, 1);
		return caught.items[0];
	}
	if (caught.count)
		region_fail(region, "an answer on either leg, HTTP status %d", answer.status);
	if (answer.status != 200) {
		assert_int_equal(answer.body.size, 0);
		answer.status = 0;
	}
	return answer;
}

struct signal signal_to(const struct wire *wire)
{
	struct http_answer answer = answer_to(wire);

	if (!answer.status)
		region_fail(region, "TH says nothing");
	return letter_signal(th, &answer);
}

struct bytes receipt_to(const struct letter2 *letter, const struct wire *wire)
{
	struct http_answer answer = answer_to(wire);

	assert_int_equal(answer.status, 200);
	struct signal signal = letter_signal(th, &answer);
	assert_int_equal(signal.kind, KIND_RECEIPT);
	assert_string_equal(signal.ref_to, letter->message_id);
	return answer.body;
}

void turned_away(const char *name, const struct wire *wire)
{
	int64_t before = counters(th).strangers, transactions = db_counters(th->kernel.db).transactions;
	struct http_answer answer = letter_post(th, wire);

	if (answer.status != 400 || answer.body.size || counters(th).strangers != before + 1 ||
	    db_counters(th->kernel.db).transactions != transactions)
		region_fail(region, "%s: HTTP status %d, %zu octets, %lld strangers, %lld transactions", name,
			    answer.status, answer.body.size, (long long)(counters(th).strangers - before),
			    (long long)(db_counters(th->kernel.db).transactions - transactions));
}

struct message waiting(unsigned number)
{
	struct caught caught = { 0 };
	struct document_result sent =
		region_submit(th, "dft", paper_form_d(region, "TH", "VN", number, region_today(th)));

	settle_caught(&caught);
	assert_int_equal(caught.count, 1);
	struct message message = region_message(th, sent.message);
	assert_string_equal(message.state, "queued");
	return message;
}

struct wire sent_of(const struct message *message)
{
	struct wire_list wires = region_wires(th, message->id);

	for (size_t i = wires.count; i-- > 0;)
		if (wires.items[i].kind == WIRE_SENT)
			return wires.items[i];
	region_fail(region, "nothing was sent");
	return (struct wire){ 0 };
}

struct putting {
	const char *partner, *id, *text; /* .text NULL: it is read */
};

static enum err_code put_again(struct tx *tx, void *arg, struct err *err)
{
	const struct actor actor = { .name = "operator" };
	struct putting *putting = arg;
	struct agreement agreement;

	TRY(agreement_find(tx, region->arena, "th-vn", &agreement, err));
	if (!putting->text) {
		putting->text = arena_text_of(region->arena, agreement.text);
		return OK;
	}
	agreement.partner = putting->partner;
	agreement.id = putting->id;
	agreement.text = bytes_of(putting->text);
	return agreement_put(tx, &agreement, &actor, region->now_us, err);
}

const char *agreed(struct region_node *node)
{
	struct putting putting = { 0 };

	region_must(region, db_write(node->kernel.db, put_again, &putting, &region->err));
	return putting.text;
}

void agree(struct region_node *node, const char *partner, const char *id, const char *text)
{
	struct putting putting = { .partner = partner, .id = id, .text = text };

	region_must(region, db_write(node->kernel.db, put_again, &putting, &region->err));
	region_must(region, messaging_refresh(node->messaging, false, &region->err));
}

const char *everywhere(const char *text, const char *from, const char *to)
{
	buf_auto out;
	const char *at;

	buf_init(&out, (size_t)4 << 20);
	assert_non_null(strstr(text, from));
	for (; (at = strstr(text, from)) != NULL; text = at + strlen(from)) {
		buf_put(&out, text, (size_t)(at - text));
		buf_puts(&out, to);
	}
	buf_puts(&out, text);
	return arena_text_of(region->arena, buf_bytes(&out));
}
