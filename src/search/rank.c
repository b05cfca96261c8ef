#include "search/rank_int.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"

/* How the parts are put together; chosen like the weights of segment_int.h. */
static const float heading_part = 0.35f;  /* of a line's score, against its own 1 */
static const float precedents_part = 6;   /* against the book's 1: what was decided outweighs what reads alike */
static const float words_part = 0.5f;     /* of the precedents' part; the rest is the nearest ones' */
static const float part_least = 0.02f;    /* neither alone can rule a code out */
static const float nearness = 4;          /* a neighbour's vote is its likeness to this power */
static const float words_flatness = 0.2f; /* words of a text are not independent: naive Bayes is too sure of itself */
static const float frequent = 0.6f;       /* how far a code that is used more is likelier */
enum { NEIGHBOURS = 120 };

/* A code of as many digits as were asked for. */
struct group {
	float score, book, near, words;
	float best_line, best_near;
	uint32_t line, line_segment; /* documents; line_segment SEARCH_SEGMENTS: none */
	uint32_t precedent, precedent_segment;
	uint32_t code, code_segment; /* a code that begins so */
};

struct neighbour {
	float likeness;
	uint32_t segment, document;
};

struct ranking {
	const struct view *view;
	const struct search_query *query;
	const struct ask *ask;
	struct arena *arena;
	float *sums[SEARCH_SEGMENTS];      /* by document */
	uint32_t *groups[SEARCH_SEGMENTS]; /* by code: into group */
	struct group *group;
	uint32_t group_count;
	float whole[KINDS];           /* the sum of a document that has all of the query */
	float confidence;             /* how like the query the nearest precedent is, 0 to 1 */
	struct neighbour *neighbours; /* a heap, the least like first */
	uint32_t neighbour_count, neighbours_most;
};

static enum err_code no_memory(struct err *err)
{
	return fail(err, ERR_MEMORY, "no memory to rank");
}

/* --- codes --- */

static size_t digits_of(const struct ranking *ranking)
{
	return (size_t)ranking->query->digits;
}

