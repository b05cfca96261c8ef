/* A mapping file while it is loaded: what those who resolve it and those who check it share. */
#ifndef KERNEL_MAPPING_LOAD_INT_H
#define KERNEL_MAPPING_LOAD_INT_H

#include "kernel/mapping_int.h"

struct mapping_loader {
	struct arena *arena;
	struct mapping *mapping;
	struct findings *findings;
	bool reverse;
	bool no_memory;
	size_t number; /* of the item of a fixed list that is looked at; 0 */
	bool doubtful; /* a mistake was found that others may follow from: those are not told */
};

/* "/row/12/to" */
const char *mapping_load_place(struct mapping_loader *loader, const char *list, size_t index, const char *member);
/* A finding at a place of the file, unless it may follow from a mistake that was told. */
void mapping_load_find(struct mapping_loader *loader, enum mapping_rule_code code, const char *at, const char *first,
		       const char *second);
/* The innermost list in which PATH stands. */
size_t mapping_list_of(const struct mapping *mapping, const struct mapping_path *path);

/* Two rows that give the same value without saying which one counts. */
void mapping_check_twice(struct mapping_loader *loader);
/* Nothing mandatory is lost. */
void mapping_check_mandatory(struct mapping_loader *loader);
/* Codes that stand for two things, or cannot be written. */
void mapping_check_tables(struct mapping_loader *loader);
/* What stands in the way of writing what is read. */
void mapping_check_reverse(struct mapping_loader *loader);

#endif
