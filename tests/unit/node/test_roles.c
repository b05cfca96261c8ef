#include "../unit.h"

#include "node/node_int.h"

static char run[8];

static enum err_code took(char letter, enum err_code code, const char *text, struct err *err)
{
	run[strlen(run)] = letter;
	return code == OK ? OK : fail(err, code, "%s", text);
}

static enum err_code good(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)node;
	assert_int_equal(now_us, 7);
	*done += 2;
	return took('g', OK, NULL, err);
}

static enum err_code full(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)node;
	(void)now_us;
	(void)done;
	return took('f', ERR_IO, "the disk is full", err);
}

static enum err_code busy(struct node *node, int64_t now_us, unsigned *done, struct err *err)
{
	(void)node;
	(void)now_us;
	(void)done;
	return took('b', ERR_BUSY, "the database is busy", err);
}

/* A full disk must not keep a partner's new certificate from being known, because it could not be noted as a task. */
static void a_part_that_fails_stops_no_other_and_the_first_fault_is_told(void **state)
{
	static role_step *const parts[] = { full, good, busy, good };
	struct err err = { 0 };
	unsigned done = 0;

	(void)state;
	memset(run, 0, sizeof(run));
	assert_int_equal(roles_step_each(NULL, parts, COUNT(parts), 7, &done, &err), ERR_IO);
	assert_string_equal(run, "fgbg");
	assert_string_equal(err.text, "the disk is full");
	assert_int_equal(err.code, ERR_IO);
	assert_int_equal(done, 4);
	assert_int_equal(roles_step_each(NULL, parts + 1, 1, 7, &done, &err), OK);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_that_fails_stops_no_other_and_the_first_fault_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
