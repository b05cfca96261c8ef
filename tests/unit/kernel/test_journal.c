#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "kernel/journal.h"

/* SHA-256 of "abc" (FIPS 180-2, B.1) */
#define CONTENT "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

struct write {
	const char *subject, *detail, *organisation;
	int64_t at_us;
	int count;
};

static enum err_code write_run(struct tx *tx, void *arg, struct err *err)
{
	const struct write *write = arg;

	for (int i = 0; i < write->count; i++)
		TRY(journal_put(tx,
				&(struct journal_entry){ .at_us = write->at_us,
							 .actor = "user:somchai",
							 .organisation = write->organisation,
							 .subject_type = "document",
							 .subject = write->subject,
							 .event = "issued",
							 .to_state = i % 2 ? "issued" : NULL,
							 .detail = write->detail,
							 .law = i % 3 ? "ATIGA OCP rule 14(1)" : NULL,
							 .content = i % 4 ? NULL : CONTENT },
				err));
	return OK;
}

static void put(struct kernel_fixture *fixture, const char *subject, const char *detail, const char *organisation,
		int count)
{
	struct write write = { subject, detail, organisation, ++fixture->clock.now_us, count };

	must(db_write(fixture->kernel.db, write_run, &write, &fixture->err));
}

static unsigned seal(struct kernel_fixture *fixture, unsigned limit)
{
	unsigned sealed;

	must(journal_seal_step(&fixture->kernel, fixture->clock.now_us, limit, &sealed, &fixture->err));
	return sealed;
}

static struct journal_proof verify(struct kernel_fixture *fixture)
{
	struct journal_proof proof;

	must(journal_verify(&fixture->kernel, &proof, &fixture->err));
	return proof;
}

struct feed {
	struct arena *arena;
	int64_t after;
	const char *organisation, *subject;
	struct journal_list list;
};

static enum err_code feed_run(struct tx *tx, void *arg, struct err *err)
{
	struct feed *feed = arg;

	if (feed->subject)
		return journal_of(tx, feed->arena, feed->subject, 1000, &feed->list, err);
	return journal_after(tx, feed->arena, feed->after, feed->organisation, 1000, &feed->list, err);
}

static struct journal_list after(struct kernel_fixture *fixture, int64_t sequence, const char *organisation)
{
	struct feed feed = { fixture->arena, sequence, organisation, NULL, { 0 } };

	must(db_read(fixture->kernel.db, feed_run, &feed, &fixture->err));
	return feed.list;
}

static void only_sealed_entries_are_fed_and_without_gaps(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	put(fixture, "d1", "one", "customs", 5);
	assert_int_equal(after(fixture, 0, NULL).count, 0);
	while (seal(fixture, 3) > 0)
		continue;
	put(fixture, "d1", "two", "customs", 2);
	size_t before = after(fixture, 0, NULL).count;
	assert_int_equal(seal(fixture, 100), 2);
	struct journal_list list = after(fixture, 0, NULL);
	assert_int_equal(list.count, before + 2);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.entries[i].sequence, i + 1);
	assert_int_equal(after(fixture, list.entries[list.count - 1].sequence, NULL).count, 0);
	assert_int_equal(seal(fixture, 100), 0);
}

static void an_organisation_is_fed_its_own_entries(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	seal(fixture, 100);
	size_t before = after(fixture, 0, "dft").count;
	put(fixture, "d1", "one", "customs", 3);
	put(fixture, "d2", "one", "dft", 2);
	put(fixture, "d3", "one", NULL, 1);
	seal(fixture, 100);
	assert_int_equal(after(fixture, 0, "dft").count, before + 2);
}

/* All entries have one time: what was written first in the transaction comes first. */
static void a_timeline_is_in_the_order_of_writing(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct feed feed = { .arena = fixture->arena, .subject = "d1" };

	put(fixture, "d1", "one", "customs", 40);
	must(db_read(fixture->kernel.db, feed_run, &feed, &fixture->err));
	assert_int_equal(feed.list.count, 40);
	for (int i = 0; i < 40; i++)
		assert_true(same(feed.list.entries[i].to_state, i % 2 ? "issued" : NULL));
	for (int i = 0; i < 40; i++)
		assert_true(same(feed.list.entries[i].content, i % 4 ? NULL : CONTENT));
}

