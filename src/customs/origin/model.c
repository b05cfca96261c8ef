/* Field tables of the e-Form D and its messages. XML names: README.md says where they come from. */
#include "customs/origin/origin.h"

#define ANNEX_7       "ATIGA Annex 7, "
#define NUMBER_LENGTH 35 /* of references: no ASEAN-wide form (OCP rule 7(3)); UN/EDIFACT's an..35 */

static const struct field party_rows[] = {
	FIELD_TEXT(struct origin_party, id, .json = "id", .xml = "ID", .max_length = NUMBER_LENGTH,
		   .label = "registration number"),
	FIELD_TEXT(struct origin_party, name, .json = "name", .xml = "Name", .min = 1, .max_length = 256,
		   .label = "name"),
	FIELD_TEXT(struct origin_party, address, .json = "address", .xml = "PostalAddress", .min = 1,
		   .label = "address"),
	FIELD_CODE(struct origin_party, country, .json = "country", .xml = "CountryID", .min = 1, .list = "ISO3166",
		   .label = "country"),
};
static const struct fields party = FIELDS(struct origin_party, party_rows);

static const struct field exhibition_rows[] = {
	FIELD_TEXT(struct origin_exhibition, name, .json = "name", .xml = "Name", .min = 1, .max_length = 256,
		   .label = "name of the exhibition"),
	FIELD_TEXT(struct origin_exhibition, address, .json = "address", .xml = "PostalAddress", .min = 1,
		   .label = "address of the exhibition"),
	FIELD_CODE(struct origin_exhibition, country, .json = "country", .xml = "CountryID", .min = 1,
		   .list = "ISO3166", .label = "country of the exhibition"),
};
static const struct fields exhibition = FIELDS(struct origin_exhibition, exhibition_rows);

static const struct field invoicer_rows[] = {
	FIELD_TEXT(struct origin_invoicer, name, .json = "name", .xml = "Name", .min = 1, .max_length = 256,
		   .label = "company that issued the invoice"),
	FIELD_CODE(struct origin_invoicer, country, .json = "country", .xml = "CountryID", .min = 1, .list = "ISO3166",
		   .label = "its country"),
};
static const struct fields invoicer = FIELDS(struct origin_invoicer, invoicer_rows);

static const struct field transport_rows[] = {
	FIELD_CODE(struct origin_transport, mode, .json = "mode", .xml = "ModeCode", .list = "REC19",
		   .label = "mode of transport"),
	FIELD_TEXT(struct origin_transport, means, .json = "means", .xml = "UsedTransportMeansName", .max_length = 70,
		   .label = "vessel, aircraft or vehicle"),
	FIELD_TEXT(struct origin_transport, journey, .json = "journey", .xml = "ID", .max_length = NUMBER_LENGTH,
		   .label = "voyage or flight"),
	FIELD_DAY(struct origin_transport, departed_on, .json = "departureDate", .xml = "DepartureDate",
		  .label = "departure date"),
	FIELD_CODE(struct origin_transport, loading_port, .json = "loadingPort", .xml = "LoadingLocationID",
		   .list = "LOCODE", .label = "port of loading"),
	FIELD_CODE(struct origin_transport, discharge_port, .json = "dischargePort", .xml = "UnloadingLocationID",
		   .list = "LOCODE", .label = "port of discharge"),
};
static const struct fields transport = FIELDS(struct origin_transport, transport_rows);

/* clang-format off */
#define REFERENCE_ROWS                                                                                   \
	FIELD_TEXT(struct origin_reference, reference, .json = "reference", .xml = "ID", .min = 1,       \
		   .max_length = NUMBER_LENGTH, .label = "reference number"),                            \
	FIELD_DAY(struct origin_reference, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1, \
		   .label = "issue date")
/* clang-format on */

static const struct field reference_rows[] = { REFERENCE_ROWS };
static const struct fields reference = FIELDS(struct origin_reference, reference_rows);

static const struct field foreign_reference_rows[] = {
	REFERENCE_ROWS,
	FIELD_CODE(struct origin_reference, country, .json = "country", .xml = "IssueCountryID", .min = 1,
		   .list = "ISO3166", .label = "issuing country"),
};
static const struct fields foreign_reference = FIELDS(struct origin_reference, foreign_reference_rows);

