#include "db/db.h"

static const char *const sql = "INSERT INTO certificate (id) VALUES ($1)";
