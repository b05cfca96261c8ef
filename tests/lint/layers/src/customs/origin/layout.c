#include "db/db.h" /* finds: layer */
#include "pdf/pdf.h"
