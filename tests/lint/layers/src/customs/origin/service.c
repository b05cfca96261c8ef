#include "db/db.h" /* finds: layer */

static const char *const sql = "DELETE FROM certificate"; /* finds: sql */
