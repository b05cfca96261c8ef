#!/usr/bin/env python3
"""What a node did, against what it says of itself.

usage: openapi_oracle.py DESCRIPTION RECORD
DESCRIPTION: the printed OpenAPI document. RECORD: a list of requests with their answers, and of bodies with the name of
their schema (test_openapi.c). openapi-3.1.json is the OpenAPI Initiative's schema of such documents, unchanged (Apache-2.0).
"""
import json, pathlib, re, sys

import jsonschema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
spec = json.loads(pathlib.Path(sys.argv[1]).read_text())
record = json.loads(pathlib.Path(sys.argv[2]).read_text())
Validator = jsonschema.Draft202012Validator


def unique(pairs):
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a member stands twice: {names}"
    return dict(pairs)


def pointed(document, pointer):
    """RFC 6901. KeyError, IndexError or TypeError if there is nothing."""
    assert pointer == "" or pointer.startswith("/"), pointer
    for token in pointer.split("/")[1:]:
        assert re.fullmatch(r"([^~]|~0|~1)*", token), pointer
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            assert re.fullmatch(r"0|[1-9][0-9]*", token), pointer
            document = document[int(token)]
        elif isinstance(document, dict):
            document = document[token]
        else:
            raise TypeError(pointer)
    return document


def resolved(thing):
    return pointed(spec, thing["$ref"][1:]) if "$ref" in thing else thing


def everything(thing):
    yield thing
    for child in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from everything(child)


def operations():
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            assert method in METHODS, method
            yield path, method, operation


# --- The document itself: the Initiative's schema, and what OpenAPI 3.1.0 asks for beyond it ---

json.loads(pathlib.Path(sys.argv[1]).read_text(), object_pairs_hook=unique)
Validator(json.loads((pathlib.Path(__file__).parent / "openapi-3.1.json").read_text())).validate(spec)
for thing in everything(spec):
    if isinstance(thing, dict) and isinstance(thing.get("$ref"), str):
        pointed(spec, thing["$ref"][1:])
for name, schema in spec["components"]["schemas"].items():
    Validator.check_schema(schema)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", name), name
identifiers = [operation["operationId"] for _, _, operation in operations()]
assert len(identifiers) == len(set(identifiers)), "operationId (4.8.10)"
templates = {re.sub(r"{[^}]*}", "{}", path) for path in spec["paths"]}
assert len(templates) == len(spec["paths"]), "templated paths with the same hierarchy (4.8.8)"
for path, method, operation in operations():
    parameters = [resolved(parameter) for parameter in operation["parameters"]]
    names = [(parameter["in"], parameter["name"]) for parameter in parameters]
    assert len(names) == len(set(names)), (path, "parameters are unique (4.8.10)")
    assert {name for place, name in names if place == "path"} == set(re.findall(r"{([^}]*)}", path)), (path, "4.8.12")
    assert all(parameter.get("required") for parameter in parameters if parameter["in"] == "path"), path
    assert all(parameter.get("description") for parameter in parameters), path
    assert any(status.startswith("2") for status in operation["responses"]) and "default" in operation["responses"], path
    for response in map(resolved, operation["responses"].values()):
        assert response["description"], path
    for requirement in operation.get("security", spec["security"]):
        assert set(requirement) <= set(spec["components"]["securitySchemes"]), path
    assert "x-permission" in operation, path


# --- What was asked and answered ---

def closed(schema):
    """An answer may have no member that is not described, although a later version may add some."""
    if isinstance(schema, dict):
        schema = {name: closed(value) for name, value in schema.items()}
        if "properties" in schema and schema.get("type") == "object":
            schema["additionalProperties"] = False
    return [closed(item) for item in schema] if isinstance(schema, list) else schema


strict = {"components": {"schemas": {name: closed(schema) for name, schema in spec["components"]["schemas"].items()}}}


def fits(schema, instance):
    Validator({**strict, **schema}, format_checker=jsonschema.FormatChecker()).validate(instance)


def operation_of(entry):
    path, _, query = entry["path"].partition("?")
    for template in sorted(spec["paths"], key=lambda template: template.count("{")):
        pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({[^}]*})", template))
        if re.fullmatch(pattern, path):
            return template, spec["paths"][template][entry["method"].lower()]
    raise AssertionError(f"{entry['path']} is not described")


def check_request(entry, operation):
    """What was taken is described, and what is not described is not taken."""
    content = operation.get("requestBody", {}).get("content", {})
    body = entry.get("request")
    if body is None or body.startswith("<"):
        return
    try:
        instance = json.loads(body)
    except ValueError:
        assert entry["status"] == 400, entry
        return
    validator = Validator({**spec_schemas, **content["application/json"]["schema"]})
    valid = validator.is_valid(instance)
    if entry["status"] < 300:
        assert valid, (entry["path"], next(validator.iter_errors(instance)))
    if "FLD-003" in entry["answer"] or "FLD-012" in entry["answer"]:
        assert not valid, (entry["path"], "the description has room for what was refused")


def check_answer(entry, operation, template):
    responses = operation["responses"]
    response = resolved(responses.get(str(entry["status"]), responses["default"]))
    if "content" not in response:
        assert not entry["answer"], entry
        return
    assert entry["type"] in response["content"], (entry["type"], template)
    if entry["type"].endswith("json") and "schema" in response["content"][entry["type"]]:
        fits(response["content"][entry["type"]]["schema"], json.loads(entry["answer"]))
    for header in entry["headers"]:
        described = header in response.get("headers", {}) or header == "Cache-Control"
        assert described, (template, header)


def check_places(entry):
    """Each finding's place is in the body that was sent, or in the query; what is missing has its place there, too."""
    if entry["status"] != 422 or not (entry.get("request") or "").startswith("{"):
        return 0
    body = json.loads(entry["request"])
    findings = json.loads(entry["answer"])["findings"]
    assert findings, entry
    for finding in findings:
        place = finding.get("path", "")
        try:
            pointed(body, place)
        except KeyError:
            parent = pointed(body, place.rpartition("/")[0])
            assert isinstance(parent, dict), (place, finding)
    return len(findings)


spec_schemas = {"components": spec["components"]}
submitted = spec["paths"]["/api/v1/documents"]["post"]["requestBody"]["content"]["application/json"]["schema"]
read, places = set(), 0
for entry in record:
    if "schema" in entry:
        document = json.loads(entry["request"])
        Validator({**spec_schemas, "$ref": "#/components/schemas/" + entry["schema"]}).validate(document)
        Validator({**spec_schemas, **submitted}).validate(document)
        continue
    template, operation = operation_of(entry)
    check_request(entry, operation)
    check_answer(entry, operation, template)
    places += check_places(entry)
    if entry["status"] < 300:
        read.add(operation["operationId"])
        for name in re.findall(r"[?&]([^=&]+)=", entry["path"]):
            assert name in {resolved(parameter)["name"] for parameter in operation["parameters"]}, entry["path"]

unread = {operation["operationId"] for _, method, operation in operations() if method == "get"} - read
assert not unread, f"nothing was read by {unread}"
schemas = {entry["schema"] for entry in record if "schema" in entry}
assert {reference["$ref"].rpartition("/")[2] for reference in submitted["oneOf"]} == schemas, "a document type without a good sample"
assert places > 50, places
