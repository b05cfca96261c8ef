/* Parsing and help, both from the rows. */
#include "cli/cli_int.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"

/* An answer, and once more its files: cli/remote.c says how great it may be. */
enum { HELP_MAX = 65536, CLI_ARENA = 512 << 20 };

/* Of every command; the first is left out of the help where there is nothing for it. */
static const struct option common_options[] = {
	{ "--json", NULL, "answer as JSON, for scripts", NULL, false },
	{ "--dir", "DIR", "the node's directory (also -d; else $LINTAS_DIR, else the current one)", NULL, false },
	{ "--help", NULL, "this help", NULL, false },
	{ 0 },
};

static size_t words_count(const char *words)
{
	size_t count = 1;
	for (const char *c = words; *c; c++)
		count += *c == ' ';
	return count;
}

/* How many of the words of COMMAND stand at the front of ARGV. */
static size_t words_matched(const struct command *command, int argc, char **argv)
{
	size_t matched = 0;
	const char *word = command->words;
	while (*word && (int)matched < argc) {
		size_t length = strcspn(word, " ");
		if (strlen(argv[matched]) != length || memcmp(argv[matched], word, length) != 0)
			break;
		matched++;
		word += length + (word[length] == ' ');
	}
	return matched;
}

/* The row with the most words that all stand at the front: "help commands" is not "help" with an argument. */
static const struct command *find_command(int argc, char **argv)
{
	const struct command *c, *found = NULL;
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (words_matched(c, argc, argv) == words_count(c->words) &&
		    (!found || words_count(c->words) > words_count(found->words)))
			found = c;
	return found;
}

static void print_option(FILE *out, const struct option *o, const char *note)
{
	enum { LEFT_WIDTH = 26 };
	char left[64];
	snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
	int length = (int)utf8_length(left);
	fprintf(out, "  %s%*s %s%s\n", left, length < LEFT_WIDTH ? LEFT_WIDTH - length : 0, "", o->help, note);
}

static void print_options(const struct option *options)
{
	for (const struct option *o = options; o && o->name; o++)
		print_option(stdout, o, o->required ? " (required)" : "");
}

/* One more word behind column *AT; lines are folded, and go on at INDENT. */
static void put_word(FILE *out, const char *word, int indent, int *at)
{
	enum { PAGE_WIDTH = 100 };
	int length = (int)utf8_length(word);
	bool fold = *at + 1 + length > PAGE_WIDTH;
	if (fold)
		fprintf(out, "\n%*s", indent, "");
	else
		putc(' ', out);
	fputs(word, out);
	*at = (fold ? indent : *at + 1) + length;
}

static void print_synopsis(const struct command *command)
{
	enum { INDENT = 7 };
	char word[96];
	int at = printf("usage: lintas %s", command->words);
	for (const char *a = command->arguments; a && *a; a += strcspn(a, " ") + (a[strcspn(a, " ")] == ' ')) {
		size_t length = strcspn(a, " ");
		bool optional = a[length - 1] == '?';
		snprintf(word, sizeof word, optional ? "[%.*s]" : "%.*s", (int)(length - optional), a);
		put_word(stdout, word, INDENT, &at);
	}
	for (const struct option *o = command->options; o && o->name; o++) {
		snprintf(word, sizeof word, o->required ? "%s%s%s" : "[%s%s%s]", o->name, o->value ? " " : "",
			 o->value ? o->value : "");
		put_word(stdout, word, INDENT, &at);
	}
	printf("\n");
}

/* By the rows that read the file. */
static void print_settings(void)
{
	buf_auto text;
	buf_init(&text, HELP_MAX);
	config_put_help(&text);
	printf("\nsettings of lintas.conf and their defaults, read at the start:\n%s", buf_text(&text));
}

static void print_usage(const struct command *command)
{
	print_synopsis(command);
	printf("\n%c%s.\n\n", command->summary[0] - ('a' <= command->summary[0] && command->summary[0] <= 'z' ? 32 : 0),
	       command->summary + 1);
	print_options(command->options);
	print_options(common_options + command->text_alone);
	if (command->settings)
		print_settings();
	printf("\nexample:\n");
	for (const char *e = command->example; *e;) {
		size_t length = strcspn(e, "\n");
		printf("  %.*s\n", (int)length, e);
		e += length + (e[length] == '\n');
	}
}

/* A command with what it does, which begins at INDENT. */
static void print_row(FILE *out, const struct command *c, int indent)
{
	char word[64];
	int at = fprintf(out, "  %-*s", indent - 3, c->words);
	for (const char *w = c->summary; *w; w += strspn(w, " ")) {
		size_t length = strcspn(w, " ");
		snprintf(word, sizeof word, "%.*s", (int)length, w);
		put_word(out, word, indent, &at);
		w += length;
	}
	putc('\n', out);
}

