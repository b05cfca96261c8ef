/* Users and tokens: what the command line asks for and what the interface is given. */
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli_int.h"

enum { LINE_MAX = 4096 };

/* --- Passwords --- */

static enum err_code read_line(struct arena *arena, const char **line, struct err *err)
{
	char buffer[LINE_MAX];
	if (!fgets(buffer, sizeof buffer, stdin))
		return fail(err, ERR_USAGE, "there is no password on standard input");
	size_t length = strcspn(buffer, "\r\n");
	if (!buffer[length] && !feof(stdin))
		return fail(err, ERR_USAGE, "the password is longer than a line of %d bytes", LINE_MAX);
	if (strspn(buffer, " \t") >= length) /* to the interface that would be none, and none is needed */
		return fail(err, ERR_USAGE, "the password is empty");
	*line = arena_text_of(arena, bytes(buffer, length));
	return *line ? OK : fail(err, ERR_MEMORY, "no memory for a password");
}

/* Whoever is interrupted here would be left with a terminal that shows nothing: signals wait. */
static enum err_code ask(struct arena *arena, const char *prompt, const char **line, struct err *err)
{
	struct termios shown, hidden;
	sigset_t held, before;
	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return fail(err, ERR_USAGE,
			    "there is no terminal to ask for a password on: give it with --password-stdin");
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, &before);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	enum err_code code = read_line(arena, line, err);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

static enum err_code take_password(struct invocation *in, const char **password, struct err *err)
{
	const char *again;
	if (option_value(in, "--password-stdin"))
		return read_line(in->arena, password, err);
	TRY(ask(in->arena, "Password (nothing is shown): ", password, err));
	TRY(ask(in->arena, "Once more: ", &again, err));
	return same(*password, again) ? OK : fail(err, ERR_USAGE, "the two are not the same; nothing was changed");
}

/* --- Users --- */

enum err_code run_user_add(struct invocation *in, struct err *err)
{
	struct new_user_view view = { .name = in->arguments[0],
				      .organisation = option_value(in, "--organisation"),
				      .title = option_value(in, "--title") };
	TRY(option_values(in, "--role", &view.roles, err));
	if (option_value(in, "--password") || option_value(in, "--password-stdin"))
		TRY(take_password(in, &view.password, err));
	return remote_run_with(in, &new_user_schema, &view, err);
}

enum err_code run_user_change(struct invocation *in, struct err *err)
{
	struct user_change_view view = { .title = option_value(in, "--title") };
	TRY(option_values(in, "--role", &view.roles, err));
	return remote_run_with(in, &user_change_schema, &view, err);
}

enum err_code run_user_status(struct invocation *in, struct err *err)
{
	struct user_change_view view = { .status = ends_with(in->command->words, "disable") ? "disabled" : "active" };
	return remote_run_with(in, &user_change_schema, &view, err);
}

enum err_code run_user_password(struct invocation *in, struct err *err)
{
	struct password_view view = { 0 };
	TRY(take_password(in, &view.password, err));
	return remote_run_with(in, &password_schema, &view, err);
}

/* --- Tokens --- */

/* "30d", "12h", or a time. */
static enum err_code take_expiry(const char *text, struct new_token_view *view, struct err *err)
{
	bool by_day = ends_with(text, "d") || ends_with(text, "h");
	if (time_parse(text, &view->expires_us) || (by_day && span_parse(text, &view->expires_in_s)))
		return OK;
	return fail(err, ERR_USAGE, "--expires is like 30d, 12h or 2027-01-01T00:00:00Z, not %s", text);
}

enum err_code run_token_new(struct invocation *in, struct err *err)
{
	const char *expires = option_value(in, "--expires");
	struct new_token_view view = { .user = option_value(in, "--user"),
				       .title = option_value(in, "--title"),
				       .expires_in_s = INTEGER_NONE,
				       .expires_us = TIME_NONE };
	TRY(option_values(in, "--role", &view.roles, err));
	if (expires)
		TRY(take_expiry(expires, &view, err));
	return remote_run_with(in, &new_token_schema, &view, err);
}
