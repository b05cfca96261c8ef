/* The openssl program as an independent witness, files, and real inputs that are not part of the project. */
#ifndef TESTS_CRYPTO_SUPPORT_H
#define TESTS_CRYPTO_SUPPORT_H

#include "base/arena.h"
#include "base/buf.h"

/* Runs `openssl ...` in DIRECTORY, quietly. Its exit status. */
int openssl_run(const char *directory, const char *format, ...) PRINTF(2, 3);

/* The whole file; appends. False if it cannot be read. */
bool file_get(const char *directory, const char *name, struct buf *out);
void file_put(const char *directory, const char *name, struct bytes content);

/* The folder of the AS4 samples: LINTAS_DATA, or ../shared/data beside the source tree. Where there is none the test is
 * skipped, which jumps over cleanups: ask before anything is allocated. */
const char *samples(char *directory, size_t room);
void sample_get(const char *name, struct buf *out);

/* Octets from hexadecimal; at most ROOM of them. */
struct bytes octets(const char *hex, uint8_t *to, size_t room);
/* The octets of the base64 text between the first BEGIN and the next END; arena's. */
struct bytes base64_between(struct arena *arena, struct bytes text, const char *begin, const char *end);

#endif
