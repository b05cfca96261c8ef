#!/usr/bin/env python3
"""Webhooks and the event stream, with real receivers: they verify signatures by code of their own, hang, redirect, answer 500 and come
back, answer without end, or want no more; the stream is followed over TLS with a token, reconnected, and proved complete by the
functions of docs/webhooks.md.

usage: webhooks.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
"""
import base64, concurrent.futures, contextlib, http.client, http.server, itertools, json, re, sqlite3, ssl, subprocess, threading, time

from nodes import Authority, Node, Region, answer, free_port, lintas, play, run, shown, until

REGION = Region.asked_for("lintas-webhooks-")
SECRETS = []


def examples(page):
    """What the page tells integrators to run, run here."""
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        exec(block, names)
    return names


class Receiver:
    """Answers as BEHAVE says: a status, or a function of the request's handler that returns one. What came is kept in .requests."""

    def __init__(self, behave=204, context=None):
        self.behave, self.requests, self.connections, self.port = behave, [], 0, free_port()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status = receiver.behave(self) if callable(receiver.behave) else receiver.behave
                if status:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                receiver.connections += 1
                return super().get_request()

            def handle_error(self, *_):  # who we hang up on is no fault of the test
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}/lintas"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def bodies(self):
        return [json.loads(body)["data"] for _, body in self.requests]

    def events(self):
        return [event for data in self.bodies() for event in data["events"]]

    def has(self, subject):
        return any(event["subject"] == subject for event in self.events())


def added(node, *args):
    """Adds a webhook: (its id, its secret)."""
    made = answer(node, "webhook", "add", *args)
    SECRETS.append(made["secret"])
    return made["id"], made["secret"]


def signature(secret, headers, body):
    """Standard Webhooks, by openssl: an independent HMAC."""
    key = base64.b64decode(secret.removeprefix("whsec_")).hex()
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    out = subprocess.run(["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"], input=content,
                         capture_output=True, check=True).stdout
    return "v1," + base64.b64encode(out).decode()


HAPPENED = itertools.count(1)


def happen(node, count=1):
    """Something that the journal tells of; the subject of the last."""
    for seat in (f"seat{next(HAPPENED)}" for _ in range(count)):
        lintas(node, "organisation", "add", seat, "--name", f"The {seat}", "--seat", "issuing-authority")
    return seat


def webhook(node, hook):
    return answer(node, "webhook", "show", hook)


def deliveries(node, hook):
    return answer(node, "webhook", "deliveries", hook)["items"]


