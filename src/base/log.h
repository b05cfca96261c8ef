/* The log: one JSON object a line on standard error, fields rather than prose.
 *
 *   LOG(LOG_INFO, "message.received", LOG_TEXT("partner", party), LOG_INT("bytes", n));
 *
 * Secrets are never logged: there is no field kind for key material or passwords, and payloads are named by digest. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

struct log_field {
	const char *name;
	const char *text; /* NULL: an integer */
	int64_t number;
};

/* A function, because a macro that asks whether an array is NULL is warned about. */
static inline struct log_field log_text(const char *name, const char *text)
{
	return (struct log_field){ .name = name, .text = text ? text : "" };
}

#define LOG_TEXT(name_, text_)  log_text(name_, text_)
#define LOG_INT(name_, number_) ((struct log_field){ .name = (name_), .number = (int64_t)(number_) })
#define LOG_ERR(err_)                                                                                                  \
	LOG_TEXT("error", (err_)->text), LOG_TEXT("code", err_row((err_)->code)->name), LOG_TEXT("where", (err_)->where)

/* At least one field, named by literals. EVENT is "subject.verb", stable. Any text is made valid JSON and UTF-8; a line
 * has at most 4096 bytes, and "cut":true if that shortened or dropped fields. */
#define LOG(level, event, ...)                                                                                         \
	log_write(level, event, (const struct log_field[]){ __VA_ARGS__ },                                             \
		  sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count);

/* Lines below LEVEL are dropped. NODE (copied, may be NULL) is put in every line. */
void log_setup(enum log_level level, const char *node);
/* "debug", "info", "warn", "error", "off"; false if it is none of them. */
bool log_level_parse(const char *text, enum log_level *level);

#endif