static const struct field invoice_rows[] = {
	FIELD_TEXT(struct origin_invoice, number, .json = "number", .xml = "ID", .min = 1, .max_length = NUMBER_LENGTH,
		   .label = "invoice number", .law = ANNEX_7 "box 10"),
	FIELD_DAY(struct origin_invoice, issued_on, .json = "date", .xml = "IssueDate", .min = 1,
		  .label = "invoice date", .law = ANNEX_7 "box 10"),
	FIELD_TEXT(struct origin_invoice, issuer, .json = "issuer", .xml = "IssuerName", .max_length = 256,
		   .label = "issuer of the invoice"),
};
static const struct fields invoice = FIELDS(struct origin_invoice, invoice_rows);

static const struct field package_rows[] = {
	FIELD_INT(struct origin_package, count, .json = "count", .xml = "ItemQuantity", .min = 1,
		  .label = "number of packages", .law = ANNEX_7 "box 7"),
	FIELD_CODE(struct origin_package, type, .json = "type", .xml = "TypeCode", .min = 1, .list = "REC21",
		   .label = "type of packages", .law = ANNEX_7 "box 7"),
};
static const struct fields package = FIELDS(struct origin_package, package_rows);

static const struct field item_rows[] = {
	FIELD_INT(struct form_d_item, number, .json = "number", .xml = "SequenceNumeric", .min = 1,
		  .label = "item number", .law = ANNEX_7 "box 5"),
	FIELD_TEXT(struct form_d_item, marks, .json = "marks", .xml = "ShippingMarks", .label = "marks and numbers",
		   .law = ANNEX_7 "box 6"),
	FIELD_LIST(struct form_d_item, packages, packages_count, struct origin_package, package, .json = "package",
		   .xml = "PhysicalPackage", .min = 1, .max = 20, .label = "packages", .law = ANNEX_7 "box 7"),
	FIELD_TEXT(struct form_d_item, description, .json = "description", .xml = "Description", .min = 1,
		   .max_length = 2000, .label = "description of goods", .law = ANNEX_7 "overleaf note 5"),
	FIELD_TEXT(struct form_d_item, manufacturer, .json = "manufacturer", .xml = "ManufacturerName",
		   .max_length = 256, .label = "manufacturer", .law = ANNEX_7 "overleaf note 5"),
	FIELD_TEXT(struct form_d_item, trade_mark, .json = "tradeMark", .xml = "BrandName", .max_length = 256,
		   .label = "trade mark", .law = ANNEX_7 "overleaf note 5"),
	FIELD_CODE(struct form_d_item, commodity, .json = "commodityCode", .xml = "ClassificationID", .min = 1,
		   .list = "AHTN", .label = "HS number", .law = ANNEX_7 "overleaf note 6"),
	FIELD_TEXT(struct form_d_item, criterion, .json = "originCriterion", .xml = "OriginCriteriaText", .min = 1,
		   .max_length = 35, .label = "origin criterion", .law = ANNEX_7 "box 8"),
	FIELD_DEC(struct form_d_item, gross_mass, .json = "grossMass", .xml = "GrossMassMeasure",
		  .label = "gross mass in kilograms", .law = ANNEX_7 "box 9"),
	FIELD_DEC(struct form_d_item, net_mass, .json = "netMass", .xml = "NetMassMeasure",
		  .label = "net mass in kilograms"),
	FIELD_DEC(struct form_d_item, quantity, .json = "quantity", .xml = "TariffQuantity", .label = "quantity",
		  .law = ANNEX_7 "box 9"),
	FIELD_CODE(struct form_d_item, unit, .json = "unit", .xml = "TariffQuantityUnitCode", .list = "REC20",
		   .label = "unit of the quantity", .law = ANNEX_7 "box 9"),
	FIELD_DEC(struct form_d_item, fob, .json = "fobPrice", .xml = "FOBValueAmount", .label = "FOB price",
		  .law = ANNEX_7 "overleaf note 10"),
	FIELD_CODE(struct form_d_item, currency, .json = "currency", .xml = "FOBCurrencyCode", .list = "ISO4217",
		   .label = "currency of the FOB price"),
};
static const struct fields item = FIELDS(struct form_d_item, item_rows);

/* clang-format off */
#define SIGNATURE_ROWS                                                                                        \
	FIELD_TEXT(struct origin_statement, place, .json = "place", .xml = "IssueLocationName", .min = 1,     \
		   .max_length = 70, .label = "place"),                                                       \
	FIELD_DAY(struct origin_statement, signed_on, .json = "date", .xml = "ActualDate", .min = 1,          \
		   .label = "date"),                                                                          \
	FIELD_TEXT(struct origin_statement, signatory, .json = "signatory", .xml = "SignatoryName", .min = 1, \
		   .max_length = 256, .label = "authorised signatory")
