"""Makes the store of a stopped node larger: copies of the messages that it has exchanged, each with all its rows.

The rows are those that the real path wrote, octet for octet, but for names and times: a copy is named by version 7 identifiers that are
as much older as its times, so that a key's place in each index is where years of traffic would have put it, and what comes next goes to
the end as ever. Entries of the journal and seals get the numbers that follow. What a copy no longer has is a journal that verifies,
because digests and signatures speak of the original's names; nothing that is measured looks at that.
"""
import contextlib, re, sqlite3

# By table: columns that hold names made of a version 7 identifier, columns that hold times.
TABLES = {
    "message": ("id message_id conversation document", "created_us queued_us next_attempt_us settled_us accepted_us"),
    "message_part": ("message", ""),
    "wire": ("id message", "at_us"),
    "fsm_case": ("id", "since_us"),
    "fsm_timer": ("id case_id", "due_us next_us"),
    "journal": ("id subject", "at_us"),
    "journal_seal": ("", "at_us"),
    "document": ("id message conversation", "created_us"),
}
VERSION_7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})(-7.*)", re.S)


def older(name, by_us):
    match = VERSION_7.fullmatch(name) if name else None
    if not match:
        return name
    ms = "%012x" % (int(match[1] + match[2], 16) - by_us // 1000)
    return f"{ms[:8]}-{ms[8:]}{match[3]}"


def expression(table, column, names, times):
    if column in names.split():
        return f"older({column}, :by_us)"
    if column in times.split():
        return f"{column} - :by_us"
    if (table, column) in (("journal", "sequence"), ("journal_seal", "first_sequence"), ("journal_seal", "last_sequence")):
        return f"{column} + :after_entry"
    if (table, column) == ("journal_seal", "number"):
        return "number + :after_seal"
    if (table, column) == ("document", "reference"):
        return "reference || '-' || :after_seal"
    return column


def one(db, sql, *values):
    return db.execute(sql, values).fetchone()[0]


class Originals:
    """What a stopped node has exchanged so far, all of it settled and sealed: what its store is filled with copies of."""

    def __init__(self, path):
        self.path = path
        with self.connection() as db:
            assert one(db, "SELECT count(*) FROM journal WHERE sequence IS NULL") == 0, f"{path}: the journal is not sealed yet"
            self.rows = {table: one(db, f"SELECT max(rowid) FROM {table}") or 0 for table in TABLES}
            self.messages = one(db, "SELECT count(*) FROM message")
            self.entries, self.seals = one(db, "SELECT max(sequence) FROM journal"), one(db, "SELECT max(number) FROM journal_seal")
            self.first_us, self.last_us = (one(db, f"SELECT {end}(at_us) FROM journal") for end in ("min", "max"))

    def connection(self):
        db = sqlite3.connect(self.path, isolation_level=None)
        db.create_function("older", 2, older, deterministic=True)
        return contextlib.closing(db)

    def statements(self, db):
        for table, (names, times) in TABLES.items():
            db.execute(f"CREATE TEMP TABLE first_{table} AS SELECT * FROM main.{table} WHERE rowid <= {self.rows[table]}")
            columns = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})")]
            chosen = ", ".join(expression(table, column, names, times) for column in columns)
            yield f"INSERT INTO main.{table} SELECT {chosen} FROM first_{table}"

    def multiply(self, messages):
        """Until the store has about MESSAGES. Copies are older than all that it has, and the first is the oldest."""
        with self.connection() as db:
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144", "temp_store = MEMORY"):
                db.execute(f"PRAGMA {pragma}")
            copies = max(0, round((messages - one(db, "SELECT count(*) FROM message")) / self.messages))
            entry, seal = one(db, "SELECT max(sequence) FROM journal"), one(db, "SELECT max(number) FROM journal_seal")
            before_us = self.last_us - one(db, "SELECT min(at_us) FROM journal") + 1_000_000
            span_us = self.last_us - self.first_us + 1_000_000
            statements = list(self.statements(db))
            db.execute("BEGIN")
            for copy in range(copies):
                values = {"after_entry": entry + copy * self.entries, "after_seal": seal + copy * self.seals,
                          "by_us": before_us + (copies - 1 - copy) * span_us}
                for statement in statements:
                    db.execute(statement, values)
            db.execute("UPDATE message_tally SET messages = messages + ?", (copies * self.messages,))
            db.execute("UPDATE counter SET value = (SELECT max(sequence) FROM journal) WHERE name = 'message-tally'")
            db.execute("COMMIT")
            db.execute("PRAGMA journal_mode = WAL")
            return one(db, "SELECT count(*) FROM message")
