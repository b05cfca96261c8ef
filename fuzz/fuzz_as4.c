/* An AS4 message: HTTP headers and body from a stranger. Whatever it is, only what the holder of one key wrote may
 * pass. */
#include "fuzz.h"
#include "opening.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	opening_run_as4(bytes(data, size));
	return 0;
}