static enum err_code write_among_others(struct tx *tx, void *arg, struct err *err)
{
	const struct write *write = arg;

	for (int i = 0; i < write->count; i++) {
		const struct journal_entry of_now = { .at_us = write->at_us,
						      .actor = "system",
						      .subject_type = "document",
						      .subject = write->subject,
						      .event = "issued",
						      .to_state = i % 2 ? "issued" : NULL };
		struct journal_entry of_then = of_now;
		of_then.subject = "another";
		TRY(journal_put(tx, &of_now, err));
		for (int seconds = 1; seconds <= i % 3; seconds++) {
			of_then.at_us = write->at_us - seconds * SECOND_US;
			TRY(journal_put(tx, &of_then, err));
		}
	}
	return OK;
}

/* Also where the transaction writes entries of other times in between: since when a message is here, for example. */
static void what_has_another_time_does_not_change_the_order_of_the_rest(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct feed feed = { .arena = fixture->arena, .subject = "d1" };
	struct write write = { .subject = "d1", .at_us = fixture->clock.now_us, .count = 40 };

	must(db_write(fixture->kernel.db, write_among_others, &write, &fixture->err));
	must(db_read(fixture->kernel.db, feed_run, &feed, &fixture->err));
	assert_int_equal(feed.list.count, 40);
	for (int i = 0; i < 40; i++)
		assert_true(same(feed.list.entries[i].to_state, i % 2 ? "issued" : NULL));
}

static void put_field(struct buf *out, const char *text)
{
	if (text)
		hex_put(out, bytes_of(text));
	else
		buf_putc(out, '-');
	buf_putc(out, '\t');
}

static void put_entry(struct buf *out, const struct journal_entry *entry)
{
	char at[24];

	snprintf(at, sizeof(at), "%" PRId64, entry->at_us);
	const char *const fields[] = { entry->id,           at,
				       entry->actor,        entry->organisation,
				       entry->subject_type, entry->subject,
				       entry->event,        entry->from_state,
				       entry->to_state,     entry->detail,
				       entry->law,          entry->content };
	for (size_t i = 0; i < COUNT(fields); i++)
		put_field(out, fields[i]);
	out->data[out->size - 1] = '\n';
}

/* What the oracle beside this file makes of INPUT. */
static void oracle(const char *mode, const struct buf *input, char head[static 65])
{
	char path[] = "/tmp/lintas-journal.XXXXXX", command[400], line[80];
	int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	FILE *file = fdopen(descriptor, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(input->data, 1, input->size, file), input->size);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "python3 '%s' %s < %s", JOURNAL_ORACLE, mode, path);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	/* To the end of the pipe, so that the oracle is not cut off while it still writes. */
	assert_int_equal(fread(line, 1, sizeof(line), pipe), 65);
	memcpy(head, line, 64);
	head[64] = '\0';
	assert_int_equal(pclose(pipe), 0);
	remove(path);
}

/* The expected value is computed by journal_oracle.py, from the description in journal.h. */
static void the_head_is_that_of_the_documented_encoding(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	char expected[65];
	int64_t at_us = fixture->clock.now_us;
	buf_auto input;

	buf_init(&input, 1 << 20);
	seal(fixture, 3);
	put(fixture, "d1", "Lào Cai → Hà Nội", "customs", 4);
	put(fixture, "d2", "", NULL, 2);
	while (seal(fixture, 3) > 0)
		continue;
	struct journal_list list = after(fixture, 0, NULL);
	for (size_t i = 0; i < list.count; i++) {
		put_entry(&input, &list.entries[i]);
		if ((i + 1) % 3 == 0 || i + 1 == list.count)
			buf_printf(&input, "seal %" PRId64 "\n", i < 3 ? at_us : fixture->clock.now_us);
	}
	oracle("head", &input, expected);
	struct journal_proof proof = verify(fixture);
	assert_string_equal(proof.head, expected);
	assert_int_equal(proof.broken_sequence, 0);
	assert_int_equal(proof.entries, list.count);
	assert_int_equal(proof.seals, (list.count + 2) / 3);
	assert_int_equal(proof.unsealed, 0);
}

