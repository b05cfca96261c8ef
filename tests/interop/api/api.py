#!/usr/bin/env python3
"""The interface as tools of others see it: its OpenAPI description to validators, and a running node to schemathesis, which reads that
description, makes up requests from it and holds every answer against it.

usage: api.py BUILD FOLDER [SECONDS]     SECONDS for each role (600); FOLDER: where the tools of the registry go
Ends with "N passed, N failed"; what schemathesis found stands in FOLDER/ROLE/*.txt.
"""
import argparse, datetime, json, pathlib, re, shutil, subprocess, sys, time, venv

ROOT = pathlib.Path(__file__).resolve().parents[3]
for folder in ("tests/interop", "tests/e2e"):
    sys.path.insert(0, str(ROOT / folder))
from nodes import Authority, Node, Region, answer, free_port, lintas, run, until
from shared import case, finish, form_d

PYTHON_TOOLS = ("schemathesis==4.32.5", "openapi-spec-validator==0.9.0")
REDOCLY = "@redocly/cli@2.11.1"
ROLES = {"operator": ([], ["operator"]), "organisation": (["--organisation", "customs"], ["supervisor", "integrator"])}
METHODS = ("get", "post", "patch", "delete", "put")
# What it would take from itself: the case is left out, and nothing else of the operation.
HOOKS = '''
import schemathesis

def texts(value):
    if isinstance(value, dict):
        return [t for key in value for t in (key, *texts(value[key]))]
    return [t for item in value for t in texts(item)] if isinstance(value, list) else [value] if isinstance(value, str) else []

@schemathesis.hook
def filter_case(context, case):
    """Whoever asks must not lock himself out: no change of his own user, no end of his own token. And U+0000 is refused as malformed in any
    text, because no database keeps it, which no schema can say."""
    own = (case.path_parameters or {}).get("name") == %(user)r or (case.path_parameters or {}).get("id") == %(token)r
    return not (own and case.method != "GET") and not any("\\0" in text for text in texts(case.body))
'''
CONFIG = '''
workers = 2
request-timeout = 30
max-stream-events = 3
continue-on-failure = true
hooks = "hooks.py"
suppress-health-check = ["all"]
base-url = "https://127.0.0.1:%(port)d"
tls-verify = "%(authority)s"
headers.Authorization = "Bearer %(secret)s"

[generation]
deterministic = true
no-shrink = true
database = "none"
allow-x00 = false

# A well-formed request can be wrong in its own right: a partner that nobody knows, a day that has passed. That is 422 with findings, as
# is a state that forbids it (409), a condition that does not hold (304, 412), and a disk or partner that must be waited for (429, 503).
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "422", "429", "503"]
'''
# What the names in paths mean, for the first pass: it meets what is there, the second what is not.
KNOWN = '''
[parameters]
%s
'''
# First a few requests of every operation, so that each is reached, however short the time; then the values at the edges of each schema, and
# operations that follow on each other, until the time is over.
PASSES = (("every operation", ["--phases", "fuzzing", "--max-examples", "4"]),
          ("edges and sequences", ["--phases", "coverage,stateful", "--max-examples", "20"]))


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
    lintas(vn, "user", "add", "officer", "--title", "An officer", "--organisation", "customs", "--role", "officer")
    lintas(vn, "hold", "put", "--document", "INTEROP-0001", "--reason", "retroactive check")
    lintas(vn, "notice", "maintenance", "--from", hour(2), "--until", hour(3), "--text", "another room", "--organisation", "customs")
    lintas(vn, "partner", "activate", "TH", "FORM-D")
    card = region.work / "th.json"
    card.write_text(lintas(th, "card"))
    lintas(vn, "partner", "import", card, "--fingerprint", answer(vn, "card", "show", card)["fingerprint"])
    lintas(vn, "catch-up", "--since", hour(-1))
    assert vn.get("/as4", b"no message")[0] >= 400  # a stranger
    (vn.path / "drop" / "customs" / "unreadable.xml").write_text("nothing")
    first = lambda *command: answer(vn, *command)["items"][0]
    document = first("documents", "list", "--direction", "in")
    return {"code": "TH", "document": document["id"], "message": document["message"], "subject": document["id"], "name": "officer",
            "paper": first("paper", "list")["id"], "webhook": first("webhook", "list")["id"], "id": first("hold", "list")["id"]}


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


