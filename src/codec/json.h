/* A writer of JSON text (RFC 8259), one member a line, so that what is printed into the repository is compared by
 * lines. Records are written by their field tables (codec/field.h); this is for documents whose names are data, too. */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include "base/buf.h"

struct json_writer {
	struct buf *out;
	int depth;
	bool some; /* whether something stands in what was opened last */
};

/* NAME: of the member; NULL inside an array, and for the whole. BRACKET: '{' or '[', then '}' or ']'. */
void json_open(struct json_writer *json, const char *name, char bracket);
void json_close(struct json_writer *json, char bracket);
/* A NULL TEXT is no member. What is not UTF-8 fails the buffer. */
void json_put_text(struct json_writer *json, const char *name, const char *text);
void json_put_number(struct json_writer *json, const char *name, int64_t number);
void json_put_flag(struct json_writer *json, const char *name, bool flag);

/* TEXT as a JSON string, and nothing around it. */
void json_quote(struct buf *out, const char *text);

/* jansson reads a text whole, and needs up to a hundred times its size for it. Whether TEXT has at most so many values,
 * counted by its separators before anything is made of it; of what is no JSON, some number. */
#define JSON_VALUES_MAX ((size_t)1 << 20)
bool json_is_bounded(struct bytes text);

#endif
