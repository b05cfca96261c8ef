#!/usr/bin/env python3
"""`lintas doctype map` as an integrator uses it, with the shipped mappings: a ministry's CSV to certificates, a certificate to the
CSV of a customs system and its answer back, WCO declarations, UN/CEFACT certificates.

usage: mapping.py LINTAS SOURCE_ROOT
What is expected: the certificates of tests/golden, of which tests/mapping has the same in national forms. With LINTAS_DATA also the
samples and schemas of WCO and UN/CEFACT.
"""
import csv, io, json, os, pathlib, subprocess, sys, xml.etree.ElementTree as ET

from nodes import Region, play, shown

REGION = Region.asked_for("lintas-mapping-")
LINTAS, ROOT = REGION.lintas, REGION.root
MAPPINGS, SAMPLES, GOLDEN = ROOT / "data" / "mapping", ROOT / "tests" / "mapping", ROOT / "tests" / "golden"
DATA = pathlib.Path(os.environ.get("LINTAS_DATA", ROOT.parent / "shared" / "data")) / "asw"


def run(mapping, file, *options, status=0, stdin=None):
    """(what it gives, what it says)"""
    done = subprocess.run([LINTAS, "doctype", "map", str(file), "--mapping", str(MAPPINGS / mapping), *options],
                          input=stdin, capture_output=True, timeout=120)
    assert done.returncode == status and b"Sanitizer" not in done.stderr, (done.returncode, done.stderr.decode())
    return done.stdout, done.stderr.decode()


def canonical(xml):
    return ET.canonicalize(xml if isinstance(xml, str) else xml.decode(), strip_text=True)


def same_document(one, golden):
    assert canonical(one) == canonical(golden.read_text()), golden


def ministry(folder):
    names = ("good-ordinary", "good-back-to-back", "good-third-country")
    _, said = run("ministry-form-d.json", SAMPLES / "ministry.csv", "--to", str(folder / "out"))
    files = sorted((folder / "out").iterdir())
    assert [f.name for f in files] == ["000001-D2026-0045678.xml", "000002-SG-B2B-26-00091.xml", "000003-VN-TH_26_02_00006.xml"]
    for file, name in zip(files, names):
        same_document(file.read_text(), GOLDEN / "form-d" / f"{name}.xml")
    assert "3 documents, 0 refused" in said and "MAP-" not in said, said
    lines, _ = run("ministry-form-d.json", "-", "--json", stdin=(SAMPLES / "ministry.csv").read_bytes())
    assert [json.loads(line)["reference"] for line in lines.splitlines()][0] == "D2026-0045678"
    run("ministry-form-d.json", SAMPLES / "ministry.csv", status=2)  # several documents, and nowhere to put them
    shown("a ministry's CSV becomes the certificates that it tells of, each in a file, or as lines of JSON")


