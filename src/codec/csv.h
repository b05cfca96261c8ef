/* Comma-separated values (RFC 4180), read and written strictly, one record at a time.
 *
 * A record is a line; its cells may be quoted, and then hold delimiters, line ends and doubled quotation marks. Lines
 * end in CR LF or LF, also inside one file; empty lines are no records. What RFC 4180 leaves undefined (a quotation
 * mark inside a bare cell, text behind a closing one, a bare CR, no closing one) is refused, never guessed. The text is
 * UTF-8, with or without a byte order mark, or is converted from the charset that the dialect names. */
#ifndef CODEC_CSV_H
#define CODEC_CSV_H

#include "base/buf.h"
#include "base/findings.h"

#define CSV_CELLS_MAX  512               /* of one record */
#define CSV_RECORD_MAX ((size_t)1 << 20) /* bytes of one record, in UTF-8 */

struct csv_dialect {
	char delimiter;      /* ',' */
	char quote;          /* '"'; '\0': there is none */
	bool lf;             /* we end lines with LF alone */
	const char *charset; /* as iconv(3) names it; NULL: UTF-8 */
};

/* Where octets come from: at most ROOM into TO; *GOT 0 at the end. */
struct csv_source {
	enum err_code (*read)(void *arg, void *to, size_t room, size_t *got, struct err *err);
	void *arg;
};

struct csv_cell {
	const char *text; /* UTF-8 without NUL; "" if empty */
	size_t line;      /* on which it begins, from 1 */
};
struct csv_record {
	const struct csv_cell *cells; /* the reader's, until the next call */
	size_t count;                 /* 0: there are no more records */
	size_t line;
};

/* Rules of form, CSV-001 and on; all of them end the reading. Ended by a row without a code. */
extern const struct rule csv_rules[];

struct csv_reader;
/* Whether a file in CHARSET can be read and written here. */
bool csv_charset_known(const char *charset);
/* ERR_INVALID if iconv does not know the charset. */
enum err_code csv_open(const struct csv_dialect *dialect, struct csv_source source, struct csv_reader **reader,
		       struct err *err) MUST_USE;
void csv_close(struct csv_reader *reader);
static inline void csv_close_(struct csv_reader **reader)
{
	csv_close(*reader);
}
#define csv_reader_auto __attribute__((cleanup(csv_close_), unused)) struct csv_reader *

/* The next record; none after the last one, and after a finding. */
enum err_code csv_next(struct csv_reader *reader, struct csv_record *record, struct findings *findings,
		       struct err *err) MUST_USE;

struct csv_writer;
enum err_code csv_writer_open(const struct csv_dialect *dialect, struct csv_writer **writer, struct err *err) MUST_USE;
void csv_writer_close(struct csv_writer *writer);
/* Appends a record. False, and OUT as it was, if the dialect cannot say the cell *BAD: no quotation marks where it
 * needs some, or a character that its charset does not have. A NULL cell is empty. */
bool csv_put(struct csv_writer *writer, struct buf *out, const char *const *cells, size_t count, size_t *bad);

#endif
