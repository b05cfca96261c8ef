/* A query against a small book and a precedent. The first octet says how many digits are wanted; nothing that is
 * written is a fault, and what is found keeps its order and bounds. */
#include "base/arena.h"
#include "fuzz.h"
#include "search/search.h"

#define ARENA_MAX ((size_t)16 << 20)
#define TEXT(value)                                                                                                    \
	{                                                                                                              \
		SEARCH_OWN,                                                                                            \
		{                                                                                                      \
			(const uint8_t *)(value), sizeof(value) - 1                                                    \
		}                                                                                                      \
	}

static struct search_engine *engine_made(void)
{
	static const struct search_text rice[] = { TEXT("Hom Mali rice"), TEXT("Gạo thơm khác"), TEXT("ข้าวหอมมะลิ") };
	static const struct search_text laptop[] = { TEXT(
		"Laptops including notebooks, other than of subheading 8471.41") };
	static const struct search_line lines[] = { { "10063040", rice, COUNT(rice) },
						    { "84713020", laptop, COUNT(laptop) } };
	static const struct search_precedent precedents[] = {
		{ "r1", "847130", NULL, { (const uint8_t *)"MacBook 13", 10 } }
	};
	static const struct search_synonym synonyms[] = { { "w/", "with" }, { "computer", "laptops" } };
	const struct search_source source = { lines,    COUNT(lines),   precedents, COUNT(precedents),
					      synonyms, COUNT(synonyms) };
	struct search_segment *segment = NULL;
	struct search_engine *engine = NULL;
	struct err err;

	MUST(search_segment_build(&source, &segment, &err) == OK && search_engine_new(&engine, &err) == OK);
	MUST(search_engine_swap(engine, segment, &err) == OK);
	MUST(search_engine_add(engine, precedents, 1, &err) == OK);
	return engine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct search_engine *engine;
	arena_auto arena = arena_new(ARENA_MAX);
	struct search_result result;
	struct err err;

	if (size == 0)
		return 0;
	if (!engine)
		engine = engine_made();
	struct search_query query = { .text = bytes(data + 1, size - 1), .digits = 2 + data[0] % 7, .most = data[0] };
	MUST(search_run(engine, &query, arena, &result, &err) == OK);
	MUST(result.count <= query.most && result.count <= SEARCH_HITS_MAX);
	for (size_t i = 0; i < result.count; i++) {
		MUST(result.hits[i].score > 0 && result.hits[i].score <= 1.0001);
		MUST(i == 0 || result.hits[i].score <= result.hits[i - 1].score);
		MUST(strlen(result.hits[i].code) <= (size_t)query.digits && result.hits[i].words);
	}
	return 0;
}