static void an_empty_tail_and_unsealed_entries_are_told(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	int64_t unsealed = verify(fixture).unsealed;

	assert_string_equal(verify(fixture).head, "");
	put(fixture, "d1", "one", "customs", 2);
	assert_int_equal(verify(fixture).unsealed, unsealed + 2);
	seal(fixture, 100);
	assert_int_equal(verify(fixture).unsealed, 0);
	assert_int_equal(strlen(verify(fixture).head), 64);
}

static struct journal_proof verify_known(struct kernel_fixture *fixture, const char *head)
{
	struct journal_proof proof;
	struct bytes known;

	assert_true(hex_parse(fixture->arena, head, &known));
	must(journal_verify_known(&fixture->kernel, known.data, &proof, &fixture->err));
	return proof;
}

static void an_old_head_is_known_with_its_seal_and_time(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	char heads[2][JOURNAL_HASH_SIZE];
	int64_t times[2], first;

	seal(fixture, 1000);
	first = verify(fixture).seals;
	for (size_t i = 0; i < COUNT(heads); i++) {
		put(fixture, "d1", "one", "customs", 2);
		seal(fixture, 5);
		times[i] = fixture->clock.now_us;
		memcpy(heads[i], verify(fixture).head, sizeof(heads[i]));
	}
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct journal_proof proof = verify_known(fixture, heads[i]);
		assert_int_equal(proof.broken_sequence, 0);
		assert_int_equal(proof.known_seal, first + 1 + (int64_t)i);
		assert_int_equal(proof.known_at_us, times[i]);
		assert_string_equal(proof.head, heads[1]);
	}
}

/* --- Tampering: each by somebody who can write the database --- */

/* Twenty entries and more in several seals, the last of them open. */
static void fill(struct kernel_fixture *fixture)
{
	for (int i = 0; i < 10; i++) {
		put(fixture, "d1", "one", "customs", 2);
		seal(fixture, 5);
	}
	assert_int_equal(verify(fixture).broken_sequence, 0);
}

static void tamper(struct kernel_fixture *fixture, const struct statement *const *statements, size_t count,
		   int64_t expected)
{
	fill(fixture);
	for (size_t i = 0; i < count; i++)
		fixture_exec(fixture, statements[i], NO_BINDS);
	struct journal_proof proof = verify(fixture);
	assert_int_equal(proof.broken_sequence, expected);
	assert_true(strlen(proof.reason) > 0);
}

static void an_altered_entry_is_found(void **state)
{
	static const struct statement alter = { "test.alter", "UPDATE journal SET detail = 'two' WHERE sequence = 7" };

	tamper(kernel_fixture_of(state), (const struct statement *const[]){ &alter }, 1, 7);
}

static void text_moved_to_the_next_field_is_found(void **state)
{
	static const struct statement alter = {
		"test.move", "UPDATE journal SET event = 'issue', from_state = 'd' WHERE sequence = 8"
	};

	tamper(kernel_fixture_of(state), (const struct statement *const[]){ &alter }, 1, 8);
}

static void a_removed_entry_is_found(void **state)
{
	static const struct statement removal = { "test.remove", "DELETE FROM journal WHERE sequence = 9" };

	tamper(kernel_fixture_of(state), (const struct statement *const[]){ &removal }, 1, 9);
}

