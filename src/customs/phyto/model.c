/* Where the summary of a phytosanitary certificate stands in its XML: SPSCertificate 17A of UN/CEFACT, whose elements
 * senders put in orders of their own. */
#include "customs/phyto/phyto.h"

#define UNECE "urn:un:unece:uncefact:data:standard:"

static const struct field_namespace namespaces[] = {
	{ "rsm", UNECE "SPSCertificate:17" },
	{ "ram", UNECE "ReusableAggregateBusinessInformationEntity:21" },
	{ "udt", UNECE "UnqualifiedDataType:21" },
	{ "ds", "http://www.w3.org/2000/09/xmldsig#" },
	{ 0 },
};

#define NUMBER_LENGTH 70
#define NAME_LENGTH   512
#define TEXT_LENGTH   20000 /* additional declarations run to pages */
#define MANY          1000
#define MODEL(box)    "ISPM 12, Annexes 1 and 2, " box
#define MAPPING       "ISPM 12, Appendix 1 (IPPC ePhyto mapping)"
#define DAY_OR_TIME   "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?)?(Z|[+-][0-9]{2}:[0-9]{2})?"

#define DOCUMENT "rsm:SPSExchangedDocument/"
#define GOODS    "rsm:SPSConsignment/"

static const struct field text_rows[] = {
	FIELD_TEXT(struct phyto_text, language, .json = "language", .xml = "@languageID", .max_length = 35,
		   .label = "language"),
	FIELD_TEXT(struct phyto_text, text, .json = "text", .xml = ".", .max_length = TEXT_LENGTH, .label = "text"),
};
static const struct fields text = FIELDS(struct phyto_text, text_rows);

#define TEXTS(s, m, json_, xml_, label_, ...)                                                                          \
	FIELD_LIST(s, m, m##_count, struct phyto_text, text, .json = json_, .xml = xml_, .max = MANY, .label = label_, \
		   __VA_ARGS__)

static const struct field note_rows[] = {
	FIELD_TEXT(struct phyto_note, subject, .json = "subject", .xml = "ram:Subject", .max_length = NUMBER_LENGTH,
		   .label = "subject of the note"),
	TEXTS(struct phyto_note, contents, "content", "ram:Content", "content of the note"),
};
static const struct fields note = FIELDS(struct phyto_note, note_rows);

static const struct field reference_rows[] = {
	FIELD_TEXT(struct phyto_reference, relationship, .json = "relationship", .xml = "ram:RelationshipTypeCode",
		   .max_length = NUMBER_LENGTH, .label = "relation of the document"),
	FIELD_TEXT(struct phyto_reference, number, .json = "number", .xml = "ram:ID", .max_length = NAME_LENGTH,
		   .label = "number of the document"),
	FIELD_TEXT(struct phyto_reference, issued_at, .json = "issuedAt", .xml = "ram:IssueDateTime",
		   .max_length = NUMBER_LENGTH, .label = "date of the document"),
	TEXTS(struct phyto_reference, information, "information", "ram:Information", "what the document is"),
	FIELD_TEXT(struct phyto_reference, file, .json = "file", .xml = "ram:AttachmentBinaryObject/@filename",
		   .max_length = NAME_LENGTH, .label = "name of the attached file"),
};
static const struct fields reference = FIELDS(struct phyto_reference, reference_rows);

/* clang-format off */
#define ADDRESS(m, json_, xml_, label_)                                                                  \
	FIELD_TEXT(struct phyto_party, m, .json = json_, .xml = "ram:SpecifiedSPSAddress/ram:" xml_,     \
		   .max_length = NAME_LENGTH, .label = label_)
/* clang-format on */

static const struct field party_rows[] = {
	FIELD_TEXT(struct phyto_party, name, .json = "name", .xml = "ram:Name", .min = 1, .max_length = NAME_LENGTH,
		   .label = "name", .law = MODEL("section I")),
	ADDRESS(line1, "line1", "LineOne", "first line of the address"),
	ADDRESS(line2, "line2", "LineTwo", "second line of the address"),
	ADDRESS(line3, "line3", "LineThree", "third line of the address"),
	ADDRESS(city, "city", "CityName", "city"),
};
static const struct fields party = FIELDS(struct phyto_party, party_rows);

static const struct field country_rows[] = {
	FIELD_CODE(struct phyto_country, code, .json = "code", .xml = "ram:ID", .min = 1, .list = "ISO3166",
		   .label = "country", .law = MAPPING),
};
static const struct fields country = FIELDS(struct phyto_country, country_rows);

static const struct field transport_rows[] = {
	FIELD_CODE(struct phyto_transport, mode, .json = "mode", .xml = "ram:ModeCode", .list = "REC19",
		   .label = "mode of transport", .law = MAPPING),
	TEXTS(struct phyto_transport, means, "means", "ram:UsedSPSTransportMeans/ram:Name", "means of conveyance"),
	FIELD_TEXT(struct phyto_transport, voyage, .json = "voyage", .xml = "ram:ID", .max_length = NAME_LENGTH,
		   .label = "voyage, flight or trip"),
};
static const struct fields transport = FIELDS(struct phyto_transport, transport_rows);

