#include "power.h"

const char *power_kind_name(enum power_kind kind)
{
	static const char *const names[] = {
		[POWER_DB] = "database", [POWER_WAL] = "log", [POWER_JOURNAL] = "journal"
	};

	return names[kind];
}

const char *power_operation_name(enum power_operation operation)
{
	static const char *const names[] = {
		[POWER_WRITE] = "write",  [POWER_SYNC] = "sync",       [POWER_TRUNCATE] = "truncation",
		[POWER_OPEN] = "opening", [POWER_DELETE] = "deletion",
	};

	return names[operation];
}

const char *power_fault_name(enum power_fault fault)
{
	static const char *const names[] = {
		[POWER_CUT] = "cuts",
		[POWER_CUT_IN_COMMIT] = "cuts in a commit",
		[POWER_CUT_IN_CHECKPOINT] = "cuts in a checkpoint",
		[POWER_FAILED_SYNC] = "failed syncs",
		[POWER_FAILED_WRITE] = "failed writes",
		[POWER_FULL] = "full disks",
		[POWER_FAILED_READ] = "failed reads",
	};

	return names[fault];
}
