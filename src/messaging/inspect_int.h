/* The inspector, inside: files as operators have them, and what the stages leave for the report. */
#ifndef MESSAGING_INSPECT_INT_H
#define MESSAGING_INSPECT_INT_H

#include "messaging/message_int.h"
#include "messaging/messaging.h"

struct inspect_file {
	const char *content_type; /* the header's, or one that fits what the body begins with; never NULL */
	struct bytes body;
	const char *taken_off; /* what stood around the body, for people: "HTTP headers, chunks"; NULL */
	bool is_message;       /* a header tells its type, it begins like a MIME package, or an Envelope begins in it */
};

/* Takes off, as far as they are there: a UTF-16 encoding, blank lines or a byte order mark in front, HTTP request,
 * status and header lines, chunks, gzip. What comes out is at most MAX_BYTES. */
enum err_code inspect_file_open(struct arena *arena, struct bytes file, size_t max_bytes, struct inspect_file *opened,
				struct err *err) MUST_USE;

/* From the first start tag of an Envelope to its last end tag, whatever stands around: what can still be read of a
 * package that is broken. Empty if there is none. */
struct bytes inspect_envelope(struct bytes body);

struct inspecting {
	struct arena *arena;
	const struct inspect_options *options;
	struct inspection *report;
	struct ebms_limits limits;
	struct inspect_file file;
	struct ebms_message message;
	bool parts_lost; /* the package is broken, and only its envelope could be read */
	struct findings *findings;
	const struct finding **chosen; /* some of other lists, at most FINDINGS_MAX; NULL: none */
	size_t chosen_count;
	struct trust *trust;
	struct cert *cert; /* the signer's; NULL */
	bool reached[STAGE_COUNT];
	const char *missing[STAGE_COUNT]; /* what a verdict lacks; NULL */
};

/* The INDEXth of .findings and .chosen; NULL after the last. */
const struct finding *inspect_finding(const struct inspecting *i, size_t index);
/* Compares the digest of each reference with the stated one: rows of the report, and findings. */
enum err_code inspect_references(struct inspecting *i, struct err *err) MUST_USE;
/* Writes the report from what the stages found. */
enum err_code inspect_report(struct inspecting *i, struct err *err) MUST_USE;

#endif
