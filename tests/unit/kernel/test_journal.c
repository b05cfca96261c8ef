#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "kernel/journal.h"

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
							 .law = i % 3 ? "ATIGA OCP rule 14(1)" : NULL },
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
	const char *const fields[] = {
		entry->id,      at,           entry->actor,      entry->organisation, entry->subject_type,
		entry->subject, entry->event, entry->from_state, entry->to_state,     entry->detail,
		entry->law
	};
	for (size_t i = 0; i < COUNT(fields); i++)
		put_field(out, fields[i]);
	out->data[out->size - 1] = '\n';
}

/* What the oracle beside this file makes of INPUT. */
static void oracle(const struct buf *input, char head[static 65])
{
	char path[] = "/tmp/lintas-journal.XXXXXX", command[400], line[80];
	int descriptor = mkstemp(path);

	assert_true(descriptor >= 0);
	FILE *file = fdopen(descriptor, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(input->data, 1, input->size, file), input->size);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "python3 '%s' < %s", JOURNAL_ORACLE, path);
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
	oracle(&input, expected);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_sealed_entries_are_fed_and_without_gaps),
		cmocka_unit_test(an_organisation_is_fed_its_own_entries),
		cmocka_unit_test(a_timeline_is_in_the_order_of_writing),
		cmocka_unit_test(the_head_is_that_of_the_documented_encoding),
		cmocka_unit_test(an_empty_tail_and_unsealed_entries_are_told),
		cmocka_unit_test(an_altered_entry_is_found),
		cmocka_unit_test(text_moved_to_the_next_field_is_found),
		cmocka_unit_test(a_removed_entry_is_found),
		cmocka_unit_test(a_removed_entry_whose_gap_was_closed_is_found),
		cmocka_unit_test(an_inserted_entry_is_found),
		cmocka_unit_test(an_entry_that_no_seal_gave_a_place_is_found),
		cmocka_unit_test(reordered_entries_are_found),
		cmocka_unit_test(an_altered_or_removed_seal_is_found),
		cmocka_unit_test(an_altered_time_of_a_seal_is_found),
		cmocka_unit_test(an_entry_altered_before_it_was_sealed_is_found),
	};
	return kernel_run("journal", tests, COUNT(tests), NULL);
}
