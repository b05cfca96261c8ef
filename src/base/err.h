/* Faults: we could not do it. (Findings, in base/findings.h: the document or request is wrong. The two are never
 * mixed.)
 *
 * Every fallible function returns an err_code and takes `struct err *` as its last parameter; out-parameters are
 * untouched on failure. A function either logs or returns an error. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err_code {
	OK = 0,
#define ERROR(code, http, problem, exit, ebms, transient, meaning) code,
#include "base/errors.def"
#undef ERROR
	ERR_COUNT
};

struct err {
	enum err_code code;
	const char *where; /* file:line of the first failure */
	char text[320];    /* one sentence for the operator, without a trailing full stop */
};

/* One row of errors.def. */
struct err_row {
	const char *name;
	int http_status;
	const char *problem; /* last part of the problem type URI (RFC 9457) */
	int exit_status;
	const char *ebms;
	bool transient; /* trying again later may help */
	const char *meaning;
};

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))

/* The row of CODE; OK has one too. Never NULL. */
const struct err_row *err_row(enum err_code code);

/* Records a failure and returns CODE, so that a function can say: return fail(err, ERR_IO, "cannot read %s", path); */
#define ERR_TEXT_(x)         #x
#define ERR_LINE_(x)         ERR_TEXT_(x)
#define fail(err, code, ...) err_set(err, code, __FILE__ ":" ERR_LINE_(__LINE__), __VA_ARGS__)
enum err_code err_set(struct err *err, enum err_code code, const char *where, const char *format, ...) PRINTF(4, 5);

/* Leaves the function with the callee's code when CALL fails; `struct err` was filled there. */
#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		enum err_code try_ = (call);                                                                           \
		if (try_ != OK)                                                                                        \
			return try_;                                                                                   \
	} while (0)

#endif
