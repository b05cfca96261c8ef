#!/usr/bin/env python3
"""The interface as tools of others see it: its OpenAPI description to validators, and a running node to schemathesis, which reads that
description, makes up requests from it and holds every answer against it.

usage: api.py BUILD FOLDER [SECONDS]     SECONDS for each role (600); FOLDER: where the tools of the registry go
Ends with "N passed, N failed"; what schemathesis found stands in FOLDER/ROLE.txt, too.
"""
import argparse, datetime, json, pathlib, re, shutil, subprocess, sys, venv

ROOT = pathlib.Path(__file__).resolve().parents[3]
for folder in ("tests/interop", "tests/e2e"):
    sys.path.insert(0, str(ROOT / folder))
from nodes import Authority, Node, Region, answer, free_port, lintas, run, until
from shared import case, finish, form_d

PYTHON_TOOLS = ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0")
REDOCLY = "@redocly/cli@2.11.1"
ROLES = {"operator": ([], ["operator"]), "organisation": (["--organisation", "customs"], ["supervisor", "integrator"])}
# What it would take from itself: the case is left out, and nothing else of the operation.
HOOKS = '''
import schemathesis

@schemathesis.hook
def filter_case(context, case):
    """Whoever asks must not lock himself out: no change of his own user, no end of his own token."""
    own = (case.path_parameters or {}).get("name") == %(user)r or (case.path_parameters or {}).get("id") == %(token)r
    return not (own and case.method != "GET")
'''
CONFIG = '''
max-time = %(seconds)d
workers = 2
request-timeout = 30
max-stream-events = 3
continue-on-failure = true
hooks = "hooks.py"
suppress-health-check = ["all"]
tls-verify = "%(authority)s"

[headers]
Authorization = "Bearer %(secret)s"

[generation]
deterministic = true
database = "none"

# A well-formed request can be wrong in its own right: a partner that nobody knows, a day that has passed. That is 422 with findings, as
# is a state that forbids it (409), a condition that does not hold (412), and a disk or partner that must be waited for (429, 503).
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "429", "503"]

[phases.coverage]
unexpected-methods = ["TRACE", "PUT"]

[phases.fuzzing.generation]
max-examples = %(examples)d

[phases.stateful.generation]
max-examples = %(examples)d

# Bodies that are whole documents have hundreds of members, and each of them a dozen wrong values: alone they would take an hour. That all of
# them are refused is what the fuzz targets and the unit tests of document types are for; here they get what every body gets in fuzzing.
[[operations]]
include-operation-id = "submitDocument"
phases.coverage.enabled = false
'''


def tools(folder):
    """The programs of a virtual environment in FOLDER, made once."""
    home = folder / "venv"
    if not (home / "bin" / "st").exists():
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        run(home / "bin" / "pip", "install", "--quiet", *PYTHON_TOOLS, seconds=600)
    return home / "bin"


# --- something of every kind ---

