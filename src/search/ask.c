#include "search/ask_int.h"

#include "base/buf.h"
#include "base/text.h"

enum { SYNONYM_WORDS = 4, EDITS_SHORT = 7, SPELLING_LETTERS_LEAST = 4, SPELLING_LETTERS_MAX = 20, PART_LEAST = 4 };

bool ask_sees(const struct search_query *query, const char *owner)
{
	for (size_t i = 0; i < query->owner_count; i++)
		if (same(query->owners[i], owner))
			return true;
	return *owner == '\0';
}

static void term_ask(struct ask *ask, uint64_t hash, float weight, size_t word, bool meaning)
{
	if (ask->count < ASKED_MAX)
		ask->terms[ask->count++] = (struct asked){ hash, weight, (uint32_t)word, meaning };
}

/* --- misspelt words --- */

/* Some document that the asker may see has the word: nobody learns from a correction what another owner imports. */
static bool visible(const struct search_segment *segment, const struct term *term, const struct search_query *query)
{
	if (term->first[HEADING] > term->first[LINE])
		return true;
	for (uint32_t i = term->first[PRECEDENT]; i < term->first[PRECEDENT + 1]; i++) {
		const struct document *document = &segment->documents[segment->postings[i].document];
		if (ask_sees(query, segment->names + document->owner))
			return true;
	}
	return false;
}

static bool known(const struct view *view, const char *text, const struct search_query *query)
{
	uint64_t hash = term_hash(text, NULL);

	for (size_t i = 0; i < view->count; i++) {
		const struct term *term = term_find(view->segments[i], hash);
		if (term && visible(view->segments[i], term, query))
			return true;
		if (synonym_find(view->segments[i], hash))
			return true;
	}
	return false;
}

struct correction {
	const char *text;
	size_t edits;
	uint32_t documents;
};

static bool better(const struct correction *a, const struct correction *b)
{
	if (a->edits != b->edits)
		return a->edits < b->edits;
	return a->documents > b->documents;
}

/* The word within two edits (one in a short word) that most documents have, of those with the fewest edits. */
static struct correction correct(const struct view *view, const char *text, const struct search_query *query)
{
	size_t length = strlen(text), most = length < EDITS_SHORT ? 1 : 2;
	uint32_t letters = letters_of(text);
	struct correction best = { .edits = most + 1 };

	for (size_t s = 0; s < view->count; s++) {
		const struct search_segment *segment = view->segments[s];
		for (uint32_t i = 0; i < segment->spelling_count; i++) {
			if (__builtin_popcount(segment->spellings[i].letters ^ letters) > 2 * (int)best.edits)
				continue;
			const struct term *term = &segment->terms[segment->spellings[i].term];
			struct correction other = { .text = segment->names + term->text,
						    .documents = term->first[KINDS] - term->first[LINE] };
			if (other.text[0] != text[0]) /* whoever mistypes a word seldom mistypes how it begins */
				continue;
			size_t size = strlen(other.text);
			if (size > length + most || size + most < length)
				continue;
			other.edits = text_edits(text, other.text);
			if (other.edits <= most && better(&other, &best) && visible(segment, term, query))
				best = other;
		}
	}
	return best;
}

/* A word that nobody has, made of two that somebody has ("bookshelf"): where its first part is longest. 0: it is not.
 */
static size_t divide(const struct view *view, const char *text, const struct search_query *query)
{
	size_t length = strlen(text);
	char part[WORD_BYTES_MAX + 1];

	for (size_t at = length - PART_LEAST; length >= 2 * PART_LEAST && at >= PART_LEAST; at--) {
		memcpy(part, text, at);
		part[at] = '\0';
		if (known(view, part, query) && known(view, text + at, query))
			return at;
	}
	return 0;
}

/* --- words --- */

/* Synonyms that begin at WORD: the longest one counts. */
static void synonyms_ask(const struct view *view, struct ask *ask, const struct word *words, size_t at, size_t count)
{
	for (size_t length = count - at < SYNONYM_WORDS ? count - at : SYNONYM_WORDS; length > 0; length--) {
		char joined[SYNONYM_WORDS * (WORD_BYTES_MAX + 1)] = "";
		size_t used = 0;
		for (size_t i = 0; i < length; i++) {
			size_t size = strlen(words[at + i].plain);
			memcpy(joined + used, words[at + i].plain, size + 1);
			used += size;
		}
		uint64_t hash = term_hash(joined, NULL);
		for (size_t s = 0; s < view->count; s++) {
			const struct synonym *synonym = synonym_find(view->segments[s], hash);
			for (uint32_t i = 0; synonym && i < synonym->count; i++)
				term_ask(ask, view->segments[s]->meanings[synonym->first + i],
					 weights.meaning / (float)synonym->count * (float)length, at, true);
			if (synonym)
				return;
		}
	}
}

