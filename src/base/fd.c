#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

void fd_close(int *fd)
{
	int kept = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = kept;
}

bool fd_read(int fd, void *to, size_t room, size_t *got)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < room && n != 0) {
		n = read(fd, (uint8_t *)to + done, room - done);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	*got = done;
	return true;
}

bool fd_read_all(int fd, struct buf *into)
{
	enum { PIECE = 1 << 14 };
	size_t got = PIECE;
	uint8_t *to;

	while (got == PIECE && (to = buf_reserve(into, PIECE)) != NULL) {
		if (!fd_read(fd, to, PIECE, &got))
			return false;
		buf_grown(into, got);
	}
	return true;
}

bool fd_write(int fd, struct bytes content)
{
	for (size_t done = 0; done < content.size;) {
		ssize_t n = write(fd, content.data + done, content.size - done);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}
