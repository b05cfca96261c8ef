/* To and from the national systems of one state: webhooks tell them what happened; documents come and go in their
 * shapes, over the interface and by files. A step knows no thread; node/ runs several of them.
 *
 * A mapping file (kernel/mapping.h) says how a national shape is a document type. The node keeps a set of them, and
 * takes documents in their shapes over the interface (?map=) and from the drop folders of its organisations. */
#ifndef NATIONAL_NATIONAL_H
#define NATIONAL_NATIONAL_H

#include "customs/document/document.h"
#include "kernel/mapping.h"
#include "kernel/webhook.h"
#include "net/http.h"

/* --- Mappings of the node --- */

struct national_mappings; /* unchanging from load to free: all threads may look at it */
struct national_mapping {
	const char *name;           /* of its file, without ".json" */
	const struct mapping *in;   /* from the national shape */
	const struct mapping *out;  /* to it; NULL: it works one way only */
	const char *one_way_reason; /* why .out is NULL */
};

/* Loads every NAME.json of the folder DIRECTORY (NULL: there are none). What is wrong with any of them is in FINDINGS,
 * all at once, each path beginning with the file's name; then *MAPPINGS is NULL. ERR_CONFIG if the folder cannot be
 * read, ERR_LIMIT beyond NATIONAL_MAPPINGS_MAX files. */
#define NATIONAL_MAPPINGS_MAX 200
enum err_code national_mappings_load(const struct kernel *kernel, const char *directory,
				     struct national_mappings **mappings, struct findings *findings,
				     struct err *err) MUST_USE;
void national_mappings_free(struct national_mappings *mappings); /* NULL is fine */
/* Those of documents. NULL if there is none of this name, or after the last; so it is of MAPPINGS NULL. */
const struct national_mapping *national_mapping_find(const struct national_mappings *mappings, const char *name);
const struct national_mapping *national_mapping_at(const struct national_mappings *mappings, size_t index);
/* The same of those of records of reference data (kernel/edition.h). */
const struct national_mapping *national_records_find(const struct national_mappings *mappings, const char *name);
const struct national_mapping *national_records_at(const struct national_mappings *mappings, size_t index);

/* --- Documents in a national shape --- */

struct national_request {
	struct kernel *kernel;
	const struct national_mapping *mapping; /* NULL: TEXT is one document, in XML, or in the JSON of .doctype */
	const char *doctype;
	const char *organisation, *partner; /* as in struct document_request */
	struct bytes text;
	bool test;
	struct actor actor;
	int64_t now_us;
	/* In the transaction of the NUMBERth document, if it is kept; NULL: nothing more. */
	enum err_code (*also)(struct tx *tx, void *arg, size_t number, const struct document_result *result,
			      struct err *err);
	/* Whether the NUMBERth is to be left out; NULL: none is. */
	enum err_code (*skip)(void *arg, size_t number, bool *skip, struct err *err);
	void *arg;
};
/* One document of the file, for as long as the call that hands it over. */
struct national_result {
	struct arena *arena;
	size_t number;         /* in the file, from 1 */
	const char *reference; /* NULL: it could not be read */
	struct document_result result;
	const struct findings *findings; /* texts name the place in the file, where there is one */
};
typedef enum err_code national_take_fn(void *arg, const struct national_result *result, struct err *err);

/* Maps, checks and submits each document of the request, each in its own transaction. What is wrong with the file
 * itself is in FINDINGS; with an error among them that was found before, nothing is submitted. TAKE gets the request's
 * arg. */
enum err_code national_submit(const struct national_request *request, struct arena *arena, national_take_fn *take,
			      struct findings *findings, struct err *err) MUST_USE;
/* How many documents there are in the file, none of which is kept. */
enum err_code national_count(const struct national_request *request, size_t *count, struct findings *findings,
			     struct err *err) MUST_USE;