/* clang-format on */

static const struct field declaration_rows[] = {
	FIELD_CODE(struct origin_statement, country, .json = "producedIn", .xml = "OriginCountryID", .min = 1,
		   .list = "ISO3166", .label = "country in which the goods were produced", .law = ANNEX_7 "box 11"),
	SIGNATURE_ROWS,
};
static const struct fields declaration = FIELDS(struct origin_statement, declaration_rows);

static const struct field certification_rows[] = { SIGNATURE_ROWS };
static const struct fields certification = FIELDS(struct origin_statement, certification_rows);

static const struct field form_d_rows[] = {
	FIELD_TEXT(struct form_d, reference, .json = "reference", .xml = "ID", .min = 1, .max_length = NUMBER_LENGTH,
		   .label = "reference number", .law = "ATIGA OCP rule 7(3)"),
	FIELD_DAY(struct form_d, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1, .label = "issue date"),
	FIELD_CODE(struct form_d, issuing_country, .json = "issuingCountry", .xml = "IssueCountryID", .min = 1,
		   .list = "ISO3166", .label = "issued in"),
	FIELD_TEXT(struct form_d, issuing_authority, .json = "issuingAuthority", .xml = "IssuerName", .min = 1,
		   .max_length = 256, .label = "issuing authority"),
	FIELD_TEXT(struct form_d, issuing_office, .json = "issuingOffice", .xml = "IssueOfficeName", .max_length = 256,
		   .label = "office of issuance"),
	FIELD_CODE(struct form_d, importing_country, .json = "importingCountry", .xml = "ImportCountryID", .min = 1,
		   .list = "ISO3166", .label = "importing country", .law = ANNEX_7 "box 11"),
	FIELD_TEXT(struct form_d, nomenclature, .json = "nomenclature", .xml = "ClassificationListID", .min = 1,
		   .pattern = "AHTN 20[0-9]{2}", .label = "edition of the nomenclature",
		   .law = ANNEX_7 "overleaf note 6"),
	FIELD_FLAG(struct form_d, third_country_invoicing, .json = "thirdCountryInvoicing",
		   .xml = "ThirdCountryInvoicingIndicator", .label = "Third Country Invoicing",
		   .law = ANNEX_7 "overleaf note 11"),
	FIELD_FLAG(struct form_d, exhibited, .json = "exhibited", .xml = "ExhibitionIndicator", .label = "Exhibition",
		   .law = ANNEX_7 "overleaf note 13"),
	FIELD_FLAG(struct form_d, accumulation, .json = "accumulation", .xml = "AccumulationIndicator",
		   .label = "Accumulation", .law = ANNEX_7 "overleaf note 15"),
	FIELD_FLAG(struct form_d, de_minimis, .json = "deMinimis", .xml = "DeMinimisIndicator", .label = "De Minimis",
		   .law = ANNEX_7 "overleaf note 17"),
	FIELD_FLAG(struct form_d, back_to_back, .json = "backToBack", .xml = "BackToBackIndicator",
		   .label = "Back-to-Back CO", .law = ANNEX_7 "overleaf note 12"),
	FIELD_FLAG(struct form_d, issued_retroactively, .json = "issuedRetroactively",
		   .xml = "IssuedRetroactivelyIndicator", .label = "Issued Retroactively",
		   .law = ANNEX_7 "overleaf note 14"),
	FIELD_FLAG(struct form_d, partial_cumulation, .json = "partialCumulation", .xml = "PartialCumulationIndicator",
		   .label = "Partial Cumulation", .law = ANNEX_7 "overleaf note 16"),
	FIELD_GROUP(struct form_d, exporter, struct origin_party, party, .json = "exporter", .xml = "Consignor",
		    .min = 1, .label = "exporter", .law = ANNEX_7 "box 1"),
	FIELD_GROUP(struct form_d, consignee, struct origin_party, party, .json = "consignee", .xml = "Consignee",
		    .min = 1, .label = "consignee", .law = ANNEX_7 "box 2"),
	FIELD_GROUP(struct form_d, exhibition, struct origin_exhibition, exhibition, .json = "exhibition",
		    .xml = "Exhibition", .label = "exhibition", .law = "ATIGA OCP rule 22(2)"),
	FIELD_GROUP(struct form_d, invoicer, struct origin_invoicer, invoicer, .json = "thirdCountryInvoicer",
		    .xml = "ThirdCountryInvoicer", .label = "company in the third country",
		    .law = "ATIGA OCP rule 23(2)"),
	FIELD_GROUP(struct form_d, transport, struct origin_transport, transport, .json = "transport",
		    .xml = "MainCarriageTransportMovement", .label = "means of transport and route",
		    .law = ANNEX_7 "box 3"),
	FIELD_LIST(struct form_d, originals, originals_count, struct origin_reference, foreign_reference,
		   .json = "originalProof", .xml = "OriginalProofOfOrigin", .max = 50,
		   .label = "original proof of origin", .law = "ATIGA OCP rule 11(1)(i)"),
	FIELD_GROUP(struct form_d, replaces, struct origin_reference, reference, .json = "replaces",
		    .xml = "ReplacedProofOfOrigin", .label = "certificate that this one replaces",
		    .law = "ATIGA OCP rule 29(4)"),
	FIELD_GROUP(struct form_d, reissues, struct origin_reference, reference, .json = "reissues",
		    .xml = "ReissuedProofOfOrigin", .label = "certificate that is issued again",
		    .law = "ATIGA OCP rule 29(1)"),
	FIELD_LIST(struct form_d, invoices, invoices_count, struct origin_invoice, invoice, .json = "invoice",
		   .xml = "InvoiceReferencedDocument", .min = 1, .max = 50, .label = "invoices",
		   .law = ANNEX_7 "box 10"),
	FIELD_LIST(struct form_d, items, items_count, struct form_d_item, item, .json = "goodsItem",
		   .xml = "IncludedTradeLineItem", .min = 1, .max = 500, .label = "goods",
		   .law = ANNEX_7 "boxes 5 to 9"),
	FIELD_GROUP(struct form_d, declaration, struct origin_statement, declaration, .json = "declaration",
		    .xml = "ExporterDeclaration", .min = 1, .label = "declaration by the exporter",
		    .law = ANNEX_7 "box 11"),
	FIELD_GROUP(struct form_d, certification, struct origin_statement, certification, .json = "certification",
		    .xml = "FirstSignatoryAuthentication", .min = 1, .label = "certification", .law = ANNEX_7 "box 12"),
};
static const struct fields form_d = FIELDS(struct form_d, form_d_rows);