/* The group of CODE in the first COUNT ones, which are sorted. */
static uint32_t group_find(const struct ranking *ranking, const char *code, uint32_t count)
{
	const struct search_segment *first = ranking->view->segments[0];
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strncmp(first->codes[ranking->group[middle].code], code, digits_of(ranking));
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

static enum err_code groups_make(struct ranking *ranking, struct err *err)
{
	uint32_t most = 0, first_count = 0;

	for (size_t s = 0; s < ranking->view->count; s++)
		most += ranking->view->segments[s]->code_count;
	ranking->group = arena_array(ranking->arena, (size_t)most + 1, sizeof(*ranking->group));
	for (uint32_t s = 0; ranking->group && s < ranking->view->count; s++) {
		const struct search_segment *segment = ranking->view->segments[s];
		uint32_t *groups = arena_array(ranking->arena, (size_t)segment->code_count + 1, sizeof(*groups));
		if (!groups)
			return no_memory(err);
		ranking->groups[s] = groups;
		for (uint32_t i = 0; i < segment->code_count; i++) {
			uint32_t old = s ? group_find(ranking, segment->codes[i], first_count) : UINT32_MAX;
			bool again =
				i > 0 && strncmp(segment->codes[i - 1], segment->codes[i], digits_of(ranking)) == 0;
			groups[i] = again ? groups[i - 1] : old != UINT32_MAX ? old : ranking->group_count++;
			if (!again && old == UINT32_MAX)
				ranking->group[groups[i]] = (struct group){ .code = i,
									    .code_segment = s,
									    .line_segment = SEARCH_SEGMENTS,
									    .precedent_segment = SEARCH_SEGMENTS };
		}
		if (s == 0)
			first_count = ranking->group_count;
	}
	return ranking->group ? OK : no_memory(err);
}

/* --- words --- */

/* The weight of a word by how few documents of KIND have it (BM25's, never negative). */
static float idf(const struct view *view, const struct term *const *terms, enum kind kind)
{
	double documents = 0, with = 0;

	for (size_t s = 0; s < view->count; s++) {
		documents += count_of(view->segments[s], kind);
		with += terms[s] ? terms[s]->first[kind + 1] - terms[s]->first[kind] : 0;
	}
	return (float)log(1 + (documents - with + 0.5) / (with + 0.5));
}

static void term_add(struct ranking *ranking, const struct asked *asked)
{
	const struct view *view = ranking->view;
	const struct term *terms[SEARCH_SEGMENTS];

	for (size_t s = 0; s < view->count; s++)
		terms[s] = term_find(view->segments[s], asked->hash);
	for (int kind = 0; kind < KINDS; kind++) {
		if (asked->meaning && (kind == PRECEDENT || kind == CODE))
			continue;
		/* A word of many precedents of one code tells more than one of as many precedents of all codes. */
		float rare = kind == CODE ? 1 : idf(view, terms, kind == PRECEDENT ? CODE : (enum kind)kind);
		float weight = asked->weight * rare;
		if (!asked->meaning)
			ranking->whole[kind] += weight;
		for (size_t s = 0; s < view->count; s++) {
			const struct term *term = terms[s];
			const struct posting *postings = view->segments[s]->postings;
			float *sums = ranking->sums[s];
			for (uint32_t i = term ? term->first[kind] : 0; term && i < term->first[kind + 1]; i++)
				sums[postings[i].document] += weight * postings[i].impact;
		}
	}
}

static enum err_code words_add(struct ranking *ranking, struct err *err)
{
	for (size_t s = 0; s < ranking->view->count; s++) {
		uint32_t count = ranking->view->segments[s]->first[KINDS];
		ranking->sums[s] = arena_array(ranking->arena, (size_t)count + 1, sizeof(float));
		if (!ranking->sums[s])
			return no_memory(err);
	}
	for (size_t i = 0; i < ranking->ask->count; i++)
		term_add(ranking, &ranking->ask->terms[i]);
	return OK;
}

/* --- the book --- */

/* A line counts with its heading: one that many of its lines answer for is likelier the right one. */
static void book_add(struct ranking *ranking)
{
	for (uint32_t s = 0; s < ranking->view->count; s++) {
		const struct search_segment *segment = ranking->view->segments[s];
		const float *sums = ranking->sums[s];
		for (uint32_t h = segment->first[HEADING]; h < segment->first[HEADING + 1]; h++) {
			const struct document *heading = &segment->documents[h];
			float base = heading_part * sums[h] / (ranking->whole[HEADING] + 1e-6f);
			for (uint32_t i = heading->first; sums[h] > 0 && i < heading->first + heading->count; i++) {
				float score = (base + sums[i] / (ranking->whole[LINE] + 1e-6f)) / (1 + heading_part);
				struct group *group = &ranking->group[ranking->groups[s][segment->documents[i].code]];
				if (score > group->book) {
					group->book = score;
					group->line = i;
					group->line_segment = s;
				}
			}
		}
	}
}

/* --- similar precedents --- */

static void sift_down(struct neighbour *heap, uint32_t count)
{
	for (uint32_t at = 0, child; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && heap[child + 1].likeness < heap[child].likeness)
			child++;
		if (heap[at].likeness <= heap[child].likeness)
			return;
		struct neighbour kept = heap[at];
		heap[at] = heap[child];
		heap[child] = kept;
	}
}

