/* The ASEAN Customs Declaration Document (ACDD): data of an export declaration, passed to the importing customs as
 * advance information for risk management, and the messages about it.
 *
 * The fifteen elements are those that Singapore Customs publishes, (a) to (o). The exporting and the importing state
 * and the day of the declaration are not among them; the exchange needs them to know whose document it is. */
#ifndef DECLARATION_H
#define DECLARATION_H

#include "kernel/capability.h"

struct acdd_item {
	int64_t sequence;        /* (n) item serial number */
	const char *commodity;   /* (h) */
	struct decimal quantity; /* (i) */
	const char *unit;        /* (j) UN/ECE Rec 20 */
	const char *origin;      /* (k) */
};

struct acdd_trader {
	const char *id;   /* (a) exporter, (e) declaring agent */
	const char *name; /* (b), (f) */
};

struct acdd_consignee {
	const char *name;    /* (c) */
	const char *address; /* (d) */
};

struct acdd {
	const char *declaration; /* (o) permit or declaration number */
	date declared_on;
	const char *exporting_country, *importing_country;
	struct acdd_trader *exporter, *agent;
	struct acdd_consignee *consignee;
	date departs_on;            /* (g) */
	const char *transport_mode; /* (l) UN/ECE Rec 19 */
	const char *discharge_port; /* (m) UN/LOCODE */
	struct acdd_item *items;
	size_t items_count;
};

struct acdd_reference {
	const char *declaration;
	date declared_on;
	const char *country; /* NULL: the same as of the document that refers to it */
};

/* Where the importing customs found an error, and which. */
struct acdd_error {
	const char *code;    /* of a rule, "ACD-003" */
	const char *pointer; /* JSON Pointer into the ACDD; NULL: the whole */
	const char *text;
};

/* The importing customs' answer. WCO Response: 01 accepted, 03 rejected with errors. */
struct acdd_response {
	const char *reference;
	date issued_on;
	const char *issuing_country;
	struct acdd_reference *about;
	const char *function;
	struct acdd_error *errors;
	size_t errors_count;
};

struct acdd_cancellation {
	const char *reference;
	date issued_on;
	const char *exporting_country, *importing_country;
	struct acdd_reference *about;
	const char *reason;
};

extern const struct schema acdd_schema, acdd_response_schema, acdd_cancellation_schema;

extern const struct capability declaration_capability;

#endif
