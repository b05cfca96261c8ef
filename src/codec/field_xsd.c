/* The W3C XML Schema 1.0 of a field table: what the reader accepts, as far as XSD can say it.
 *
 * The kinds are named simple types; a row restricts its kind in a further step, because patterns within one step are
 * alternatives (XSD part 2 §4.3.4.3), and both must hold. */
#include "codec/field_int.h"
#include "codec/xml.h"

struct xsd {
	struct buf *out;
	const char *own; /* prefix of the schema's own types */
	const struct code_lists *lists;
	int depth;
};

static void indent(const struct xsd *xsd)
{
	for (int i = 0; i < xsd->depth; i++)
		buf_putc(xsd->out, '\t');
}

/* LINE, already XML; an opening tag deepens what follows. */
static void put_line(const struct xsd *xsd, const char *line)
{
	indent(xsd);
	buf_puts(xsd->out, line);
	buf_putc(xsd->out, '\n');
}

static void put_open(struct xsd *xsd, const char *tag)
{
	indent(xsd);
	buf_printf(xsd->out, "<%s>\n", tag);
	xsd->depth++;
}

static void put_close(struct xsd *xsd, const char *name)
{
	xsd->depth--;
	indent(xsd);
	buf_printf(xsd->out, "</%s>\n", name);
}

static void put_attribute(const struct xsd *xsd, const char *name, const char *value)
{
	buf_printf(xsd->out, " %s=\"", name);
	xml_put_attribute(xsd->out, value);
	buf_putc(xsd->out, '"');
}

static void put_facet(const struct xsd *xsd, const char *name, const char *value)
{
	if (!value)
		return;
	indent(xsd);
	buf_printf(xsd->out, "<xs:%s", name);
	put_attribute(xsd, "value", value);
	buf_puts(xsd->out, "/>\n");
}

static void put_limit(const struct xsd *xsd, const char *name, unsigned value)
{
	indent(xsd);
	buf_printf(xsd->out, "<xs:%s value=\"%u\"/>\n", name, value);
}

static void put_note(const struct xsd *xsd, const char *before, const char *text)
{
	if (!text)
		return;
	indent(xsd);
	buf_printf(xsd->out, "<xs:documentation>%s", before);
	xml_put_text(xsd->out, text);
	buf_puts(xsd->out, "</xs:documentation>\n");
}

static void put_annotation(struct xsd *xsd, const struct field *row)
{
	if (!row->label && !row->law && !row->list && !row->json)
		return;
	put_open(xsd, "xs:annotation");
	put_note(xsd, "", row->label);
	put_note(xsd, "JSON: ", row->json);
	put_note(xsd, "Law: ", row->law);
	put_note(xsd, "Code list: ", row->list);
	put_close(xsd, "xs:annotation");
}

static void put_code(struct xsd *xsd, const struct field *row, const char *code)
{
	const char *name = field_code_name(xsd->lists, row, code);

	if (!name) {
		put_facet(xsd, "enumeration", code);
		return;
	}
	indent(xsd);
	buf_puts(xsd->out, "<xs:enumeration");
	put_attribute(xsd, "value", code);
	buf_puts(xsd->out, "><xs:annotation><xs:documentation>");
	xml_put_text(xsd->out, name);
	buf_puts(xsd->out, "</xs:documentation></xs:annotation></xs:enumeration>\n");
}

static void put_simple_type(struct xsd *xsd, const struct field *row)
{
	const struct field_kind_row *kind = field_kind(row);
	const char *code;

	put_open(xsd, "xs:simpleType");
	indent(xsd);
	buf_printf(xsd->out, "<xs:restriction base=\"%s%s\">\n", xsd->own, kind->xsd_name);
	xsd->depth++;
	if (kind->text)
		put_limit(xsd, "maxLength", field_max_length(row));
	put_facet(xsd, "pattern", row->pattern);
	for (size_t i = 0; (code = field_code_at(xsd->lists, row, i)); i++)
		put_code(xsd, row, code);
	put_close(xsd, "xs:restriction");
	put_close(xsd, "xs:simpleType");
}

static void put_attributes(struct xsd *xsd, const struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct field *row = &fields->row[i];
		if (!row->attribute)
			continue;
		indent(xsd);
		buf_puts(xsd->out, "<xs:attribute");
		put_attribute(xsd, "name", row->xml);
		buf_puts(xsd->out, row->min > 0 ? " use=\"required\">\n" : ">\n");
		xsd->depth++;
		put_annotation(xsd, row);
		put_simple_type(xsd, row);
		put_close(xsd, "xs:attribute");
	}
	if (fields->open)
		put_line(xsd, "<xs:anyAttribute namespace=\"##other\" processContents=\"skip\"/>");
}