def hour(hours):
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def two_nodes(region):
    authority = Authority(region, "interop authority")
    th, vn = (Node(region, state, authority, {"interface.port": free_port(), "heartbeat": "5s"}) for state in ("TH", "VN"))
    for node in (th, vn):
        node.configure({"gateway.url": f"https://127.0.0.1:{node.port}/as4", "mappings": "mappings", "drop": "drop"})
        shutil.copytree(ROOT / "data" / "mapping", node.path / "mappings")
        (node.path / "drop" / "customs").mkdir(parents=True)
        lintas(node, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()
    return th, vn


def furnish(region, th, vn):
    """Of everything that the interface shows VN has something."""
    lintas(vn, "paper", "accept", "--partner", "TH", "--type", "FORM-D", "--reference", "INTEROP-9001", "--issued-on", "2026-11-20",
           "--organisation", "customs", "--reason", "the gateway of TH is down")
    for serial in (1, 2):
        lintas(th, "send", form_d(region, serial, "VN"), "--from", "dft")
    lintas(vn, "send", form_d(region, 3, "TH"), "--from", "dft")
    until("they are there", lambda: len(answer(vn, "documents", "list", "--direction", "in")["items"]) == 2)
    lintas(vn, "webhook", "add", "https://erp.customs.example/lintas", "--organisation", "customs")
    lintas(vn, "hold", "put", "--document", "INTEROP-0001", "--reason", "retroactive check")
    lintas(vn, "notice", "maintenance", "--from", hour(2), "--until", hour(3), "--text", "another room", "--organisation", "customs")
    lintas(vn, "partner", "activate", "TH", "FORM-D")
    card = region.work / "th.json"
    card.write_text(lintas(th, "card"))
    lintas(vn, "partner", "import", card, "--fingerprint", answer(vn, "card", "show", card)["fingerprint"])
    lintas(vn, "catch-up", "--since", hour(-1))
    assert vn.get("/as4", b"no message")[0] >= 400  # a stranger
    (vn.path / "drop" / "customs" / "unreadable.xml").write_text("nothing")


# --- the cases ---

def check_description(bin_, node, served):
    printed = ROOT / "schema" / "openapi.json"
    with case("the node serves the description that the repository has"):
        assert served == json.loads(printed.read_text())
    for name, path in (("the repository's", printed), ("the served", node.region.work / "served.json")):
        path.exists() or path.write_text(json.dumps(served))
        with case(f"openapi-spec-validator takes {name} description"):
            run(bin_ / "openapi-spec-validator", path)
    if shutil.which("npx"):
        with case("redocly lint takes the description, without a warning"):
            config = node.region.work / "redocly.yaml"
            # The node's address is the one it is asked at, and errors are one default answer beside those that are named.
            config.write_text("extends: [recommended]\n")
            run("npx", "--yes", REDOCLY, "lint", f"--config={config}", "--format=stylish", "--max-problems=100", printed, seconds=300,
                cwd=node.region.work)
    else:
        print("# no npx here: redocly is left out", flush=True)


def schemathesis(bin_, folder, node, authority, role, seconds, examples):
    organisation, roles = ROLES[role]
    lintas(node, "user", "add", role, "--title", "A tool of others", *organisation, *(x for r in roles for x in ("--role", r)))
    token = answer(node, "token", "new", "--user", role)
    work = node.region.work / role
    work.mkdir()
    (work / "hooks.py").write_text(HOOKS % {"user": role, "token": token["id"]})
    (work / "schemathesis.toml").write_text(CONFIG % {"seconds": seconds, "authority": authority, "secret": token["secret"],
                                                      "examples": examples})
    result = subprocess.run([bin_ / "st", "--config-file", "schemathesis.toml", "run", "--no-color", "--report", "ndjson", "--report-ndjson-path", "events.ndjson",
                             f"https://127.0.0.1:{node.interface_port}/api/v1/openapi.json"], cwd=work, capture_output=True, text=True,
                            timeout=2 * seconds + 300)
    (folder / f"{role}.txt").write_text(result.stdout + result.stderr)
    if (work / "events.ndjson").exists():
        shutil.copy(work / "events.ndjson", folder / f"{role}.ndjson")
    return result


def story(args, region):
    folder = pathlib.Path(args.folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    bin_ = tools(folder)
    th, vn = two_nodes(region)
    furnish(region, th, vn)
    served = json.loads(lintas(vn, "api", "openapi"))
    check_description(bin_, vn, served)
    for role in args.roles:
        result = schemathesis(bin_, folder, vn, vn.path / "partners-tls.pem", role, args.seconds, args.examples)
        print(result.stdout[-20000:], result.stderr[-3000:])
        with case(f"schemathesis as {role}"):
            assert result.returncode == 0, f"it found something: see above, or {folder / role}.txt"
    with case("both nodes still run, and stop"):
        th.stop(), vn.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("folder")
    parser.add_argument("seconds", type=int, nargs="?", default=600)
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=list(ROLES))
    parser.add_argument("--examples", type=int, default=20, help="requests of an operation in the fuzzing phase")
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    region = Region(pathlib.Path(args.build) / "src/cli/lintas", ROOT, "lintas-interop-api-")
    try:
        story(args, region)
    except BaseException:
        print(region.logs(), file=sys.stderr)
        raise
    finally:
        region.close(args.keep)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
