"""What the nodes' own databases say, read beside the nodes: where every message stands, and whether all of it is true.

The SQL is for both databases. Nothing is written; values come as texts ('' for NULL).
"""
import collections, contextlib, hashlib, sqlite3, subprocess

MARK = "-- end of the answer --"


class Busy(Exception):
    """A process that is stopped just now holds the lock of the log's index: ask again when it has gone on for a moment."""


class SqliteBook:
    """Opened for each look and read-only: what a killed node left, log and all, is recovered by the node at its next start."""

    def __init__(self, path):
        self.path = path

    @contextlib.contextmanager
    def open(self):
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=0.2)) as connection:
                connection.create_function("sha256", 1, lambda octets: hashlib.sha256(octets).hexdigest())
                connection.create_function("encode", 2, lambda text, _: text)
                yield lambda sql: [tuple("" if v is None else str(v) for v in row) for row in connection.execute(sql)]
        except sqlite3.OperationalError as e:
            if e.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_PROTOCOL")):
                raise Busy(e.sqlite_errorname) from e
            raise

    def close(self):
        pass


class PostgresBook:
    """One session of psql, which lives as long as the test."""

    def __init__(self, url):
        self.psql = subprocess.Popen(["psql", url, "-XAtq", "-F", "|", "-v", "ON_ERROR_STOP=1"], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.ask("SET statement_timeout = '120s'")

    def ask(self, sql):
        self.psql.stdin.write(f"{sql};\n\\echo {MARK}\n")
        self.psql.stdin.flush()
        rows = []
        for line in self.psql.stdout:
            if line.rstrip("\n") == MARK:
                return rows
            rows.append(tuple(line.rstrip("\n").split("|")))
        raise AssertionError(f"psql ended: {rows[-3:]} after {sql}")

    @contextlib.contextmanager
    def open(self):
        yield self.ask

    def close(self):
        self.psql.stdin.close()
        self.psql.wait(10)


# --- Where a message stands ---

STAGES = {
    "0": "submission under way",
    "1": "queued",
    "2": "claimed, not signed",
    "3": "signed and stored, on the wire",
    "3w": "signed and stored, waits to be sent again",
    "4": "stored by the partner, receipt not stored",
    "5": "delivered, not processed",
}

QUEUED = """SELECT message.message_id, document.reference, CASE WHEN message.claimed_by IS NULL THEN 0 ELSE 1 END,
    CASE WHEN EXISTS (SELECT 1 FROM wire WHERE wire.message = message.id AND wire.kind = 'sent') THEN 1 ELSE 0 END
    FROM message JOIN document ON document.id = message.document WHERE message.state = 'queued' AND message.partner = '{}'"""
UNPROCESSED = "SELECT message_id FROM message WHERE state = 'received' AND partner = '{}'"


def listed(values):
    return "(" + ", ".join(f"'{v}'" for v in sorted(values) or [""]) + ")"


def stages_between(link, sender, receiver, waiting):
    """How many messages of LINK stand where. SENDER, RECEIVER: what asks the databases of its ends. WAITING: references of
    submissions that nobody answered yet."""
    stages = collections.Counter()
    queued = sender(QUEUED.format(link.receiver.state))
    stored = {row[0] for row in receiver("SELECT message_id FROM message WHERE direction = 'in' AND message_id IN "
                                         + listed(row[0] for row in queued))}
    for message_id, _, claimed, signed in queued:
        if message_id in stored:
            stages["4"] += 1
        elif signed == "1":
            stages["3" if claimed == "1" else "3w"] += 1
        else:
            stages["2" if claimed == "1" else "1"] += 1
    ahead = {row[0] for row in queued}
    stages["5"] = sum(row[0] not in ahead for row in receiver(UNPROCESSED.format(link.sender.state)))
    known = {row[0] for row in sender("SELECT reference FROM document WHERE direction = 'out' AND reference IN " + listed(waiting))}
    stages["0"] = len(set(waiting) - known)
    return stages


# --- What must be true when nothing is under way ---

LOST, DOUBLED, WRONG = "lost", "doubled", "wrong"  # what a finding says of the one that its text begins with

SENT = """SELECT message.partner, document.reference, document.id, document.digest, fsm_case.state, message.id,
    message.message_id, message.state FROM document JOIN message ON message.id = document.message
    LEFT JOIN fsm_case ON fsm_case.id = document.id AND fsm_case.machine = document.machine WHERE document.direction = 'out'"""
RECEIVED = "SELECT partner, reference, digest, message, id FROM document WHERE direction = 'in'"
MESSAGES = "SELECT partner, message_id, id, state FROM message WHERE direction = 'in' AND action NOT LIKE '%/200704/test'"  # no heartbeats
MOVES = """SELECT subject, count(*) FROM journal WHERE subject_type = 'message' AND to_state = '{}' GROUP BY subject"""
# A message becomes processed once, however often its document is taken in: that is told by the document, which is opened once, and
# which whatever comes after finds there. No client submits the same bytes under two messages here, so nothing comes after.
OPENED = """SELECT subject, count(*) FROM journal WHERE subject_type = 'document' AND event = 'received' AND from_state IS NULL
    GROUP BY subject"""
TAKEN_IN_AGAIN = "SELECT detail, subject FROM journal WHERE subject_type = 'document' AND event = 'received-again'"
UNSETTLED = """SELECT direction, state, message_id, last_error FROM message WHERE state NOT IN ('delivered', 'processed')"""
RECEIPTS = "SELECT message, encode(sha256(octets), 'hex') FROM wire WHERE kind = '{}' AND id > '{}'"


def grouped(rows):
    """By partner and name, which are the first two of each."""
    groups = collections.defaultdict(list)
    for row in rows:
        groups[row[:2]].append(row[2:])
    return groups


class Account:
    """All that one node has, at rest."""

    def __init__(self, state):
        self.state, self.seen_to = state, ""
        self.receipts = {"receipt-sent": collections.defaultdict(list), "receipt-received": collections.defaultdict(list)}

    def read(self, ask, anew):
        """ANEW: every receipt is read again, else those since the last time."""
        self.sent, self.received, self.messages = grouped(ask(SENT)), grouped(ask(RECEIVED)), grouped(ask(MESSAGES))
        self.processed, self.delivered = dict(ask(MOVES.format("processed"))), dict(ask(MOVES.format("delivered")))
        self.opened, self.taken_in_again = dict(ask(OPENED)), ask(TAKEN_IN_AGAIN)
        self.unsettled = ask(UNSETTLED)
        self.tasks, self.refusals = ask("SELECT kind, subject, text FROM task"), ask("SELECT rule, message_id FROM refusal")
        since = "" if anew else self.seen_to
        news = {kind: ask(RECEIPTS.format(kind, since)) for kind in self.receipts}
        self.seen_to = ask("SELECT max(id) FROM wire")[0][0]
        for kind, receipts in self.receipts.items():  # after all that may be Busy, and is then read once more
            if anew:
                receipts.clear()
            for message, digest in news[kind]:
                receipts[message].append(digest)

    def rest(self):
        """Findings about this node alone."""
        for direction, state, message_id, error in self.unsettled:
            yield WRONG, f"{self.state}: {direction} {message_id} is {state}: {error}"
        for kind, subject, text in self.tasks:
            yield WRONG, f"{self.state}: a task {kind} of {subject}: {text}"
        for rule, message_id in self.refusals:
            yield WRONG, f"{self.state}: {message_id} was refused: {rule}"
        for message_id, document in self.taken_in_again:
            yield DOUBLED, f"{message_id}: {self.state} took it in when it already had its document {document}"


def exactly_one(what, found):
    if not found:
        yield LOST, f"{what}: there is none"
    elif len(found) > 1:
        yield DOUBLED, f"{what}: there are {len(found)}"


def compare_one(sender, receiver, reference, submission):
    """Findings about one acknowledged submission."""
    mine = sender.sent.get((receiver.state, reference), [])
    yield from exactly_one(f"{reference}: the document at {sender.state}", mine)
    for document, digest, document_state, message, message_id, message_state in mine[:1]:
        if (document, message, digest) != (submission.document, submission.message, submission.digest):
            yield WRONG, f"{reference}: not the document {submission.document} that was acknowledged"
        if (document_state, message_state) != ("transmitted", "delivered"):
            yield LOST, f"{reference}: the document is {document_state}, its message {message_state}"
        if sender.delivered.get(message) != "1":
            yield DOUBLED, f"{reference}: delivered {sender.delivered.get(message, 0)} times"
        theirs, copies = (book.get((sender.state, name), []) for book, name in ((receiver.messages, message_id),
                                                                                (receiver.received, reference)))
        yield from exactly_one(f"{reference}: message {message_id} at {receiver.state}", theirs)
        yield from exactly_one(f"{reference}: the document at {receiver.state}", copies)
        for _, _, document_there in copies[:1]:
            if receiver.opened.get(document_there) != "1":
                yield DOUBLED, f"{reference}: opened {receiver.opened.get(document_there, 0)} times at {receiver.state}"
        for message_there, state in theirs[:1]:
            if receiver.processed.get(message_there) != "1":
                yield DOUBLED, f"{reference}: became processed {receiver.processed.get(message_there, 0)} times"
            if [copy[:2] for copy in copies] != [(digest, message_there)]:
                yield WRONG, f"{reference}: {receiver.state} has {copies}, not {digest} of {message_there}"
            given, held = receiver.receipts["receipt-sent"][message_there], sender.receipts["receipt-received"][message]
            if len(given) != 1 or given != held:
                yield WRONG, f"{reference}: {receiver.state} gave the receipts {given}, {sender.state} holds {held}"


def compare(link):
    """Findings about all that went over LINK, whose ledger is what clients submitted for it, all of it acknowledged."""
    sender, receiver = link.sender.account, link.receiver.account
    for reference, submission in link.ledger.items():
        yield from compare_one(sender, receiver, reference, submission)
    sent_ids = {rows[0][4] for (partner, _), rows in sender.sent.items() if partner == receiver.state}
    for what, known, held, partner in (("document sent", link.ledger, sender.sent, receiver.state),
                                       ("document received", link.ledger, receiver.received, sender.state),
                                       ("message received", sent_ids, receiver.messages, sender.state)):
        for stranger in sorted({name for of, name in held if of == partner} - set(known)):
            yield DOUBLED, f"{stranger}: a {what} that nobody submitted"