static void word_ask(struct ask *ask, const struct words *words, const struct word *before, size_t at)
{
	const struct word *word = &words->words[at];
	float lead = word_place(words, at), weight = lead * (word->number ? weights.number : 1);

	if (word->accented) {
		term_ask(ask, term_hash(word->text, NULL), weight * weights.accented, at, false);
		weight *= 1 - weights.accented;
	}
	term_ask(ask, term_hash(word->plain, NULL), weight, at, false);
	if (before)
		term_ask(ask, term_hash(before->plain, word->plain), lead * weights.pair, at, false);
}

/* A word that nobody has is taken apart, or put right; names of few letters or very many are left alone. */
static enum err_code word_mend(const struct view *view, const struct search_query *query, struct word *word, size_t at,
			       struct arena *arena, struct ask *ask, struct err *err)
{
	size_t length = strlen(word->plain);

	if (word->number || word->little || length < SPELLING_LETTERS_LEAST || length > SPELLING_LETTERS_MAX ||
	    known(view, word->plain, query))
		return OK;
	size_t first_size = divide(view, word->plain, query);
	if (first_size) {
		const char *first = arena_text_of(arena, bytes(word->plain, first_size));
		if (!first)
			return fail(err, ERR_MEMORY, "no memory for the words of a query");
		term_ask(ask, term_hash(first, NULL), 1, at, false);
		term_ask(ask, term_hash(word->plain + first_size, NULL), 1, at, false);
		return OK;
	}
	struct correction correction = correct(view, word->plain, query);
	if (!correction.text)
		return OK;
	word->plain = word->text = correction.text;
	word->accented = false;
	ask->meant = "";
	return OK;
}

/* --- codes --- */

/* "8471.30.20", "847130", "8471 30": digits in twos, with dots or spaces, or four and more in a row. */
static void code_ask(struct ask *ask, const struct words *words)
{
	bool alone = true;
	char digits[SEARCH_CODE_DIGITS + 1] = "";
	size_t used = 0;

	for (size_t i = 0; i < words->count; i++) {
		const char *text = words->words[i].text;
		size_t length = strspn(text, "0123456789.");
		bool dotted = strchr(text, '.') && strcspn(text, ".") == 4 && length >= 7;
		if (!words->words[i].number || text[length]) {
			alone = false;
			continue;
		}
		if (!alone && !dotted)
			continue;
		for (; *text; text++)
			if (*text != '.' && used < SEARCH_CODE_DIGITS)
				digits[used++] = *text;
	}
	bool form = used >= 2 && used <= SEARCH_CODE_DIGITS;
	if (form && (alone || used >= 6)) {
		memcpy(ask->code, digits, used);
		ask->code[used] = '\0';
		ask->code_alone = alone;
	}
}

/* --- all of it --- */

enum err_code ask_read(const struct view *view, const struct search_query *query, struct word_reader *reader,
		       struct arena *arena, struct ask *ask, struct err *err)
{
	struct words words;
	const struct word *before = NULL;

	TRY(words_read(reader, query->text, SEARCH_QUERY_MAX, &words, err));
	if (words.count > SEARCH_QUERY_WORDS)
		words.count = SEARCH_QUERY_WORDS;
	code_ask(ask, &words);
	for (size_t i = 0; i < words.count; i++) {
		struct word *word = &words.words[i];
		ask->words[i] = arena_text(arena, word->text);
		if (!ask->words[i])
			return fail(err, ERR_MEMORY, "no memory for the words of a query");
		ask->word_count = i + 1;
		TRY(word_mend(view, query, word, i, arena, ask, err));
	}
	buf_auto meant = { 0 };
	buf_init(&meant, SEARCH_QUERY_MAX * 8);
	for (size_t i = 0; i < words.count; i++) {
		const struct word *word = &words.words[i];
		if (!word->after)
			before = NULL;
		buf_printf(&meant, "%s%s", i ? " " : "", word->text);
		synonyms_ask(view, ask, words.words, i, words.count);
		if (word->little)
			continue;
		word_ask(ask, &words, before, i);
		before = word;
	}
	if (ask->meant)
		ask->meant = arena_text(arena, buf_text(&meant));
	return OK;
}
