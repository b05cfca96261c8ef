#include "crypto/digest.h" /* finds: layer */
#include <nobody/knows.h>  /* finds: library */
#include <openssl/evp.h>   /* finds: library */
