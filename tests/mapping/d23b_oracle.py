"""Judges a UN/CEFACT preferential certificate of origin (JSON on standard input) by the D23B JSON Schema.

usage: d23b_oracle.py FOLDER   with the schema and the code lists of UN/CEFACT   (exit 0: valid, 1: not, 77: no module jsonschema)
The schema as published has one entry of each code list; the lists beside it are put in, and what is not there is any text.
"""
import json, pathlib, sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)
folder = pathlib.Path(sys.argv[1])
schema = json.loads((folder / "UNECE-PreferentialCoO.D23B.json").read_text())


def constants(node):
    if isinstance(node, dict):
        return ([node["const"]] if "const" in node else []) + [c for v in node.values() for c in constants(v)]
    return [c for v in node for c in constants(v)] if isinstance(node, list) else []


lists = schema["$defs"]["codeList"]["$defs"]
for name in lists:
    path = folder / "codelists" / f"UNECE_{name.removesuffix('Type')}.json"
    known = constants(json.loads(path.read_text())) if path.exists() else None
    lists[name] = {"type": "string", "enum": known} if known else {"type": "string"}


def reasons(error):
    inner = [r for e in error.context for r in reasons(e)]
    return inner or [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"]


errors = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(sys.stdin)))
for error in errors:
    print(*reasons(error), sep="\n")
sys.exit(1 if errors else 0)