const struct schema form_d_schema = {
	.name = "FORM-D",
	.root = "CertificateOfOrigin",
	.ns = "urn:lintas:document:form-d:1",
	.prefix = "",
	.fields = &form_d,
};

/* --- Customs response --- */

static const struct field response_item_rows[] = {
	FIELD_INT(struct customs_response_item, number, .json = "number", .xml = "SequenceNumeric", .min = 1,
		  .label = "item number", .law = ANNEX_7 "overleaf note 9"),
	FIELD_CODE(struct customs_response_item, status, .json = "status", .xml = "StatusCode", .min = 1,
		   .list = "ORIGIN_STATUS", .label = "status of the item"),
	FIELD_TEXT(struct customs_response_item, reason, .json = "reason", .xml = "StatusReasonText",
		   .max_length = 2000, .label = "reason", .law = "ATIGA OCP rule 30(3)(a)"),
	FIELD_TEXT(struct customs_response_item, declaration, .json = "importDeclaration", .xml = "ImportDeclarationID",
		   .max_length = NUMBER_LENGTH, .label = "import declaration", .law = "ATIGA OCP rule 30(1)"),
	FIELD_DEC(struct customs_response_item, quantity, .json = "quantity", .xml = "TariffQuantity",
		  .label = "quantity used so far"),
	FIELD_CODE(struct customs_response_item, unit, .json = "unit", .xml = "TariffQuantityUnitCode", .list = "REC20",
		   .label = "unit of the quantity"),
};
static const struct fields response_item = FIELDS(struct customs_response_item, response_item_rows);

