#include "base/findings.h"

#include "base/text.h"

#define BLOCK 40

/* Blocks, so that a finding keeps its address while others are added. */
struct findings {
	struct arena *arena;
	struct finding *blocks[FINDINGS_MAX / BLOCK];
	size_t kept;
	size_t count;
	size_t errors;
};
_Static_assert(FINDINGS_MAX % BLOCK == 0, "the last block is full, too");

const char *severity_name(enum severity severity)
{
	return severity == SEVERITY_ERROR ? "error" : "warning";
}

struct findings *findings_new(struct arena *arena)
{
	struct findings *findings = arena_alloc(arena, sizeof(*findings));

	if (findings)
		findings->arena = arena;
	return findings;
}

/* The argument that the template names at AT ("{1}" or "{2}"), or NULL if it names none there. */
static const char *argument(const char *at, const char *first, const char *second)
{
	if (starts_with(at, "{1}"))
		return first ? first : "";
	if (starts_with(at, "{2}"))
		return second ? second : "";
	return NULL;
}

/* TEMPLATE with its arguments goes to OUT unless that is NULL. Returns the size with the NUL. */
static size_t expand(char *out, const char *template, const char *first, const char *second)
{
	size_t size = 0;

	while (*template) {
		const char *value = argument(template, first, second);
		const char *from = value ? value : template;
		size_t length = value ? strlen(value) : 1;
		if (out && length > 0)
			memcpy(out + size, from, length);
		size += length;
		template += value ? 3 : 1;
	}
	if (out)
		out[size] = '\0';
	return size + 1;
}

/* Arguments may be what an outsider sent, cut anywhere: a finding goes into XML, JSON and terminals. */
static void make_printable(char *text)
{
	size_t left = strlen(text);
	for (char *c = text; left > 0;) {
		size_t length = utf8_first(bytes(c, left));
		bool control = (unsigned char)*c < 0x20 || *c == 0x7f;
		bool noncharacter = length == 3 && (unsigned char)c[0] == 0xef && (unsigned char)c[1] == 0xbf &&
				    (unsigned char)c[2] >= 0xbe;
		if (length == 0 || control || noncharacter) {
			*c = '?';
			length = 1;
		}
		c += length;
		left -= length;
	}
}

static struct finding *next_place(struct findings *findings)
{
	struct finding **block = &findings->blocks[findings->kept / BLOCK];

	if (!*block)
		*block = arena_array(findings->arena, BLOCK, sizeof(**block));
	return *block ? *block + findings->kept % BLOCK : NULL;
}

static bool keep(struct findings *findings, const struct rule *rule, const char *path, const char *law,
		 const char *first, const char *second)
{
	struct arena *arena = findings->arena;
	struct finding *place = next_place(findings);
	char *text = place ? arena_alloc(arena, expand(NULL, rule->text, first, second)) : NULL;
	const char *path_copy = text ? arena_text(arena, path ? path : "") : NULL;
	const char *law_copy = path_copy ? arena_text(arena, law) : NULL;

	if (!path_copy || (law && !law_copy))
		return false;
	expand(text, rule->text, first, second);
	make_printable(text);
	*place = (struct finding){ .rule = rule, .path = path_copy, .text = text, .law = law_copy };
	findings->kept++;
	return true;
}

void finding_add_law(struct findings *findings, const struct rule *rule, const char *path, const char *law,
		     const char *first, const char *second)
{
	bool lost = findings->kept < FINDINGS_MAX && !keep(findings, rule, path, law, first, second);

	findings->count++;
	/* A document must not pass as merely warned about because memory ran out. */
	if (lost || rule->severity == SEVERITY_ERROR)
		findings->errors++;
}

void finding_add(struct findings *findings, const struct rule *rule, const char *path, const char *first,
		 const char *second)
{
	finding_add_law(findings, rule, path, rule->law, first, second);
}

static bool copy_finding(struct findings *findings, const struct finding *finding)
{
	struct finding *place = next_place(findings);
	const char *path = place ? arena_text(findings->arena, finding->path) : NULL;
	char *text = path ? arena_text(findings->arena, finding->text) : NULL;
	const char *law = text ? arena_text(findings->arena, finding->law) : NULL;

	if (!text || (finding->law && !law))
		return false;
	make_printable(text);
	*place = (struct finding){ .rule = finding->rule, .path = path, .text = text, .law = law };
	findings->kept++;
	return true;
}

void finding_restate(struct findings *findings, const struct finding *finding, const char *path, const char *text)
{
	const struct finding said = { .rule = finding->rule, .path = path, .text = text, .law = finding->law };
	bool lost = findings->kept < FINDINGS_MAX && !copy_finding(findings, &said);

	findings->count++;
	if (lost || finding->rule->severity == SEVERITY_ERROR)
		findings->errors++;
}

void findings_append(struct findings *findings, const struct findings *from)
{
	size_t errors = from->errors;

	for (size_t i = 0; i < from->kept && findings->kept < FINDINGS_MAX; i++)
		if (!copy_finding(findings, findings_at(from, i)) && errors == 0)
			errors = 1; /* lost, as in finding_add_law */
	findings->count += from->count;
	findings->errors += errors;
}

bool findings_error_at(const struct findings *findings, const char *path)
{
	const struct finding *finding;

	for (size_t i = 0; (finding = findings_at(findings, i)); i++)
		if (finding->rule->severity == SEVERITY_ERROR && strcmp(finding->path, path) == 0)
			return true;
	return false;
}

size_t findings_count(const struct findings *findings)
{
	return findings->count;
}

size_t findings_errors(const struct findings *findings)
{
	return findings->errors;
}

const struct finding *findings_at(const struct findings *findings, size_t index)
{
	return index < findings->kept ? &findings->blocks[index / BLOCK][index % BLOCK] : NULL;
}

/* An array index of RFC 6901 §4: digits without a leading zero. */
static bool index_of(const char *segment, size_t size, int64_t *index)
{
	char digits[20];

	if (size == 0 || size >= sizeof(digits) || (segment[0] == '0' && size > 1))
		return false;
	memcpy(digits, segment, size);
	digits[size] = '\0';
	return segment[0] != '-' && int64_parse(digits, index) && *index < INT64_MAX;
}

char *finding_path_for_people(struct arena *arena, const char *path)
{
	buf_auto out;

	/* "/9" becomes "[10]": a segment grows by two characters at most. */
	size_t size = strlen(path);
	buf_init(&out, 2 * size + 1);
	while (*path == '/') {
		const char *segment = path + 1;
		size_t length = strcspn(segment, "/");
		int64_t index;
		if (index_of(segment, length, &index))
			buf_printf(&out, "[%lld]", (long long)index + 1);
		else
			buf_put(&out, path, length + 1);
		path = segment + length;
	}
	buf_puts(&out, path); /* not a pointer: shown as it is */
	return buf_check(&out, "path", NULL) == OK ? arena_text(arena, buf_text(&out)) : NULL;
}
