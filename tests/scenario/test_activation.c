/* What a state has opted out of, or not activated yet, is refused on both sides and named, whatever the binding; all
 * else goes on. ATIGA OCP rule 27(2). TH issues certificates, VN's customs answers. */
#include "letter.h"

#include "kernel/activation.h"
#include "kernel/refusal.h"

#define LAW "note of 30 October 2026 to the ASEAN Secretariat"

static struct region *region;
static struct region_node *th, *vn;

static void begin(enum region_ebms2 ebms2)
{
	region = region_new(&(struct region_options){ .seed = 1, .odds = odds_calm, .ebms2 = ebms2 });
	th = &region->nodes[TH];
	vn = &region->nodes[VN];
}

static void end(void)
{
	region_check_journals(region);
	region_free(region);
	region = NULL;
}

static int let_go(void **state)
{
	(void)state;
	if (region)
		region_free(region);
	region = NULL;
	return 0;
}

/* --- What an operator and an officer do --- */

struct decision {
	struct region_node *node;
	struct activation row;
};

static enum err_code decide_run(struct tx *tx, void *arg, struct err *err)
{
	struct decision *decision = arg;
	struct region_node *node = decision->node;
	struct findings *findings = findings_new(region->arena);
	const struct actor operator_ = { .name = "operator" };

	TRY(activation_put(&node->kernel, tx, region->arena, &decision->row, &operator_,
			   clock_now_us(&node->clock.clock), findings, err));
	assert_int_equal(findings_count(findings), 0);
	return OK;
}

/* From today on. */
static void decide(struct region_node *node, const char *partner, const char *direction, const char *state)
{
	struct decision decision = { node,
				     { .partner = partner,
				       .document = "FORM-D",
				       .direction = direction,
				       .state = state,
				       .from_day = DATE_NONE,
				       .law = same(state, ACTIVATION_OPTED_OUT) ? LAW : NULL } };

	region_must(region, db_write(node->kernel.db, decide_run, &decision, &region->err));
}

/* TH submits certificate NUMBER; the first finding, NULL: none. */
static const struct finding *submit(unsigned number, bool test)
{
	const char *text = paper_form_d(region, "TH", "VN", number, region_today(th));
	struct findings *findings = findings_new(region->arena);
	struct document_result result;
	const struct document_request request = { .organisation = "dft",
						  .text = bytes_of(text),
						  .test = test,
						  .actor = { .name = "user:officer", .organisation = "dft" },
						  .now_us = clock_now_us(&th->clock.clock) };

	region_must(region, document_submit(&th->kernel, region->arena, &request, findings, &result, &region->err));
	assert_true(!result.id == (findings_count(findings) > 0));
	region_drain(region, DAY_US);
	return findings_at(findings, 0);
}

static struct document_result submit_good(struct region_node *node, const char *organisation, const char *text)
{
	struct document_result result = region_submit(node, organisation, text);

	region_drain(region, DAY_US);
	return result;
}

/* --- What is seen --- */

static enum err_code refusals_run(struct tx *tx, void *arg, struct err *err)
{
	return refusal_list(tx, region->arena, "TH", NULL, 10, arg, err);
}

static struct refusal_list refusals(struct region_node *node)
{
	struct refusal_list list;

	region_must(region, db_read(node->kernel.db, refusals_run, &list, &region->err));
	return list;
}

/* What TH's node was told, and keeps, of a message that VN's refused for good. */
static void refused_by_vn(const char *message, const char *reason, const char *law)
{
	struct message dead = region_message(th, message);
	struct bytes error = region_wire(th, message, WIRE_ERROR_RECEIVED);

	assert_string_equal(dead.state, "dead");
	assert_non_null(strstr(dead.last_error, "MSG-089"));
	assert_non_null(strstr(dead.last_error, reason));
	assert_non_null(memmem(error.data, error.size, reason, strlen(reason)));
	assert_non_null(memmem(error.data, error.size, law, strlen(law)));
	assert_int_equal(refusals(vn).count, 1);
	assert_string_equal(refusals(vn).items[0].rule, "MSG-089");
	assert_string_equal(refusals(vn).items[0].message_id, dead.message_id);
}

/* The bytes that TH sent of MESSAGE once more. */
static struct http_answer post_again(const char *message)
{
	struct wire_list wires = region_wires(th, message);
	struct http_answer answer = { 0 };

	for (size_t i = 0; i < wires.count; i++)
		if (wires.items[i].kind == WIRE_SENT)
			region_post(vn, region->arena, wires.items[i].content_type, wires.items[i].octets, &answer);
	region_drain(region, DAY_US);
	return answer;
}

/* --- Opted out --- */

