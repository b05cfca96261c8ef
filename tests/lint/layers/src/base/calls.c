#include "base/good.h"

void copy(char *to, const char *from)
{
	strcpy(to, from);        /* finds: banned */
	sprintf(to, "%s", from); /* finds: banned */
	if (time(NULL) == 0)     /* finds: banned */
		abort();         /* finds: banned */
}
