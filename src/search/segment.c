#include "search/segment_int.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"

/* --- what readers ask --- */

uint64_t term_hash(const char *text, const char *next)
{
	uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a, then mixed: it fills the table evenly */

	const char *parts[] = { text, next };
	for (size_t i = 0; i < COUNT(parts) && parts[i]; i++)
		for (const char *c = parts[i]; *c; c++)
			hash = (hash ^ (uint8_t)*c) * 0x100000001B3u;
	hash ^= hash >> 32;
	hash *= 0xD6E8FEB86659FD93u;
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

static struct term *slot_of(struct term *terms, uint32_t mask, uint64_t hash)
{
	uint32_t at = (uint32_t)hash & mask;

	while (terms[at].hash && terms[at].hash != hash)
		at = (at + 1) & mask;
	return &terms[at];
}

const struct term *term_find(const struct search_segment *segment, uint64_t hash)
{
	const struct term *term = slot_of(segment->terms, segment->term_mask, hash);

	return term->hash ? term : NULL;
}

uint32_t letters_of(const char *text)
{
	uint32_t letters = 0;

	for (; *text; text++)
		letters |= UINT32_C(1) << ((uint8_t)*text % 32);
	return letters;
}

static int by_hash(const void *a, const void *b)
{
	const struct synonym *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

const struct synonym *synonym_find(const struct search_segment *segment, uint64_t hash)
{
	struct synonym key = { .hash = hash };

	return segment->synonym_count ? bsearch(&key, segment->synonyms, segment->synonym_count, sizeof(key), by_hash)
				      : NULL;
}

/* --- building --- */

struct entry {
	uint32_t term;
	uint32_t document;
	float weight; /* term frequency, by field and its length */
};

struct build {
	const struct search_source *source;
	struct search_segment *segment;
	struct word_reader *reader;
	struct buf entries;   /* struct entry, by document */
	struct buf documents; /* struct document */
	struct buf names;
	struct term *terms; /* first[0] counts the documents */
	uint32_t term_mask, term_count;
	uint32_t document;  /* that is being read */
	size_t entry_first; /* of it */
	double field_mean[SEARCH_FIELDS + 1];
};

enum { PRECEDENT_FIELD = SEARCH_FIELDS, NAMES_MAX = 1 << 29, TERMS_FIRST = 1 << 16 };

static struct entry *entries_of(const struct build *build)
{
	return (struct entry *)(void *)build->entries.data;
}
static size_t entry_count(const struct build *build)
{
	return build->entries.size / sizeof(struct entry);
}

static uint32_t name_put(struct build *build, const char *name)
{
	uint32_t at = (uint32_t)build->names.size;

	buf_put(&build->names, name, strlen(name) + 1);
	return at;
}

static enum err_code terms_grow(struct build *build, struct err *err)
{
	uint32_t mask = build->terms ? build->term_mask * 2 + 1 : TERMS_FIRST - 1;
	struct term *grown = calloc((size_t)mask + 1, sizeof(*grown));

	if (!grown)
		return fail(err, ERR_MEMORY, "no memory for %u words", mask);
	for (uint32_t i = 0; build->terms && i <= build->term_mask; i++)
		if (build->terms[i].hash)
			*slot_of(grown, mask, build->terms[i].hash) = build->terms[i];
	free(build->terms);
	build->terms = grown;
	build->term_mask = mask;
	return OK;
}

/* The number of a term, which entries name: its hash's lower half finds it again after the table has grown. */
static enum err_code entry_put(struct build *build, const char *text, const char *next, float weight, struct err *err)
{
	uint64_t hash = term_hash(text, next);

	if (build->term_count * 2 >= build->term_mask)
		TRY(terms_grow(build, err));
	struct term *term = slot_of(build->terms, build->term_mask, hash);
	if (!term->hash) {
		term->hash = hash;
		term->first[1] = build->term_count++;
	}
	if (!next && !term->text)
		term->text = name_put(build, text);
	struct entry entry = { term->first[1], build->document, weight };
	buf_put(&build->entries, &entry, sizeof(entry));
	return OK;
}

/* The words of one text, weighed by WEIGHT and the length of the text against the field's mean. */
static enum err_code text_put(struct build *build, struct bytes text, int field, float weight, struct err *err)
{
	struct words words;
	const struct word *before = NULL;

	TRY(words_read(build->reader, text, SEARCH_TEXT_MAX, &words, err));
	double mean = build->field_mean[field];
	float norm = mean > 0 ? 1 - weights.length_norm + weights.length_norm * (float)((double)words.count / mean) : 1;
	weight /= norm; /* a precedent's mean is not known yet: its length is weighed with its impact */
	for (size_t i = 0; i < words.count; i++) {
		const struct word *word = &words.words[i];
		float of_word = word->excluded ? weight * weights.excluded : weight;
		if (field == PRECEDENT_FIELD)
			of_word *= word_place(&words, i);
		if (!word->after)
			before = NULL;
		if (word->little)
			continue;
		TRY(entry_put(build, word->plain, NULL, of_word, err));
		if (word->accented)
			TRY(entry_put(build, word->text, NULL, of_word, err));
		if (before)
			TRY(entry_put(build, before->plain, word->plain, of_word, err));
		before = word;
	}
	return OK;
}

static int by_term(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->term > y->term) - (x->term < y->term);
}

/* Entries of the document that is being read: one a term. Their number is kept in the document's end. */
static float entries_merge(struct build *build)
{
	struct entry *entries = entries_of(build);
	size_t count = entry_count(build), to = build->entry_first;
	float length = 0;

	if (count == to)
		return 0;
	qsort(entries + to, count - to, sizeof(*entries), by_term);
	for (size_t i = build->entry_first; i < count; i++) {
		length += entries[i].weight;
		if (to > build->entry_first && entries[to - 1].term == entries[i].term)
			entries[to - 1].weight += entries[i].weight;
		else
			entries[to++] = entries[i];
	}
	build->entries.size = to * sizeof(*entries);
	return length;
}

static void document_end(struct build *build, struct document document)
{
	document.length = entries_merge(build);
	buf_put(&build->documents, &document, sizeof(document));
	build->entry_first = entry_count(build);
	build->document++;
}

/* --- codes --- */

static bool code_valid(const char *code)
{
	size_t length = code ? strlen(code) : 0;

	return length >= 2 && length <= SEARCH_CODE_DIGITS && strspn(code, "0123456789") == length;
}

static int by_code(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum err_code codes_fill(struct build *build, struct err *err)
{
	const struct search_source *source = build->source;
	struct search_segment *segment = build->segment;
	size_t count = source->line_count + source->precedent_count, to = 0;

	segment->codes = arena_array(segment->arena, count + 1, sizeof(*segment->codes));
	if (!segment->codes)
		return fail(err, ERR_MEMORY, "no memory for %zu codes", count);
	for (size_t i = 0; i < count; i++) {
		bool line = i < source->line_count;
		const char *code = line ? source->lines[i].code : source->precedents[i - source->line_count].code;
		if (!code_valid(code))
			return fail(err, ERR_INVALID, "\"%s\" is not a code", code ? code : "");
		memcpy(segment->codes[i], code, strlen(code) + 1);
	}
	qsort(segment->codes, count, sizeof(*segment->codes), by_code);
	for (size_t i = 0; i < count; i++)
		if (to == 0 || strcmp(segment->codes[to - 1], segment->codes[i]) != 0)
			memmove(segment->codes[to++], segment->codes[i], sizeof(*segment->codes));
	segment->code_count = (uint32_t)to;
	return OK;
}

static uint32_t code_number(const struct search_segment *segment, const char *code)
{
	const char(*found)[SEARCH_CODE_DIGITS + 1] =
		bsearch(code, segment->codes, segment->code_count, sizeof(*segment->codes), by_code);

	return (uint32_t)(found - (const char(*)[SEARCH_CODE_DIGITS + 1]) segment->codes);
}

/* --- the four kinds --- */

static int lines_by_code(const void *a, const void *b)
{
	const struct search_line *x = *(const struct search_line *const *)a, *y = *(const struct search_line *const *)b;
	int order = strcmp(x->code, y->code);

	return order ? order : (x > y) - (x < y);
}

static enum err_code lines_put(struct build *build, struct arena *scratch, struct err *err)
{
	size_t count = build->source->line_count;
	const struct search_line **lines = arena_array(scratch, count + 1, sizeof(const struct search_line *));

	if (!lines)
		return fail(err, ERR_MEMORY, "no memory for %zu lines", count);
	for (size_t i = 0; i < count; i++)
		lines[i] = &build->source->lines[i];
	qsort(lines, count, sizeof(const struct search_line *), lines_by_code);
	for (size_t i = 0; i < count; i++) {
		const struct search_line *line = lines[i];
		for (size_t j = 0; j < line->count; j++)
			TRY(text_put(build, line->texts[j].text, (int)line->texts[j].field,
				     weights.field[line->texts[j].field], err));
		document_end(build, (struct document){ .code = code_number(build->segment, line->code), .copies = 1 });
	}
	return OK;
}

static int by_owner_code_text(const void *a, const void *b)
{
	const struct search_precedent *x = *(const struct search_precedent *const *)a;
	const struct search_precedent *y = *(const struct search_precedent *const *)b;
	int order = strcmp(x->owner ? x->owner : "", y->owner ? y->owner : "");

	if (order == 0)
		order = strcmp(x->code, y->code);
	if (order == 0)
		order = (x->text.size > y->text.size) - (x->text.size < y->text.size);
	if (order == 0 && x->text.size)
		order = memcmp(x->text.data, y->text.data, x->text.size);
	return order ? order : (x > y) - (x < y);
}

/* Sorted, so that the ones of one owner and code stand together, and equal texts become one document. */
static enum err_code precedents_put(struct build *build, struct arena *scratch, struct err *err)
{
	size_t count = build->source->precedent_count;
	const struct search_precedent **sorted =
		arena_array(scratch, count + 1, sizeof(const struct search_precedent *));
	uint32_t owner = 0;

	if (!sorted)
		return fail(err, ERR_MEMORY, "no memory for %zu precedents", count);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &build->source->precedents[i];
	qsort(sorted, count, sizeof(const struct search_precedent *), by_owner_code_text);
	for (size_t i = 0, next; i < count; i = next) {
		const struct search_precedent *precedent = sorted[i];
		for (next = i + 1; next < count && same(sorted[next]->owner, precedent->owner) &&
				   same(sorted[next]->code, precedent->code) &&
				   bytes_same(sorted[next]->text, precedent->text);)
			next++;
		if (precedent->owner && (i == 0 || !same(sorted[i - 1]->owner, precedent->owner)))
			owner = name_put(build, precedent->owner);
		TRY(text_put(build, precedent->text, PRECEDENT_FIELD, 1, err));
		document_end(build, (struct document){ .code = code_number(build->segment, precedent->code),
						       .owner = owner,
						       .name = name_put(build, precedent->id),
						       .copies = (uint32_t)(next - i) });
	}
	return OK;
}

/* True if B is summed up with A: lines of a heading, precedents of one owner with one code. */
static bool together(const struct search_segment *segment, const struct document *a, const struct document *b,
		     enum kind kind)
{
	if (kind == HEADING)
		return memcmp(segment->codes[a->code], segment->codes[b->code], 4) == 0;
	return a->code == b->code && a->owner == b->owner;
}

/* A document for each run of those from FIRST on that belong together, with all their words. STARTS: of entries. */
static void sums_put(struct build *build, enum kind kind, uint32_t first, const size_t *starts)
{
	uint32_t end = build->document;

	for (uint32_t i = first, next; i < end; i = next) {
		const struct document *all = (const struct document *)(const void *)build->documents.data;
		struct document sum = { .code = all[i].code, .owner = all[i].owner, .first = i };
		for (next = i; next < end && together(build->segment, &all[i], &all[next], kind); next++)
			sum.copies += all[next].copies;
		sum.count = next - i;
		for (size_t at = starts[i]; at < starts[next]; at++) {
			struct entry entry = entries_of(build)[at];
			entry.document = build->document;
			if (kind == CODE)
				entry.weight = 1; /* how many precedents say it, not how often one does */
			buf_put(&build->entries, &entry, sizeof(entry));
		}
		document_end(build, sum);
	}
}

/* The mean length of each field of the book, in a first pass. */
static enum err_code field_means(struct build *build, struct err *err)
{
	size_t texts[SEARCH_FIELDS] = { 0 };
	struct words words;

	for (size_t i = 0; i < build->source->line_count; i++) {
		const struct search_line *line = &build->source->lines[i];
		for (size_t j = 0; j < line->count; j++) {
			TRY(words_read(build->reader, line->texts[j].text, SEARCH_TEXT_MAX, &words, err));
			build->field_mean[line->texts[j].field] += (double)words.count;
			texts[line->texts[j].field]++;
		}
	}
	for (size_t i = 0; i < SEARCH_FIELDS; i++)
		build->field_mean[i] /= texts[i] ? (double)texts[i] : 1;
	return OK;
}

/* --- inverting --- */

/* Where the entries of each document begin, and of the one after the last. */
static size_t *entry_starts(const struct build *build, struct arena *scratch)
{
	size_t *starts = arena_array(scratch, (size_t)build->document + 2, sizeof(*starts));

	for (size_t i = 0; starts && i < entry_count(build); i++)
		starts[entries_of(build)[i].document + 1] = i + 1;
	for (uint32_t i = 0; starts && i < build->document; i++)
		if (starts[i + 1] < starts[i]) /* one without words */
			starts[i + 1] = starts[i];
	return starts;
}

static enum err_code sums(struct build *build, enum kind kind, uint32_t first, struct err *err)
{
	arena_auto scratch = arena_new(SEARCH_SEGMENT_MAX);
	size_t *starts = scratch ? entry_starts(build, scratch) : NULL;

	if (!starts)
		return fail(err, ERR_MEMORY, "no memory for sums");
	sums_put(build, kind, first, starts);
	return OK;
}

static enum kind kind_of(const struct search_segment *segment, uint32_t document)
{
	enum kind kind = LINE;

	while (document >= segment->first[kind + 1])
		kind++;
	return kind;
}

/* The terms worth keeping, in their final table. MOVED: where each term of an entry went, UINT32_MAX: nowhere. Two
 * neighbours that one precedent alone has would hold half of the memory and never bring two texts together. */
static enum err_code terms_fill(struct build *build, uint32_t *moved, struct err *err)
{
	struct search_segment *segment = build->segment;
	arena_auto scratch = arena_new(SEARCH_SEGMENT_MAX);
	uint32_t(*found)[KINDS] = scratch ? arena_array(scratch, build->term_count + 1, sizeof(*found)) : NULL;
	uint32_t kept = 0, room = 1024, at = 0;

	if (!found)
		return fail(err, ERR_MEMORY, "no memory for %u words", build->term_count);
	for (size_t i = 0; i < entry_count(build); i++)
		found[entries_of(build)[i].term][kind_of(segment, entries_of(build)[i].document)]++;
	for (uint32_t i = 0; i <= build->term_mask; i++) {
		struct term *term = &build->terms[i];
		const uint32_t *counts = found[term->first[1]];
		moved[term->first[1]] = UINT32_MAX;
		if (term->hash && !term->text && counts[LINE] == 0 && counts[PRECEDENT] < 2)
			term->hash = 0;
		kept += term->hash != 0;
	}
	while (room < kept * 2)
		room *= 2;
	segment->terms = arena_array(segment->arena, room, sizeof(*segment->terms));
	segment->term_mask = room - 1;
	if (!segment->terms)
		return fail(err, ERR_MEMORY, "no memory for %u words", kept);
	for (uint32_t i = 0; i <= build->term_mask; i++) {
		struct term *term = &build->terms[i];
		if (!term->hash)
			continue;
		struct term *slot = slot_of(segment->terms, segment->term_mask, term->hash);
		*slot = (struct term){ .hash = term->hash, .text = term->text };
		slot->first[0] = at;
		for (int kind = 0; kind < KINDS; kind++)
			slot->first[kind + 1] = at += found[term->first[1]][kind];
		moved[term->first[1]] = (uint32_t)(slot - segment->terms);
	}
	segment->postings = arena_array(segment->arena, (size_t)at + 1, sizeof(*segment->postings));
	return segment->postings ? OK : fail(err, ERR_MEMORY, "no memory for %u postings", at);
}

/* How much of its idf a word brings its document. LINE: BM25F, whose fields are normalised already. HEADING and
 * PRECEDENT: BM25. CODE: how much likelier the word is here than anywhere (a language model smoothed by Dirichlet). */
static float impact_of(const struct search_segment *segment, const struct entry *entry, enum kind kind, float anywhere)
{
	float length = segment->documents[entry->document].length, mean = segment->mean_length[kind];

	if (kind == CODE)
		return logf(1 + entry->weight / (weights.smoothing * anywhere));
	float norm = kind == LINE ? 1 : 1 - weights.length_norm + weights.length_norm * length / mean;
	return entry->weight / (entry->weight + weights.k1 * norm);
}

static enum err_code invert(struct build *build, struct err *err)
{
	struct search_segment *segment = build->segment;
	arena_auto scratch = arena_new(SEARCH_SEGMENT_MAX);
	uint32_t *moved = scratch ? arena_array(scratch, (size_t)build->term_count + 1, sizeof(*moved)) : NULL;
	double words = 0;

	if (!moved)
		return fail(err, ERR_MEMORY, "no memory for %u words", build->term_count);
	for (enum kind kind = LINE; kind < KINDS; kind++) {
		double sum = 0;
		for (uint32_t i = segment->first[kind]; i < segment->first[kind + 1]; i++)
			sum += segment->documents[i].length;
		words = sum;
		segment->mean_length[kind] = (float)(sum / (count_of(segment, kind) + 1.0) + 1e-6);
	}
	TRY(terms_fill(build, moved, err));
	uint32_t *next = arena_array(scratch, (size_t)segment->term_mask + 1, sizeof(*next));
	if (!next)
		return fail(err, ERR_MEMORY, "no memory to invert");
	for (size_t i = 0; i < entry_count(build); i++) {
		const struct entry *entry = &entries_of(build)[i];
		if (moved[entry->term] == UINT32_MAX)
			continue;
		const struct term *term = &segment->terms[moved[entry->term]];
		enum kind kind = kind_of(segment, entry->document);
		float anywhere = (float)((term->first[PRECEDENT + 1] - term->first[PRECEDENT] + 0.5) / (words + 1));
		segment->postings[term->first[0] + next[moved[entry->term]]++] =
			(struct posting){ entry->document, impact_of(segment, entry, kind, anywhere) };
	}
	return OK;
}

/* --- corrections and synonyms --- */

enum { SPELLING_LEAST = 4 }; /* shorter words have too many neighbours */

static enum err_code spellings_fill(struct search_segment *segment, struct err *err)
{
	uint32_t count = 0;

	for (int pass = 0; pass < 2; pass++) {
		count = 0;
		for (uint32_t i = 0; i <= segment->term_mask; i++) {
			const struct term *term = &segment->terms[i];
			const char *text = segment->names + term->text;
			if (!term->hash || !term->text || strlen(text) < SPELLING_LEAST ||
			    (*text >= '0' && *text <= '9'))
				continue;
			if (pass)
				segment->spellings[count] = (struct spelling){ letters_of(text), i };
			count++;
		}
		if (!pass &&
		    !(segment->spellings = arena_array(segment->arena, (size_t)count + 1, sizeof(struct spelling))))
			return fail(err, ERR_MEMORY, "no memory for %u spellings", count);
	}
	segment->spelling_count = count;
	return OK;
}

/* The words of TEXT, as one. */
static enum err_code joined_hash(struct build *build, const char *text, uint64_t *hash, struct err *err)
{
	struct words words;
	char joined[SEARCH_QUERY_MAX];
	size_t used = 0;

	TRY(words_read(build->reader, bytes_of(text), SEARCH_QUERY_MAX / 2, &words, err));
	for (size_t i = 0; i < words.count && used + WORD_BYTES_MAX < sizeof(joined); i++) {
		size_t length = strlen(words.words[i].plain);
		memcpy(joined + used, words.words[i].plain, length);
		used += length;
	}
	joined[used] = '\0';
	*hash = term_hash(joined, NULL);
	return OK;
}

static enum err_code synonyms_fill(struct build *build, struct err *err)
{
	struct search_segment *segment = build->segment;
	buf_auto meanings = { 0 };
	struct words words;

	buf_init(&meanings, NAMES_MAX);
	segment->synonym_count = (uint32_t)build->source->synonym_count;
	segment->synonyms = arena_array(segment->arena, segment->synonym_count + 1, sizeof(*segment->synonyms));
	if (!segment->synonyms)
		return fail(err, ERR_MEMORY, "no memory for synonyms");
	for (uint32_t i = 0; i < segment->synonym_count; i++) {
		struct synonym *synonym = &segment->synonyms[i];
		synonym->first = (uint32_t)(meanings.size / sizeof(uint64_t));
		TRY(joined_hash(build, build->source->synonyms[i].words, &synonym->hash, err));
		TRY(words_read(build->reader, bytes_of(build->source->synonyms[i].means), SEARCH_QUERY_MAX, &words,
			       err));
		for (size_t j = 0; j < words.count; j++) {
			uint64_t hash = term_hash(words.words[j].plain, NULL);
			if (!words.words[j].little)
				buf_put(&meanings, &hash, sizeof(hash));
		}
		synonym->count = (uint32_t)(meanings.size / sizeof(uint64_t)) - synonym->first;
	}
	TRY(buf_check(&meanings, "synonyms", err));
	segment->meanings =
		arena_copy(segment->arena, meanings.data ? meanings.data : (const uint8_t *)"", meanings.size);
	if (!segment->meanings)
		return fail(err, ERR_MEMORY, "no memory for synonyms");
	qsort(segment->synonyms, segment->synonym_count, sizeof(*segment->synonyms), by_hash);
	return OK;
}

/* --- all of it --- */

static enum err_code documents_put(struct build *build, struct err *err)
{
	struct search_segment *segment = build->segment;
	arena_auto scratch = arena_new(SEARCH_SEGMENT_MAX);

	if (!scratch)
		return fail(err, ERR_MEMORY, "no memory to build");
	name_put(build, ""); /* 0: none */
	TRY(terms_grow(build, err));
	TRY(codes_fill(build, err));
	TRY(field_means(build, err));
	TRY(lines_put(build, scratch, err));
	segment->first[HEADING] = build->document;
	TRY(sums(build, HEADING, segment->first[LINE], err));
	segment->first[PRECEDENT] = build->document;
	TRY(precedents_put(build, scratch, err));
	segment->first[CODE] = build->document;
	TRY(sums(build, CODE, segment->first[PRECEDENT], err));
	segment->first[KINDS] = build->document;
	TRY(buf_check(&build->entries, "entries of the index", err));
	TRY(buf_check(&build->documents, "documents of the index", err));
	return buf_check(&build->names, "words of the index", err);
}

static enum err_code fill(struct build *build, struct err *err)
{
	struct search_segment *segment = build->segment;

	TRY(documents_put(build, err));
	segment->documents =
		arena_copy(segment->arena, build->documents.data ? build->documents.data : (const uint8_t *)"",
			   build->documents.size);
	segment->names = arena_copy(segment->arena, build->names.data, build->names.size);
	if (!segment->documents || !segment->names)
		return fail(err, ERR_MEMORY, "no memory for documents");
	TRY(invert(build, err));
	TRY(spellings_fill(segment, err));
	return synonyms_fill(build, err);
}

enum err_code search_segment_build(const struct search_source *source, struct search_segment **segment, struct err *err)
{
	if (source->line_count > SEARCH_LINES_MAX || source->precedent_count > SEARCH_PRECEDENTS_MAX ||
	    source->synonym_count > SEARCH_SYNONYMS_MAX)
		return fail(err, ERR_LIMIT, "%zu lines, %zu precedents and %zu synonyms are more than a search holds",
			    source->line_count, source->precedent_count, source->synonym_count);
	word_reader_auto reader = NULL;
	TRY(word_reader_new(&reader, err));
	struct arena *arena = arena_new(SEARCH_SEGMENT_MAX);
	struct search_segment *made = arena ? arena_alloc(arena, sizeof(*made)) : NULL;
	if (!made) {
		arena_free(arena);
		return fail(err, ERR_MEMORY, "no memory for an index");
	}
	made->arena = arena;
	struct build build = { .source = source, .segment = made, .reader = reader };
	buf_init(&build.entries, SEARCH_SEGMENT_MAX);
	buf_init(&build.documents, SEARCH_SEGMENT_MAX);
	buf_init(&build.names, NAMES_MAX);
	enum err_code code = fill(&build, err);
	buf_done(&build.entries);
	buf_done(&build.documents);
	buf_done(&build.names);
	free(build.terms);
	if (code == OK)
		*segment = made;
	else
		arena_free(arena);
	return code;
}

void search_segment_free(struct search_segment *segment)
{
	if (segment)
		arena_free(segment->arena);
}