static void neighbour_put(struct ranking *ranking, struct neighbour neighbour)
{
	struct neighbour *heap = ranking->neighbours;

	if (ranking->neighbour_count == ranking->neighbours_most) {
		if (neighbour.likeness <= heap[0].likeness)
			return;
		heap[0] = neighbour;
		sift_down(heap, ranking->neighbour_count);
		return;
	}
	uint32_t at = ranking->neighbour_count++;
	for (; at > 0 && heap[(at - 1) / 2].likeness > neighbour.likeness; at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = neighbour;
}

static enum err_code near_add(struct ranking *ranking, struct err *err)
{
	float votes = 0, best = 0;

	ranking->neighbours_most = NEIGHBOURS;
	ranking->neighbours = arena_array(ranking->arena, ranking->neighbours_most, sizeof(*ranking->neighbours));
	if (!ranking->neighbours)
		return no_memory(err);
	for (uint32_t s = 0; s < ranking->view->count; s++) {
		const struct search_segment *segment = ranking->view->segments[s];
		float least = 0;
		for (uint32_t i = segment->first[PRECEDENT]; i < segment->first[PRECEDENT + 1]; i++) {
			if (ranking->sums[s][i] <= least ||
			    !ask_sees(ranking->query, segment->names + segment->documents[i].owner))
				continue;
			neighbour_put(ranking, (struct neighbour){ ranking->sums[s][i], s, i });
			if (ranking->neighbour_count == ranking->neighbours_most)
				least = ranking->neighbours[0].likeness;
		}
	}
	for (uint32_t i = 0; i < ranking->neighbour_count; i++) {
		const struct neighbour *neighbour = &ranking->neighbours[i];
		const struct document *document =
			&ranking->view->segments[neighbour->segment]->documents[neighbour->document];
		struct group *group = &ranking->group[ranking->groups[neighbour->segment][document->code]];
		float likeness = neighbour->likeness / ranking->whole[PRECEDENT];
		float vote = powf(likeness, nearness) * (1 + logf((float)document->copies));
		group->near += vote;
		best = likeness > best ? likeness : best;
		if (likeness > group->best_near) {
			group->best_near = likeness;
			group->precedent = neighbour->document;
			group->precedent_segment = neighbour->segment;
		}
	}
	ranking->confidence = best;
	for (uint32_t i = 0; i < ranking->group_count; i++)
		votes = ranking->group[i].near > votes ? ranking->group[i].near : votes;
	for (uint32_t i = 0; votes > 0 && i < ranking->group_count; i++)
		ranking->group[i].near /= votes;
	return OK;
}

/* --- words of precedents --- */

/* How likely a code's precedents are to say these words (multinomial naive Bayes, smoothed by all precedents), as a
 * share of 1 among the codes. */
static void codes_add(struct ranking *ranking)
{
	float best = -INFINITY, asked = 0;

	for (size_t i = 0; i < ranking->ask->count; i++)
		if (!ranking->ask->terms[i].meaning)
			asked += ranking->ask->terms[i].weight;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t s = 0; s < ranking->view->count; s++) {
			const struct search_segment *segment = ranking->view->segments[s];
			for (uint32_t i = segment->first[CODE]; i < segment->first[CODE + 1]; i++) {
				const struct document *document = &segment->documents[i];
				if (ranking->sums[s][i] <= 0 ||
				    !ask_sees(ranking->query, segment->names + document->owner))
					continue;
				float score = ranking->sums[s][i] +
					      asked * logf(weights.smoothing / (document->length + weights.smoothing));
				score += frequent * logf((float)document->copies);
				if (!pass) {
					best = score > best ? score : best;
					continue;
				}
				float share = expf((score - best) * words_flatness);
				struct group *group = &ranking->group[ranking->groups[s][document->code]];
				group->words = share > group->words ? share : group->words;
			}
		}
	}
}

/* --- the order --- */

static const char *code_of(const struct ranking *ranking, const struct group *group)
{
	return ranking->view->segments[group->code_segment]->codes[group->code];
}

static void fuse(struct ranking *ranking)
{
	const char *asked = ranking->ask->code;
	size_t length = strlen(asked), most = digits_of(ranking);

	for (uint32_t i = 0; i < ranking->group_count; i++) {
		struct group *group = &ranking->group[i];
		float part = 1 + (ranking->neighbour_count ? precedents_part : 0); /* a book alone answers alone */
		float precedents =
			powf(group->near + part_least, 1 - words_part) * powf(group->words + part_least, words_part);
		group->score = (group->book + precedents_part * ranking->confidence * precedents) / part;
		bool named = length && strncmp(code_of(ranking, group), asked, length < most ? length : most) == 0;
		if (ranking->ask->code_alone)
			group->score = named ? 1 : 0;
		else if (group->book <= 0 && group->near <= 0 && group->words <= 0)
			group->score = named ? 0.5f : 0;
		else if (named)
			group->score = 0.5f + group->score / 2;
	}
}

static bool before(const struct ranking *ranking, const struct group *a, const struct group *b)
{
	if (a->score > b->score || a->score < b->score)
		return a->score > b->score;
	return strcmp(code_of(ranking, a), code_of(ranking, b)) < 0;
}

