/* What the functions of commands call. */
#include "interface/command.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "interface/route.h"

const char *option_value(const struct invocation *invocation, const char *name)
{
	for (size_t i = 0; invocation->command->options && invocation->command->options[i].name; i++)
		if (same(invocation->command->options[i].name, name))
			return invocation->values[i];
	return NULL;
}

const char *option_value_at(const struct invocation *invocation, const char *name, size_t index)
{
	for (size_t i = 0; i < invocation->repeats_count; i++)
		if (same(invocation->repeats[i].option->name, name) && index-- == 0)
			return invocation->repeats[i].value;
	return NULL;
}

enum err_code option_values(const struct invocation *invocation, const char *name, const char **all, struct err *err)
{
	const char *joined = NULL, *value;
	for (size_t i = 0; (value = option_value_at(invocation, name, i)); i++) {
		joined = joined ? arena_printf(invocation->arena, "%s %s", joined, value) : value;
		if (!joined)
			return fail(err, ERR_MEMORY, "no memory for %s", name);
	}
	*all = joined;
	return OK;
}

bool span_parse(const char *text, int64_t *seconds)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	enum { NUMBER_MAX = 10000 };
	char digits[8];
	size_t length = strlen(text);
	int64_t number;
	if (length < 2 || length > sizeof digits)
		return false;
	snprintf(digits, sizeof digits, "%.*s", (int)length - 1, text);
	for (size_t i = 0; i < COUNT(units); i++)
		if (text[length - 1] == units[i].unit && int64_parse(digits, &number) && number >= 1 &&
		    number <= NUMBER_MAX) {
			*seconds = number * units[i].seconds;
			return true;
		}
	return false;
}

enum err_code input_read(struct arena *arena, const char *path, size_t max_bytes, struct bytes *content,
			 struct err *err)
{
	buf_auto read_bytes;
	buf_init(&read_bytes, max_bytes);
	bool standard = same(path, "-");
	fd_auto file = standard ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if ((file < 0 && !standard) || !fd_read_all(standard ? STDIN_FILENO : file, &read_bytes))
		return fail(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot read %s: %s", path, strerror(errno));
	TRY(buf_check(&read_bytes, path, err));
	const void *copy = arena_copy(arena, read_bytes.data, read_bytes.size);
	if (!copy)
		return fail(err, ERR_MEMORY, "no memory for %s", path);
	*content = bytes(copy, read_bytes.size);
	return OK;
}

enum err_code remote_run(struct invocation *in, struct bytes body, struct err *err)
{
	return in->remote(in, body, err);
}

enum err_code remote_run_with(struct invocation *in, const struct schema *schema, const void *view, struct err *err)
{
	buf_auto json;
	buf_init(&json, CALL_JSON_MAX);
	field_put_json(&json, schema, view);
	TRY(buf_check(&json, "the call", err));
	return remote_run(in, buf_bytes(&json), err);
}

enum err_code remote_run_file(struct invocation *in, struct err *err)
{
	struct bytes content;
	TRY(input_read(in->arena, in->arguments[0], CLI_FILE_MAX, &content, err));
	return remote_run(in, content, err);
}