static const struct field container_rows[] = {
	FIELD_TEXT(struct phyto_container, id, .json = "id", .xml = "ram:ID", .max_length = NUMBER_LENGTH,
		   .label = "number of the container"),
	TEXTS(struct phyto_container, seals, "seal", "ram:AffixedSPSSeal/ram:ID", "seals"),
};
static const struct fields container = FIELDS(struct phyto_container, container_rows);

static const struct field class_rows[] = {
	FIELD_TEXT(struct phyto_class, system, .json = "system", .xml = "ram:SystemName", .max_length = NUMBER_LENGTH,
		   .label = "classification"),
	FIELD_TEXT(struct phyto_class, code, .json = "code", .xml = "ram:ClassCode", .max_length = NUMBER_LENGTH,
		   .label = "class"),
	TEXTS(struct phyto_class, names, "name", "ram:ClassName", "name of the class"),
};
static const struct fields class = FIELDS(struct phyto_class, class_rows);

static const struct field package_rows[] = {
	FIELD_TEXT(struct phyto_package, level, .json = "level", .xml = "ram:LevelCode", .max_length = NUMBER_LENGTH,
		   .label = "level of packing"),
	FIELD_CODE(struct phyto_package, type, .json = "type", .xml = "ram:TypeCode", .list = "REC21",
		   .label = "kind of package", .law = MAPPING),
	FIELD_DEC(struct phyto_package, quantity, .json = "quantity", .xml = "ram:ItemQuantity",
		  .label = "number of packages"),
};
static const struct fields package = FIELDS(struct phyto_package, package_rows);

static const struct field measure_rows[] = {
	FIELD_DEC(struct phyto_measure, value, .json = "value", .xml = ".", .label = "quantity"),
	FIELD_CODE(struct phyto_measure, unit, .json = "unit", .xml = "@unitCode", .list = "REC20", .label = "unit",
		   .law = MAPPING),
};
static const struct fields measure = FIELDS(struct phyto_measure, measure_rows);

#define MEASURE(m, json_, xml_, label_)                                                                                \
	FIELD_GROUP(struct phyto_item, m, struct phyto_measure, measure, .json = json_, .xml = "ram:" xml_,            \
		    .label = label_)

static const struct field item_rows[] = {
	FIELD_INT(struct phyto_item, sequence, .json = "sequence", .xml = "ram:SequenceNumeric",
		  .label = "number of the item"),
	TEXTS(struct phyto_item, descriptions, "description", "ram:Description", "name of the produce", .min = 1,
	      .law = MODEL("section I")),
	TEXTS(struct phyto_item, common_names, "commonName", "ram:CommonName", "common name"),
	TEXTS(struct phyto_item, species, "scientificName", "ram:ScientificName", "botanical name"),
	TEXTS(struct phyto_item, uses, "intendedUse", "ram:IntendedUse", "intended use"),
	MEASURE(net_weight, "netWeight", "NetWeightMeasure", "net weight"),
	MEASURE(gross_weight, "grossWeight", "GrossWeightMeasure", "gross weight"),
	MEASURE(net_volume, "netVolume", "NetVolumeMeasure", "net volume"),
	MEASURE(gross_volume, "grossVolume", "GrossVolumeMeasure", "gross volume"),
	FIELD_LIST(struct phyto_item, notes, notes_count, struct phyto_note, note, .json = "note",
		   .xml = "ram:AdditionalInformationSPSNote", .max = MANY, .label = "notes"),
	FIELD_LIST(struct phyto_item, classes, classes_count, struct phyto_class, class, .json = "classification",
		   .xml = "ram:ApplicableSPSClassification", .max = MANY, .label = "commodity classes"),
	FIELD_LIST(struct phyto_item, packages, packages_count, struct phyto_package, package, .json = "package",
		   .xml = "ram:PhysicalSPSPackage", .max = MANY, .label = "packages"),
	FIELD_LIST(struct phyto_item, origins, origins_count, struct phyto_country, country, .json = "origin",
		   .xml = "ram:OriginSPSCountry", .min = 1, .max = MANY, .label = "places of origin",
		   .law = MODEL("section I")),
};
static const struct fields item = FIELDS(struct phyto_item, item_rows);

static const struct field signature_rows[] = {
	FIELD_TEXT(struct phyto_signature, method, .json = "method",
		   .xml = "ds:SignedInfo/ds:SignatureMethod/@Algorithm", .label = "algorithm of the signature"),
};
static const struct fields signature = FIELDS(struct phyto_signature, signature_rows);

#define SIGNATORY DOCUMENT "ram:SignatorySPSAuthentication/"

