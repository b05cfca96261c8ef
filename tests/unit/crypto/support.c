#include "support.h"

#include "../unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

static void need(bool true_, const char *what)
{
	if (true_)
		return;
	fprintf(stderr, "support.c: %s\n", what);
	abort();
}

int openssl_run(const char *directory, const char *format, ...)
{
	char *arguments = NULL, *command = NULL;
	va_list args;

	va_start(args, format);
	need(vasprintf(&arguments, format, args) > 0, "no memory");
	va_end(args);
	need(asprintf(&command, "cd '%s' && LD_PRELOAD= openssl %s >openssl.out 2>&1", directory, arguments) > 0,
	     "no memory");
	int status = system(command);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
		fprintf(stderr, "cannot be run: %s\n", command);
	free(command);
	free(arguments);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool file_get(const char *directory, const char *name, struct buf *out)
{
	char path[512];
	uint8_t *to;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	while (!feof(file) && !ferror(file) && (to = buf_reserve(out, 4096)) != NULL)
		buf_grown(out, fread(to, 1, 4096, file));
	bool good = !ferror(file) && out->failed == OK;
	fclose(file);
	return good;
}

void file_put(const char *directory, const char *name, struct bytes content)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "wb");
	need(file && fwrite(content.data, 1, content.size, file) == content.size && fclose(file) == 0,
	     "cannot write a file");
}

const char *samples(char *directory, size_t room)
{
	const char *data = getenv("LINTAS_DATA");

	if (data)
		snprintf(directory, room, "%s/as4", data);
	else
		snprintf(directory, room, "%s/../shared/data/as4", LINTAS_SOURCE_ROOT);
	if (access(directory, R_OK) == 0)
		return directory;
	print_message("SKIPPED: %s is not there (set LINTAS_DATA to the folder of the collection)\n", directory);
	skip();
	return NULL;
}

void sample_get(const char *name, struct buf *out)
{
	char directory[512];

	if (!file_get(samples(directory, sizeof(directory)), name, out))
		fail_msg("%s/%s cannot be read", directory, name);
}

struct bytes octets(const char *hex, uint8_t *to, size_t room)
{
	arena_auto arena = arena_new(65536);
	struct bytes value = { 0 };

	need(arena && hex_parse(arena, hex, &value) && value.size <= room, "bad hexadecimal in a test");
	memcpy(to, value.data, value.size);
	return bytes(to, value.size);
}

struct bytes base64_between(struct arena *arena, struct bytes text, const char *begin, const char *end)
{
	struct bytes value = { 0 };
	const char *from = memmem(text.data, text.size, begin, strlen(begin));

	need(from, "the sample lacks what the test looks for");
	from += strlen(begin);
	size_t left = text.size - (size_t)(from - (const char *)text.data);
	const char *to = memmem(from, left, end, strlen(end));
	need(to, "the sample lacks what the test looks for");

	/* XML writes a carriage return as a reference; the reader would have resolved it. */
	char *copy = arena_text_of(arena, bytes(from, (size_t)(to - from)));
	need(copy, "no memory");
	for (char *reference; (reference = strstr(copy, "&#xD;")) != NULL;)
		memmove(reference, reference + 5, strlen(reference + 5) + 1);
	need(base64_parse(arena, bytes_of(copy), &value), "bad base64 in a sample");
	return value;
}
