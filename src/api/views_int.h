/* What the tables of answers share. */
#ifndef API_VIEWS_INT_H
#define API_VIEWS_INT_H

#include "api/api.h"

enum { TEXT_MAX = 65536, PAGE_MAX = 1000 };

#define SCHEMA(name_, fields_)                                                                                         \
	{                                                                                                              \
		.name = name_, .root = name_, .ns = "", .prefix = "", .fields = &(fields_)                             \
	}
#define LIST_SCHEMA(thing) LONG_LIST_SCHEMA(thing, PAGE_MAX)
#define LONG_LIST_SCHEMA(thing, max_)                                                                                  \
	static const struct field thing##_list_rows[] = {                                                              \
		FIELD_LIST(struct thing##_list_view, items, count, struct thing##_view, thing##_fields,                \
			   .json = "items", .max = max_),                                                              \
		FIELD_TEXT(struct thing##_list_view, next, .json = "next", .label = "cursor of the next page"),        \
	};                                                                                                             \
	static const struct fields thing##_list_fields = FIELDS(struct thing##_list_view, thing##_list_rows);          \
	const struct schema thing##_list_schema = SCHEMA(#thing "List", thing##_list_fields);

#endif
