/* Preferential origin in ASEAN: the electronic Certificate of Origin (e-Form D) and the messages about it.
 *
 * ATIGA Annex 7 (Form D and its overleaf notes) and Annex 8 (Operational Certification Procedure, "OCP") as endorsed by
 * the 35th AFTA Council on 8 September 2021. Rules are pure: the same at the sender, before anything is sent, and at
 * the receiver. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "kernel/capability.h"

/* Boxes 1 and 2. */
struct origin_party {
	const char *id; /* registration number; NULL if the state gives none */
	const char *name;
	const char *address;
	const char *country;
};

/* A proof of origin as others refer to it. Offices number separately (OCP rule 7(3)): only all three together are
 * unique. */
struct origin_reference {
	const char *reference;
	date issued_on;
	const char *country; /* NULL: the same as of the document that refers to it */
};

/* Box 2 of goods sold at an exhibition (OCP rule 22(2)). */
struct origin_exhibition {
	const char *name, *address, *country;
};

/* Box 7: who issued the invoice, if it was not the exporter (OCP rule 23(2)). */
struct origin_invoicer {
	const char *name, *country;
};

/* Box 3, "as far as known". */
struct origin_transport {
	const char *mode;    /* UN/ECE Rec 19 */
	const char *means;   /* vessel's name, flight, plate */
	const char *journey; /* voyage number */
	date departed_on;
	const char *loading_port, *discharge_port; /* UN/LOCODE */
};

/* Box 10. */
struct origin_invoice {
	const char *number;
	date issued_on;
	const char *issuer; /* NULL: the exporter */
};

struct origin_package {
	int64_t count;
	const char *type; /* UN/ECE Rec 21 */
};

/* Boxes 5 to 9, one row. */
struct form_d_item {
	int64_t number;
	const char *marks;
	struct origin_package *packages;
	size_t packages_count;
	const char *description;
	const char *manufacturer, *trade_mark; /* overleaf note 5 */
	const char *commodity;                 /* AHTN code of the importing state, overleaf note 6 */
	const char *criterion;                 /* box 8 as written: "WO", "40%", "CTSH + 35%", "PC 25%" */
	struct decimal gross_mass, net_mass;   /* kilograms */
	struct decimal quantity;
	const char *unit; /* UN/ECE Rec 20 */
	struct decimal fob;
	const char *currency;
};

/* Boxes 11 and 12: who vouches, where and when. */
struct origin_statement {
	const char *country; /* box 11: where the goods were produced; NULL in box 12 */
	const char *place;
	date signed_on;
	const char *signatory;
};

struct form_d {
	const char *reference;
	date issued_on;
	const char *issuing_country, *issuing_authority, *issuing_office;
	const char *importing_country;
	const char *nomenclature; /* "AHTN 2022" */

	/* Box 13. */
	bool third_country_invoicing, exhibited, accumulation, de_minimis, back_to_back, issued_retroactively,
		partial_cumulation;

	struct origin_party *exporter, *consignee;
	struct origin_exhibition *exhibition;
	struct origin_invoicer *invoicer;
	struct origin_transport *transport;
	struct origin_reference *originals; /* of a back-to-back certificate */
	size_t originals_count;
	struct origin_reference *replaces; /* OCP rule 29(4): the erroneous certificate, cancelled by this one */
	struct origin_reference *reissues; /* OCP rule 29(1) */
	struct origin_invoice *invoices;
	size_t invoices_count;
	struct form_d_item *items;
	size_t items_count;
	struct origin_statement *declaration, *certification;
};

/* What the importing customs did with a certificate (OCP rule 30(2) and (3)); box 4 of the paper form. */
struct customs_response_item {
	int64_t number;     /* as in the certificate */
	const char *status; /* as of the whole */
	const char *reason;
	const char *declaration; /* import declaration on which it was presented */
	struct decimal quantity; /* used so far */
	const char *unit;
};

struct customs_response {
	const char *reference;
	date issued_on;
	const char *issuing_country, *office;
	struct origin_reference *certificate;
	const char *status; /* of the code list ORIGIN_STATUS */
	const char *reason;
	struct customs_response_item *items;
	size_t items_count;
};

/* A certificate that will not be used is withdrawn. (An erroneous one is cancelled by the one that replaces it.) */
struct origin_cancellation {
	const char *reference;
	date issued_on;
	const char *issuing_country, *importing_country;
	struct origin_reference *certificate;
	const char *reason;
};

/* OCP rule 29(3): the receiving state lost it. */
struct retransmission_request {
	const char *reference;
	date issued_on;
	const char *issuing_country;
	struct origin_reference *certificate;
	const char *reason;
};

extern const struct schema form_d_schema, customs_response_schema, origin_cancellation_schema, retransmission_schema;

/* Last day on which a proof issued on ISSUED_ON may be presented: twelve months (OCP rule 14(a)). */
date origin_last_day_of(date issued_on);
/* That of FORM: for a back-to-back certificate no later than that of its original, the earliest if there are several
 * (OCP rule 11(1)(c) and (e)). */
date origin_last_day(const struct form_d *form);

/* What box 8 says (overleaf note 3). */
struct origin_criterion {
	bool wholly_obtained, partial, process;
	const char *change; /* "CC", "CTH", "CTSH" or NULL */
	int percent;        /* regional value content; 0 if it is not applied */
	unsigned terms;     /* of a combination */
};
/* False if TEXT is no criterion; limits of the percentage are a matter of the rules. */
bool origin_criterion_parse(const char *text, struct origin_criterion *criterion);

extern const struct capability origin_capability;

#endif