/* --- reasons --- */

static bool has(const struct search_segment *segment, const struct term *term, enum kind kind, uint32_t document)
{
	uint32_t low = term ? term->first[kind] : 0, high = term ? term->first[kind + 1] : 0;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (segment->postings[middle].document == document)
			return true;
		if (segment->postings[middle].document < document)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool word_found(const struct ranking *ranking, const struct group *group, uint32_t word)
{
	for (size_t i = 0; i < ranking->ask->count; i++) {
		const struct asked *asked = &ranking->ask->terms[i];
		if (asked->word != word)
			continue;
		for (uint32_t s = 0; s < ranking->view->count; s++) {
			const struct search_segment *segment = ranking->view->segments[s];
			const struct term *term = term_find(segment, asked->hash);
			if ((s == group->line_segment && has(segment, term, LINE, group->line)) ||
			    (s == group->precedent_segment && has(segment, term, PRECEDENT, group->precedent)))
				return true;
		}
	}
	return false;
}

static const char *words_found(const struct ranking *ranking, const struct group *group)
{
	buf_auto words = { 0 };

	buf_init(&words, SEARCH_QUERY_MAX * 8);
	for (uint32_t i = 0; i < ranking->ask->word_count; i++)
		if (word_found(ranking, group, i))
			buf_printf(&words, "%s%s", words.size ? " " : "", ranking->ask->words[i]);
	return arena_text(ranking->arena, buf_text(&words));
}

static enum err_code hit_fill(const struct ranking *ranking, const struct group *group, struct search_hit *hit,
			      struct err *err)
{
	hit->score = (double)group->score;
	hit->by_book = (double)group->book;
	hit->by_near = (double)group->near;
	hit->by_words = (double)group->words;
	size_t length = strnlen(code_of(ranking, group), digits_of(ranking));
	memcpy(hit->code, code_of(ranking, group), length);
	if (group->line_segment < SEARCH_SEGMENTS) {
		const struct search_segment *segment = ranking->view->segments[group->line_segment];
		const char *line = segment->codes[segment->documents[group->line].code];
		memcpy(hit->line, line, strlen(line) + 1);
	}
	if (group->precedent_segment < SEARCH_SEGMENTS) {
		const struct search_segment *segment = ranking->view->segments[group->precedent_segment];
		const char *name = segment->names + segment->documents[group->precedent].name;
		hit->precedent = arena_text(ranking->arena, name);
	}
	hit->words = words_found(ranking, group);
	return hit->words && (hit->precedent || group->precedent_segment == SEARCH_SEGMENTS) ? OK : no_memory(err);
}

static enum err_code hits_fill(const struct ranking *ranking, struct search_result *result, struct err *err)
{
	size_t most = ranking->query->most < SEARCH_HITS_MAX ? ranking->query->most : SEARCH_HITS_MAX;
	const struct group *best[SEARCH_HITS_MAX + 1];
	size_t count = 0;

	for (uint32_t i = 0; i < ranking->group_count; i++) {
		const struct group *group = &ranking->group[i];
		if (group->score <= 0 || (count == most && (most == 0 || !before(ranking, group, best[count - 1]))))
			continue;
		size_t at = count < most ? count++ : count - 1;
		for (; at > 0 && before(ranking, group, best[at - 1]); at--)
			best[at] = best[at - 1];
		best[at] = group;
	}
	struct search_hit *hits = arena_array(ranking->arena, count + 1, sizeof(*hits));
	if (!hits)
		return no_memory(err);
	for (size_t i = 0; i < count; i++)
		TRY(hit_fill(ranking, best[i], &hits[i], err));
	*result = (struct search_result){ hits, count, ranking->ask->meant };
	return OK;
}

enum err_code rank(const struct view *view, const struct search_query *query, const struct ask *ask,
		   struct arena *arena, struct search_result *result, struct err *err)
{
	struct ranking ranking = { .view = view, .query = query, .ask = ask, .arena = arena };

	TRY(groups_make(&ranking, err));
	TRY(words_add(&ranking, err));
	book_add(&ranking);
	TRY(near_add(&ranking, err));
	codes_add(&ranking);
	fuse(&ranking);
	return hits_fill(&ranking, result, err);
}
