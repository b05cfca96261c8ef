#include "../unit.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/log.h"
#include "base/text.h"

static int real_stderr;
static int reader;
static char line[8192];

/* Standard error is a pipe during a test; jansson, which base does not know, judges the JSON. */
static int catch_stderr(void **state)
{
	(void)state;
	int ends[2];

	if (pipe(ends) != 0)
		return -1;
	real_stderr = dup(STDERR_FILENO);
	reader = ends[0];
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_setup(LOG_INFO, "TH");
	return 0;
}

static int give_stderr_back(void **state)
{
	(void)state;
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(reader);
	return 0;
}

/* What is written in one write(2) below PIPE_BUF (4096) is read in one read(2). NULL if it is not a line of one object.
 */
static json_t *written(void)
{
	fputs("|", stderr); /* so that reading never blocks */
	ssize_t size = read(reader, line, sizeof(line) - 1);

	if (size < 3 || line[size - 1] != '|' || line[size - 2] != '\n')
		return NULL;
	line[size - 1] = '\0';
	if (strchr(line, '\n') != line + size - 2 || strlen(line) > 4096)
		return NULL;
	return json_loads(line, JSON_REJECT_DUPLICATES, NULL);
}

static bool nothing_written(void)
{
	fputs("|", stderr);
	return read(reader, line, sizeof(line)) == 1;
}

