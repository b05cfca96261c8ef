/* Views: what routes take and answer, as structs with field tables. The same tables print the answer, its OpenAPI
 * schema, and let the command line read it. */
#ifndef INTERFACE_VIEW_H
#define INTERFACE_VIEW_H

#include "codec/field.h"

enum { TEXT_MAX = 65536, PAGE_MAX = 1000 }; /* of what we answer: characters of a text, items of a list */

struct finding_view {
	const char *code, *path, *text, *law, *severity;
};
extern const struct fields finding_fields;

/* A page of a list: the struct, and its schema "thingList" of the rows thing_fields. */
#define LIST_VIEW(name, type)                                                                                          \
	struct name {                                                                                                  \
		type *items;                                                                                           \
		size_t count;                                                                                          \
		const char *next; /* cursor of the next page, or NULL */                                               \
	}
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
