/* The activation matrix through the interface. The document types are those of the registry; what is refused follows
 * from kernel/activation.h and ATIGA OCP rule 27(2). Today is 2026-11-02. */
#include "people.h"

#include "customs/registry.h"
#include "kernel/activation.h"
#include "kernel/capability.h"

#define VN  "/api/v1/partners/VN/activations"
#define LAW "note of 30 October 2026 to the ASEAN Secretariat"

static struct activation_list_view read_list(struct world *world, struct answer answer)
{
	struct kernel_fixture *fixture = world->fixture;
	struct findings *findings = findings_new(fixture->arena);
	struct activation_list_view list;

	expect(answer, 200, NULL);
	must(field_read_json(fixture->arena, &activation_list_schema, bytes_of(answer.text), NULL, &list, findings,
			     &fixture->err));
	assert_int_equal(findings_count(findings), 0);
	return list;
}

static struct answer decide(struct world *world, struct new_activation_view view)
{
	return call(world, "POST", VN, &new_activation_schema, &view);
}

/* What counts today. */
static const struct activation_view *now_of(const struct activation_list_view *list, const char *partner,
					    const char *document, const char *direction)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct activation_view *a = &list->items[i];
		if (a->now && same(a->partner, partner) && same(a->document, document) && same(a->direction, direction))
			return a;
	}
	fail_msg("nothing counts for %s %s %s", partner, document, direction);
	return NULL;
}

static size_t types_count(void)
{
	size_t count = 0;

	for (size_t c = 0; customs_capabilities[c]; c++)
		for (size_t i = 0; customs_capabilities[c]->doctypes && customs_capabilities[c]->doctypes[i]; i++)
			count++;
	return count;
}

static void the_matrix_of_a_partner_without_a_row_shows_that_all_is_exchanged(void **state)
{
	struct world world = begin(state, false);
	struct activation_list_view one = read_list(&world, call(&world, "GET", VN, NULL, NULL));
	struct activation_list_view all = read_list(&world, call(&world, "GET", "/api/v1/activations", NULL, NULL));

	assert_int_equal(one.count, 2 * types_count());
	assert_int_equal(all.count, 2 * one.count); /* of VN and MY */
	for (size_t i = 0; i < all.count; i++) {
		assert_true(all.items[i].now);
		assert_string_equal(all.items[i].state, "active");
		assert_int_equal(all.items[i].from_day, DATE_NONE);
		assert_null(all.items[i].decided_by);
	}
	expect(call(&world, "GET", "/api/v1/partners/XX/activations", NULL, NULL), 404, "lintas partner list");
	end(&world);
}

static void an_opt_out_is_shown_with_its_law_beside_what_goes_on(void **state)
{
	struct world world = begin(state, false);
	struct new_activation_view view = {
		.document = "ACDD", .direction = "in", .state = "opted-out", .from_day = DATE_NONE, .law = LAW
	};
	struct activation_list_view list = read_list(&world, decide(&world, view));
	const struct activation_view *in = now_of(&list, "VN", "ACDD", "in");

	assert_int_equal(list.count, 2);
	assert_string_equal(in->state, "opted-out");
	assert_string_equal(in->law, LAW);
	assert_string_equal(in->decided_by, "operator");
	assert_int_equal(in->from_day, date_of(2026, 11, 2));
	assert_string_equal(now_of(&list, "VN", "ACDD", "out")->state, "active");
	list = read_list(&world, call(&world, "GET", "/api/v1/activations", NULL, NULL));
	assert_string_equal(now_of(&list, "VN", "ACDD", "in")->state, "opted-out");
	assert_string_equal(now_of(&list, "VN", "FORM-D", "in")->state, "active");
	assert_string_equal(now_of(&list, "MY", "ACDD", "in")->state, "active");
	end(&world);
}

static void what_is_planned_is_shown_behind_what_counts_today(void **state)
{
	struct world world = begin(state, false);
	struct new_activation_view view = { .document = "FORM-D",
					    .direction = "out",
					    .state = "active",
					    .from_day = date_of(2027, 1, 1),
					    .note = "after the fourth test cycle" };
	struct activation_list_view list = read_list(&world, decide(&world, view));

	assert_int_equal(list.count, 3);
	assert_string_equal(now_of(&list, "VN", "FORM-D", "in")->state, "not-yet");
	assert_string_equal(now_of(&list, "VN", "FORM-D", "out")->state, "not-yet");
	assert_false(list.items[2].now);
	assert_string_equal(list.items[2].state, "active");
	assert_string_equal(list.items[2].note, "after the fourth test cycle");
	assert_int_equal(list.items[2].from_day, date_of(2027, 1, 1));
	/* Taken back, it is not shown any more. */
	view = (struct new_activation_view){ .document = "FORM-D", .state = "not-yet", .from_day = DATE_NONE };
	list = read_list(&world, decide(&world, view));
	assert_int_equal(list.count, 2);
	assert_int_equal(now_of(&list, "VN", "FORM-D", "out")->from_day, date_of(2026, 11, 2));
	end(&world);
}

static void all_that_is_wrong_is_said_at_once_with_its_place(void **state)
{
	static const char *const expected[] = {
		"ACT-001",   "\"/document\"", "FORM-D, ",   "ACT-003", "\"/direction\"", "ACT-005",
		"\"/from\"", "2026-11-01",    "2026-11-02", "ACT-006", "\"/law\"",       "rule 27(2)",
	};
	struct world world = begin(state, false);
	struct new_activation_view view = {
		.document = "LETTER", .direction = "both", .state = "opted-out", .from_day = date_of(2026, 11, 1)
	};
	struct answer answer = decide(&world, view);

	for (size_t i = 0; i < COUNT(expected); i++)
		expect(answer, 422, expected[i]);
	assert_int_equal(read_list(&world, call(&world, "GET", VN, NULL, NULL)).count, 2 * types_count());
	end(&world);
}

/* Whoever may change partners. */
static void who_may_not_change_partners_may_look_and_no_more(void **state)
{
	struct world world = begin(state, false);
	struct new_activation_view view = { .document = "FORM-D", .state = "not-yet", .from_day = DATE_NONE };

	add_user(&world, "noc", NULL, "monitor", NULL);
	const char *secret = token_of(&world, "noc").secret;
	expect(call_with(&world, secret, "POST", VN, &new_activation_schema, &view), 403, NULL);
	expect(call_with(&world, secret, "GET", VN, NULL, NULL), 200, "\"active\"");
	end(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_matrix_of_a_partner_without_a_row_shows_that_all_is_exchanged),
		cmocka_unit_test(an_opt_out_is_shown_with_its_law_beside_what_goes_on),
		cmocka_unit_test(what_is_planned_is_shown_behind_what_counts_today),
		cmocka_unit_test(all_that_is_wrong_is_said_at_once_with_its_place),
		cmocka_unit_test(who_may_not_change_partners_may_look_and_no_more),
	};
	return kernel_run("activations", tests, COUNT(tests), customs_capabilities);
}
