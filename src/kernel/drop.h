/* Files of drop folders that were taken, what they became, and how far the feed of their organisation is written out.
 */
#ifndef KERNEL_DROP_H
#define KERNEL_DROP_H

#include "kernel/kernel.h"

/* .organisation, .folder, .name and .digest together name it: the same octets under the same name are the same file. */
struct drop_file {
	const char *id; /* UUIDv7; NULL: there is none */
	const char *organisation;
	const char *folder; /* below "in": a mapping, a document type, or "" */
	const char *name;   /* its octets, percent-encoded */
	const char *digest; /* SHA-256 of its octets, hexadecimal */
	int64_t taken_us;
	const char *report; /* JSON; NULL: it is still being taken */
};
/* The file that is named as FILE is; FILE itself may be *FOUND. */
enum err_code drop_file_find(struct tx *tx, struct arena *arena, const struct drop_file *file, struct drop_file *found,
			     struct err *err) MUST_USE;
enum err_code drop_file_by_id(struct tx *tx, struct arena *arena, const char *id, struct drop_file *found,
			      struct err *err) MUST_USE;
/* The ids of the files that DOCUMENT came in, the last ones if they are more. */
enum { DROP_FILES_MAX = 16 };
struct drop_files {
	const char *id[DROP_FILES_MAX];
	size_t count;
};
enum err_code drop_files_of(struct tx *tx, struct arena *arena, const char *document, struct drop_files *files,
			    struct err *err) MUST_USE;
/* Notes that FILE is being taken; once. */
enum err_code drop_file_begin(struct tx *tx, const struct drop_file *file, struct err *err) MUST_USE;
enum err_code drop_file_end(struct tx *tx, const char *id, const char *report, struct err *err) MUST_USE;
enum err_code drop_file_count(struct tx *tx, const char *organisation, int64_t *count, struct err *err) MUST_USE;

/* The NUMBERth document of FILE is DOCUMENT. */
enum err_code drop_document_note(struct tx *tx, const char *file, size_t number, const char *document,
				 struct err *err) MUST_USE;
/* *DOCUMENT: NULL if it was not noted. */
enum err_code drop_document_noted(struct tx *tx, struct arena *arena, const char *file, size_t number,
				  const char **document, struct err *err) MUST_USE;
/* The states of FILE's documents now, in their order. */
struct drop_state {
	int64_t number;
	const char *state;
	int64_t since_us;
};
enum err_code drop_states(struct tx *tx, struct arena *arena, const char *file, struct drop_state **states,
			  size_t *count, struct err *err) MUST_USE;

/* Up to where the feed of ORGANISATION is written out; INTEGER_NONE if it never was. */
enum err_code drop_cursor(struct tx *tx, const char *organisation, int64_t *sequence, struct err *err) MUST_USE;
/* From now on it is. */
enum err_code drop_cursor_begin(struct tx *tx, const char *organisation, struct err *err) MUST_USE;
enum err_code drop_cursor_move(struct tx *tx, const char *organisation, int64_t sequence, struct err *err) MUST_USE;

#endif
