#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keys_int.h"

#define OTHERS (S_IRWXG | S_IRWXO)

void buf_wipe(struct buf *buf)
{
	if (buf->data)
		OPENSSL_cleanse(buf->data, buf->room);
	buf_done(buf);
}

enum err_code directory_open(int dir, const char *name, int *fd, struct err *err)
{
	int opened = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (opened < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "the directory %s cannot be opened: %s",
			    name, strerror(errno));
	*fd = opened;
	return OK;
}

enum err_code directory_sync(int dir, struct err *err)
{
	if (fsync(dir) != 0)
		return fail(err, ERR_IO, "the key directory cannot be made durable: %s", strerror(errno));
	return OK;
}

static enum err_code check_file(int fd, const char *name, bool secret, struct stat *status, struct err *err)
{
	if (fstat(fd, status) != 0)
		return fail(err, ERR_IO, "the file %s cannot be examined: %s", name, strerror(errno));
	if (!S_ISREG(status->st_mode) || status->st_size > KEY_FILE_MAX)
		return fail(err, ERR_KEY, "%s is not a file of at most %d bytes", name, KEY_FILE_MAX);
	if (secret && (status->st_mode & OTHERS) != 0)
		return fail(err, ERR_KEY, "%s can be used by others (mode %04o); it must be 0600", name,
			    (unsigned)status->st_mode & 07777U);
	if (secret && status->st_uid != geteuid())
		return fail(err, ERR_KEY, "%s belongs to another user", name);
	return OK;
}

enum err_code file_read(int dir, const char *name, bool secret, struct buf *out, struct err *err)
{
	struct stat status;
	/* O_NONBLOCK: a pipe put in its place must not hold us up. */
	fd_auto fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "the file %s cannot be opened: %s", name,
			    strerror(errno));
	TRY(check_file(fd, name, secret, &status, err));
	/* All at once, so that a secret is not copied about by a growing buffer. */
	size_t size = (size_t)status.st_size, got;
	uint8_t *to = buf_reserve(out, size);
	if (!to)
		return buf_check(out, "file", err);
	if (!fd_read(fd, to, size, &got))
		return fail(err, ERR_IO, "the file %s cannot be read: %s", name, strerror(errno));
	buf_grown(out, got);
	return got == size ? OK : fail(err, ERR_IO, "the file %s cannot be read: cut short", name);
}

enum err_code file_replace(int dir, const char *name, struct bytes content, struct err *err)
{
	char beside[64];

	snprintf(beside, sizeof(beside), ".%s.new", name);
	unlinkat(dir, beside, 0); /* of a run that was cut off */
	fd_auto fd = openat(dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return fail(err, ERR_IO, "the file %s cannot be made: %s", name, strerror(errno));
	if (!fd_write(fd, content) || fsync(fd) != 0 || renameat(dir, beside, dir, name) != 0) {
		int why = errno;
		unlinkat(dir, beside, 0);
		return fail(err, why == ENOSPC ? ERR_DISK_FULL : ERR_IO, "the file %s cannot be written: %s", name,
			    strerror(why));
	}
	return directory_sync(dir, err);
}