static const struct field phyto_rows[] = {
	FIELD_TEXT(struct phyto, number, .json = "number", .xml = DOCUMENT "ram:ID", .min = 1,
		   .max_length = NUMBER_LENGTH, .label = "number of the certificate", .law = MODEL("heading")),
	FIELD_CODE(struct phyto, type, .json = "type", .xml = DOCUMENT "ram:TypeCode", .min = 1, .list = "SPS_TYPE",
		   .label = "kind of certificate", .law = MAPPING),
	FIELD_CODE(struct phyto, status, .json = "status", .xml = DOCUMENT "ram:StatusCode", .min = 1,
		   .list = "SPS_STATUS", .label = "status", .law = MAPPING),
	FIELD_TEXT(struct phyto, issued_at, .json = "issuedAt", .xml = DOCUMENT "ram:IssueDateTime/udt:DateTimeString",
		   .min = 1, .max_length = NUMBER_LENGTH, .pattern = DAY_OR_TIME, .label = "date of issue",
		   .law = MODEL("end of the certificate")),
	FIELD_TEXT(struct phyto, authority, .json = "authority", .xml = DOCUMENT "ram:IssuerSPSParty/ram:Name",
		   .min = 1, .max_length = NAME_LENGTH, .label = "plant protection organization",
		   .law = MODEL("heading")),
	FIELD_LIST(struct phyto, notes, notes_count, struct phyto_note, note, .json = "note",
		   .xml = DOCUMENT "ram:IncludedSPSNote", .max = MANY, .label = "notes"),
	FIELD_LIST(struct phyto, references, references_count, struct phyto_reference, reference, .json = "reference",
		   .xml = DOCUMENT "ram:ReferenceSPSReferencedDocument", .max = MANY,
		   .label = "documents that it refers to"),
	FIELD_TEXT(struct phyto, signed_at, .json = "signedAt",
		   .xml = SIGNATORY "ram:ActualDateTime/udt:DateTimeString", .max_length = NUMBER_LENGTH,
		   .label = "date of the signature"),
	FIELD_TEXT(struct phyto, place, .json = "place", .xml = SIGNATORY "ram:IssueSPSLocation/ram:Name",
		   .max_length = NAME_LENGTH, .label = "place of issue"),
	FIELD_TEXT(struct phyto, signatory, .json = "signatory",
		   .xml = SIGNATORY "ram:ProviderSPSParty/ram:SpecifiedSPSPerson/ram:Name", .min = 1,
		   .max_length = NAME_LENGTH, .label = "name of the authorized officer",
		   .law = MODEL("end of the certificate")),
	FIELD_GROUP(struct phyto, exporter, struct phyto_party, party, .json = "exporter",
		    .xml = GOODS "ram:ConsignorSPSParty", .min = 1, .label = "exporter", .law = MODEL("section I")),
	FIELD_GROUP(struct phyto, importer, struct phyto_party, party, .json = "importer",
		    .xml = GOODS "ram:ConsigneeSPSParty", .min = 1, .label = "consignee", .law = MODEL("section I")),
	FIELD_CODE(struct phyto, exporting_country, .json = "exportingCountry",
		   .xml = GOODS "ram:ExportSPSCountry/ram:ID", .min = 1, .list = "ISO3166",
		   .label = "country of export or re-export", .law = MAPPING),
	FIELD_CODE(struct phyto, importing_country, .json = "importingCountry",
		   .xml = GOODS "ram:ImportSPSCountry/ram:ID", .min = 1, .list = "ISO3166",
		   .label = "country of import", .law = MAPPING),
	FIELD_LIST(struct phyto, transit, transit_count, struct phyto_country, country, .json = "transit",
		   .xml = GOODS "ram:TransitSPSCountry", .max = MANY, .label = "countries of transit"),
	FIELD_TEXT(struct phyto, entry_point, .json = "entryPoint",
		   .xml = GOODS "ram:UnloadingBaseportSPSLocation/ram:Name", .max_length = NAME_LENGTH,
		   .label = "declared point of entry", .law = MODEL("section I")),
	FIELD_LIST(struct phyto, transports, transports_count, struct phyto_transport, transport, .json = "transport",
		   .xml = GOODS "ram:MainCarriageSPSTransportMovement", .max = MANY,
		   .label = "declared means of conveyance", .law = MODEL("section I")),
	FIELD_LIST(struct phyto, containers, containers_count, struct phyto_container, container, .json = "container",
		   .xml = GOODS "ram:UtilizedSPSTransportEquipment", .max = MANY, .label = "containers"),
	FIELD_LIST(struct phyto, items, items_count, struct phyto_item, item, .json = "item",
		   .xml = GOODS "ram:IncludedSPSConsignmentItem/ram:IncludedSPSTradeLineItem", .min = 1, .max = MANY,
		   .label = "items", .law = MODEL("section I")),
	FIELD_LIST(struct phyto, signatures, signatures_count, struct phyto_signature, signature, .json = "signature",
		   .xml = "ds:Signature", .max = MANY, .label = "signatures inside the certificate"),
};
static const struct fields phyto = FIELDS(struct phyto, phyto_rows);

#define SPS_SCHEMA(code)                                                                                               \
	.name = (code), .root = "SPSCertificate", .ns = UNECE "SPSCertificate:17", .prefix = "", .fields = &phyto,     \
	.foreign = namespaces

const struct schema phyto_schema = { SPS_SCHEMA("E-PHYTO") };
const struct schema phyto_withdrawal_schema = { SPS_SCHEMA("E-PHYTO-WITHDRAWAL"), .where = DOCUMENT "ram:StatusCode",
						.is = "40" };
