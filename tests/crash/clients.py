"""Clients that submit documents over the administration sockets, and the ledger of what was acknowledged.

A client behaves as a trader's system would: it counts a document as submitted when it has read the whole answer, and submits the
same bytes again while it has not. The closed loop keeps a bounded number of messages under way.
"""
import hashlib, http.client, json, socket, threading, time

CLIENTS = 4  # of each link
UNDER_WAY = 16  # messages of each link that are accepted, not yet delivered and processed
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


def count_of(node, direction, state, partner=None):
    """How many messages of NODE are in STATE, with all partners or with one; a hundred may be more."""
    of = f"&partner={partner.state}" if partner else ""
    status, body = call(node, "GET", f"/api/v1/messages?direction={direction}&state={state}&limit=100{of}")
    if status != 200:
        raise ConnectionError(f"status {status}")
    return len(json.loads(body)["items"])


class Submission:
    """What a client knows of one document: its bytes, and what the node named it when it said that it has it."""
    __slots__ = ("reference", "body", "digest", "document", "message")

    def __init__(self, reference, body):
        self.reference, self.body, self.digest = reference, body, hashlib.sha256(body).hexdigest()
        self.document = self.message = None


class Link:
    """One way between two nodes. PAPER makes the document of a reference; the ledger has what clients submitted, by its reference."""

    def __init__(self, sender, receiver, binding, paper):
        self.sender, self.receiver, self.binding, self.paper = sender, receiver, binding, paper
        self.name, self.ledger, self.room, self.under_way = f"{sender.state}-{receiver.state}", {}, 0, 0

    def acknowledged(self):
        return sum(s.document is not None for s in list(self.ledger.values()))


class Traffic:
    """Both ways of each of PAIRS: two nodes and how they exchange. PAPER(STATE, OTHER): a function that makes the document of a
    reference."""

    def __init__(self, pairs, paper):
        self.links = [Link(sender, receiver, binding, paper(sender.state, receiver.state))
                      for one, other, binding in pairs for sender, receiver in ((one, other), (other, one))]
        self.nodes = list(dict.fromkeys(link.sender for link in self.links))
        self.open, self.asking = {}, {}  # by client: the submission in hand; the one whose answer is awaited just now
        self.answered = {node.state: threading.Event() for node in self.nodes}
        self.unanswered = self.repeated = 0
        self.fault, self.paused, self.ending = None, False, False
        self.changed = threading.Condition()
        self.threads = [threading.Thread(target=self.guard, args=(self.watch,))]
        self.threads += [threading.Thread(target=self.guard, args=(self.client, link, (link.name, i)))
                         for link in self.links for i in range(CLIENTS)]

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
        return sum(link.acknowledged() for link in self.links)

    def under_way(self):
        return sum(link.under_way for link in self.links)

    def asked(self, link):
        """References that clients of LINK await the answer of."""
        return {submission.reference for (name, _), submission in list(self.asking.items()) if name == link.name}

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
            for link in self.links:
                try:
                    under_way = count_of(link.sender, "out", "queued", link.receiver)
                    under_way += count_of(link.receiver, "in", "received", link.sender)
                except UNANSWERED:
                    continue
                with self.changed:
                    link.under_way, link.room = under_way, UNDER_WAY - under_way
                    self.changed.notify_all()
            time.sleep(0.03)

    def take(self, link, client):
        """A new submission for CLIENT when there is room; None when it is time to end."""
        with self.changed:
            while not self.ending and (self.paused or link.room <= 0):
                self.changed.wait(1)
            if self.ending:
                return None
            link.room -= 1
            reference = f"CRASH-{link.name}-{len(link.ledger) + 1:07d}"
            link.ledger[reference] = self.open[client] = Submission(reference, link.paper(reference).encode())
            return link.ledger[reference]

    def client(self, link, client):
        while submission := self.take(link, client):
            while not self.ending and not self.submit(link.sender, client, submission):
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
