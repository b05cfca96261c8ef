/* Open descriptors: closed on every way out, and read and written whole, in as many pieces as that takes. What they are
 * of, and what it means that something fails, the caller knows; errno says why. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include "base/buf.h"
#include "base/bytes.h"

/* *FD is -1 then, which may be closed again. errno stays as it was. */
void fd_close(int *fd);
#define fd_auto __attribute__((cleanup(fd_close), unused)) int

/* Until ROOM octets are there or the end is: *GOT. */
bool fd_read(int fd, void *to, size_t room, size_t *got);
/* Appends what is there up to the end; INTO says by buf_check() whether it had room. */
bool fd_read_all(int fd, struct buf *into);
bool fd_write(int fd, struct bytes content);

#endif
