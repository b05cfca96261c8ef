#include "plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "search/segment_int.h"

#define K1 1.2
#define B  0.75

struct use {
	unsigned document, times;
};
struct plain_word {
	uint64_t hash;
	struct use *uses;
	unsigned count, room;
};
struct plain {
	struct word_reader *reader;
	struct plain_word *words; /* open addressing */
	size_t mask, word_count;
	const char **codes; /* by document */
	unsigned *lengths;
	double *scores;
	size_t count, room, length;
};

static void *grown(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory) {
		perror("classify");
		exit(1);
	}
	return memory;
}

static struct plain_word *slot(struct plain_word *words, size_t mask, uint64_t hash)
{
	size_t at = hash & mask;

	while (words[at].hash && words[at].hash != hash)
		at = (at + 1) & mask;
	return &words[at];
}

struct plain *plain_new(void)
{
	struct plain *plain = grown(NULL, sizeof(*plain));
	struct err err;

	*plain = (struct plain){ .mask = (1 << 20) - 1 };
	plain->words = calloc(plain->mask + 1, sizeof(*plain->words));
	if (!plain->words || word_reader_new(&plain->reader, &err) != OK)
		exit(1);
	return plain;
}

void plain_free(struct plain *plain)
{
	for (size_t i = 0; i <= plain->mask; i++)
		free(plain->words[i].uses);
	word_reader_free(plain->reader);
	free(plain->words);
	free(plain->codes);
	free(plain->lengths);
	free(plain->scores);
	free(plain);
}

static struct words read_words(struct plain *plain, struct bytes text)
{
	struct words words = { .count = 0 };
	struct err err;

	if (words_read(plain->reader, text, SEARCH_TEXT_MAX, &words, &err) != OK)
		exit(1);
	return words;
}

void plain_add(struct plain *plain, const char *code, struct bytes text)
{
	struct words words = read_words(plain, text);

	if (plain->count == plain->room) {
		plain->room = plain->room ? plain->room * 2 : 1024;
		plain->codes = grown(plain->codes, plain->room * sizeof(*plain->codes));
		plain->lengths = grown(plain->lengths, plain->room * sizeof(*plain->lengths));
		plain->scores = grown(plain->scores, plain->room * sizeof(*plain->scores));
	}
	unsigned document = (unsigned)plain->count++;
	plain->codes[document] = code;
	plain->lengths[document] = (unsigned)words.count;
	plain->length += words.count;
	for (size_t i = 0; i < words.count; i++) {
		struct plain_word *word = slot(plain->words, plain->mask, term_hash(words.words[i].text, NULL));
		if (!word->hash && ++plain->word_count * 2 > plain->mask)
			exit(1);
		word->hash = term_hash(words.words[i].text, NULL);
		if (word->count && word->uses[word->count - 1].document == document) {
			word->uses[word->count - 1].times++;
			continue;
		}
		if (word->count == word->room) {
			word->room = word->room ? word->room * 2 : 4;
			word->uses = grown(word->uses, word->room * sizeof(*word->uses));
		}
		word->uses[word->count++] = (struct use){ document, 1 };
	}
}

static void score(struct plain *plain, struct words words)
{
	double mean = (double)plain->length / (double)(plain->count ? plain->count : 1);

	for (size_t i = 0; i < plain->count; i++)
		plain->scores[i] = 0;
	for (size_t i = 0; i < words.count; i++) {
		const struct plain_word *word = slot(plain->words, plain->mask, term_hash(words.words[i].text, NULL));
		double idf = log(1 + ((double)plain->count - word->count + 0.5) / (word->count + 0.5));
		for (unsigned j = 0; j < word->count; j++) {
			double times = word->uses[j].times, length = plain->lengths[word->uses[j].document];
			plain->scores[word->uses[j].document] +=
				idf * times * (K1 + 1) / (times + K1 * (1 - B + B * length / mean));
		}
	}
}

size_t plain_run(struct plain *plain, struct bytes text, size_t digits, size_t most, const char **codes)
{
	double best[64] = { 0 };
	size_t count = 0;

	score(plain, read_words(plain, text));
	for (size_t i = 0; i < plain->count; i++) {
		double mine = plain->scores[i];
		if (mine <= 0 || (count == most && mine <= best[count - 1]))
			continue;
		size_t at = 0;
		while (at < count && strncmp(codes[at], plain->codes[i], digits) != 0)
			at++;
		if (at < count && best[at] >= mine)
			continue;
		if (at == count)
			at = count < most ? count++ : count - 1;
		for (; at > 0 && best[at - 1] < mine; at--) {
			best[at] = best[at - 1];
			codes[at] = codes[at - 1];
		}
		best[at] = mine;
		codes[at] = plain->codes[i];
	}
	return count;
}
