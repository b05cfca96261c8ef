/* Field tables of the ACDD and its messages; element names of the WCO Data Model. */
#include "customs/declaration/declaration.h"

#define NUMBER_LENGTH   35
#define ELEMENT(letter) "ACDD element (" letter ")"

static const struct field exporter_rows[] = {
	FIELD_TEXT(struct acdd_trader, id, .json = "id", .xml = "ID", .min = 1, .max_length = NUMBER_LENGTH,
		   .label = "exporter's id", .law = ELEMENT("a")),
	FIELD_TEXT(struct acdd_trader, name, .json = "name", .xml = "Name", .min = 1, .max_length = 256,
		   .label = "exporter's name", .law = ELEMENT("b")),
};
static const struct fields exporter = FIELDS(struct acdd_trader, exporter_rows);

static const struct field consignee_rows[] = {
	FIELD_TEXT(struct acdd_consignee, name, .json = "name", .xml = "Name", .min = 1, .max_length = 256,
		   .label = "consignee's name", .law = ELEMENT("c")),
	FIELD_TEXT(struct acdd_consignee, address, .json = "address", .xml = "Address", .min = 1,
		   .label = "consignee's address", .law = ELEMENT("d")),
};
static const struct fields consignee = FIELDS(struct acdd_consignee, consignee_rows);

static const struct field agent_rows[] = {
	FIELD_TEXT(struct acdd_trader, id, .json = "id", .xml = "ID", .min = 1, .max_length = NUMBER_LENGTH,
		   .label = "declaring agent's id", .law = ELEMENT("e")),
	FIELD_TEXT(struct acdd_trader, name, .json = "name", .xml = "Name", .min = 1, .max_length = 256,
		   .label = "declaring agent's name", .law = ELEMENT("f")),
};
static const struct fields agent = FIELDS(struct acdd_trader, agent_rows);

static const struct field item_rows[] = {
	FIELD_INT(struct acdd_item, sequence, .json = "sequence", .xml = "SequenceNumeric", .min = 1,
		  .label = "item serial number", .law = ELEMENT("n")),
	FIELD_CODE(struct acdd_item, commodity, .json = "commodityCode", .xml = "ClassificationID", .min = 1,
		   .list = "HS", .label = "HS code", .law = ELEMENT("h")),
	FIELD_DEC(struct acdd_item, quantity, .json = "quantity", .xml = "TariffQuantity", .min = 1,
		  .label = "HS quantity", .law = ELEMENT("i")),
	FIELD_CODE(struct acdd_item, unit, .json = "unit", .xml = "TariffQuantityUnitCode", .min = 1, .list = "REC20",
		   .label = "unit of the HS quantity", .law = ELEMENT("j")),
	FIELD_CODE(struct acdd_item, origin, .json = "originCountry", .xml = "OriginCountryID", .min = 1,
		   .list = "ISO3166", .label = "country of origin", .law = ELEMENT("k")),
};
static const struct fields item = FIELDS(struct acdd_item, item_rows);

static const struct field acdd_rows[] = {
	FIELD_TEXT(struct acdd, declaration, .json = "declaration", .xml = "ID", .min = 1, .max_length = NUMBER_LENGTH,
		   .label = "permit or declaration number", .law = ELEMENT("o")),
	FIELD_DAY(struct acdd, declared_on, .json = "declarationDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the declaration"),
	FIELD_CODE(struct acdd, exporting_country, .json = "exportingCountry", .xml = "ExportCountryID", .min = 1,
		   .list = "ASEAN", .label = "exporting state"),
	FIELD_CODE(struct acdd, importing_country, .json = "importingCountry", .xml = "DestinationCountryCode",
		   .min = 1, .list = "ASEAN", .label = "importing state"),
	FIELD_GROUP(struct acdd, exporter, struct acdd_trader, exporter, .json = "exporter", .xml = "Exporter",
		    .min = 1, .label = "exporter"),
	FIELD_GROUP(struct acdd, agent, struct acdd_trader, agent, .json = "agent", .xml = "Agent", .min = 1,
		    .label = "declaring agent"),
	FIELD_GROUP(struct acdd, consignee, struct acdd_consignee, consignee, .json = "consignee", .xml = "Consignee",
		    .min = 1, .label = "consignee"),
	FIELD_DAY(struct acdd, departs_on, .json = "departureDate", .xml = "DepartureDate", .min = 1,
		  .label = "departure date", .law = ELEMENT("g")),
	FIELD_CODE(struct acdd, transport_mode, .json = "transportMode", .xml = "ModeCode", .min = 1, .list = "REC19",
		   .label = "outward transport mode", .law = ELEMENT("l")),
	FIELD_CODE(struct acdd, discharge_port, .json = "dischargePort", .xml = "UnloadingLocationID", .min = 1,
		   .list = "LOCODE", .label = "port of discharge", .law = ELEMENT("m")),
	FIELD_LIST(struct acdd, items, items_count, struct acdd_item, item, .json = "goodsItem",
		   .xml = "GovernmentAgencyGoodsItem", .min = 1, .max = 999, .label = "items"),
};
static const struct fields acdd = FIELDS(struct acdd, acdd_rows);

