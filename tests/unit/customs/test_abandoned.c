/* What a document did here that an officer gives up, because its partner refuses it: told, and a task. The node is TH,
 * the partner VN. */
#include "node.h"

#include "base/clock.h"

static const struct statement tasks = { "test.tasks", "SELECT count(*) FROM task WHERE state = 'open' AND kind = $1" };
static const struct statement task_texts = {
	"test.task-texts", "SELECT count(*) FROM task WHERE state = 'open' AND text LIKE '%' || $1 || '%'"
};

struct effect_asked {
	struct kernel_fixture *fixture;
	struct message message;
	const char *effect;
};

static enum err_code effect_run(struct tx *tx, void *arg, struct err *err)
{
	struct effect_asked *asked = arg;
	struct kernel_fixture *fixture = asked->fixture;

	return message_effect(tx, &fixture->kernel, fixture->arena, &asked->message, &asked->effect, err);
}

static const char *effect_of(struct kernel_fixture *fixture, const char *message)
{
	struct effect_asked asked = { .fixture = fixture, .message = fixture_message(fixture, message) };

	must(db_read(fixture->kernel.db, effect_run, &asked, &fixture->err));
	return asked.effect;
}

static void decide(struct kernel_fixture *fixture, const char *message, const char *event)
{
	struct findings *findings = findings_new(fixture->arena);

	must(outbox_decide(&fixture->kernel, message, event, &fixture_actor, fixture->clock.now_us, findings,
			   &fixture->err));
	assert_int_equal(findings_count(findings), 0);
}

/* Refused for good by its partner, and then given up by an officer. */
static struct submitted refused_and_abandoned(struct kernel_fixture *fixture, const char *organisation,
					      const char *file, const char *sentence)
{
	struct message_list claimed;
	struct submitted sent = submit(fixture, organisation, sample(fixture->arena, file));

	assert_string_equal(sent.codes, "");
	assert_null(effect_of(fixture, sent.result.message));
	must(outbox_claim(&fixture->kernel, fixture->arena, "VN", fixture->clock.now_us, MINUTE_US, 1, &claimed,
			  &fixture->err));
	assert_int_equal(claimed.count, 1);
	assert_string_equal(claimed.items[0].id, sent.result.message);
	must(outbox_failed(&fixture->kernel, &claimed.items[0], NULL, FAILED_FOR_GOOD, "EBMS:0004", NULL,
			   fixture->clock.now_us, &fixture->err));
	assert_int_equal(count_of(fixture, &task_texts, sentence), 1);
	assert_int_equal(count_of(fixture, &tasks, "dead-letter"), 1);
	decide(fixture, sent.result.message, "abandon");
	assert_int_equal(count_of(fixture, &tasks, "dead-letter"), 0);
	return sent;
}

static void delivered(struct kernel_fixture *fixture, const char *id)
{
	struct message message = fixture_message(fixture, id);

	must(outbox_delivered(&fixture->kernel, &message, &(struct wire){ .kind = WIRE_RECEIPT_RECEIVED },
			      fixture->clock.now_us, &fixture->err));
}

/* Whatever the type: what it did is known by the case that it moved. */
static void what_an_abandoned_document_did_here_is_told_with_what_to_do(void **state)
{
	static const struct {
		const char *organisation, *first, *file, *sentence;
	} rows[] = {
		{ "dft", "form-d/good-ordinary.xml", "cancellation/good-cancellation.xml",
		  "the FORM-D D2026-0045678 of 2026-11-02 is cancelled here, and stays so; unless VN has got it all the "
		  "same, it is still transmitted there" },
		{ "customs", "acdd/good-sea.xml", "acdd-cancellation/good-cancellation.xml",
		  " is cancelled here, and stays so; unless VN has got it all the same, it is still transmitted there" },
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct submitted first = submit(fixture, rows[i].organisation, sample(fixture->arena, rows[i].first));
		assert_string_equal(first.codes, "");
		delivered(fixture, first.result.message);
		struct submitted sent =
			refused_and_abandoned(fixture, rows[i].organisation, rows[i].file, rows[i].sentence);
		assert_int_equal(count_of(fixture, &tasks, "abandoned"), 1);
		assert_int_equal(count_of(fixture, &task_texts, rows[i].sentence), 1);
		const char *next = arena_printf(fixture->arena, "\"lintas documents seen %s\" closes", sent.result.id);
		assert_int_equal(count_of(fixture, &task_texts, next), 1);
		assert_non_null(strstr(effect_of(fixture, sent.result.message), rows[i].sentence));

		struct submitted again = submit(fixture, rows[i].organisation, sample(fixture->arena, rows[i].file));
		assert_string_equal(again.result.id, sent.result.id);
		assert_int_equal(count_of(fixture, &tasks, "abandoned"), 0);
		assert_null(effect_of(fixture, again.result.message));
		delivered(fixture, again.result.message);
	}
}

static void the_task_of_an_abandoned_document_ends_when_the_partner_knows_or_an_officer_says_so(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct findings *findings = findings_new(fixture->arena);
	struct submitted first = submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));

	delivered(fixture, first.result.message);
	struct submitted sent =
		refused_and_abandoned(fixture, "dft", "cancellation/good-cancellation.xml", "is cancelled here");
	assert_int_equal(document_seen(&fixture->kernel, fixture->arena, "dft", first.result.id, &fixture_actor,
				       fixture->clock.now_us, findings, &fixture->err),
			 ERR_CONFLICT);
	must(document_seen(&fixture->kernel, fixture->arena, "dft", sent.result.id, &fixture_actor,
			   fixture->clock.now_us, findings, &fixture->err));
	assert_int_equal(count_of(fixture, &tasks, "abandoned"), 0);

	struct submitted again = submit(fixture, "dft", sample(fixture->arena, "cancellation/good-cancellation.xml"));
	decide(fixture, again.result.message, "hold");
	decide(fixture, again.result.message, "abandon");
	assert_int_equal(count_of(fixture, &tasks, "abandoned"), 1);
	delivered(fixture, again.result.message);
	assert_int_equal(count_of(fixture, &tasks, "abandoned"), 0);
}

static void what_did_nothing_here_is_abandoned_without_a_task(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct submitted sent = submit(fixture, "dft", sample(fixture->arena, "form-d/good-ordinary.xml"));

	decide(fixture, sent.result.message, "hold");
	decide(fixture, sent.result.message, "abandon");
	assert_int_equal(count_of(fixture, &tasks, "abandoned"), 0);
	assert_null(effect_of(fixture, sent.result.message));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_abandoned_document_did_here_is_told_with_what_to_do),
		cmocka_unit_test(the_task_of_an_abandoned_document_ends_when_the_partner_knows_or_an_officer_says_so),
		cmocka_unit_test(what_did_nothing_here_is_abandoned_without_a_task),
	};

	return kernel_run("customs/abandoned", tests, COUNT(tests), customs_capabilities);
}
