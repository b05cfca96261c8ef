/* Keys of the nodes, made once for all regions of a test program: RSA keys are slow to make. */
#ifndef SCENARIO_KEYRING_H
#define SCENARIO_KEYRING_H

#include "crypto/keys.h"

struct pki;

/* The keys directory called NAME: signing and decryption keys for every security profile. Removed when the program
 * ends. */
const char *keyring_directory(const char *name);
/* The same, made now with one key alone: for signing on P-256, its certificate with KEY_USAGE and valid FROM_US to
 * TO_US. */
void keyring_special(const char *name, const char *key_usage, int64_t from_us, int64_t to_us);
/* The authority that issued all their certificates. */
const struct pki *keyring_authority(void);

/* The certificate of the only key in LIST for USE and of TYPE; the list's. */
const struct cert *keyring_find(const struct key_list *list, enum key_use use, enum key_type type);

#endif