def receivers(node, page):
    good, hangs, redirects, trap = Receiver(), Receiver(), Receiver(), Receiver()
    broken, endless, gone = Receiver(500), Receiver(), Receiver(410)
    release = threading.Event()
    hangs.behave = lambda handler: release.wait(120) and 204

    def redirect(handler):
        handler.send_response(307)
        handler.send_header("Location", trap.url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def without_end(handler):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"x" * 65536)

    redirects.behave, endless.behave = redirect, without_end
    hooks = {receiver: added(node, receiver.url) for receiver in (good, hangs, redirects, broken, endless, gone)}

    subject = happen(node)
    until("the good one is told", lambda: good.has(subject))
    until("the hanging one has a request in hand", lambda: hangs.requests)
    subject = happen(node)
    until("the good one is told while another hangs", lambda: good.has(subject))
    assert not release.is_set() and webhook(node, hooks[hangs][0])["delivered"] == 0
    shown("a receiver that hangs delays none of the others")

    headers, body = good.requests[0]
    assert headers["webhook-signature"] == signature(hooks[good][1], headers, body), headers
    assert page["signed"](headers, body, [hooks[good][1]], time.time()) and headers["webhook-key-id"] == "1", headers
    assert not page["signed"](headers, body + b" ", [hooks[good][1]], time.time())
    assert not page["signed"](headers, body, [hooks[broken][1]], time.time())
    for earlier, later in zip(good.bodies(), good.bodies()[1:]):
        assert earlier["until"] == later["after"], "there is a gap"
    assert all(page["complete"](data, data["events"]) for data in good.bodies())
    shown("signatures are verified by openssl and by the page's function; batches follow without gaps, each with its digest")

    until("redirects are told of", lambda: any("307" in (d.get("error") or "") for d in deliveries(node, hooks[redirects][0])))
    assert not trap.connections, "a redirect was followed"
    until("the endless answer is cut", lambda: webhook(node, hooks[endless][0])["delivered"] >= 1)
    shown("redirects are not followed; an endless answer of 200 is cut, and counts")

    until("410 pauses", lambda: webhook(node, hooks[gone][0])["state"] == "paused")
    task = next(t for t in answer(node, "tasks")["items"] if t["subject"] == hooks[gone][0])
    assert task["kind"] == "webhook" and "resume" in task["text"], task
    lintas(node, "webhook", "remove", hooks[gone][0])
    assert not [t for t in answer(node, "tasks")["items"] if t["subject"] == hooks[gone][0] and t["state"] == "open"]
    lintas(node, "webhook", "show", hooks[gone][0], code=3)
    shown("410 Gone pauses with a task for an officer, which ends with the webhook")

    until("it is tried again", lambda: len(broken.requests) >= 2)
    broken.behave = 204
    lintas(node, "webhook", "resume", hooks[broken][0])  # at once, not after the pause between attempts
    until("it is told when it is back", lambda: broken.has(subject))
    first, last = broken.requests[0], broken.requests[-1]
    assert {h["webhook-id"] for h, b in broken.requests if b == first[1]} == {first[0]["webhook-id"]}
    assert len([b for _, b in broken.requests if b == first[1]]) >= 2, "the first request was not repeated"
    once = list({h["webhook-id"]: json.loads(b)["data"] for h, b in broken.requests}.values())
    assert all(earlier["until"] == later["after"] for earlier, later in zip(once, once[1:])), "out of order, or with a gap"
    assert last[0]["webhook-signature"] == signature(hooks[broken][1], *last)
    shown("after 500 the same request comes again under the same id, and then the rest, in order")

    release.set()
    lintas(node, "webhook", "resume", hooks[hangs][0])
    until("the one that hung catches up", lambda: hangs.has(subject))
    for receiver in (redirects, endless, hangs):
        lintas(node, "webhook", "remove", hooks[receiver][0])
        receiver.close()
    return good, *hooks[good]


