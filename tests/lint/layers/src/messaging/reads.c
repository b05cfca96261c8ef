#include "customs/origin/origin.h" /* finds: layer */
#include "db/db.h"                 /* finds: layer */
#include "kernel/statements.def"   /* finds: internal */
