/* Between the writer and the reader of backups. */
#ifndef KERNEL_BACKUP_INT_H
#define KERNEL_BACKUP_INT_H

#include "kernel/backup.h"

enum backup_record {
	RECORD_HEAD = 'H',
	RECORD_FILE = 'F',
	RECORD_TABLE = 'T',
	RECORD_ROW = 'R',
	RECORD_TABLE_END = 'E',
	RECORD_END = 'Z'
};
enum { RECORD_HEAD_SIZE = 5, RECORD_VALUES_MAX = 2 * DB_COLUMNS_MAX + 1 };

extern const struct schema backup_head_schema;

#endif