/* Text beside attributes. Only a restriction can hold a type without a name, and of anyType it may (XSD part 1 §3.4.2).
 * Text that may be absent may be empty, which no kind allows. */
static void put_content(struct xsd *xsd, const struct fields *fields, const struct field *content)
{
	put_open(xsd, "xs:simpleContent");
	put_annotation(xsd, content);
	put_open(xsd, "xs:restriction base=\"xs:anyType\"");
	if (content->min > 0) {
		put_simple_type(xsd, content);
	} else {
		put_open(xsd, "xs:simpleType");
		indent(xsd);
		buf_printf(xsd->out, "<xs:union memberTypes=\"%sEmpty\">\n", xsd->own);
		xsd->depth++;
		put_simple_type(xsd, content);
		put_close(xsd, "xs:union");
		put_close(xsd, "xs:simpleType");
	}
	put_attributes(xsd, fields);
	put_close(xsd, "xs:restriction");
	put_close(xsd, "xs:simpleContent");
}

static void put_elements(struct xsd *xsd, const struct fields *fields);

static void put_complex_type(struct xsd *xsd, const struct fields *fields)
{
	const struct field *content = field_content(fields);

	put_open(xsd, "xs:complexType");
	if (content) {
		put_content(xsd, fields, content);
	} else {
		put_elements(xsd, fields);
		put_attributes(xsd, fields);
	}
	put_close(xsd, "xs:complexType");
}

static void put_element(struct xsd *xsd, const struct field *row)
{
	indent(xsd);
	buf_puts(xsd->out, "<xs:element");
	put_attribute(xsd, "name", row->xml);
	if (row->kind == FIELD_KIND_NODE)
		buf_puts(xsd->out, " type=\"xs:anyType\"");
	buf_printf(xsd->out, " minOccurs=\"%u\" maxOccurs=\"%u\">\n", row->min, field_max(row));
	xsd->depth++;
	put_annotation(xsd, row);
	if (row->fields)
		put_complex_type(xsd, row->fields);
	else if (row->kind != FIELD_KIND_NODE)
		put_simple_type(xsd, row);
	put_close(xsd, "xs:element");
}

static void put_elements(struct xsd *xsd, const struct fields *fields)
{
	put_open(xsd, "xs:sequence");
	for (size_t i = 0; i < fields->count; i++)
		if (field_is_element(&fields->row[i]))
			put_element(xsd, &fields->row[i]);
	if (fields->open)
		put_line(xsd, "<xs:any namespace=\"##other\" processContents=\"skip\" minOccurs=\"0\" "
			      "maxOccurs=\"unbounded\"/>");
	put_close(xsd, "xs:sequence");
}

static void put_kinds(struct xsd *xsd)
{
	put_line(xsd, "<xs:simpleType name=\"Empty\"><xs:restriction base=\"xs:string\"><xs:length value=\"0\"/>"
		      "</xs:restriction></xs:simpleType>");
	for (enum field_kind i = FIELD_KIND_TEXT; i <= FIELD_KIND_TIME; i++) {
		const struct field_kind_row *kind = field_kind_of(i);
		indent(xsd);
		buf_printf(xsd->out, "<xs:simpleType name=\"%s\">\n", kind->xsd_name);
		xsd->depth++;
		indent(xsd);
		buf_printf(xsd->out, "<xs:restriction base=\"%s\">\n", kind->xsd_base);
		xsd->depth++;
		if (kind->digits > 0)
			put_limit(xsd, "totalDigits", kind->digits);
		put_facet(xsd, "pattern", kind->xsd_pattern);
		put_close(xsd, "xs:restriction");
		put_close(xsd, "xs:simpleType");
	}
}

void field_put_xsd(struct buf *out, const struct schema *schema, const struct code_lists *lists)
{
	struct xsd xsd = { .out = out, .own = schema->ns[0] ? "own:" : "", .lists = lists };

	buf_puts(
		out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"");
	if (schema->ns[0]) {
		put_attribute(&xsd, "xmlns:own", schema->ns);
		put_attribute(&xsd, "targetNamespace", schema->ns);
	}
	buf_puts(out, " elementFormDefault=\"qualified\"");
	buf_puts(out, schema->qualified ? " attributeFormDefault=\"qualified\">\n" : ">\n");
	xsd.depth = 1;
	put_kinds(&xsd);
	indent(&xsd);
	buf_puts(out, "<xs:element");
	put_attribute(&xsd, "name", schema->root);
	buf_puts(out, ">\n");
	xsd.depth++;
	put_complex_type(&xsd, schema->fields);
	put_close(&xsd, "xs:element");
	put_close(&xsd, "xs:schema");
}
