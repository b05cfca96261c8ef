/* What POSIX allows read() and write(): to stop short, at a full pipe or at the end of what is there. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

enum { MORE_THAN_A_PIPE = 1 << 20 }; /* Linux: a pipe holds 64 KiB, pipe(7) */

struct writer {
	int to;
	struct bytes content;
	bool good;
};

static void *write_and_close(void *arg)
{
	struct writer *writer = arg;

	writer->good = fd_write(writer->to, writer->content);
	fd_close(&writer->to);
	return NULL;
}

static void more_than_a_pipe_holds_goes_through_whole(void **state)
{
	uint8_t *sent = malloc(MORE_THAN_A_PIPE), *came = malloc(MORE_THAN_A_PIPE + 1);
	pthread_t thread;
	size_t got;
	int ends[2];

	(void)state;
	assert_true(sent && came);
	for (size_t i = 0; i < MORE_THAN_A_PIPE; i++)
		sent[i] = (uint8_t)(i * 2654435761U >> 13);
	assert_int_equal(pipe(ends), 0);
	struct writer writer = { .to = ends[1], .content = bytes(sent, MORE_THAN_A_PIPE) };
	assert_int_equal(pthread_create(&thread, NULL, write_and_close, &writer), 0);
	assert_true(fd_read(ends[0], came, MORE_THAN_A_PIPE + 1, &got)); /* to the end */
	pthread_join(thread, NULL);
	assert_true(writer.good);
	assert_int_equal(got, MORE_THAN_A_PIPE);
	assert_memory_equal(came, sent, MORE_THAN_A_PIPE);
	fd_close(&ends[0]);
	free(sent);
	free(came);
}

static void reading_stops_when_there_is_no_more_room(void **state)
{
	char room[4];
	size_t got;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(fd_write(ends[1], bytes_of("abcdefg")));
	assert_true(fd_read(ends[0], room, sizeof(room), &got));
	assert_int_equal(got, 4);
	assert_memory_equal(room, "abcd", 4);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static void a_failure_is_told_with_its_reason(void **state)
{
	size_t got = 7;
	char room[1];
	fd_auto fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_false(fd_write(fd, bytes_of("x")));
	assert_int_equal(errno, ENOSPC); /* full(4) */
	assert_false(fd_read(fd, room, 1, &got));
	assert_int_equal(errno, EBADF); /* it is not open for reading */
	assert_int_equal(got, 7);
}

static void what_is_closed_may_be_closed_again_and_errno_stays(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	errno = EDOM;
	fd_close(&fd);
	assert_int_equal(fd, -1);
	fd_close(&fd);
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_than_a_pipe_holds_goes_through_whole),
		cmocka_unit_test(reading_stops_when_there_is_no_more_room),
		cmocka_unit_test(a_failure_is_told_with_its_reason),
		cmocka_unit_test(what_is_closed_may_be_closed_again_and_errno_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
