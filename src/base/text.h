/* Small helpers over bytes and text: base64, hexadecimal, UTF-8, numbers. All strict. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/* Standard alphabet with padding, no line breaks. */
void base64_put(struct buf *out, struct bytes data);
/* The alphabet for names and addresses (RFC 4648 §5), without padding. */
void base64url_put(struct buf *out, struct bytes data);
/* Refuses anything but alphabet, correct padding with zero spare bits, and XML white space between (as xs:base64Binary
 * allows). Arena's. False if it is not base64 or the arena is full. */
bool base64_parse(struct arena *arena, struct bytes text, struct bytes *data);
/* What base64url_put() writes, and nothing else: no padding, no white space. Arena's. */
bool base64url_parse(struct arena *arena, struct bytes text, struct bytes *data);

void hex_put(struct buf *out, struct bytes data); /* lower case */
bool hex_parse(struct arena *arena, const char *text, struct bytes *data);

/* For a URL (RFC 3986 2.1): letters, digits, '-', '.', '_', '~' and the characters of ALSO stay as they are. */
void percent_put(struct buf *out, const char *text, const char *also);

/* TEXT for other eyes: "***" in the place of a password in each URL (between the user's name and "@", and behind
 * "password="), whether it is a right one or not. What was said of it may hide a little more, never less. */
void url_put_masked(struct buf *out, const char *text);

/* All of it is printable ASCII, as most values are: one quick look that spares them the slow ones. */
bool ascii_printable(struct bytes text);
/* Well-formed UTF-8 (no surrogates, no overlong forms, no NUL). */
bool utf8_valid(struct bytes text);
/* Bytes of the first character; 0 if TEXT is empty or does not begin with a well-formed one. */
size_t utf8_first(struct bytes text);
/* Octets of the well-formed characters with which TEXT begins, as far as they fit into MOST: text that is cut elsewhere
 * is refused by databases and readers of JSON. */
size_t utf8_fitting(struct bytes text, size_t most);
/* Characters (code points) in valid UTF-8. */
size_t utf8_length(const char *text);

/* Strict decimal integers: optional '-', digits, no blanks, no leading '+'; in range. */
bool int64_parse(const char *text, int64_t *value);

/* Lists of words separated by spaces, as names of roles and events are written. Moves *WORDS (NULL is empty) behind its
 * next word, which is not NUL-terminated; false if there is none. */
bool word_next(const char **words, struct bytes *word);
bool word_among(const char *words, const char *word);

/* How many letters more, less or other make B of A (Levenshtein's distance), for what was perhaps meant; TEXT_EDITS_FAR
 * if one has as many octets. */
#define TEXT_EDITS_FAR 32
size_t text_edits(const char *a, const char *b);

bool starts_with(const char *text, const char *prefix);
bool ends_with(const char *text, const char *suffix);
/* ASCII letters only. */
bool same_ignoring_case(const char *a, const char *b);

#endif