enum { OVERVIEW_INDENT = 20, FAMILY_INDENT = 30 };

/* Whether C is the next command of the family whose first word and space are the FIRST letters of FAMILY. */
static bool in_family(const struct command *c, const char *family, size_t first)
{
	return c->words && strncmp(c->words, family, first) == 0;
}

/* All commands with the first word of C, by their second words, or the only one as it is; returns what follows. */
static const struct command *print_family(FILE *out, const struct command *c)
{
	char word[64];
	const char *family = c->words;
	size_t first = strcspn(family, " ") + 1;
	if (!family[first - 1] || !in_family(c + 1, family, first)) {
		print_row(out, c, OVERVIEW_INDENT);
		return c + 1;
	}
	int at = OVERVIEW_INDENT - 1;
	fprintf(out, "  %.*s…%*s", (int)first, family, at - 3 - (int)first, "");
	for (; in_family(c, family, first); c++) {
		snprintf(word, sizeof word, "%s%s", c->words + first, in_family(c + 1, family, first) ? "," : "");
		put_word(out, word, OVERVIEW_INDENT, &at);
	}
	putc('\n', out);
	return c;
}

static void print_overview(FILE *out)
{
	fprintf(out, "Lintas: a customs cooperation node.\n\nusage: lintas COMMAND [ARGUMENTS] [OPTIONS]\n");
	for (size_t i = 0; cli_group_at(i).title; i++) {
		fprintf(out, "\n%s\n", cli_group_at(i).title);
		for (const struct command *c = cli_group_at(i).commands; c->words;)
			c = print_family(out, c);
	}
	fprintf(out,
		"\n`lintas help partner` says what each command of a family does, `lintas help partner add` explains one.\n"
		"Commands speak with the running node of --dir, or work on it while it is stopped.\n"
		"Exit status: 0 done, 1 refused, 2 usage, 3 not found, 4 configuration or keys, 5 try later, 6 conflict, 7 denied.\n");
}

/* Lists the commands that begin with all WORDS; false if there is none. */
static bool print_group(FILE *out, int count, char **words)
{
	const struct command *c;
	bool any = false;
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (words_matched(c, count, words) == (size_t)count) {
			print_row(out, c, FAMILY_INDENT);
			any = true;
		}
	return any;
}

static bool is_group(char **words)
{
	const struct command *c;
	for (size_t i = 0; (c = cli_command_at(i)); i++)
		if (words_matched(c, 1, words) == 1)
			return true;
	return false;
}

enum { WORD_SIZE = 24, EDITS_MAX = 2 };

/* What was perhaps meant, "documents list" by "document list", in WORD or among the rows; NULL if nothing is near. */
static const char *meant_command(int count, char **words, char word[static WORD_SIZE])
{
	const struct command *c;
	char first[WORD_SIZE];
	size_t least = EDITS_MAX + 1;
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		snprintf(first, sizeof first, "%.*s", (int)strcspn(c->words, " "), c->words);
		size_t n = text_edits(words[0], first);
		if (n >= least || 2 * n >= strlen(words[0]))
			continue;
		least = n;
		memcpy(word, first, sizeof first);
	}
	if (least > EDITS_MAX)
		return NULL;
	const struct command *meant = find_command(count, (char *[]){ word, words[count - 1] });
	return meant ? meant->words : word;
}

/* The command of the family WORDS[0] whose second word is nearest to WORDS[1]; NULL if none is near. */
static const char *meant_in_family(char **words)
{
	const struct command *c;
	const char *meant = NULL;
	size_t least = EDITS_MAX + 1;
	for (size_t i = 0; (c = cli_command_at(i)); i++) {
		const char *space = strchr(c->words, ' ');
		size_t n = words_matched(c, 1, words) == 1 && space ? text_edits(words[1], space + 1) : least;
		if (n >= least || 2 * n >= strlen(space + 1))
			continue;
		least = n;
		meant = c->words;
	}
	return meant;
}

/* No command of these one or two words: if the first is that of some, they are listed. */
static enum err_code unknown_command(int count, char **words, struct err *err)
{
	char word[WORD_SIZE];
	if (words[0][0] == '-')
		return fail(err, ERR_USAGE,
			    "there is no command \"%s\": options come after the command, as in lintas status --dir DIR",
			    words[0]);
	const char *meant = meant_command(count, words, word);
	if (!is_group(words) && meant)
		return fail(err, ERR_USAGE, "there is no command \"%s\"; did you mean %s? `lintas help` lists all",
			    words[0], meant);
	if (!is_group(words))
		return fail(err, ERR_USAGE, "there is no command \"%s\"; `lintas help` lists all", words[0]);
	meant = count > 1 ? meant_in_family(words) : NULL;
	if (meant)
		return fail(err, ERR_USAGE,
			    "there is no command \"%s %s\"; did you mean %s? `lintas help %s` lists all of them",
			    words[0], words[1], meant, words[0]);
	if (count > 1)
		fprintf(stderr, "lintas: there is no command \"%s %s\"; there are\n", words[0], words[1]);
	else
		fprintf(stderr, "lintas: %s needs one more word:\n", words[0]);
	print_group(stderr, 1, words);
	return ERR_USAGE;
}

