/* Nothing here is to be found: comments and texts may speak of strcpy(), of "SELECT 1" and of #include "db/db.h". */
#include "base/good.h"

// strcpy(a, b) in a comment of the other kind
const char *good_text(struct good *good)
{
	const char *text = "strcpy( sprintf( \" getenv(";

	good->time(good);
	return good->system ? text : "UPDATED";
}