def broken(folder):
    """Each mistake is told with its line, its column, its place in the document and its law."""
    rows = list(csv.DictReader(io.StringIO((SAMPLES / "ministry.csv").read_text("utf-8-sig"))))
    rows[1]["GROSS_KG"], rows[1]["NET_KG"] = "12.5", "13.0"
    rows[2]["UNIT"] = "B34"
    rows[2]["PACKAGES"] = "many;2"
    rows[3]["ISSUE_DATE"] = "2026-11-02"
    for row in rows:
        row["REMARKS"] = "urgent"
    file = folder / "broken.csv"
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    given, said = run("ministry-form-d.json", file, "--json", status=1)
    assert [json.loads(line)["reference"] for line in given.splitlines()] == ["VN-TH 26/02/00006"]
    for code, path, place in (("FRM-014", "/goodsItem[2]/grossMass", 'line 3, column "GROSS_KG"'),
                              ("COD-002", "/goodsItem[3]/unit", 'line 4, column "UNIT"'),
                              ("MAP-027", "/goodsItem[3]/package[1]/count", 'line 4, column "PACKAGES"'),
                              ("MAP-026", "/issueDate", 'line 5, column "ISSUE_DATE"')):
        lines = said.splitlines()
        at = [i for i, line in enumerate(lines) if code in line and path in line.split()]
        assert len(at) == 1 and place in lines[at[0] + 1], (code, said)
    assert "REMARKS (5 values)" in said and "3 documents, 2 refused" in said, said
    assert "FLD-001" not in said, said  # what could not be read is not said to be missing, too
    shown("what is wrong is told with line, column, path and law; what is right is given; what no row reads is counted")

    thai = folder / "thai.csv"
    text = (SAMPLES / "ministry.csv").read_text("utf-8-sig").splitlines(keepends=True)
    thai.write_bytes("".join(text[:4]).replace("Công ty TNHH Ví Dụ (Example Import Co., Ltd.)", "Example Import Co., Ltd.")
                     .replace("2 Đường Ví Dụ, Quận 1, Thành phố Hồ Chí Minh", "Ho Chi Minh City").encode("cp874"))
    given, said = run("ministry-form-d.json", thai, status=1)
    octets = thai.read_bytes()
    first = next(i for i, octet in enumerate(octets) if octet >= 0x80)
    line = octets[:first].count(b"\n") + 1
    assert not given and f"CSV-001  line {line}, byte {first + 1} of the file" in said, said
    named = json.loads((MAPPINGS / "ministry-form-d.json").read_text())
    named["csv"]["charset"] = "windows-874"
    (folder / "thai.json").write_text(json.dumps(named))
    given, said = run(folder / "thai.json", thai)
    assert "บริษัท ตัวอย่างการค้า จำกัด" in given.decode()
    shown("a legacy encoding is refused with its line and byte, or converted if the mapping names it")


def customs(folder):
    received = sorted((GOLDEN / "form-d").glob("good-*.xml"))
    for mapping in ("ministry-form-d.json", "customs-form-d.json", "uncefact-d23b-form-d.json"):
        for file in received:
            national, said = run(mapping, file, "--reverse")
            assert not said, said
            again, said = run(mapping, "-", stdin=national)
            assert not said, said
            same_document(again, file)
    shown(f"{len(received)} certificates to three national forms and back are the same")

    for file in received:
        (folder / "received" / file.name).parent.mkdir(exist_ok=True)
        (folder / "received" / file.name).write_bytes(file.read_bytes())
    table, _ = run("customs-form-d.json", folder / "received", "--reverse")
    rows = list(csv.DictReader(io.StringIO(table.decode()), delimiter=";"))
    ordinary = [row for row in rows if row["CO_REF"] == "D2026-0045678"]
    assert [(row["LINE"], row["PKG_NO"], row["PKG_TYPE"], row["GROSS"]) for row in ordinary] == \
        [("1", "40", "CT", "480,00"), ("2", "20", "CT", "1250"), ("3", "1", "PX", "96,4"), ("3", "2", "BX", "96,4")]
    lines, _ = run("customs-form-d.json", "-", "--json", stdin=table)
    assert len(lines.splitlines()) == len(received)
    shown("a folder of certificates is one table of a customs system, a line for each kind of packages")

    answer = ("RESPONSE;RESPONSE_DATE;STATE;OFFICE;CO_STATE;CO_REF;CO_DATE;STATUS;REASON;LINE;LINE_STATUS;LINE_REASON;DECLARATION;USED;UNIT\n"
              "VN-RSP-2;20261102;VN;Chi cục Hải quan Ví Dụ, Hải Phòng;TH;D2026-0045678;20261102;PART;;1;USED;;EX-101;432,50;KGM\n"
              "VN-RSP-3;20261102;VN;Chi cục Hải quan Ví Dụ, Hải Phòng;TH;D2026-0045678;20261102;REFUSED;"
              "Origin criterion not met: see letter EX/2026/11;;;;;;\n")
    run("customs-response.json", "-", "--to", str(folder / "answers"), stdin=answer.encode())
    for file, name in zip(sorted((folder / "answers").iterdir()), ("good-partly", "good-refused")):
        same_document(file.read_text(), GOLDEN / "customs-response" / f"{name}.xml")
        back, _ = run("customs-response.json", file, "--reverse")
        number = "VN-RSP-2" if name == "good-partly" else "VN-RSP-3"
        assert back.decode().splitlines()[1] == next(line for line in answer.splitlines() if line.startswith(number))
    shown("the answer of the customs system becomes the customs response, and is the same in its CSV again")


