"""What officers see of documents that did not arrive, and of messages that were refused: states, words, filters."""
import subprocess, sys

from nodes import TODAY, Authority, Node, Region, answer, lintas, until

REGION = Region(sys.argv[1], sys.argv[2], "lintas-documents-")


def refused_for_good(th, vn):
    """VN does not take e-Form Ds yet: its refusal is for good, the message dies, and an officer abandons it."""
    form = REGION.document("form-d.xml", "D2026-0045678")
    lintas(vn, "partner", "deactivate", "TH", "FORM-D", "--law", "a declaration of a trial")
    lintas(th, "send", form)
    shown = until("VN refuses it for good", lambda: (d := answer(th, "documents", "show", "D2026-0045678"))["messageState"] == "dead" and d)
    assert shown["state"] == "submitted" and "MSG-089" in shown["messageError"], shown
    lintas(th, "outbox", "abandon", shown["message"])
    shown = answer(th, "documents", "show", "D2026-0045678")
    assert (shown["state"], shown["messageState"]) == ("abandoned", "abandoned"), shown
    listed = lambda *how: [d["reference"] for d in answer(th, "documents", "list", *how)["items"]]
    assert listed("--state", "abandoned", "--since", TODAY) == ["D2026-0045678"]
    assert listed("--state", "abandoned", "--until", "2020-01-01") == listed("--state", "transmitted") == []
    assert "API-004" in lintas_fails(th, "documents", "list", "--state", "abandonned")
    assert "API-013" in lintas_fails(th, "documents", "list", "--since", "yesterday")
    return form


def in_words(vn):
    """The refusal says how the rule was broken; nothing else knows what was agreed."""
    refusal = answer(vn, "refusal", "list")["items"][0]
    assert refusal["rule"] == "MSG-089" and "FORM-D" in refusal["text"], refusal
    text = lintas(vn, "refusal", "list")
    assert " ".join(refusal["text"].split()) in " ".join(text.split()), text
    assert lintas(vn, "rule", "show", "MSG-089").startswith("MSG-089  error")


def sent_after_all(th, vn, form):
    lintas(vn, "partner", "activate", "TH", "FORM-D", "--law", "the trial is over")
    lintas(th, "send", form)
    until("it arrives", lambda: answer(th, "documents", "show", "D2026-0045678")["state"] == "transmitted")
    assert answer(vn, "documents", "list", "--state", "received")["items"][0]["reference"] == "D2026-0045678"


def places_in_a_document(th):
    """What is wrong at /type of a document is not the option --type."""
    broken = REGION.root / "tests/golden/e-phyto/broken-empty.xml"
    said = lintas_fails(th, "send", broken)
    assert "  /type " in said and "--type" not in said, said


def lintas_fails(node, *args):
    result = subprocess.run([str(a) for a in (REGION.lintas, *args, "--dir", node.path)], capture_output=True, timeout=60)
    assert result.returncode, args
    return result.stderr.decode()


def story():
    authority = Authority(REGION, "documents authority")
    th, vn = Node(REGION, "TH", authority), Node(REGION, "VN", authority)
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()
    form = refused_for_good(th, vn)
    in_words(vn)
    sent_after_all(th, vn, form)
    places_in_a_document(th)


try:
    story()
except BaseException:
    print(REGION.logs(), file=sys.stderr)
    raise
finally:
    REGION.close()
print("a document that was given up says so, a refusal says why")
