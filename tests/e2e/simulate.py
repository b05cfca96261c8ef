#!/usr/bin/env python3
"""A played partner that sends (lintas simulate partner --send) to a real node, by AS4 and by ebMS 2: what is right is accepted once, with a
receipt for each repetition; each wrong message is refused by the rule that docs/simulator.md names, and nothing of it is kept.

usage: simulate.py LINTAS SOURCE_ROOT
"""
import json

from nodes import Authority, Node, Region, answer, free_port, lintas, play, run, shown, until

REGION = Region.asked_for("lintas-simulate-")


class Sender:
    """TH as a script plays it, towards VN."""

    def __init__(self, th, vn, *how):
        self.options = ["--type", "FORM-D", "--party", "TH", "--keys", th.path / "keys", "--trust", vn.path / "partners-tls.pem", *how]

    def run(self, document, *options, script=None, code=5):
        path = REGION.work / "script.json"
        path.write_text(json.dumps({"rows": script or []}))
        return run(REGION.lintas, "simulate", "partner", "--send", document, "--script", path, *self.options, *options, code=code)

    def send(self, document, *options, script=None, code=5):
        answers = json.loads(self.run(document, "--json", *options, script=script, code=code))
        assert answers["accepted"] == sum(a["outcome"] == "accepted" for a in answers["items"]), answers
        return answers["items"]


def story():
    authority = Authority(REGION, "asean")
    vn, th, la = (Node(REGION, state, authority) for state in ("VN", "TH", "LA"))
    vn.knows(th)
    vn.start()
    as4 = Sender(th, vn, "--to-party", "VN", "--sign", vn.cert("sign"), "--encrypt", vn.cert("decrypt"), "--to",
                 f"https://127.0.0.1:{vn.port}/as4", "--other-keys", la.path / "keys")
    for act in ("send", "duplicate", "at-once", "altered", "corrupt", "unsigned", "other-key", "old-version", "close", "away",
                "wrong-sender", "wrong-receiver", "wrong-action", "half", "clock"):
        d = REGION.document("form-d.xml", f"SIM-{act}")
        row = {"on": "any", "do": act}
        if act in ("away", "clock"):
            row["seconds"] = 1
        print(act, json.dumps(as4.send(d, script=[row], code=0 if act in ("send", "duplicate", "at-once","half", "clock") else 5), indent=1))
        print(as4.run(d, script=[row], code=0 if act in ("send", "duplicate", "at-once", "half","clock") else 5))
    until("processed", lambda: not answer(vn, "inbox", "list", "--state", "received")["items"])
    print(lintas(vn, "documents", "list"))
    print(lintas(vn, "inbox", "list"))
    print(lintas(vn, "refusal", "list"))
    vn.stop()


play(story, REGION)
