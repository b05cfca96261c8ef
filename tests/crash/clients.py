"""Clients that submit documents over the administration sockets, and the ledger of what was acknowledged.

A client behaves as a trader's system would: it counts a document as submitted when it has read the whole answer, and submits the
same bytes again while it has not. The closed loop keeps a bounded number of messages under way.
"""
import hashlib, http.client, json, socket, threading, time

CLIENTS = 12  # of each node
UNDER_WAY = 40  # messages from each node that are accepted, not yet delivered and processed
ANSWER_SECONDS = 15


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("lintas", timeout=ANSWER_SECONDS)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


UNANSWERED = (OSError, http.client.HTTPException, ValueError)


def call(node, method, path, body=None, connected=lambda: None):
    """Status and body of an answer that was read to its end; else one of UNANSWERED."""
    connection = Connection(node.path / "admin.sock")
    try:
        connection.connect()
        connected()
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def count_of(node, direction, state):
    """How many messages of NODE are in STATE; a hundred may be more."""
    status, body = call(node, "GET", f"/api/v1/messages?direction={direction}&state={state}&limit=100")
    if status != 200:
        raise ConnectionError(f"status {status}")
    return len(json.loads(body)["items"])


class Submission:
    """What a client knows of one document: its bytes, and what the node named it when it said that it has it."""
    __slots__ = ("reference", "body", "digest", "document", "message")

    def __init__(self, reference, body):
        self.reference, self.body, self.digest = reference, body, hashlib.sha256(body).hexdigest()
        self.document = self.message = None


class Traffic:
    """PAPERS: by state, a function that makes the document of a reference; all go to the other of the two NODES."""

    def __init__(self, nodes, papers):
        self.nodes, self.papers = nodes, papers
        self.ledger = {node.state: {} for node in nodes}
        self.room = {node.state: 0 for node in nodes}
        self.under_way = {node.state: 0 for node in nodes}
        self.open, self.asking = {}, {}  # by client: the submission in hand; the one whose answer is awaited just now
        self.answered = {node.state: threading.Event() for node in nodes}
        self.unanswered = self.repeated = 0
        self.fault, self.paused, self.ending = None, False, False
        self.changed = threading.Condition()
        self.threads = [threading.Thread(target=self.guard, args=(self.watch,))]
        self.threads += [threading.Thread(target=self.guard, args=(self.client, node, (node.state, i)))
                         for node in nodes for i in range(CLIENTS)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        with self.changed:
            self.ending = True
            self.changed.notify_all()
        for thread in self.threads:
            if thread.ident:
                thread.join(2 * ANSWER_SECONDS)

    def pause(self, paused):
        with self.changed:
            self.paused = paused
            self.changed.notify_all()

    def guard(self, run, *args):
        try:
            run(*args)
        except BaseException as e:  # the test's thread raises it
            self.fault = self.fault or e

    def acknowledged(self):
        return sum(s.document is not None for ledger in self.ledger.values() for s in list(ledger.values()))

    def asked(self, node):
        """References that clients of NODE await the answer of."""
        return {submission.reference for (state, _), submission in list(self.asking.items()) if state == node.state}

    def settled(self):
        """Nothing is in a client's hand, an outbox or, looked at after both outboxes, an inbox."""
        if self.open:
            return False
        try:
            return not any(count_of(node, *which) for which in (("out", "queued"), ("in", "received")) for node in self.nodes)
        except UNANSWERED:
            return False

    def watch(self):
        """Makes room for new submissions as old ones are done. While a node does not answer, nothing of its is counted anew."""
        while not self.ending:
            for node, other in (self.nodes, reversed(self.nodes)):
                try:
                    under_way = count_of(node, "out", "queued")
                    under_way += count_of(other, "in", "received")
                except UNANSWERED:
                    continue
                with self.changed:
                    self.under_way[node.state] = under_way
                    self.room[node.state] = UNDER_WAY - under_way
                    self.changed.notify_all()
            time.sleep(0.03)

    def take(self, node, client):
        """A new submission for CLIENT when there is room; None when it is time to end."""
        with self.changed:
            while not self.ending and (self.paused or self.room[node.state] <= 0):
                self.changed.wait(1)
            if self.ending:
                return None
            self.room[node.state] -= 1
            ledger = self.ledger[node.state]
            reference = f"CRASH-{node.state}-{len(ledger) + 1:07d}"
            ledger[reference] = self.open[client] = Submission(reference, self.papers[node.state](reference).encode())
            return ledger[reference]

    def client(self, node, client):
        while submission := self.take(node, client):
            while not self.ending and not self.submit(node, client, submission):
                time.sleep(0.02)
            submission.body = None  # made again when it is compared
            self.open.pop(client)

    def submit(self, node, client, submission):
        try:
            status, text = call(node, "POST", "/api/v1/documents?organisation=dft", submission.body,
                                lambda: self.asking.__setitem__(client, submission))
            result = json.loads(text)
        except UNANSWERED:
            self.unanswered += 1
            return False
        finally:
            self.asking.pop(client, None)
        if status >= 500:
            self.unanswered += 1
            return False
        assert status in (200, 202), f"{submission.reference} was answered {status}: {text}"
        self.repeated += result["repeated"]
        submission.document, submission.message = result["id"], result["message"]
        self.answered[node.state].set()
        return True

    def await_answer(self, node, seconds):
        """Until NODE acknowledges the next submission."""
        self.answered[node.state].clear()
        return self.answered[node.state].wait(seconds)