def changes(node, good, hook, secret):
    """Rotation, filters, pause, redelivery."""
    new = answer(node, "webhook", "rotate", hook, "--overlap", "1h")["secret"]
    SECRETS.append(new)
    subject = happen(node)
    until("it is told with the new secret", lambda: good.has(subject))
    headers, body = good.requests[-1]
    assert headers["webhook-key-id"] == "2 1", headers
    assert headers["webhook-signature"].split() == [signature(new, headers, body), signature(secret, headers, body)]
    newest = answer(node, "webhook", "rotate", hook, "--overlap", "0")["secret"]
    SECRETS.append(newest)
    subject = happen(node)
    until("it is told with the newest secret alone", lambda: good.has(subject))
    headers, body = good.requests[-1]
    assert headers["webhook-signature"] == signature(newest, headers, body) and headers["webhook-key-id"] == "3"
    shown("while a secret is replaced both sign, and after the overlap the new one alone")

    lintas(node, "webhook", "pause", hook)
    subject = happen(node, 3)
    until("what happens waits", lambda: webhook(node, hook)["waiting"] >= 3)
    assert not good.has(subject)
    lintas(node, "webhook", "resume", hook)
    until("nothing was lost", lambda: good.has(subject))
    shown("a pause loses nothing")

    event = next(e for e in good.events() if e["subject"] == subject)
    seen = len(good.requests)
    lintas(node, "webhook", "redeliver", hook, "--event", event["sequence"])
    until("one event comes again", lambda: [e for data in good.bodies()[seen:] for e in data["events"] if e == event])
    assert [e for data in good.bodies()[seen:] for e in data["events"] if e == event] == [event]
    seen = len(good.requests)
    lintas(node, "webhook", "redeliver", hook, "--after", event["sequence"] - 3)
    until("all behind the cursor comes again", lambda: any(e == event for data in good.bodies()[seen:] for e in data["events"]))
    assert any(data["after"] == event["sequence"] - 3 for data in good.bodies()[seen:])
    lintas(node, "webhook", "redeliver", hook, "--after", event["sequence"] + 100000, code=6)
    lintas(node, "webhook", "redeliver", hook, "--event", event["sequence"] + 100000, code=6)
    lintas(node, "webhook", "redeliver", hook, "--event", "1", "--after", "1", code=1)
    assert all(d["message"].startswith("msg_") for d in deliveries(node, hook))
    shown("one event, or all behind a cursor, is delivered again when it is asked for")

    picky = Receiver()
    chosen, _ = added(node, picky.url, "--event", "secret-rotated", "--after", "0")
    until("only what was asked for", lambda: picky.events())
    assert {e["event"] for e in picky.events()} == {"secret-rotated"}
    until("and the rest is passed over", lambda: webhook(node, chosen)["waiting"] == 0)
    assert len(picky.requests) == 1
    picky.close()
    if not node.region.database:  # one that was added before names were looked at
        with contextlib.closing(sqlite3.connect(node.path / "lintas.db", timeout=20)) as db:
            db.execute("UPDATE webhook SET events = 'issued' WHERE id = ?", (chosen,)), db.commit()
        told = subprocess.run([node.region.lintas, "config", "check", "--dir", node.path], capture_output=True, text=True)
        assert told.returncode == 0 and f'CFG-026  webhook {chosen} would not be added now: "issued"' in told.stderr, told
    lintas(node, "webhook", "remove", chosen)
    lintas(node, "webhook", "add", picky.url, "--event", "recieved", code=1)
    shown("a webhook for events of some names passes over the others without a request")

    for wrong in ("ftp://x/", "http://:80/", "https://user:password@host/", "https://host/#x", "nonsense"):
        lintas(node, "webhook", "add", wrong, code=1)


def guarded(authority):
    """With TLS: what is private is refused when it is connected to, unless its network is allowed; and TLS is verified."""
    stranger = Authority(REGION, "stranger")

    def context(of, name):
        key, csr, cert = (REGION.work / f"{name}.{end}" for end in ("key", "csr", "pem"))
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
            "-out", csr)
        of.issue(csr, cert, "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost")
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(cert, key)
        return made

    known, unknown = Receiver(context=context(authority, "known")), Receiver(context=context(stranger, "unknown"))
    node = Node(REGION, "TH", authority, {"webhooks.trust-file": "partners-tls.pem", "interface.port": free_port()})
    node.start()
    lintas(node, "webhook", "add", known.url.replace("https", "http"), code=1)  # only a node for trials takes it
    lintas(node, "webhook", "add", known.url, code=1)
    named, _ = added(node, known.url.replace("127.0.0.1", "localhost"))
    happen(node)
    until("it is refused", lambda: any("calls may not go" in (d.get("error") or "") for d in deliveries(node, named)))
    assert known.connections == 0, "a private address was connected to"
    shown("a private address is not taken by number, and never connected to by name")
    node.stop()
    node.configure({"private-networks": "127.0.0.0/8"})
    node.start()
    untrusted, _ = added(node, unknown.url)
    numbered, _ = added(node, known.url)
    lintas(node, "webhook", "resume", named)
    subject = happen(node)
    until("it is told where the network is allowed", lambda: known.has(subject))
    until("a stranger's certificate is refused", lambda: any("no trust" in (d.get("error") or "") for d in deliveries(node, untrusted)))
    assert not unknown.requests
    shown("receivers in an allowed network are told, over TLS that is verified")
    for receiver in (known, unknown):
        receiver.close()
    return node


