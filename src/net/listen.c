#include "listen_int.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static enum err_code bind_tcp(int fd, const struct addrinfo *info, const char *address, uint16_t port, struct err *err)
{
	const int one = 1;

	/* A restarted node must not wait for old connections in TIME_WAIT. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return OK;
	if (errno == EADDRINUSE)
		return fail(err, ERR_CONFLICT, "%s port %u is in use: does another node run?", address, port);
	if (errno == EACCES)
		return fail(err, ERR_DENIED, "port %u may not be opened without privileges: choose one above 1023",
			    port);
	return fail(err, ERR_CONFIG, "cannot listen on %s port %u: %s", address, port, strerror(errno));
}

static uint16_t bound_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} name = { 0 };
	socklen_t size = sizeof(name);

	if (getsockname(fd, &name.any, &size) != 0)
		return 0;
	return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

enum err_code listen_tcp(const char *address, uint16_t port, int *fd, uint16_t *bound, struct err *err)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	struct addrinfo *info;
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	if (!address || getaddrinfo(address, service, &hints, &info) != 0)
		return fail(err, ERR_CONFIG,
			    "\"%s\" is not an address to listen on: write 127.0.0.1, ::1, 0.0.0.0 or ::",
			    address ? address : "");

	enum err_code code;
	int opened = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (opened < 0)
		code = fail(err, ERR_IO, "cannot open a socket for %s: %s", address, strerror(errno));
	else
		code = bind_tcp(opened, info, address, port, err);
	freeaddrinfo(info);

	if (code == OK) {
		*fd = opened;
		*bound = bound_port(opened);
	} else if (opened >= 0) {
		close(opened);
	}
	return code;
}

/* Nobody answers on a file that was left behind; anything but a socket is not ours to remove. */
static enum err_code remove_stale(const struct sockaddr_un *name, struct err *err)
{
	struct stat found;

	if (lstat(name->sun_path, &found) != 0)
		return errno == ENOENT ? OK
				       : fail(err, ERR_IO, "cannot look at %s: %s", name->sun_path, strerror(errno));
	if (!S_ISSOCK(found.st_mode))
		return fail(err, ERR_CONFLICT, "%s exists and is not a socket: move it away", name->sun_path);

	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return fail(err, ERR_IO, "cannot open a local socket: %s", strerror(errno));
	bool refused = connect(probe, (const struct sockaddr *)name, sizeof(*name)) != 0 && errno == ECONNREFUSED;
	close(probe);
	if (!refused)
		return fail(err, ERR_CONFLICT, "%s is in use: does another node run?", name->sun_path);
	if (unlink(name->sun_path) != 0 && errno != ENOENT)
		return fail(err, ERR_IO, "cannot remove the old socket %s: %s", name->sun_path, strerror(errno));
	return OK;
}

enum err_code listen_unix(const char *path, int *fd, struct err *err)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(name.sun_path))
		return fail(err, ERR_CONFIG, "the socket path %s is longer than %zu bytes", path,
			    sizeof(name.sun_path) - 1);
	memcpy(name.sun_path, path, strlen(path) + 1);
	TRY(remove_stale(&name, err));

	int opened = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (opened < 0)
		return fail(err, ERR_IO, "cannot open a local socket: %s", strerror(errno));

	/* Nobody can connect before listen(), so the mode is right from the first connection on without touching the
	 * umask, which belongs to all threads. */
	if (bind(opened, (const struct sockaddr *)&name, sizeof(name)) != 0) {
		int reason = errno;
		close(opened);
		return fail(err, ERR_IO, "cannot create the socket %s: %s", path, strerror(reason));
	}
	if (chmod(path, 0600) != 0 || listen(opened, BACKLOG) != 0) {
		int reason = errno;
		close(opened);
		unlink(path);
		return fail(err, ERR_IO, "cannot listen on %s: %s", path, strerror(reason));
	}
	*fd = opened;
	return OK;
}