/* Without a command: a group whose commands are asked for, or a mistake. */
static enum err_code no_command(int argc, char **argv, struct err *err)
{
	int count = argc > 1 && argv[1][0] != '-' ? 2 : 1;
	for (int i = count; i < argc; i++)
		if ((same(argv[i], "--help") || same(argv[i], "-h")) && print_group(stdout, count, argv))
			return OK;
	return unknown_command(count, argv, err);
}

enum err_code run_help(struct invocation *invocation, struct err *err)
{
	char *words[CLI_ARGUMENTS];
	int count = 0;
	for (size_t i = 0; i < invocation->arguments_count; i++)
		words[count++] = arena_text(invocation->arena, invocation->arguments[i]);
	if (!count) {
		print_overview(stdout);
		return OK;
	}
	const struct command *command = find_command(count, words);
	bool whole = command && words_count(command->words) == (size_t)count;
	if (whole)
		print_usage(command);
	return whole || print_group(stdout, count, words) ? OK : unknown_command(count, words, err);
}

enum err_code run_version(struct invocation *invocation, struct err *err)
{
	(void)invocation;
	(void)err;
	printf("lintas %s\n", LINTAS_VERSION);
	return OK;
}

enum err_code run_help_commands(struct invocation *invocation, struct err *err)
{
	(void)invocation;
	(void)err;
	for (size_t i = 0; cli_group_at(i).title; i++) {
		printf("%s## %s\n\n| command | arguments | what it does | example |\n|---|---|---|---|\n",
		       i ? "\n" : "", cli_group_at(i).title);
		for (const struct command *c = cli_group_at(i).commands; c->words; c++)
			printf("| `%s` | %s | %s | `%.*s` |\n", c->words, c->arguments ? c->arguments : "", c->summary,
			       (int)strcspn(c->example, "\n"), c->example);
	}
	return OK;
}

static const struct option *option_row(const struct option *options, const char *name)
{
	for (; options && options->name; options++)
		if (same(options->name, name))
			return options;
	return NULL;
}

/* The option's own name: without "=value", and the long one for a short one. */
static const char *option_name(struct arena *arena, const char *text)
{
	if (same(text, "-d"))
		return "--dir";
	if (same(text, "-h"))
		return "--help";
	return arena_text_of(arena, bytes(text, strcspn(text, "=")));
}

/* People type "vn"; what is no two letters stays, and is refused with its own words. */
static const char *state_code(struct arena *arena, const char *name, size_t length, const char *value)
{
	static const char *const states[] = { CLI_STATES };
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	if (strlen(value) != 2 || strspn(value, letters) != 2)
		return value;
	for (size_t i = 0; i < COUNT(states); i++)
		if (strlen(states[i]) == length && memcmp(states[i], name, length) == 0) {
			char code[] = { (char)(value[0] & ~0x20), (char)(value[1] & ~0x20), '\0' };
			return arena_text(arena, code);
		}
	return value;
}

static void take_common(struct invocation *in, const char *name, const char *value, bool *help)
{
	if (same(name, "--dir"))
		in->directory = value;
	else if (same(name, "--json"))
		in->json = true;
	else
		*help = true;
}

static bool may_repeat(const struct option *option)
{
	size_t length = option->value ? strlen(option->value) : 0, mark = strlen("…");
	return length > mark && same(option->value + length - mark, "…");
}

static enum err_code take_own(struct invocation *in, const struct option *option, const char *value, struct err *err)
{
	const char **kept = &in->values[option - in->command->options];
	if (*kept && !may_repeat(option))
		return fail(err, ERR_USAGE, "%s is given twice", option->name);
	if (may_repeat(option) && in->repeats_count == CLI_REPEATS)
		return fail(err, ERR_USAGE, "%s is given more than %d times", option->name, CLI_REPEATS);
	*kept = state_code(in->arena, option->value ? option->value : "", option->value ? strlen(option->value) : 0,
			   value);
	if (!*kept)
		return fail(err, ERR_MEMORY, "no memory for %s", option->name);
	if (may_repeat(option)) {
		in->repeats[in->repeats_count].option = option;
		in->repeats[in->repeats_count++].value = value;
	}
	return OK;
}

