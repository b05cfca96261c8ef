#include "power.h"

#include "../unit/unit.h"

#include <sqlite3.h>
#include <stdio.h>

#include "base/text.h"

/* The first column of the only row of SQL is EXPECTED; NULL: there is no row. */
static void expect_row(sqlite3 *connection, const char *sql, const char *expected)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(connection));
	bool row = sqlite3_step(statement) == SQLITE_ROW;
	const char *found = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (!same(found, expected))
		fail_msg("%s: %s", sql, found ? found : sqlite3_errmsg(connection));
	sqlite3_finalize(statement);
}

void power_check_file(const char *path, bool recover)
{
	int flags = recover ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	sqlite3 *connection;

	assert_int_equal(sqlite3_open_v2(path, &connection, flags, NULL), SQLITE_OK);
	sqlite3_file *file = NULL; /* of the system's VFS, which makes the same promise to a node */
	assert_int_equal(sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file), SQLITE_OK);
	assert_true(file->pMethods->xDeviceCharacteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE);
	expect_row(connection, "PRAGMA integrity_check", "ok");
	expect_row(connection, "PRAGMA foreign_key_check", NULL);
	assert_int_equal(sqlite3_close(connection), SQLITE_OK);
}

void power_check(struct power *power, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", power_directory(power), name);
	power_check_file(path, false);
}
