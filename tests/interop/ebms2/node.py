"""A node under test as one side of a Pair (ebms2.py): made, agreed with and asked by its commands, as an operator does it."""
import json

import exchange
from nodes import Node, answer, lintas, run
from shared import form_d, turned


class Told:
    """A message of the node, as its outbox shows it; a peer has Sent in this place."""
    wrong = ()  # the node itself judges the answers it gets

    def __init__(self, side, outbox_id, payloads=()):
        self.side, self.outbox_id, self.payloads = side, outbox_id, list(payloads)

    def show(self):
        return answer(self.side.node, "outbox", "show", self.outbox_id)

    @property
    def message_id(self):
        return self.show()["messageId"]

    @property
    def state(self):
        return self.show()["state"]

    @property
    def errors(self):
        return self.show().get("lastError", "")


class Ours:
    """The node of STATE, whose one partner is PARTNER."""
    counts = 1,         # payloads of what it sends: a document is one
    least = 1           # payloads of what it takes
    signs_errors = True

    def __init__(self, region, state, partner, authority, tls):
        self.name, self.partner, self.authority, self.serial, self.agreed = state, partner, authority, 0, []
        self.node = Node(region, state, authority, {"plain": "no" if tls else "yes"})
        self.endpoint = f"{self.node.scheme}://127.0.0.1:{self.node.port}/ebms"
        lintas(self.node, "organisation", "add", "moit", "--seat", "issuing-authority", "--name", "Ministry of Industry and Trade")
        self.node.start()

    def close(self):
        self.node.stop()

    def cert(self, use):
        return self.node.cert(use)

    # --- agreements ---

    def importing(self, agreement):
        path = self.node.region.work / f"{agreement.id}.xml"
        path.write_text(agreement.text())
        return "partner", "import", path, "--partner", self.partner

    def agree(self, agreement):
        """What is sent goes by the only one in force."""
        while self.agreed:
            lintas(self.node, "partner", "withdraw-agreement", self.partner, self.agreed.pop())
        lintas(self.node, *self.importing(agreement))
        self.agreed.append(agreement.id)

    def refusal(self, agreement):
        """The codes of what the node has against AGREEMENT."""
        said = json.loads(run(self.node.region.lintas, *self.importing(agreement), "--json", "--dir", self.node.path, code=1))
        return {finding["code"] for finding in said["findings"] if finding["severity"] == "error"}

    # --- sending ---

    def documents(self, count):
        assert count == 1
        self.serial += 1
        return [form_d(self.node.region, self.serial, self.partner).read_bytes()]

    def large(self):
        """The largest e-Form D has 500 lines of goods."""
        self.serial += 1
        return turned(exchange.large_form_d(self.node.region.root, 4_000_000).replace("BENCH-@NUMBER@@", f"LARGE-{self.serial}")).encode()

    def send(self, agreement, payload):
        path = self.node.region.work / "document.xml"
        path.write_bytes(payload)
        return Told(self, answer(self.node, "send", path, "--from", "moit")["message"], [payload])

    def send_again(self, sent):
        """It does so by itself, as agreed."""
        return sent

    def retry(self, sent):
        """By its operator, when it was given up."""
        lintas(self.node, "outbox", "retry", sent.outbox_id)
        return sent

    def ping(self, _):
        return Told(self, answer(self.node, "ping", self.partner)["id"])

    # --- receiving ---

    def taken(self, message_id):
        """The digests of the payloads, for each time that it was taken."""
        found = [m["id"] for m in answer(self.node, "inbox", "list")["items"] if m["messageId"] == message_id]
        return [[part["digest"] for part in answer(self.node, "inbox", "show", m)["parts"]] for m in found]

    def rule(self, message_id):
        """By which it refused the last message, which is called MESSAGE_ID if that can be read."""
        last = answer(self.node, "refusal", "list")["items"][0]
        assert last.get("messageId") in (None, message_id), last
        return last["rule"]
