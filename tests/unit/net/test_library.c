/* What connections.c relies on and the documentation of libmicrohttpd does not promise. */
#include <fcntl.h>
#include <microhttpd.h>
#include <stdatomic.h>

#include "net_test.h"

struct seen {
	atomic_int closed, closed_open;
	atomic_int order; /* 1 after the end of the request, 2 after that of the connection, -1 if otherwise */
};

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *data, size_t *size, void **context)
{
	(void)arg, (void)url, (void)method, (void)version, (void)data, (void)size;
	if (!*context) {
		*context = connection;
		return MHD_YES;
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode reason)
{
	struct seen *seen = arg;

	(void)connection, (void)context, (void)reason;
	atomic_store(&seen->order, atomic_load(&seen->order) == 0 ? 1 : -1);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct seen *seen = arg;

	(void)context;
	if (code != MHD_CONNECTION_NOTIFY_CLOSED)
		return;
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	atomic_store(&seen->order, atomic_load(&seen->order) == 1 ? 2 : -1);
	atomic_fetch_add(&seen->closed_open, fcntl(fd, F_GETFD) >= 0);
	atomic_fetch_add(&seen->closed, 1);
}

static void a_request_ends_before_its_connection_and_that_before_its_descriptor(void **state)
{
	struct seen seen = { 0 };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = 10 };

	(void)state;
	struct MHD_Daemon *daemon =
		MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, answer, NULL,
				 MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_CONNECTION, on_connection, &seen,
				 MHD_OPTION_NOTIFY_COMPLETED, on_completed, &seen, MHD_OPTION_END);
	assert_non_null(daemon);
	address.sin_port = htons(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);

	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(say(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
	assert_int_equal(read_status(fd), 200);
	assert_true(is_closed(fd));
	close(fd);
	MHD_stop_daemon(daemon);
	assert_int_equal(atomic_load(&seen.closed), 1);
	assert_int_equal(atomic_load(&seen.closed_open), 1);
	assert_int_equal(atomic_load(&seen.order), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_ends_before_its_connection_and_that_before_its_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