def without_documents(described):
    """What schemathesis gets: the description without what stands in documents. Their schemas have hundreds of members, of each it would try a
    dozen wrong values, and that alone takes an hour; the fuzz targets and the unit tests of document types are for that."""
    paths = described["paths"]
    for body in (paths["/api/v1/documents"]["post"]["requestBody"],
                 paths["/api/v1/documents/{document}/content"]["get"]["responses"]["200"]):
        body["content"]["application/json"]["schema"] = {"type": "object"}
    used, left = set(), [json.dumps(paths)]
    while left:
        new = set(re.findall(r"#/components/schemas/([^\"]+)", left.pop())) - used
        used |= new
        left += [json.dumps(described["components"]["schemas"][name]) for name in new]
    schemas = described["components"]["schemas"]
    described["components"]["schemas"] = {name: schemas[name] for name in schemas if name in used or name == "problem"}
    return described


def reached(report):
    """The operations of which there was at least one answer, by schemathesis' own report."""
    found = set()
    for line in report.open() if report.exists() else ():
        found |= set(re.findall(r'"label": ?"([A-Z]+ /[^"]*)"', line))
    return found


def schemathesis(bin_, folder, node, described, known, role, seconds):
    """As a user with ROLE: the operations that it reached. Raises if it found something."""
    organisation, roles = ROLES[role]
    lintas(node, "user", "add", role, "--title", "A tool of others", *organisation, *(x for r in roles for x in ("--role", r)))
    token = answer(node, "token", "new", "--user", role)
    work = folder / role
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "openapi.json").write_text(json.dumps(described))
    (work / "hooks.py").write_text(HOOKS % {"user": role, "token": token["id"]})
    config = CONFIG % {"port": node.interface_port, "authority": node.path / "partners-tls.pem", "secret": token["secret"]}
    end, all_reached = time.monotonic() + seconds, set()
    for number, (title, phases) in enumerate(PASSES):
        left = max(int(end - time.monotonic()), 30)
        limit = ["--max-time", str(left)] if number else []
        with case(f"schemathesis as {role}: {title}") as said, (work / f"{number}.txt").open("w") as out:
            report = work / f"{number}.ndjson"
            names = "" if number else KNOWN % "\n".join(f'"path.{name}" = "{value}"' for name, value in known.items())
            (work / "schemathesis.toml").write_text(config.replace("[generation]", names + "[generation]"))
            command = [bin_ / "st", "--config-file", "schemathesis.toml", "run", "--no-color", *phases, *limit, "--report", "ndjson",
                       "--report-ndjson-path", report, "openapi.json"]
            result = subprocess.run(command, cwd=work, stdout=out, stderr=out, timeout=2 * seconds + 600)
            all_reached |= reached(report)
            said.append(f"{len(all_reached)} operations by now")
            assert result.returncode == 0, f"{work / str(number)}.txt says what it found"
    return all_reached


def story(args, region):
    folder = pathlib.Path(args.folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    bin_ = tools(folder)
    th, vn = two_nodes(region)
    known = furnish(region, th, vn)
    served = json.loads(lintas(vn, "api", "openapi"))
    check_description(bin_, vn, served)
    operations = {f"{method.upper()} {path}" for path, methods in served["paths"].items() for method in methods if method in METHODS}
    described = without_documents(served)
    for role in args.roles:
        found = schemathesis(bin_, folder, vn, described, known, role, args.seconds)
        with case(f"schemathesis as {role}: every operation was reached"):
            assert found >= operations, f"not {sorted(operations - found)}"
    with case("both nodes still run, and stop"):
        th.stop(), vn.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("folder")
    parser.add_argument("seconds", type=int, nargs="?", default=600)
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=list(ROLES))
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