class Stream:
    """Reads the event stream over TLS as a program with a token does."""

    def __init__(self, node, token, last=None, path="/api/v1/events/stream"):
        context = ssl.create_default_context(cafile=node.path / "partners-tls.pem")
        self.connection = http.client.HTTPSConnection("127.0.0.1", node.interface_port, timeout=60, context=context)
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        self.connection.request("GET", path, headers={**headers, **({"Last-Event-ID": str(last)} if last is not None else {})})
        self.response = self.connection.getresponse()

    def __iter__(self):
        """(event, id, data) of each, a comment as (":", None, text), to the clean end of the stream."""
        event, number, data = "message", None, None
        for line in iter(self.response.readline, b""):
            line = line.decode().rstrip("\n")
            if line.startswith(":"):
                yield ":", None, line[1:]
            elif line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and data is not None:
                yield event, number, json.loads(data)
                event, number, data = "message", None, None

    def close(self):
        self.connection.close()


def ask(node, token, path, method="GET", body=None):
    context = ssl.create_default_context(cafile=node.path / "partners-tls.pem")
    connection = http.client.HTTPSConnection("127.0.0.1", node.interface_port, timeout=60, context=context)
    with contextlib.closing(connection):
        connection.request(method, f"/api/v1/{path}", body and json.dumps(body),
                           {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def token_of(node, name, organisation, role):
    lintas(node, "user", "add", name, *(["--organisation", organisation] if organisation else []), "--role", role, "--title", name)
    token = lintas(node, "token", "new", "--user", name).strip()
    SECRETS.append(token)
    return token


def stream(node, page):
    operator = token_of(node, "op", None, "operator")
    got, digests = [], []

    def follow(reading, enough):
        for event, number, data in reading:
            if event == "message":
                assert number == data["sequence"] and (not got or number > got[-1]["sequence"]), "out of order, or twice"
                got.append(data)
            elif event == "digest":
                digests.append(data)
            if enough(event, data):
                return

    first = Stream(node, operator)
    assert first.response.status == 200 and first.response.getheader("Content-Type") == "text/event-stream"
    follow(first, lambda event, data: event == "message")
    subject = happen(node)
    follow(first, lambda event, data: event == "message" and data["subject"] == subject)
    first.close()  # cut off in the middle, before any digest
    leaving = token_of(node, "leaving", None, "operator")
    ending = Stream(node, leaving, path=f"/api/v1/events/stream?after={got[-1]['sequence']}")
    lintas(node, "token", "revoke", answer(node, "token", "list", "--user", "leaving")["items"][0]["id"])
    subject = happen(node, 3)
    second = Stream(node, operator, last=got[-1]["sequence"])
    follow(second, lambda event, data: event == "digest" and data["until"] == got[-1]["sequence"] and got[-1]["subject"] == subject)
    whole = answer(node, "events", "--limit", "500")["items"]
    assert got == whole[:len(got)], "the stream is another story than the feed"
    assert all(page["complete"](digest, got) for digest in digests) and digests
    assert not page["complete"](digests[-1], got[:-2] + got[-1:]), "a missing event was not noticed"
    status, digest = ask(node, operator, f"events/digest?after=0&until={got[-1]['sequence']}")
    assert status == 200 and digest["count"] == len(got) and page["complete"](digest, got), digest
    shown(f"{len(got)} events over two connections, none twice and none missing, by {len(digests)} digests and one that was asked for")

    customs, ministry = token_of(node, "erp", "customs", "integrator"), token_of(node, "moit", happen(node), "integrator")
    status, made = ask(node, customs, "webhooks", "POST", {"url": "https://127.0.0.1:9/", "after": 0})
    SECRETS.append(made["secret"])
    assert status == 201 and made["organisation"] == "customs", made
    assert ask(node, ministry, f"webhooks/{made['id']}")[0] == 404 and ask(node, ministry, "webhooks")[1]["items"] == []
    assert ask(node, ministry, f"webhooks/{made['id']}/pause", "POST")[0] == 404
    assert ask(node, ministry, "webhooks", "POST", {"url": "https://127.0.0.1:9/", "organisation": "customs"})[0] == 422
    assert "secret" not in ask(node, customs, f"webhooks/{made['id']}")[1]
    officer = token_of(node, "anh", "customs", "officer")
    assert ask(node, officer, "webhooks")[0] == 403
    own = Stream(node, customs)
    mine = next(data for event, _, data in own if event == "message")
    assert mine["organisation"] == "customs", mine
    own.close()
    shown("an organisation has its own events and webhooks, and sees no other's")

    assert Stream(node, "lintas_nobody").response.status == 401
    assert Stream(node, operator, last="nonsense").response.status == 400
    streams = [Stream(node, operator) for _ in range(10)]
    assert [s.response.status for s in streams].count(503) >= 2, [s.response.status for s in streams]
    for each in streams:
        each.close()
    list(ending)  # ends, cleanly: else this raises, or runs into the time limit
    shown("who may not any more is told no more")

    began = time.monotonic()
    node.stop()
    list(second)
    assert time.monotonic() - began < 30, "streams held up the stop"
    shown("streams end cleanly when the node stops")


def names():
    """Each name that the source gives to an entry of the journal is listed, and a wrong one is told with those near to it."""
    listed = {name for name in re.findall(r"^\| `([a-z0-9-]+)` \|", run(REGION.lintas, "webhook", "events"), re.M)}
    types = {"user", "token", "document", "key"}
    given = set()
    for path in (REGION.root / "src").rglob("*.c"):
        text = path.read_text()
        for value in re.findall(r"\.event = ([^,;]*),?", text):
            given |= set(re.findall(r'"([a-z0-9-]+)"', re.sub(r"same\([^)]*\)|== *\"[^\"]*\"", "", value)))
        for call in re.findall(r"\b(?:[a-z_]*_journal|note|note_served|entry_put|event_put|partner_changed|journal_notice|journal_receiver)\(([^;{]*);", text):
            given |= set(re.findall(r', (?:[a-z_>. -]+\? )?"([a-z][a-z0-9-]+)"(?: : "[a-z-]+")?,', call)) - types
            given |= set(re.findall(r' : "([a-z][a-z0-9-]+)",', call))
    given -= {"again, and otherwise than before"}
    assert len(given) > 40 and given <= listed, given - listed
    shown(f"all {len(given)} names that the source gives to events are among the {len(listed)} that webhooks take")


def of_trials(authority, page):
    node = Node(REGION, "VN", authority, {"plain": "yes", "level": "debug"})
    node.start()
    changes(node, *receivers(node, page))
    node.stop()
    return node


def of_tls(authority, page):
    node = guarded(authority)
    stream(node, page)
    return node


def story():
    names()
    page = examples(REGION.root / "docs" / "webhooks.md")
    authority = Authority(REGION, "authority")
    with concurrent.futures.ThreadPoolExecutor() as side_by_side:  # on two nodes that do not know each other; most of it is waiting
        trial, node = (part.result() for part in [side_by_side.submit(of_trials, authority, page), side_by_side.submit(of_tls, authority, page)])
    told = REGION.logs(10 ** 9) + json.dumps(answer(node, "events", "--limit", "500")) + json.dumps(answer(node, "webhook", "list")) + \
        json.dumps(answer(trial, "events", "--limit", "500")) + json.dumps(answer(trial, "tasks"))
    assert not [s for s in SECRETS if s in told or s.removeprefix("whsec_") in told], "a secret was told"
    shown("no secret stands in logs, events, lists or tasks")


play(story, REGION)