const struct schema acdd_schema = {
	.name = "ACDD",
	.root = "Declaration",
	.ns = "urn:lintas:document:acdd:1",
	.prefix = "",
	.fields = &acdd,
};

/* clang-format off */
#define REFERENCE_ROWS                                                                                         \
	FIELD_TEXT(struct acdd_reference, declaration, .json = "declaration", .xml = "ID", .min = 1,           \
		   .max_length = NUMBER_LENGTH, .label = "permit or declaration number"),                      \
	FIELD_DAY(struct acdd_reference, declared_on, .json = "declarationDate", .xml = "IssueDate", .min = 1, \
		   .label = "date of the declaration")
/* clang-format on */

static const struct field reference_rows[] = { REFERENCE_ROWS };
static const struct fields reference = FIELDS(struct acdd_reference, reference_rows);

static const struct field foreign_reference_rows[] = {
	REFERENCE_ROWS,
	FIELD_CODE(struct acdd_reference, country, .json = "exportingCountry", .xml = "ExportCountryID", .min = 1,
		   .list = "ASEAN", .label = "exporting state"),
};
static const struct fields foreign_reference = FIELDS(struct acdd_reference, foreign_reference_rows);

static const struct field error_rows[] = {
	FIELD_TEXT(struct acdd_error, code, .json = "code", .xml = "ValidationCode", .min = 1,
		   .max_length = NUMBER_LENGTH, .label = "code of the error"),
	FIELD_TEXT(struct acdd_error, pointer, .json = "pointer", .xml = "Pointer", .max_length = 256,
		   .label = "place of the error"),
	FIELD_TEXT(struct acdd_error, text, .json = "text", .xml = "Description", .min = 1, .max_length = 2000,
		   .label = "text of the error"),
};
static const struct fields error = FIELDS(struct acdd_error, error_rows);

static const struct field response_rows[] = {
	FIELD_TEXT(struct acdd_response, reference, .json = "reference", .xml = "FunctionalReferenceID", .min = 1,
		   .max_length = NUMBER_LENGTH, .label = "number of the response"),
	FIELD_DAY(struct acdd_response, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the response"),
	FIELD_CODE(struct acdd_response, issuing_country, .json = "issuingCountry", .xml = "IssueCountryID", .min = 1,
		   .list = "ASEAN", .label = "responding state"),
	FIELD_GROUP(struct acdd_response, about, struct acdd_reference, foreign_reference, .json = "about",
		    .xml = "Declaration", .min = 1, .label = "declaration"),
	FIELD_TEXT(struct acdd_response, function, .json = "function", .xml = "FunctionCode", .min = 1,
		   .pattern = "01|03", .label = "01 accepted, 03 rejected"),
	FIELD_LIST(struct acdd_response, errors, errors_count, struct acdd_error, error, .json = "error",
		   .xml = "Error", .max = 200, .label = "errors"),
};
static const struct fields response = FIELDS(struct acdd_response, response_rows);

const struct schema acdd_response_schema = {
	.name = "ACDD-RESPONSE",
	.root = "Response",
	.ns = "urn:lintas:document:acdd-response:1",
	.prefix = "",
	.fields = &response,
};

static const struct field cancellation_rows[] = {
	FIELD_TEXT(struct acdd_cancellation, reference, .json = "reference", .xml = "FunctionalReferenceID", .min = 1,
		   .max_length = NUMBER_LENGTH, .label = "number of the cancellation"),
	FIELD_DAY(struct acdd_cancellation, issued_on, .json = "issueDate", .xml = "IssueDate", .min = 1,
		  .label = "date of the cancellation"),
	FIELD_CODE(struct acdd_cancellation, exporting_country, .json = "exportingCountry", .xml = "ExportCountryID",
		   .min = 1, .list = "ASEAN", .label = "exporting state"),
	FIELD_CODE(struct acdd_cancellation, importing_country, .json = "importingCountry",
		   .xml = "DestinationCountryCode", .min = 1, .list = "ASEAN", .label = "importing state"),
	FIELD_GROUP(struct acdd_cancellation, about, struct acdd_reference, reference, .json = "about",
		    .xml = "Declaration", .min = 1, .label = "declaration"),
	FIELD_TEXT(struct acdd_cancellation, reason, .json = "reason", .xml = "ChangeReasonText", .min = 1,
		   .max_length = 2000, .label = "reason"),
};
static const struct fields cancellation = FIELDS(struct acdd_cancellation, cancellation_rows);

const struct schema acdd_cancellation_schema = {
	.name = "ACDD-CANCELLATION",
	.root = "Cancellation",
	.ns = "urn:lintas:document:acdd-cancellation:1",
	.prefix = "",
	.fields = &cancellation,
};
