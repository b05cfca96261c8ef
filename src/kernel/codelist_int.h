/* The tables that tools/embed.py makes of data/codelists. */
#ifndef KERNEL_CODELIST_INT_H
#define KERNEL_CODELIST_INT_H

#include <stddef.h>

struct code_row {
	const char *code, *name;
};
struct code_table {
	const char *list;
	const struct code_row *rows; /* sorted by code */
	size_t count;
};
extern const struct code_table kernel_code_tables[];
extern const size_t kernel_code_tables_count;

#endif
