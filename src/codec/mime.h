/* A strict subset of MIME: multipart/related (RFC 2387) as AS4 and ebMS 2 use it, and header parameters (RFC 2045, 2231
 * not needed).
 *
 * Parts are views into the body; nothing is copied. Refused: a root that is not there, the same Content-ID twice, a
 * missing end, a nested multipart, a Content-Type parameter or a header that is given twice where one must count,
 * header lines beyond the limits. base64 and quoted-printable bodies: base64 is decoded by the caller through
 * mime_body(); quoted-printable is refused. Line ends are CRLF; the LF of files saved by tools is accepted only if
 * `lenient` is set and the first boundary line ends with it, and then throughout. What stands before the first boundary
 * and after the last is ignored (RFC 2046 §5.1.1). */
#ifndef CODEC_MIME_H
#define CODEC_MIME_H

#include "base/arena.h"
#include "base/buf.h"

struct mime_limits {
	unsigned max_parts;
	unsigned max_headers;    /* of one part */
	size_t max_header_bytes; /* of the name and the value of one header */
	bool lenient;            /* accept LF line ends */
};
extern const struct mime_limits mime_limits_default;

struct mime_part {
	const char *content_type;      /* media type alone, lower case: "application/gzip"; "" if absent */
	const char *content_type_full; /* as it stood */
	const char *content_id;        /* without angle brackets; NULL if absent */
	const char *encoding;          /* Content-Transfer-Encoding, lower case; "binary" if absent */
	struct bytes body;             /* as it stood */
};

struct mime_message {
	struct mime_part *parts; /* in the order of the wire */
	size_t count;
	size_t root; /* index of the root part */
};

/* CONTENT_TYPE is the HTTP header's value. ERR_SYNTAX or ERR_LIMIT with a sentence that says which rule was broken. */
enum err_code mime_parse(struct arena *arena, const char *content_type, struct bytes body,
			 const struct mime_limits *limits, struct mime_message *message, struct err *err) MUST_USE;
/* The decoded body of PART: the view itself for binary, 8bit and 7bit; arena's for base64. */
enum err_code mime_body(struct arena *arena, const struct mime_part *part, struct bytes *body,
			struct err *err) MUST_USE;

/* Splits "type/subtype; name=value; name="quoted"": the media type in lower case, and one parameter by name (any case).
 * NULL if absent or given twice. */
enum err_code mime_media_type(struct arena *arena, const char *header, const char **type, struct err *err) MUST_USE;
const char *mime_parameter(struct arena *arena, const char *header, const char *name);

/* If BYTES start with an HTTP request, response or header block, cuts it off: *HEADERS is what was cut (may be empty),
 * *BODY the rest. mime_header() finds a header's unfolded value in such a block; NULL if it is absent or given twice.
 * For files that operators hand us: CRLF and LF are both accepted. */
void mime_split_http(struct bytes bytes, struct bytes *headers, struct bytes *body);
const char *mime_header(struct arena *arena, struct bytes headers, const char *name);
/* For a file that was saved without its HTTP headers: if BODY begins with a boundary line (a byte order mark and blank
 * lines may stand before it), the Content-Type that mime_parse needs. NULL if it does not. */
const char *mime_guess_content_type(struct arena *arena, struct bytes body);

/* Writing: the boundary must not occur in any part; mime_boundary() makes a random one. mime_put_part is called once a
 * part (root first), then mime_put_end. CONTENT_ID is without angle brackets, or NULL. A type or id with control
 * characters, or an id with blanks or brackets, fails the buffer with ERR_SYNTAX: it would forge headers. */
#define MIME_BOUNDARY_SIZE 40
void mime_boundary(char boundary[static MIME_BOUNDARY_SIZE]);
void mime_put_part(struct buf *out, const char *boundary, const char *content_type, const char *content_id,
		   struct bytes body);
void mime_put_end(struct buf *out, const char *boundary);

#endif
