/* UUID version 7 (RFC 9562 §5.7): sortable by time, random otherwise. Text form, lower case. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_SIZE 37 /* with the NUL */

void uuid_new(char uuid[static UUID_SIZE], int64_t now_us);
/* What every UUID that uuid_new() makes at TIME_US or later, in whole milliseconds, sorts behind, and no earlier one.
 */
void uuid_floor(char uuid[static UUID_SIZE], int64_t time_us);
bool uuid_valid(const char *text); /* any version, lower case, 8-4-4-4-12 */

#endif