static const char *text_of(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void a_line_has_time_level_event_node_and_its_fields(void **state)
{
	(void)state;
	int64_t before = clock_now_us(&clock_system), time_us = 0;
	LOG(LOG_WARN, "message.received", LOG_TEXT("partner", "VN"), LOG_INT("bytes", -5));
	json_t *object = written();

	assert_non_null(object);
	assert_true(time_parse(text_of(object, "time"), &time_us));
	assert_true(time_us >= before - 1000 && time_us <= clock_now_us(&clock_system));
	assert_string_equal(text_of(object, "level"), "warn");
	assert_string_equal(text_of(object, "event"), "message.received");
	assert_string_equal(text_of(object, "node"), "TH");
	assert_string_equal(text_of(object, "partner"), "VN");
	assert_int_equal(json_integer_value(json_object_get(object, "bytes")), -5);
	assert_int_equal(json_object_size(object), 6);
	assert_true(starts_with(line, "{\"time\":\""));
	json_decref(object);
}

static void levels_below_the_threshold_are_dropped(void **state)
{
	(void)state;
	LOG(LOG_DEBUG, "a.b", LOG_INT("n", 1));
	assert_true(nothing_written());
	log_setup(LOG_DEBUG, NULL);
	LOG(LOG_DEBUG, "a.b", LOG_INT("n", 1));
	json_t *object = written();
	assert_string_equal(text_of(object, "level"), "debug");
	assert_null(json_object_get(object, "node"));
	json_decref(object);
	log_setup(LOG_OFF, NULL);
	LOG(LOG_ERROR, "a.b", LOG_INT("n", 1));
	LOG(LOG_OFF, "a.b", LOG_INT("n", 1));
	assert_true(nothing_written());
}

static void text_of_strangers_cannot_break_the_line(void **state)
{
	(void)state;
	static const char hostile[] = "\"},\n{\"level\":\"info\\\r\t\b\x01\x1F\x7F / ";

	LOG(LOG_INFO, "a.b", LOG_TEXT("text", hostile), LOG_TEXT("after", "x"));
	json_t *object = written();
	assert_string_equal(text_of(object, "text"), hostile);
	assert_string_equal(text_of(object, "after"), "x");
	json_decref(object);
}

/* Unicode 15 §3.9, U+FFFD substitution: here one for each byte that begins no well-formed character. */
static void what_is_not_utf8_is_replaced(void **state)
{
	(void)state;
	LOG(LOG_INFO, "a.b", LOG_TEXT("text", "ก\xE0\xB8!\xFF\xED\xA0\x80"), LOG_TEXT("none", NULL));
	json_t *object = written();
	assert_string_equal(text_of(object, "text"), "ก\uFFFD\uFFFD!\uFFFD\uFFFD\uFFFD\uFFFD");
	assert_string_equal(text_of(object, "none"), "");
	json_decref(object);
}

static void a_long_line_is_cut_and_stays_json(void **state)
{
	(void)state;
	static const char *const units[] = { "a", "é", "ก", "\xF0\x9F\x9A\xA2", "\"", "\x01", "\xFF" };

	for (size_t u = 0; u < COUNT(units); u++) {
		for (size_t shift = 0; shift < 6; shift++) {
			char text[6000] = "";
			size_t size = strlen(units[u]);
			memset(text, 'x', shift);
			for (size_t i = shift; i + size < sizeof(text); i += size)
				memcpy(text + i, units[u], size);
			LOG(LOG_INFO, "a.b", LOG_TEXT("text", text), LOG_TEXT("more", "dropped"),
			    LOG_INT("n", 123456789));
			json_t *object = written();
			assert_non_null(object);
			assert_true(json_is_true(json_object_get(object, "cut")));
			assert_true(strlen(line) > 4000);
			assert_true(strlen(text_of(object, "text")) > 500);
			json_decref(object);
		}
	}
}

static void a_line_that_fits_exactly_is_not_cut(void **state)
{
	(void)state;
	char text[4096];
	bool cut = false;

	/* From the longest that fits to the first that does not: nothing lost before, marked after. */
	for (size_t size = 3900; size < sizeof(text); size++) {
		memset(text, 'x', size);
		text[size] = '\0';
		LOG(LOG_INFO, "a.b", LOG_TEXT("text", text));
		json_t *object = written();
		assert_non_null(object);
		bool whole = strlen(text_of(object, "text")) == size;
		assert_true(whole == !json_object_get(object, "cut"));
		assert_false(cut && whole);
		cut = !whole;
		json_decref(object);
	}
	assert_true(cut);
}

static void a_failure_is_logged_with_its_sentence_code_and_place(void **state)
{
	(void)state;
	struct err err = { 0 };

	(void)fail(&err, ERR_IO, "cannot read %s", "a.xml");
	LOG(LOG_ERROR, "file.failed", LOG_ERR(&err));
	json_t *object = written();
	assert_string_equal(text_of(object, "error"), "cannot read a.xml");
	assert_string_equal(text_of(object, "code"), "ERR_IO");
	assert_non_null(strstr(text_of(object, "where"), "test_log.c:"));
	json_decref(object);
}

static void logging_leaves_errno_alone_and_survives_a_closed_stderr(void **state)
{
	(void)state;
	int pipe_end = dup(STDERR_FILENO);

	close(STDERR_FILENO);
	errno = ENOENT;
	LOG(LOG_ERROR, "a.b", LOG_INT("n", 1));
	assert_int_equal(errno, ENOENT);
	dup2(pipe_end, STDERR_FILENO);
	close(pipe_end);
	assert_true(nothing_written());
}

static void levels_are_read_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum log_level level;
	} rows[] = { { "debug", LOG_DEBUG },
		     { "info", LOG_INFO },
		     { "warn", LOG_WARN },
		     { "error", LOG_ERROR },
		     { "off", LOG_OFF } };
	enum log_level level = LOG_WARN;

	assert_false(log_level_parse("INFO", &level));
	assert_false(log_level_parse("", &level));
	assert_false(log_level_parse(NULL, &level));
	assert_int_equal(level, LOG_WARN);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(log_level_parse(rows[i].name, &level));
		assert_int_equal(level, rows[i].level);
	}
}

#define caught(test) cmocka_unit_test_setup_teardown(test, catch_stderr, give_stderr_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		caught(a_line_has_time_level_event_node_and_its_fields),
		caught(levels_below_the_threshold_are_dropped),
		caught(text_of_strangers_cannot_break_the_line),
		caught(what_is_not_utf8_is_replaced),
		caught(a_long_line_is_cut_and_stays_json),
		caught(a_line_that_fits_exactly_is_not_cut),
		caught(a_failure_is_logged_with_its_sentence_code_and_place),
		caught(logging_leaves_errno_alone_and_survives_a_closed_stderr),
		cmocka_unit_test(levels_are_read_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