/* DOCUMENT of TYPE, as its ORIGINAL says it, in the shape of MAPPING (which has .out), appended to OUT; with errors in
 * FINDINGS nothing is. ERR_CONFLICT if it breaks rules of its form, so that not all of it can be read. */
enum err_code national_write(struct kernel *kernel, struct arena *arena, const struct national_mapping *mapping,
			     const struct document *document, struct bytes original, struct buf *out,
			     struct findings *findings, struct err *err) MUST_USE;
/* --- Drop folders --- */

/* DIRECTORY/ORGANISATION/in, done, refused, receipts and out: docs/drop.md. Who makes DIRECTORY/ORGANISATION turns it
 * on; what is missing inside is made. */
struct national_drop {
	struct kernel *kernel;
	const struct national_mappings *mappings;
	const char *directory; /* NULL: there are no drop folders */
	int64_t settle_us;     /* what has not changed for so long is taken */
	size_t max_bytes;      /* of one file */
};
/* Takes files and writes files, of each organisation a few. *DONE: how many. A file that cannot be taken now keeps no
 * other one back; the first of such faults is what it returns. */
enum err_code national_drop_step(const struct national_drop *drop, int64_t now_us, unsigned *done,
				 struct err *err) MUST_USE;

/* What lies in the folders of one organisation. */
struct national_drop_entry {
	const char *path; /* "in/ministry-form-d/NAME", as it can be printed */
	const char *why;  /* it is not taken */
};
struct national_drop_look {
	const char *organisation;
	int64_t taken;                       /* files, ever */
	int64_t waiting;                     /* files that will be taken */
	struct national_drop_entry *entries; /* at most NATIONAL_DROP_ENTRIES_MAX */
	size_t entries_count;
};
#define NATIONAL_DROP_ENTRIES_MAX 100
/* Of each organisation with a folder, and of folders that are named like none; the arena's. Takes nothing. */
enum err_code national_drop_look(const struct national_drop *drop, struct arena *arena, int64_t now_us,
				 struct national_drop_look **looks, size_t *count, struct err *err) MUST_USE;

/* "text/csv; charset=windows-874" */
const char *national_media_type(struct arena *arena, const struct national_mapping *mapping);

/* --- Webhooks: signed requests by the Standard Webhooks specification 1.0 (docs/webhooks.md) --- */

struct webhook_sender {
	struct kernel *kernel;
	struct http_client *client;
	struct reach reach;     /* where https:// receivers may be */
	bool allow_plain;       /* http:// to this machine, for trials */
	const char *trust_file; /* PEM of authorities; NULL: the system's */
	int64_t give_up_us;     /* without a request that was taken, until a webhook is paused */
	int64_t failing_most;   /* requests at a time to receivers whose last one was not taken; at least 1 */
};

/* Delivers to one receiver whose turn it is. *DONE: 0 if there is nothing to do. */
enum err_code webhooks_step(const struct webhook_sender *sender, int64_t now_us, unsigned *done,
			    struct err *err) MUST_USE;

#define WEBHOOK_NAMES_MAX 64 /* of events that one asks for */
/* Findings (WHK-001 …) for a URL that cannot be, and for names that no event of KERNEL has, that come twice or are more
 * than WEBHOOK_NAMES_MAX; texts are made in ARENA. */
struct webhook_policy {
	bool allow_plain;
	const struct reach *reach; /* where receivers may be, by number; NULL: anywhere */
};
void webhook_check(const struct kernel *kernel, struct arena *arena, const struct webhook *webhook,
		   const struct webhook_policy *policy, struct findings *findings);
/* The second of these alone: of a webhook that was taken before the names were known. */
void webhook_check_events(const struct kernel *kernel, struct arena *arena, const char *events,
			  struct findings *findings);

/* A new secret: "whsec_" and the base64 of 32 random octets. The arena's; NULL without memory. */
const char *webhook_secret_new(struct arena *arena);

/* The rules of this folder, each array ended by a row without a code. */
extern const struct rule webhook_rules[], drop_rules[], mapping_file_rules[];

#endif
