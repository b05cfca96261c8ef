/* Our own keys, as the journal tells of them. The key ceremony works on files, whether the node runs or not; the node
 * compares them with what it saw last. */
#ifndef KERNEL_OWN_KEY_H
#define KERNEL_OWN_KEY_H

#include "kernel/kernel.h"

/* Journals what has changed in the key directory DIRECTORY since this instance looked last, and remembers it, in one
 * transaction; nothing is written if nothing has. Subject type "key", subject its id; events "made",
 * "certificate-installed" (with its fingerprint, subject and validity), "retired", "reactivated", "damaged", "removed".
 */
enum err_code own_keys_note(struct kernel *kernel, const char *directory, const struct actor *actor, int64_t now_us,
			    struct err *err) MUST_USE;
/* *KNOWN: a key of this node, retired ones too, has the certificate with this FINGERPRINT. */
enum err_code own_key_known(struct tx *tx, const char *fingerprint, bool *known, struct err *err) MUST_USE;

#endif
