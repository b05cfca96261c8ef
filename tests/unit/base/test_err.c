#include "../unit.h"

#include "base/err.h"
#include "base/text.h"

static void a_failure_keeps_code_place_and_sentence(void **state)
{
	(void)state;
	struct err err = { 0 };

	assert_int_equal(fail(&err, ERR_IO, "cannot read %s", "a.xml"), ERR_IO);
	assert_int_equal(err.code, ERR_IO);
	assert_string_equal(err.text, "cannot read a.xml");
	assert_non_null(strstr(err.where, "test_err.c:"));
}

static void a_failure_needs_no_place_to_be_recorded(void **state)
{
	(void)state;
	assert_int_equal(fail(NULL, ERR_BUSY, "later"), ERR_BUSY);
}

static void a_caller_may_add_to_what_the_callee_said(void **state)
{
	(void)state;
	struct err err = { 0 };

	(void)fail(&err, ERR_IO, "no such file");
	(void)fail(&err, ERR_CONFIG, "lintas.conf: %s", err.text);
	assert_string_equal(err.text, "lintas.conf: no such file");
}

static void a_long_sentence_is_cut_between_characters(void **state)
{
	(void)state;
	/* U+0E01 has three bytes: at one of three offsets each cut position falls inside a character. */
	for (int blanks = 0; blanks < 3; blanks++) {
		struct err err = { 0 };
		char thai[3 * 200 + 1];
		for (size_t i = 0; i < 200; i++)
			memcpy(thai + 3 * i, "\xE0\xB8\x81", 4);
		(void)fail(&err, ERR_INVALID, "%*s%s", blanks, "", thai);
		assert_true(utf8_valid(bytes_of(err.text)));
		assert_in_range(strlen(err.text), sizeof(err.text) - 4, sizeof(err.text) - 1);
	}
}

static enum err_code two_steps(enum err_code first, int *reached)
{
	TRY(first);
	*reached = 1;
	return OK;
}

static void try_leaves_with_the_callees_code(void **state)
{
	(void)state;
	int reached = 0;

	assert_int_equal(two_steps(ERR_NET, &reached), ERR_NET);
	assert_int_equal(reached, 0);
	assert_int_equal(two_steps(OK, &reached), OK);
	assert_int_equal(reached, 1);
}

/* HTTP status: RFC 9110 §15. Exit statuses: the list at the head of errors.def. ebMS: ebMS 3.0 core §6.7. */
static void every_code_has_a_complete_row(void **state)
{
	(void)state;
	assert_string_equal(err_row(OK)->name, "OK");
	assert_int_equal(err_row(OK)->exit_status, 0);
	for (int code = OK + 1; code < ERR_COUNT; code++) {
		const struct err_row *row = err_row((enum err_code)code);
		assert_true(starts_with(row->name, "ERR_"));
		assert_in_range(row->http_status, 400, 599);
		assert_true(row->exit_status != 0);
		assert_true(starts_with(row->ebms, "EBMS:") && strlen(row->ebms) == 9);
		assert_true(row->problem[0] != '\0' && row->meaning[0] != '\0');
	}
	assert_int_equal(err_row(ERR_NOT_FOUND)->http_status, 404);
	assert_string_equal(err_row(ERR_NOT_FOUND)->name, "ERR_NOT_FOUND");
}

static void a_code_that_does_not_exist_is_an_internal_fault(void **state)
{
	(void)state;
	assert_ptr_equal(err_row(ERR_COUNT), err_row(ERR_INTERNAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_keeps_code_place_and_sentence),
		cmocka_unit_test(a_failure_needs_no_place_to_be_recorded),
		cmocka_unit_test(a_caller_may_add_to_what_the_callee_said),
		cmocka_unit_test(a_long_sentence_is_cut_between_characters),
		cmocka_unit_test(try_leaves_with_the_callees_code),
		cmocka_unit_test(every_code_has_a_complete_row),
		cmocka_unit_test(a_code_that_does_not_exist_is_an_internal_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