static const struct field response_rows[] = {
	FIELD_TEXT(struct customs_response, reference, .json = "reference", .xml = "FunctionalReferenceID", .min = 1,
		   .max_length = NUMBER_LENGTH, .label = "number of the response"),
	FIELD_DAY(struct customs_response, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the response"),
	FIELD_CODE(struct customs_response, issuing_country, .json = "issuingCountry", .xml = "IssueCountryID",
		   .min = 1, .list = "ISO3166", .label = "responding country"),
	FIELD_TEXT(struct customs_response, office, .json = "office", .xml = "IssueOfficeName", .max_length = 256,
		   .label = "customs office"),
	FIELD_GROUP(struct customs_response, certificate, struct origin_reference, foreign_reference,
		    .json = "certificate", .xml = "ReferencedCertificateOfOrigin", .min = 1, .label = "certificate",
		    .law = "ATIGA OCP rule 30(2)"),
	FIELD_CODE(struct customs_response, status, .json = "status", .xml = "StatusCode", .min = 1,
		   .list = "ORIGIN_STATUS", .label = "status of the certificate", .law = "ATIGA OCP rule 30(2)"),
	FIELD_TEXT(struct customs_response, reason, .json = "reason", .xml = "StatusReasonText", .max_length = 2000,
		   .label = "reason", .law = "ATIGA OCP rule 30(3)(a)"),
	FIELD_LIST(struct customs_response, items, items_count, struct customs_response_item, response_item,
		   .json = "goodsItem", .xml = "IncludedTradeLineItem", .max = 500, .label = "items"),
};
static const struct fields response = FIELDS(struct customs_response, response_rows);

const struct schema customs_response_schema = {
	.name = "CUSTOMS-RESPONSE",
	.root = "CustomsResponse",
	.ns = "urn:lintas:document:customs-response:1",
	.prefix = "",
	.fields = &response,
};

/* --- Cancellation and request for re-transmission --- */

static const struct field cancellation_rows[] = {
	FIELD_TEXT(struct origin_cancellation, reference, .json = "reference", .xml = "FunctionalReferenceID", .min = 1,
		   .max_length = NUMBER_LENGTH, .label = "number of the cancellation"),
	FIELD_DAY(struct origin_cancellation, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the cancellation"),
	FIELD_CODE(struct origin_cancellation, issuing_country, .json = "issuingCountry", .xml = "IssueCountryID",
		   .min = 1, .list = "ISO3166", .label = "issuing country"),
	FIELD_CODE(struct origin_cancellation, importing_country, .json = "importingCountry", .xml = "ImportCountryID",
		   .min = 1, .list = "ISO3166", .label = "importing country"),
	FIELD_GROUP(struct origin_cancellation, certificate, struct origin_reference, reference, .json = "certificate",
		    .xml = "ReferencedCertificateOfOrigin", .min = 1, .label = "certificate"),
	FIELD_TEXT(struct origin_cancellation, reason, .json = "reason", .xml = "ChangeReasonText", .min = 1,
		   .max_length = 2000, .label = "reason"),
};
static const struct fields cancellation = FIELDS(struct origin_cancellation, cancellation_rows);

const struct schema origin_cancellation_schema = {
	.name = "CANCELLATION",
	.root = "Cancellation",
	.ns = "urn:lintas:document:cancellation:1",
	.prefix = "",
	.fields = &cancellation,
};

static const struct field retransmission_rows[] = {
	FIELD_TEXT(struct retransmission_request, reference, .json = "reference", .xml = "FunctionalReferenceID",
		   .min = 1, .max_length = NUMBER_LENGTH, .label = "number of the request"),
	FIELD_DAY(struct retransmission_request, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the request"),
	FIELD_CODE(struct retransmission_request, issuing_country, .json = "requestingCountry", .xml = "IssueCountryID",
		   .min = 1, .list = "ISO3166", .label = "requesting country"),
	FIELD_GROUP(struct retransmission_request, certificate, struct origin_reference, foreign_reference,
		    .json = "certificate", .xml = "ReferencedCertificateOfOrigin", .min = 1, .label = "certificate",
		    .law = "ATIGA OCP rule 29(3)"),
	FIELD_TEXT(struct retransmission_request, reason, .json = "reason", .xml = "RequestReasonText", .min = 1,
		   .max_length = 2000, .label = "reason", .law = "ATIGA OCP rule 29(3)"),
};
static const struct fields retransmission = FIELDS(struct retransmission_request, retransmission_rows);

const struct schema retransmission_schema = {
	.name = "RETRANSMISSION-REQUEST",
	.root = "RetransmissionRequest",
	.ns = "urn:lintas:document:retransmission-request:1",
	.prefix = "",
	.fields = &retransmission,
};
