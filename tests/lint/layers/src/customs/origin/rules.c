#include "customs/document/rules.h" /* finds: internal */
#include "customs/document/document.h"
#include "customs/transit/transit.h" /* finds: layer */
#include "db/db.h"                   /* finds: layer */
