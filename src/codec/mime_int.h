/* What the MIME files share: header lines. */
#ifndef CODEC_MIME_INT_H
#define CODEC_MIME_INT_H

#include "codec/mime.h"

static inline bool mime_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 2045 §5.1: a character of a token. */
bool mime_is_token(char c);
/* TEXT without blanks, tabs and line ends around it. */
struct bytes mime_trim(struct bytes text);
/* A copy in lower case (ASCII), or NULL out of memory. */
char *mime_lower(struct arena *arena, struct bytes text);
/* ASCII letters in any case. */
bool mime_named(struct bytes name, const char *wanted);

enum mime_found { MIME_ABSENT, MIME_FOUND, MIME_TWICE, MIME_MALFORMED, MIME_NO_MEMORY };

/* The parameter NAME of a header value such as `multipart/related; boundary="b"`, unquoted. MIME_MALFORMED if the
 * parameters before or after it are not well formed. */
enum mime_found mime_find_parameter(struct arena *arena, const char *header, const char *name, const char **value);

/* Reads header after header. A header may be folded: VALUE then still has the line ends in it. */
struct mime_headers {
	struct bytes rest;
	bool lf; /* a line may end with LF alone */
};
struct mime_header_line {
	struct bytes name;
	struct bytes value;
};
enum mime_line { MIME_LINE_HEADER, MIME_LINE_END, MIME_LINE_CUT, MIME_LINE_MALFORMED };

/* MIME_LINE_END: an empty line was read, what follows is the body. MIME_LINE_CUT: the bytes ended before. */
enum mime_line mime_next_header(struct mime_headers *headers, struct mime_header_line *header);
/* The value on one line (RFC 5322 §2.2.3) without blanks around it. NULL out of memory. */
char *mime_unfold(struct arena *arena, struct bytes value);

#endif
