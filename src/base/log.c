#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/text.h"

/* A line goes out in one write(2), so that lines of several threads and processes do not mix. */
#define LINE_MAX_BYTES 4096
#define NODE_MAX_BYTES 64
#define CUT            ",\"cut\":true" /* says that fields are shortened or missing */
#define END            "}\n"

static const char *const level_names[] = { "debug", "info", "warn", "error", "off" };

/* The log is the one thing that the whole process shares: the level is read on each call, the name under the lock. */
static atomic_int threshold = LOG_INFO;
static pthread_mutex_t node_lock = PTHREAD_MUTEX_INITIALIZER;
static char node_name[NODE_MAX_BYTES];

struct line {
	char text[LINE_MAX_BYTES];
	size_t used;
	size_t limit; /* leaves room for what closes the line */
	bool cut;
};

/* All of DATA, or nothing. */
static bool put(struct line *line, const char *data, size_t size)
{
	if (size > line->limit - line->used)
		return false;
	memcpy(line->text + line->used, data, size);
	line->used += size;
	return true;
}

static bool puts_(struct line *line, const char *text)
{
	return put(line, text, strlen(text));
}

/* One character as JSON (RFC 8259 §7); CHARACTER_SIZE 0 is a byte that is not UTF-8 and becomes U+FFFD. */
static bool put_character(struct line *line, const char *character, size_t size)
{
	char escape[8];

	if (size == 0)
		return puts_(line, "\xEF\xBF\xBD");
	if (*character == '"' || *character == '\\')
		return put(line, (const char[]){ '\\', *character }, 2);
	if ((uint8_t)*character < 0x20 || *character == 0x7F) {
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(uint8_t)*character);
		return puts_(line, escape);
	}
	return put(line, character, size);
}

/* The text in quotation marks, shortened at a character if it does not fit. */
static bool put_string(struct line *line, const char *text)
{
	if (line->limit - line->used < 2)
		return false;

	line->limit--; /* for the closing mark */
	put(line, "\"", 1);
	for (struct bytes left = bytes_of(text); left.size > 0;) {
		size_t size = utf8_first(left);
		if (!put_character(line, (const char *)left.data, size)) {
			line->cut = true;
			break;
		}
		size = size > 0 ? size : 1;
		left = bytes(left.data + size, left.size - size);
	}
	line->limit++;
	return put(line, "\"", 1);
}

static bool put_value(struct line *line, struct log_field field)
{
	char number[24];

	if (field.text)
		return put_string(line, field.text);
	snprintf(number, sizeof(number), "%" PRId64, field.number);
	return puts_(line, number);
}

/* A field that does not fit is left out as a whole. Names are ours and need no escape. */
static void put_field(struct line *line, struct log_field field)
{
	size_t before = line->used;

	if (puts_(line, before == 0 ? "{\"" : ",\"") && puts_(line, field.name) && puts_(line, "\":") &&
	    put_value(line, field))
		return;
	line->used = before;
	line->cut = true;
}

static void write_line(const struct line *line)
{
	size_t done = 0;

	/* Where would a log say that it cannot log? What cannot be written is dropped. */
	while (done < line->used) {
		ssize_t written = write(STDERR_FILENO, line->text + done, line->used - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		done += (size_t)written;
	}
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	if (level >= LOG_OFF || (int)level < atomic_load_explicit(&threshold, memory_order_relaxed))
		return;

	char time[TIME_SIZE];
	char node[NODE_MAX_BYTES];
	int saved_errno = errno;
	pthread_mutex_lock(&node_lock);
	memcpy(node, node_name, sizeof(node));
	pthread_mutex_unlock(&node_lock);

	struct line line;
	line.used = 0;
	line.limit = sizeof(line.text) - strlen(CUT) - strlen(END);
	line.cut = false;
	put_field(&line, LOG_TEXT("time", time_format(clock_now_us(&clock_system), time)));
	put_field(&line, LOG_TEXT("level", level_names[level]));
	put_field(&line, LOG_TEXT("event", event));
	if (node[0])
		put_field(&line, LOG_TEXT("node", node));
	for (size_t i = 0; i < count; i++)
		put_field(&line, fields[i]);

	line.limit = sizeof(line.text);
	if (line.cut)
		puts_(&line, CUT);
	puts_(&line, END);
	write_line(&line);
	errno = saved_errno;
}

void log_setup(enum log_level level, const char *node)
{
	atomic_store(&threshold, (int)level);
	pthread_mutex_lock(&node_lock);
	snprintf(node_name, sizeof(node_name), "%s", node ? node : "");
	pthread_mutex_unlock(&node_lock);
}

bool log_level_parse(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < COUNT(level_names); i++) {
		if (same(text, level_names[i])) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}