static void opt_out(enum region_ebms2 ebms2)
{
	begin(ebms2);
	date day = region_today(th);
	struct document_result before = submit_good(th, "dft", paper_form_d(region, "TH", "VN", 1, day));

	/* VN has opted out, and TH does not know yet. */
	decide(vn, "TH", "in", ACTIVATION_OPTED_OUT);
	struct document_result told = submit_good(th, "dft", paper_form_d(region, "TH", "VN", 2, day));
	refused_by_vn(told.message, "FORM-D from TH is opted out since 2026-11-02", LAW);
	assert_int_equal(region_documents(vn, "in").count, 1);

	/* What had been accepted stays so: it gets its receipt again, and no refusal. */
	struct http_answer again = post_again(before.message);
	if (ebms2 == REGION_EBMS2_ASYNC)
		assert_int_equal(again.status, 204);
	else
		assert_true(bytes_same(again.body, region_wire(th, before.message, WIRE_RECEIPT_RECEIVED)));
	assert_int_equal(refusals(vn).count, 1);

	/* Other types go on, both ways. */
	submit_good(vn, "customs", paper_response(region, "TH", "VN", 1, day, day));
	assert_string_equal(region_documents(th, "in").items[0].doctype, "CUSTOMS-RESPONSE");

	/* Nor does TH send what it knows to be opted out. */
	decide(th, "VN", "out", ACTIVATION_OPTED_OUT);
	size_t messages = region_messages(th, "out", NULL).count;
	const struct finding *finding = submit(3, false);
	assert_non_null(finding);
	assert_string_equal(finding->rule->code, "DOC-019");
	assert_non_null(strstr(finding->text, "FORM-D to VN is opted out since 2026-11-02"));
	assert_non_null(strstr(finding->text, "paper"));
	assert_string_equal(finding->law, LAW);
	assert_string_equal(submit(3, true)->rule->code, "DOC-019");
	assert_int_equal(region_messages(th, "out", NULL).count, messages);
	end();
}

static void an_opted_out_type_is_refused_on_both_sides_and_all_else_goes_on(void **state)
{
	(void)state;
	opt_out(REGION_AS4);
	opt_out(REGION_EBMS2_SYNC);
	opt_out(REGION_EBMS2_ASYNC);
}

/* --- Not activated yet --- */

static void what_is_not_activated_yet_is_taken_as_a_test_alone(void **state)
{
	(void)state;
	begin(REGION_AS4);
	decide(vn, "TH", NULL, ACTIVATION_NOT_YET);
	assert_null(submit(1, true));
	assert_int_equal(region_documents(vn, "in").count, 1);
	assert_true(region_documents(vn, "in").items[0].test);

	struct document_result told = submit_good(th, "dft", paper_form_d(region, "TH", "VN", 2, region_today(th)));
	refused_by_vn(told.message, "FORM-D from TH is not activated since 2026-11-02", "partner agreement");
	decide(th, "VN", NULL, ACTIVATION_NOT_YET);
	assert_null(submit(3, true));
	assert_string_equal(submit(4, false)->rule->code, "DOC-020");
	end();
}

static void what_is_activated_later_is_exchanged_from_its_day_on(void **state)
{
	(void)state;
	begin(REGION_AS4);
	struct decision decision = { th, { .partner = "VN", .document = "FORM-D", .state = ACTIVATION_ACTIVE } };
	decision.row.from_day = date_of(2026, 11, 4);
	region_must(region, db_write(th->kernel.db, decide_run, &decision, &region->err));
	assert_non_null(strstr(submit(1, false)->text, "FORM-D to VN is active from 2026-11-04"));
	region_run(region, 2 * DAY_US);
	assert_null(submit(1, false));
	end();
}

/* A ping is no document. */
static void a_ping_passes_whatever_is_opted_out(void **state)
{
	static const struct actor operator_ = { .name = "operator" };
	static const enum region_ebms2 modes[] = { REGION_AS4, REGION_EBMS2_SYNC, REGION_EBMS2_ASYNC };

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		const char *id = NULL;
		begin(modes[i]);
		decide(vn, "TH", NULL, ACTIVATION_OPTED_OUT);
		region_must(region, messaging_ping(th->messaging, region->arena, "VN", &operator_, region->now_us, &id,
						   &region->err));
		region_drain(region, DAY_US);
		assert_string_equal(region_message(th, id).state, "delivered");
		end();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_opted_out_type_is_refused_on_both_sides_and_all_else_goes_on, let_go),
		cmocka_unit_test_teardown(what_is_not_activated_yet_is_taken_as_a_test_alone, let_go),
		cmocka_unit_test_teardown(what_is_activated_later_is_exchanged_from_its_day_on, let_go),
		cmocka_unit_test_teardown(a_ping_passes_whatever_is_opted_out, let_go),
	};
	return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
