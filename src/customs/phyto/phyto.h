/* The electronic phytosanitary certificate (e-Phyto): the SPS certificate of UN/CEFACT, as the IPPC's ePhyto mapping
 * fills it.
 *
 * ISPM 12 says what a certificate holds (Annexes 1 and 2) and points to that XML for electronic ones (Appendix 1). Its
 * XML is others': it is checked and summarised here, kept and forwarded byte for byte, and never written anew, so that
 * a signature in it stays good. Lengths are ours; a text may be in several languages. */
#ifndef PHYTO_H
#define PHYTO_H

#include "kernel/capability.h"

struct phyto_text {
	const char *language; /* as xml:lang has it; NULL: not said */
	const char *text;
};

/* A fact that the schema has no element for, named by a subject code of the mapping: "ADEDL", "ADRPN". */
struct phyto_note {
	const char *subject;
	struct phyto_text *contents;
	size_t contents_count;
};

struct phyto_reference {
	const char *relationship; /* "ZZZ"; "AWR": the original that is replaced */
	const char *number;
	const char *issued_at; /* as it is written */
	struct phyto_text *information;
	size_t information_count;
	const char *file; /* name of the file that is attached; NULL */
};

struct phyto_party {
	const char *name;
	const char *line1, *line2, *line3, *city; /* of the address; each may be NULL */
};

struct phyto_country {
	const char *code; /* ISO 3166 alpha-2 */
};

struct phyto_transport {
	const char *mode; /* UN/ECE Rec 19 */
	struct phyto_text *means;
	size_t means_count;
	const char *voyage;
};

struct phyto_container {
	const char *id;
	struct phyto_text *seals;
	size_t seals_count;
};

struct phyto_class {
	const char *system; /* "HS"; "IPPCPCVP": part of the plant; "IPPCPCC": its condition */
	const char *code;
	struct phyto_text *names;
	size_t names_count;
};

struct phyto_package {
	const char *level;
	const char *type; /* UN/ECE Rec 21 */
	struct decimal quantity;
};

struct phyto_measure {
	struct decimal value;
	const char *unit; /* UN/ECE Rec 20 */
};

struct phyto_item {
	int64_t sequence;
	struct phyto_text *descriptions, *common_names, *species, *uses;
	size_t descriptions_count, common_names_count, species_count, uses_count;
	struct phyto_measure *net_weight, *gross_weight, *net_volume, *gross_volume;
	struct phyto_note *notes;
	size_t notes_count;
	struct phyto_class *classes;
	size_t classes_count;
	struct phyto_package *packages;
	size_t packages_count;
	struct phyto_country *origins;
	size_t origins_count;
};

struct phyto_signature {
	const char *method; /* ds:SignatureMethod */
};

struct phyto {
	const char *number, *type, *status;
	const char *issued_at; /* as it is written: a day, or a time with or without its zone */
	const char *authority;
	struct phyto_note *notes;
	size_t notes_count;
	struct phyto_reference *references;
	size_t references_count;
	const char *signed_at, *place, *signatory;
	struct phyto_party *exporter, *importer;
	const char *exporting_country, *importing_country;
	struct phyto_country *transit;
	size_t transit_count;
	const char *entry_point;
	struct phyto_transport *transports;
	size_t transports_count;
	struct phyto_container *containers;
	size_t containers_count;
	struct phyto_item *items;
	size_t items_count;
	struct phyto_signature *signatures; /* that are inside; nobody here has judged them */
	size_t signatures_count;
};

extern const struct schema phyto_schema, phyto_withdrawal_schema;

extern const struct capability phyto_capability;

#endif