/* Takes the option at ARGV[*AT], and its value: "--name value" or "--name=value". */
static enum err_code take_option(struct invocation *in, int argc, char **argv, int *at, bool *help, struct err *err)
{
	const char *text = argv[*at], *equals = strchr(text, '='), *value = "";
	const char *name = option_name(in->arena, text);
	const struct option *own = option_row(in->command->options, name);
	const struct option *option = own ? own : option_row(common_options, name);
	if (!option)
		return fail(err, ERR_USAGE, "%s does not know %s; see lintas %s --help", in->command->words, name,
			    in->command->words);
	if (!option->value && equals)
		return fail(err, ERR_USAGE, "%s takes no value: it is given, or not", option->name);
	if (option->value && !equals && *at + 1 >= argc)
		return fail(err, ERR_USAGE, "%s needs %s: %s", option->name, option->value, option->help);
	if (option->value)
		value = equals ? equals + 1 : argv[++*at];
	if (own)
		return take_own(in, own, value, err);
	if (in->command->text_alone && same(name, "--json"))
		return fail(err, ERR_USAGE, "%s has nothing to answer as JSON", in->command->words);
	take_common(in, name, value, help);
	return OK;
}

/* Whether all that is required was given; what was not is told at once. */
static bool options_complete(const struct invocation *in)
{
	size_t missing = 0;
	for (size_t i = 0; in->command->options && in->command->options[i].name; i++) {
		if (!in->command->options[i].required || in->values[i])
			continue;
		if (!missing++)
			fprintf(stderr, "lintas: %s needs\n", in->command->words);
		print_option(stderr, &in->command->options[i], "");
	}
	return !missing;
}

/* "FILE [DIR]" of "FILE DIR?"; none may be left out before one that may not. */
static const char *arguments_shown(const struct invocation *in)
{
	const char *all = in->command->arguments, *shown = "";
	for (const char *a = all; shown && *a; a += strcspn(a, " ") + (a[strcspn(a, " ")] == ' ')) {
		size_t length = strcspn(a, " ");
		bool optional = a[length - 1] == '?';
		shown = arena_printf(in->arena, optional ? "%s%s[%.*s]" : "%s%s%.*s", shown, *shown ? " " : "",
				     (int)(length - optional), a);
	}
	return shown ? shown : all;
}

static enum err_code check_invocation(struct invocation *in, struct err *err)
{
	size_t min = 0, max = 0;
	for (const char *a = in->command->arguments; a && *a; a += strcspn(a, " ") + (a[strcspn(a, " ")] == ' ')) {
		size_t length = strcspn(a, " ");
		if (max < in->arguments_count)
			in->arguments[max] = state_code(in->arena, a, strcspn(a, "? "), in->arguments[max]);
		max++;
		min += a[length - 1] != '?';
	}
	if (in->given_count < min || in->given_count > max)
		return fail(err, ERR_USAGE, "%s takes %s%s; see lintas %s --help", in->command->words,
			    max ? arguments_shown(in) : "no arguments",
			    max && in->given_count > max ? arena_printf(in->arena, ", not %zu", in->given_count) : "",
			    in->command->words);
	return options_complete(in) ? OK : ERR_USAGE;
}

static enum err_code run(struct invocation *in, int argc, char **argv, struct err *err)
{
	bool help = false;
	for (int i = (int)words_count(in->command->words); i < argc; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			TRY(take_option(in, argc, argv, &i, &help, err));
		} else if (in->given_count++ < CLI_ARGUMENTS) {
			in->arguments[in->arguments_count++] = argv[i];
		}
	}
	if (help) {
		print_usage(in->command);
		return OK;
	}
	TRY(check_invocation(in, err));
	return in->command->run ? in->command->run(in, err) : remote_row(in, bytes(NULL, 0), err);
}

int cli_main(int argc, char **argv)
{
	struct err err = { 0 };
	umask(077); /* what a node writes is its own */
	arena_auto arena = arena_new(CLI_ARENA);
	const char *directory = getenv("LINTAS_DIR");
	struct invocation in = { .arena = arena, .directory = directory ? directory : ".", .remote = remote_row };
	in.findings = arena ? findings_new(arena) : NULL;
	if (!in.findings)
		return err_row(ERR_MEMORY)->exit_status;
	if (argc < 2) {
		print_overview(stderr);
		return err_row(ERR_USAGE)->exit_status;
	}
	if (same(argv[1], "--help") || same(argv[1], "-h"))
		argv[1] = "help";
	if (same(argv[1], "--version"))
		argv[1] = "version";
	in.command = find_command(argc - 1, argv + 1);
	enum err_code code = in.command ? run(&in, argc - 1, argv + 1, &err) : no_command(argc - 1, argv + 1, &err);
	if (findings_count(in.findings))
		print_findings(stderr, in.findings);
	if (code != OK && err.text[0])
		fprintf(stderr, "lintas: %s\n", err.text);
	return err_row(code)->exit_status;
}