def chain(folder):
    """Nothing is typed twice: the ministry's CSV, the certificate, the customs system's CSV."""
    run("ministry-form-d.json", SAMPLES / "ministry.csv", "--to", str(folder / "issued"))
    table, _ = run("customs-form-d.json", folder / "issued", "--reverse")
    lines, _ = run("customs-form-d.json", "-", "--json", stdin=table)
    direct, _ = run("ministry-form-d.json", SAMPLES / "ministry.csv", "--json")
    assert lines == direct
    shown("from the ministry's CSV to the customs system's nothing is lost")


def wco():
    document, said = run("wco-36-acdd.json", SAMPLES / "wco-export.xml")
    same_document(document, GOLDEN / "acdd" / "good-sea.xml")
    assert said.count("MAP-034") == 1 and "/MetaData/Declaration/Agent/FunctionCode (1 value)" in said, said
    shown("an export declaration of the WCO Data Model 3.6 becomes an ACDD")
    samples = DATA / "wco" / "samples"
    if not samples.is_dir():
        print(f"SKIPPED: no {samples}")
        return
    # TT_EX001a is of a British trader who has no name in it, to the United States; its profile has no port of discharge.
    _, said = run("wco-36-acdd.json", samples / "export-declaration.TT_EX001a.xml", status=1)
    expected = [("FLD-001", "/declarationDate"), ("FLD-008", "/exportingCountry"), ("FLD-008", "/importingCountry"),
                ("FLD-001", "/exporter/name"), ("FLD-001", "/agent/name"), ("FLD-001", "/departureDate"), ("FLD-001", "/dischargePort"),
                ("FLD-001", "/goodsItem[1]/originCountry")]
    found = [(line.split()[1], line.split()[0]) for line in said.splitlines() if line.startswith("  /")]
    assert found == expected and "MAP-034" not in said, said
    assert "at /MetaData/Declaration/GoodsShipment/ExportCountry/ID" in said, said
    for name in ("cancellation.TT_EX010a.xml", "amendment.TT_Add_Item.xml"):
        _, said = run("wco-36-acdd.json", samples / name, status=1)
        assert 'FunctionCode: 13"; this mapping is for "9" alone' in said, said
    shown("WCO samples: each finding is one that is expected; a cancellation is no declaration")


def uncefact():
    folder = DATA / "uncefact"
    if not folder.is_dir():
        print(f"SKIPPED: no {folder}")
        return
    for file in sorted((GOLDEN / "form-d").glob("good-*.xml")):
        certificate, _ = run("uncefact-d23b-form-d.json", file, "--reverse")
        judged = subprocess.run([sys.executable, str(SAMPLES / "d23b_oracle.py"), str(folder)], input=certificate, capture_output=True)
        if judged.returncode == 77:
            print("SKIPPED: no Python module jsonschema")
            return
        assert judged.returncode == 0, judged.stdout.decode()
    shown("certificates in the UN/CEFACT form are valid by its D23B schema")


def lost(folder):
    """A mapping that loses a mandatory field is refused when it is loaded, with all such fields."""
    mapping = json.loads((MAPPINGS / "ministry-form-d.json").read_text())
    mapping["row"] = [row for row in mapping["row"] if row["to"] not in ("/nomenclature", "/goodsItem/*/originCriterion")]
    (folder / "lost.json").write_text(json.dumps(mapping))
    given, said = run(folder / "lost.json", SAMPLES / "ministry.csv", status=1)
    assert not given and said.count("MAP-009") == 2 and "ATIGA Annex 7, box 8" in said and "/nomenclature" in said, said
    for file in sorted(MAPPINGS.glob("*.json")):
        assert subprocess.run([LINTAS, "doctype", "map", "--mapping", str(file)], capture_output=True).returncode == 0, file
    shown("a mapping that loses a mandatory field is refused; the shipped ones are right")


def story():
    for part in (ministry, broken, customs, chain):
        part(REGION.work)
    wco()
    uncefact()
    lost(REGION.work)


play(story, REGION)
