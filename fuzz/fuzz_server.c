/* What comes over a connection to the server, from the first byte on. Each request that reaches a handler is one that
 * it may rely on; each connection ends. */
#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "fuzz.h"
#include "request.h"

#define BODY_MAX    4096
#define DEADLINE_US INT64_C(200000)
#define PATIENCE    10 /* seconds, for a machine that is busy with other things */
#define ANSWER_OF   "HTTP/1."

static struct {
	char directory[32];
	struct sockaddr_un address;
	struct http_server *server;
} world = { .directory = "/tmp/lintas-fuzz.XXXXXX" };

static void handle(void *arg, const struct http_request *request, struct http_response *response)
{
	(void)arg;
	request_check(request);
	MUST(request->body.size <= BODY_MAX && request->local && request->peer_certificate.size == 0);
	*response = (struct http_response){ .status = 200, .content_type = "text/plain", .body = request->body };
}

static size_t admit(void *arg, const struct http_request *request, int *status)
{
	(void)arg, (void)status;
	return starts_with(request->path, "/no") ? 0 : BODY_MAX;
}

static void world_end(void)
{
	http_server_stop(world.server, 0);
	unlink(world.address.sun_path);
	rmdir(world.directory);
}

static void world_begin(void)
{
	struct err err;

	MUST(mkdtemp(world.directory));
	world.address.sun_family = AF_UNIX;
	snprintf(world.address.sun_path, sizeof(world.address.sun_path), "%s/socket", world.directory);
	MUST(http_server_start(&(struct http_server_options){ .unix_path = world.address.sun_path,
							      .workers = 1,
							      .deadline_us = DEADLINE_US,
							      .idle_us = DEADLINE_US,
							      .admit = admit,
							      .handler = handle },
			       &world.server, &err) == OK);
	atexit(world_end);
}

static int connection(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	MUST(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
	MUST(connect(fd, (const struct sockaddr *)&world.address, sizeof(world.address)) == 0);
	return fd;
}

/* The library does not see an end that comes together with bytes before it, and waits until the deadline. So the end
 * comes when they were read, if that is soon. */
static void end_of_sending(int fd)
{
	int unread = 1;

	for (int i = 0; i < 1000 && unread > 0 && ioctl(fd, SIOCOUTQ, &unread) == 0; i++)
		sched_yield();
	shutdown(fd, SHUT_WR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char answer[4096];
	size_t total = 0;
	ssize_t got;

	if (!world.server)
		world_begin();
	int fd = connection();
	/* The fuzzer's clock interrupts. The server may have closed already; what it has said until then is still
	 * there. */
	while (size > 0 && (got = TEMP_FAILURE_RETRY(send(fd, data, size, MSG_NOSIGNAL))) > 0) {
		data += got;
		size -= (size_t)got;
	}
	end_of_sending(fd);
	while ((got = TEMP_FAILURE_RETRY(recv(fd, answer, sizeof(answer), 0))) > 0) {
		MUST(total > 0 ||
		     ((size_t)got > strlen(ANSWER_OF) && memcmp(answer, ANSWER_OF, strlen(ANSWER_OF)) == 0));
		total += (size_t)got;
	}
	MUST(got == 0 || errno == ECONNRESET);
	close(fd);
	return 0;
}
