/* Commands: a row each, in the cli.c of a capability or in src/cli, and what their functions are given and may call:
 * the options, the call of the interface that a row names, and how answers are printed for people.
 *
 * A capability lists its rows, ended by one without words, as .commands in its capability.c; the help shows them below
 * its .title. */
#ifndef INTERFACE_COMMAND_H
#define INTERFACE_COMMAND_H

#include <stdio.h>

#include "base/arena.h"
#include "base/date.h"
#include "base/findings.h"
#include "codec/field.h"

enum { CLI_ARGUMENTS = 4, CLI_OPTIONS = 24, CLI_REPEATS = 16, CLI_PLACES = 4, CLI_FILE_MAX = 32 << 20 };

/* Arguments and values of these names are codes of states, which may be given in lower case. */
#define CLI_STATES "PARTNER", "STATE"

/* --- Rows --- */

struct option {
	const char *name;  /* "--to" */
	const char *value; /* "STATE": takes a value, shown so in the help, "FILE…": as often as given; NULL: a flag */
	const char *help;
	const char *query; /* the API's query parameter that it fills; NULL: the command looks at it itself */
	bool required;
};

struct invocation;
struct command {
	const char *words;            /* "outbox retry"; rows with the same first word stand together */
	const char *arguments;        /* "MESSAGE"; '?' makes one optional, and those after it; see CLI_STATES */
	const char *summary;          /* one line */
	const char *example;          /* one or more lines a user could type */
	const struct option *options; /* ended by a row without a name; NULL: none of its own */
	enum err_code (*run)(struct invocation *invocation, struct err *err); /* a command of its own … */
	const char *method, *path;   /* … or a call of the interface: {} are the arguments in order */
	const struct schema *answer; /* what it answers */
	void (*print)(FILE *out, const void *answer); /* for people */
	bool text_alone;                              /* there is nothing for --json, which is refused */
	bool (*good)(const void *answer);             /* NULL: always; else the exit status is 1 if it is not */
	const char *missing; /* what to do when there is no such thing; NULL: the answer says it */
	bool settings;       /* the help explains lintas.conf, too */
	bool sends;          /* what it leaves to be sent waits while the node is stopped, and people are told so */
};

/* --- A command that was given --- */

struct invocation {
	struct arena *arena;
	const struct command *command;
	const char *arguments[CLI_ARGUMENTS];
	size_t arguments_count, given_count; /* .given_count: also those beyond CLI_ARGUMENTS */
	const char *values[CLI_OPTIONS];     /* by option row; "" for a flag that is given; the last of several */
	struct {
		const struct option *option;
		const char *value;
	} repeats[CLI_REPEATS]; /* options that may be given several times, in their order */
	size_t repeats_count;
	const char *places[CLI_PLACES]; /* of which options the items of a list in the body are, in order */
	size_t places_count;
	const char *directory;
	bool json;
	bool running_only; /* calls go to the running node alone, never into this process */
	struct findings *findings;
	/* How the row's call is made: cli/remote.c. */
	enum err_code (*remote)(struct invocation *invocation, struct bytes body, struct err *err);
};

/* The INDEXth value of an option that may be given several times; NULL after the last. */
const char *option_value_at(const struct invocation *invocation, const char *name, size_t index);
/* The value of an option of this command; NULL if it was not given. */
const char *option_value(const struct invocation *invocation, const char *name);
/* All values of an option that may be given several times, separated by a space; *ALL NULL: none was given. */
enum err_code option_values(const struct invocation *invocation, const char *name, const char **all,
			    struct err *err) MUST_USE;
/* "90s", "15m", "12h", "30d"; false if it is none of them. */
bool span_parse(const char *text, int64_t *seconds);
/* Reads a file whole (at most MAX_BYTES; "-" is standard input); arena's. */
enum err_code input_read(struct arena *arena, const char *path, size_t max_bytes, struct bytes *content,
			 struct err *err) MUST_USE;

/* Calls what the row's .method and .path say with BODY: of the running node through its administration socket, or in
 * this process while it is stopped; and prints the answer. */
enum err_code remote_run(struct invocation *invocation, struct bytes body, struct err *err) MUST_USE;
/* The same with VIEW as its body, written by SCHEMA. */
enum err_code remote_run_with(struct invocation *invocation, const struct schema *schema, const void *view,
			      struct err *err) MUST_USE;
/* The same with the file that is the first argument. */
enum err_code remote_run_file(struct invocation *invocation, struct err *err);

/* --- How answers are printed for people --- */

/* Cells in columns. */
struct column {
	const char *head;
	int width; /* in characters; what is longer pushes the rest of its line; negative: numbers, to the right */
};
void print_heads(FILE *out, const struct column *columns, size_t count);
/* A cell may be NULL. */
void print_cells(FILE *out, const struct column *columns, size_t count, const char *const *cells);
#define ROW(out, columns, ...)                                                                                         \
	print_cells(out, columns, COUNT(columns), (const char *const[COUNT(columns)]){ __VA_ARGS__ })
/* Text for people, folded between words. */
void print_folded(FILE *out, const char *value, int indent);
/* "2026-11-02 03:10:04.123Z" in BUFFER; "-" if there is none. */
const char *when(int64_t time_us, char buffer[static TIME_SIZE]);
/* "More: OPTION NEXT" below a page, unless it is the last (NULL). */
void print_next(FILE *out, const char *next, const char *option);
/* Findings as people read them: path, code, text, law. */
void print_finding(FILE *out, struct arena *arena, const char *pointer, const char *code, const char *text,
		   const char *law);
void print_findings(FILE *out, const struct findings *findings);

#endif
