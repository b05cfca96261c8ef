/* Distinguished names as text, RFC 4514, with what RFC 2253 and 1779 allowed (quoted values, ';', blanks, "OID." before
 * numbers) and the attribute keywords of Java, .NET and OpenSSL. Text order is the reverse of the DER. */
#include <ctype.h>
#include <openssl/objects.h>

#include "base/text.h"
#include "crypto/crypto_int.h"

#define TYPE_SIZE      64
#define VALUE_MAX      1024
#define ATTRIBUTES_MAX 64

struct attribute {
	ASN1_OBJECT *type;
	int string_type;
	uint8_t value[VALUE_MAX];
	size_t size;
};

/* Keywords that OpenSSL does not know, or knows as something else. Compared without regard to case. */
static const struct {
	const char *keyword;
	int nid;
} keywords[] = {
	{ "CN", NID_commonName },
	{ "C", NID_countryName },
	{ "L", NID_localityName },
	{ "ST", NID_stateOrProvinceName },
	{ "S", NID_stateOrProvinceName },
	{ "O", NID_organizationName },
	{ "OU", NID_organizationalUnitName },
	{ "STREET", NID_streetAddress },
	{ "DC", NID_domainComponent },
	{ "UID", NID_userId },
	{ "E", NID_pkcs9_emailAddress },
	{ "EMAIL", NID_pkcs9_emailAddress },
	{ "EMAILADDRESS", NID_pkcs9_emailAddress },
	{ "T", NID_title },
	{ "G", NID_givenName },
	{ "SN", NID_surname },
	{ "SURNAME", NID_surname },
	{ "GIVENNAME", NID_givenName },
	{ "SERIALNUMBER", NID_serialNumber },
	{ "POSTALCODE", NID_postalCode },
	{ "ORGANIZATIONIDENTIFIER", NID_organizationIdentifier },
};

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t\r\n");
}

static bool read_type(const char **at, struct attribute *attribute)
{
	char type[TYPE_SIZE];

	skip_blanks(at);
	size_t size = strspn(*at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");
	if (size == 0 || size >= sizeof(type))
		return false;
	memcpy(type, *at, size);
	type[size] = '\0';
	*at += size;
	skip_blanks(at);
	if (**at != '=')
		return false;
	++*at;
	skip_blanks(at);

	for (size_t i = 0; i < COUNT(keywords) && !attribute->type; i++)
		if (same_ignoring_case(type, keywords[i].keyword))
			attribute->type = OBJ_nid2obj(keywords[i].nid);
	if (!attribute->type) {
		bool prefixed = size > 4 && (starts_with(type, "OID.") || starts_with(type, "oid."));
		attribute->type = OBJ_txt2obj(prefixed ? type + 4 : type, 0);
	}
	return attribute->type;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* The octet of two hexadecimal digits, or -1. */
static int hex_pair(const char *at)
{
	int high = hex_digit(at[0]);
	int low = high >= 0 ? hex_digit(at[1]) : -1;

	return low >= 0 ? high * 16 + low : -1;
}

static bool value_put(struct attribute *attribute, int octet)
{
	if (attribute->size == VALUE_MAX)
		return false;
	attribute->value[attribute->size++] = (uint8_t)octet;
	return true;
}

/* "#" and the value's DER in hexadecimal. */
static bool read_hex_value(const char **at, struct attribute *attribute)
{
	for (++*at; hex_pair(*at) >= 0; *at += 2)
		if (!value_put(attribute, hex_pair(*at)))
			return false;

	const uint8_t *der = attribute->value;
	ASN1_TYPE *type = d2i_ASN1_TYPE(NULL, &der, (long)attribute->size);
	int tag = type ? ASN1_TYPE_get(type) : V_ASN1_UNDEF;
	/* OpenSSL's bits of string types are 0 for those whose value is no string. */
	bool string = der == attribute->value + attribute->size && tag > 0 && ASN1_tag2bit(tag) != 0;
	if (string) {
		const ASN1_STRING *value = type->value.asn1_string;
		attribute->string_type = tag;
		attribute->size = (size_t)ASN1_STRING_length(value);
		memcpy(attribute->value, ASN1_STRING_get0_data(value), attribute->size);
	}
	ASN1_TYPE_free(type);
	return string;
}

/* What stands behind a backslash: two hexadecimal digits, or the character itself. */
static bool read_escaped(const char **at, struct attribute *attribute)
{
	int octet = hex_pair(*at);

	if (**at == '\0')
		return false;
	if (!value_put(attribute, octet >= 0 ? octet : (unsigned char)**at))
		return false;
	*at += octet >= 0 ? 2 : 1;
	return true;
}

static bool read_quoted_value(const char **at, struct attribute *attribute)
{
	for (++*at; **at != '"';) {
		if (**at == '\0')
			return false;
		if (**at == '\\') {
			++*at;
			if (!read_escaped(at, attribute))
				return false;
		} else if (!value_put(attribute, (unsigned char)*(*at)++)) {
			return false;
		}
	}
	++*at;
	return true;
}

static bool read_plain_value(const char **at, struct attribute *attribute)
{
	size_t significant = 0; /* blanks behind the value count only if escaped */

	while (**at != '\0' && !strchr(",;+", **at)) {
		bool blank = **at == ' ';
		if (**at == '\\') {
			++*at;
			if (!read_escaped(at, attribute))
				return false;
		} else if (!value_put(attribute, (unsigned char)*(*at)++)) {
			return false;
		}
		if (!blank)
			significant = attribute->size;
	}
	attribute->size = significant;
	return true;
}

static bool read_value(const char **at, struct attribute *attribute)
{
	if (**at == '#')
		return read_hex_value(at, attribute);
	if (**at == '"')
		return read_quoted_value(at, attribute);
	return read_plain_value(at, attribute);
}

/* Before what was read earlier, as the DER has the reverse order; JOINED to the first if "+" stood between them. */
static bool add(X509_NAME *name, const struct attribute *attribute, bool joined)
{
	return X509_NAME_add_entry_by_OBJ(name, attribute->type, attribute->string_type, attribute->value,
					  (int)attribute->size, 0, joined ? 1 : 0) == 1;
}

static bool read_attribute(const char **at, X509_NAME *name, int string_type, bool joined)
{
	struct attribute attribute = { .string_type = string_type };
	bool good = read_type(at, &attribute) && read_value(at, &attribute) && add(name, &attribute, joined);

	ASN1_OBJECT_free(attribute.type);
	return good;
}

static bool read_name(const char *at, X509_NAME *name, int string_type)
{
	bool joined = false;

	for (int count = 0; count < ATTRIBUTES_MAX; count++) {
		if (!read_attribute(&at, name, string_type, joined))
			return false;
		skip_blanks(&at);
		if (*at == '\0')
			return true;
		if (!strchr(",;+", *at))
			return false;
		joined = *at++ == '+';
	}
	return false;
}

X509_NAME *name_parse(const char *text, int string_type)
{
	X509_NAME *name = text && strlen(text) <= NAME_TEXT_MAX ? X509_NAME_new() : NULL;

	if (name && !read_name(text, name, string_type)) {
		X509_NAME_free(name);
		return NULL;
	}
	return name;
}