static void a_removed_entry_whose_gap_was_closed_is_found(void **state)
{
	static const struct statement removal = { "test.remove", "DELETE FROM journal WHERE sequence = 9" };
	static const struct statement up = { "test.up",
					     "UPDATE journal SET sequence = sequence + 1000 WHERE sequence > 9" };
	static const struct statement down = { "test.down",
					       "UPDATE journal SET sequence = sequence - 1001 WHERE sequence > 1000" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct statement *const steps[] = { &removal, &up, &down };

	fill(fixture);
	for (size_t i = 0; i < COUNT(steps); i++)
		fixture_exec(fixture, steps[i], NO_BINDS);
	int64_t broken = verify(fixture).broken_sequence;
	assert_true(broken > 0 && broken <= 9);
}

static void an_inserted_entry_is_found(void **state)
{
	static const struct statement up = { "test.up",
					     "UPDATE journal SET sequence = sequence + 1000 WHERE sequence > 9" };
	static const struct statement down = { "test.down",
					       "UPDATE journal SET sequence = sequence - 999 WHERE sequence > 1000" };
	static const struct statement insertion = {
		"test.insert",
		"INSERT INTO journal (id, at_us, actor, subject_type, subject, event, digest, sequence)"
		" SELECT 'forged', at_us, actor, subject_type, subject, event, digest, 10 FROM journal WHERE sequence = 9"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct statement *const steps[] = { &up, &down, &insertion };

	fill(fixture);
	for (size_t i = 0; i < COUNT(steps); i++)
		fixture_exec(fixture, steps[i], NO_BINDS);
	int64_t broken = verify(fixture).broken_sequence;
	assert_true(broken > 0 && broken <= 10);
}

/* A true entry with its true digest, but after the last seal. */
static void an_entry_that_no_seal_gave_a_place_is_found(void **state)
{
	static const struct statement place = {
		"test.place",
		"UPDATE journal SET sequence = 100000 WHERE id = (SELECT id FROM journal WHERE sequence IS NULL ORDER BY id LIMIT 1)"
	};
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	seal(fixture, 1000);
	put(fixture, "d1", "one", "customs", 1);
	assert_int_equal(verify(fixture).broken_sequence, 0);
	fixture_exec(fixture, &place, NO_BINDS);
	assert_int_not_equal(verify(fixture).broken_sequence, 0);
}

/* Both entries are true, and so are their digests: only their order is not. */
static void reordered_entries_are_found(void **state)
{
	static const struct statement first = { "test.first", "UPDATE journal SET sequence = 1000 WHERE sequence = 8" };
	static const struct statement second = { "test.second", "UPDATE journal SET sequence = 8 WHERE sequence = 9" };
	static const struct statement third = { "test.third", "UPDATE journal SET sequence = 9 WHERE sequence = 1000" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	const struct statement *const steps[] = { &first, &second, &third };

	fill(fixture);
	for (size_t i = 0; i < COUNT(steps); i++)
		fixture_exec(fixture, steps[i], NO_BINDS);
	int64_t broken = verify(fixture).broken_sequence;
	assert_true(broken > 0 && broken <= 8);
}

static void an_altered_or_removed_seal_is_found(void **state)
{
	static const struct statement alter = {
		"test.seal-alter", "UPDATE journal_seal SET last_sequence = last_sequence - 1 WHERE number = 2"
	};
	static const struct statement mend = {
		"test.seal-mend", "UPDATE journal_seal SET last_sequence = last_sequence + 1 WHERE number = 2"
	};
	static const struct statement removal = { "test.seal-remove", "DELETE FROM journal_seal WHERE number = 2" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fill(fixture);
	fixture_exec(fixture, &alter, NO_BINDS);
	assert_int_not_equal(verify(fixture).broken_sequence, 0);
	fixture_exec(fixture, &mend, NO_BINDS);
	assert_int_equal(verify(fixture).broken_sequence, 0);
	fixture_exec(fixture, &removal, NO_BINDS);
	assert_int_not_equal(verify(fixture).broken_sequence, 0);
}

/* What is left is a chain without a fault: only the head that was written down elsewhere tells. */
static void an_end_that_was_cut_with_its_seals_is_found_by_the_head_of_then(void **state)
{
	static const struct statement entries = {
		"test.cut-entries",
		"DELETE FROM journal WHERE sequence IS NULL OR sequence > (SELECT last_sequence FROM journal_seal WHERE number = 2)"
	};
	static const struct statement seals = { "test.cut-seals", "DELETE FROM journal_seal WHERE number > 2" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	char head[JOURNAL_HASH_SIZE];

	fill(fixture);
	memcpy(head, verify(fixture).head, sizeof(head));
	fixture_exec(fixture, &entries, NO_BINDS);
	fixture_exec(fixture, &seals, NO_BINDS);
	assert_int_equal(verify(fixture).broken_sequence, 0);
	struct journal_proof proof = verify_known(fixture, head);
	assert_int_equal(proof.known_seal, 0);
	assert_int_equal(proof.broken_sequence, proof.entries + 1);
	assert_non_null(strstr(proof.reason, head));
	assert_non_null(strstr(proof.reason, "the journal was cut or rewritten"));
}

static void an_altered_or_removed_content_is_found(void **state)
{
	static const struct statement place = { "test.content",
						"SELECT max(sequence) FROM journal WHERE content IS NOT NULL" };
	static const struct statement alter = { "test.content-alter",
						"UPDATE journal SET content = $2 WHERE sequence = $1" };
	static const char *const contents[] = { "00" CONTENT, NULL, "" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fill(fixture);
	seal(fixture, 1000);
	int64_t sequence = fixture_int(fixture, &place, NO_BINDS);
	for (size_t i = 0; i < COUNT(contents); i++) {
		fixture_exec(fixture, &alter, BINDS(BIND_INT(sequence), BIND_TEXT(contents[i])));
		assert_int_equal(verify(fixture).broken_sequence, sequence);
	}
	fixture_exec(fixture, &alter, BINDS(BIND_INT(sequence), BIND_TEXT(CONTENT)));
	assert_int_equal(verify(fixture).broken_sequence, 0);
}

static void an_altered_root_of_a_seal_is_found(void **state)
{
	static const struct statement alter = {
		"test.seal-root",
		"UPDATE journal_seal SET root = (SELECT root FROM journal_seal WHERE number = 3) WHERE number = 2"
	};
	static const struct statement first = { "test.seal-first",
						"SELECT first_sequence FROM journal_seal WHERE number = 2" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fill(fixture);
	fixture_exec(fixture, &alter, NO_BINDS);
	struct journal_proof proof = verify(fixture);
	assert_int_equal(proof.broken_sequence, fixture_int(fixture, &first, NO_BINDS));
	assert_non_null(strstr(proof.reason, "root"));
}

static void an_altered_time_of_a_seal_is_found(void **state)
{
	static const struct statement alter = { "test.seal-time",
						"UPDATE journal_seal SET at_us = at_us - 1 WHERE number = 2" };
	static const struct statement first = { "test.seal-first",
						"SELECT first_sequence FROM journal_seal WHERE number = 2" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fill(fixture);
	fixture_exec(fixture, &alter, NO_BINDS);
	assert_int_equal(verify(fixture).broken_sequence, fixture_int(fixture, &first, NO_BINDS));
}

static void an_entry_altered_before_it_was_sealed_is_found(void **state)
{
	static const struct statement alter = { "test.unsealed",
						"UPDATE journal SET detail = 'two' WHERE subject = 'late'" };
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	fill(fixture);
	put(fixture, "late", "one", "customs", 1);
	assert_int_equal(verify(fixture).broken_sequence, 0);
	fixture_exec(fixture, &alter, NO_BINDS);
	assert_int_not_equal(verify(fixture).broken_sequence, 0);
}

/* --- Extracts --- */

struct extraction {
	struct arena *arena;
	const char *subject;
	size_t links_max;
	struct journal_extract extract;
};

static enum err_code extract_run(struct tx *tx, void *arg, struct err *err)
{
	struct extraction *extraction = arg;

	return journal_extract(tx, extraction->arena, extraction->subject, extraction->links_max, &extraction->extract,
			       err);
}

static struct journal_extract extract(struct kernel_fixture *fixture, const char *subject, size_t links_max)
{
	struct extraction extraction = { .arena = fixture->arena, .subject = subject, .links_max = links_max };

	must(db_read(fixture->kernel.db, extract_run, &extraction, &fixture->err));
	return extraction.extract;
}

/* The head that the oracle finds proved; it fails if anything in EXTRACT does not fit. */
static void proved_head(const struct journal_extract *extract, char head[static 65])
{
	buf_auto input;

	buf_init(&input, 1 << 20);
	for (size_t i = 0; i < extract->paths_count; i++) {
		const struct journal_path *path = &extract->paths[i];
		if (path->seal == 0)
			continue;
		put_entry(&input, path->entry);
		buf_printf(&input, "path %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, path->seal,
			   path->entry->sequence, path->index, path->count);
		for (size_t k = 0; k < path->hashes_count; k++)
			buf_printf(&input, " %s", path->hashes[k]);
		buf_putc(&input, '\n');
	}
	for (size_t i = 0; i < extract->links_count; i++) {
		const struct journal_link *link = &extract->links[i];
		buf_printf(&input, "link %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s %s\n", link->number,
			   link->first, link->last, link->at_us, link->previous, link->root, link->hash);
	}
	oracle("extract", &input, head);
}

/* What a reader of evidence has no database for says the same as the oracle, and finds each change. */
static void check_without_a_database(struct kernel_fixture *fixture, const struct journal_extract *extract)
{
	bool right;

	for (size_t i = 0; i < extract->links_count; i++) {
		struct journal_link link = extract->links[i];
		must(journal_link_check(&link, &right, &fixture->err));
		assert_true(right);
		link.at_us++;
		must(journal_link_check(&link, &right, &fixture->err));
		assert_false(right);
	}
	for (size_t i = 0; i < extract->paths_count; i++) {
		struct journal_path path = extract->paths[i];
		const char *root = NULL;
		for (size_t k = 0; k < extract->links_count; k++)
			if (extract->links[k].number == path.seal)
				root = extract->links[k].root;
		if (!root)
			continue;
		must(journal_path_check(&path, root, &right, &fixture->err));
		assert_true(right);
		struct journal_entry altered = *path.entry;
		altered.event = "another";
		path.entry = &altered;
		must(journal_path_check(&path, root, &right, &fixture->err));
		assert_false(right);
		path.entry = extract->paths[i].entry;
		path.index += path.index + 1 < path.count ? 1 : -1; /* another leaf; of one alone: none */
		must(journal_path_check(&path, root, &right, &fixture->err));
		assert_false(right);
		path = extract->paths[i];
		if (path.hashes_count == 0)
			continue;
		path.hashes_count--;
		must(journal_path_check(&path, root, &right, &fixture->err));
		assert_false(right);
	}
}

/* One seal over COUNT entries, all of them about "proved" if there are few, else the first, the middle and the last. */
static void seal_of(struct kernel_fixture *fixture, int count)
{
	if (count <= 8) {
		put(fixture, "proved", "few", "customs", count);
	} else {
		put(fixture, "proved", "first", "customs", 1);
		put(fixture, "other", "between", "customs", count / 2 - 1);
		put(fixture, "proved", "middle", "customs", 1);
		put(fixture, "other", "between", "customs", count - count / 2 - 2);
		put(fixture, "proved", "last", "customs", 1);
	}
	assert_int_equal(seal(fixture, 10000), count);
}

/* The expected head is that of the whole journal by journal_oracle.py; that paths and links lead to it is the oracle's
 * finding as well. */
static void an_extract_proves_its_entries_up_to_the_head(void **state)
{
	static const int sizes[] = { 1, 2, 3, 7, 8, 1000, 5, 1 };
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	char head[65];

	seal(fixture, 10000);
	put(fixture, "other", "before", "customs", 3);
	seal(fixture, 10000);
	for (size_t i = 0; i < COUNT(sizes); i++)
		seal_of(fixture, sizes[i]);
	put(fixture, "other", "after", "customs", 4);
	seal(fixture, 10000);
	put(fixture, "proved", "not sealed yet", "customs", 1);
	struct journal_extract found = extract(fixture, "proved", 100);
	check_without_a_database(fixture, &found);

	assert_int_equal(found.paths_count, 1 + 2 + 3 + 7 + 8 + 3 + 5 + 1 + 1);
	assert_int_equal(found.paths[found.paths_count - 1].seal, 0);
	assert_int_equal(found.paths[found.paths_count - 1].hashes_count, 0);
	for (size_t i = 0; i < found.paths_count; i++)
		assert_string_equal(found.paths[i].entry->subject, "proved");
	assert_int_equal(found.links_count,
			 COUNT(sizes) + 1); /* from the first that is needed, not from the first of all */
	assert_int_equal(found.links[0].number, found.paths[0].seal);
	assert_true(found.to_head);
	proved_head(&found, head);
	assert_string_equal(head, verify(fixture).head);
}

static void an_extract_of_the_first_seal_begins_with_nothing_before_it(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	char head[65];

	put(fixture, "proved", "one", "customs", 2);
	seal(fixture, 10000);
	struct journal_extract found = extract(fixture, "proved", 1);
	assert_int_equal(found.links_count, 1);
	assert_true(found.to_head);
	/* 32 zero octets, as journal.h says */
	assert_string_equal(found.links[0].previous, "00000000000000000000000000000000"
						     "00000000000000000000000000000000");
	proved_head(&found, head);
	assert_string_equal(head, verify(fixture).head);
}

static void a_chain_that_is_longer_than_asked_for_is_cut_and_says_so(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	char head[65];

	seal(fixture, 10000);
	for (int i = 0; i < 4; i++)
		seal_of(fixture, 2);
	put(fixture, "another", "one", "customs", 2);
	seal(fixture, 10000);
	struct journal_extract found = extract(fixture, "proved", 2);
	assert_int_equal(found.links_count, 4); /* two in the chain, and the two others that entries are under */
	assert_false(found.to_head);
	for (size_t i = 0; i < found.paths_count; i++)
		assert_true(found.paths[i].seal == found.links[i / 2].number);
	found.links_count = 2;
	found.paths_count = 2 * 2; /* what the cut chain reaches is proved by it */
	proved_head(&found, head);
	assert_string_equal(head, found.links[1].hash);
	found = extract(fixture, "proved", 5);
	assert_int_equal(found.links_count, 5);
	assert_true(found.to_head);
	proved_head(&found, head);
	assert_string_equal(head, verify(fixture).head);
}

/* Weeks between two entries: each is proved by its own seal. */
static void an_entry_beyond_a_chain_that_was_cut_has_its_seal(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	char head[65];

	seal(fixture, 10000);
	seal_of(fixture, 2);
	for (int i = 0; i < 5; i++) {
		put(fixture, "another", "one", "customs", 3);
		seal(fixture, 10000);
	}
	seal_of(fixture, 2);
	struct journal_extract found = extract(fixture, "proved", 1);
	assert_int_equal(found.links_count, 2);
	assert_int_equal(found.links[1].number, found.links[0].number + 6);
	found.links++; /* the oracle takes a chain: the last seal alone, with its own entries */
	found.links_count = 1;
	found.paths += 2;
	found.paths_count = 2;
	proved_head(&found, head);
	assert_string_equal(head, verify(fixture).head);
}

static void what_is_not_sealed_has_no_path_and_no_links(void **state)
{
	struct kernel_fixture *fixture = kernel_fixture_of(state);

	seal(fixture, 10000);
	put(fixture, "proved", "one", "customs", 2);
	struct journal_extract found = extract(fixture, "proved", 100);
	assert_int_equal(found.paths_count, 2);
	assert_int_equal(found.paths[0].seal, 0);
	assert_int_equal(found.links_count, 0);
	assert_false(found.to_head);
	assert_int_equal(extract(fixture, "nobody knows this", 100).paths_count, 0);
}

/* An extract of a damaged journal would only be refused elsewhere. */
static void nothing_is_extracted_from_under_a_seal_that_does_not_fit(void **state)
{
	static const struct statement entry = { "test.extract-entry",
						"UPDATE journal SET detail = $1 WHERE subject = 'proved'" };
	static const struct statement neighbour = { "test.extract-neighbour",
						    "UPDATE journal SET digest = $1 WHERE subject = 'other'" };
	static const struct statement removal = { "test.extract-remove",
						  "DELETE FROM journal WHERE subject = 'other'" };
	static const uint8_t octets[64];
	struct kernel_fixture *fixture = kernel_fixture_of(state);
	struct extraction extraction = { .arena = fixture->arena, .subject = "proved", .links_max = 100 };

	put(fixture, "proved", "one", "customs", 1);
	put(fixture, "other", "one", "customs", 1);
	seal(fixture, 10000);
	fixture_exec(fixture, &entry, BINDS(BIND_TEXT("two")));
	assert_int_equal(db_read(fixture->kernel.db, extract_run, &extraction, &fixture->err), ERR_INTERNAL);
	fixture_exec(fixture, &entry, BINDS(BIND_TEXT("one")));
	must(db_read(fixture->kernel.db, extract_run, &extraction, &fixture->err));
	for (size_t size = 0; size <= sizeof(octets); size += 32) {
		fixture_exec(fixture, &neighbour, BINDS(BIND_BLOB(bytes(octets, size))));
		assert_int_equal(db_read(fixture->kernel.db, extract_run, &extraction, &fixture->err), ERR_INTERNAL);
	}
	fixture_exec(fixture, &removal, NO_BINDS);
	assert_int_equal(db_read(fixture->kernel.db, extract_run, &extraction, &fixture->err), ERR_INTERNAL);
	assert_non_null(strstr(fixture->err.text, "missing"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_sealed_entries_are_fed_and_without_gaps),
		cmocka_unit_test(an_organisation_is_fed_its_own_entries),
		cmocka_unit_test(a_timeline_is_in_the_order_of_writing),
		cmocka_unit_test(what_has_another_time_does_not_change_the_order_of_the_rest),
		cmocka_unit_test(the_head_is_that_of_the_documented_encoding),
		cmocka_unit_test(an_empty_tail_and_unsealed_entries_are_told),
		cmocka_unit_test(an_old_head_is_known_with_its_seal_and_time),
		cmocka_unit_test(an_altered_entry_is_found),
		cmocka_unit_test(text_moved_to_the_next_field_is_found),
		cmocka_unit_test(a_removed_entry_is_found),
		cmocka_unit_test(a_removed_entry_whose_gap_was_closed_is_found),
		cmocka_unit_test(an_inserted_entry_is_found),
		cmocka_unit_test(an_entry_that_no_seal_gave_a_place_is_found),
		cmocka_unit_test(reordered_entries_are_found),
		cmocka_unit_test(an_altered_or_removed_seal_is_found),
		cmocka_unit_test(an_end_that_was_cut_with_its_seals_is_found_by_the_head_of_then),
		cmocka_unit_test(an_altered_time_of_a_seal_is_found),
		cmocka_unit_test(an_altered_or_removed_content_is_found),
		cmocka_unit_test(an_altered_root_of_a_seal_is_found),
		cmocka_unit_test(an_entry_altered_before_it_was_sealed_is_found),
		cmocka_unit_test(an_extract_proves_its_entries_up_to_the_head),
		cmocka_unit_test(an_extract_of_the_first_seal_begins_with_nothing_before_it),
		cmocka_unit_test(a_chain_that_is_longer_than_asked_for_is_cut_and_says_so),
		cmocka_unit_test(an_entry_beyond_a_chain_that_was_cut_has_its_seal),
		cmocka_unit_test(what_is_not_sealed_has_no_path_and_no_links),
		cmocka_unit_test(nothing_is_extracted_from_under_a_seal_that_does_not_fit),
	};
	return kernel_run("journal", tests, COUNT(tests), NULL);
}
