#!/usr/bin/env python3
"""Ten thousand random lines of goods, worked out here with exact fractions, and by tariff_lines: both must say the same.

usage: tariff_oracle.py TARIFF_LINES SOURCE [LINES [SEED]]

Nothing is shared but the data of states and agreements (data/tariff, data/agreements): duties are made as trees, from which both the
text and the amount come; units are from UN/ECE Rec 20's factors as written below.
"""
import datetime, json, math, pathlib, random, subprocess, sys
from fractions import Fraction as F

LINES_A_TARIFF = 250
CODES = 60
UNITS = {  # Rec 20: in kg, m³, pieces, seconds
    "KGM": ("mass", F(1)), "TNE": ("mass", F(1000)), "GRM": ("mass", F(1, 1000)), "DTN": ("mass", F(100)),
    "LBR": ("mass", F(45359237, 10**8)), "LTR": ("volume", F(1, 1000)), "HLT": ("volume", F(1, 10)), "MLT": ("volume", F(1, 10**6)),
    "GLL": ("volume", F(3785412, 10**9)), "MTQ": ("volume", F(1)), "C62": ("count", F(1)), "NMB": ("count", F(1)),
    "DZN": ("count", F(12)), "GRO": ("count", F(144)), "PR": ("count", F(2)), "MIN": ("time", F(60)), "HUR": ("time", F(3600))}
CURRENCIES = ["USD", "EUR", "JPY", "SGD", "VND", "KWD"]
UNITS_OF_RATE = {"JPY": 100, "KWD": 10}
STATES = ["VN", "ID", "SG", "MM", "KH", "TH", "PH"]
ORIGINS = ["TH", "CN", "US", "VN", "AU"]


def text(value, places):
    """A decimal of so many places, as it is written; random zeros at its end."""
    return "%s%d.%0*d" % ("-" if value < 0 else "", abs(value) // 10**places, places, abs(value) % 10**places) if places else str(value)


def number(random_, most, places):
    value = random_.randrange(0, most * 10**places)
    return text(value, places), F(value, 10**places)


# --- duties ---

def rate(r):
    if r.random() < 0.6:
        written, value = number(r, 60, r.choice([0, 0, 1, 2]))
        return r.choice(["%s%%", "%s %%"]) % written, ("percent", value)
    written, value = number(r, 900, r.choice([0, 1, 3]))
    currency = r.choice(CURRENCIES)
    what = r.random()
    units = ["LPA"] if what < 0.12 else ["ASV", "HLT"] if what < 0.2 else [r.choice(list(UNITS))]
    shape = r.choice(["%s %s/%s", "%s %s / %s", "%s %s per %s"])
    return shape % (written, r.choice([currency, currency.lower()]), "/".join(units)), ("specific", value, currency, units)


def duty(r, depth=0):
    shape = r.random()
    if shape < 0.6 or depth > 2:
        return rate(r)
    if shape < 0.8:
        parts = [duty(r, depth + 1) for _ in range(r.choice([2, 2, 3]))]
        return r.choice([" + ", "+"]).join(p[0] for p in parts), ("sum", [p[1] for p in parts])
    word = r.choice(["max", "min"])
    parts = [duty(r, depth + 1) for _ in range(r.choice([2, 2, 3]))]
    return "%s(%s)" % (r.choice([word, word.upper()]), ", ".join(p[0] for p in parts)), (word, [p[1] for p in parts])


class Missing(Exception):
    pass


def quantity(line, unit):
    if unit == "ASV":
        if line["strength"] is None:
            raise Missing(unit)
        return line["strength"]
    if unit == "LPA":
        if line["strength"] is None:
            raise Missing(unit)
        return quantity(line, "LTR") * line["strength"] / 100
    dimension, factor = UNITS[unit]
    same = [q for q in line["quantities"] if q[1] == unit] or [q for q in line["quantities"] if UNITS[q[1]][0] == dimension]
    if not same:
        raise Missing(unit)
    return same[0][0] * UNITS[same[0][1]][1] / factor


def amount(tree, base, line, rates):
    if tree[0] == "percent":
        return base * tree[1] / 100
    if tree[0] == "specific":
        result = tree[1]
        for unit in tree[3]:
            result *= quantity(line, unit)
        return result * rates[tree[2]]
    parts, missing = [], None
    for part in tree[1]:
        try:
            parts.append(amount(part, base, line, rates))
        except Missing as e:
            missing = missing or e
    if missing:
        raise missing
    return {"sum": sum, "max": max, "min": min}[tree[0]](parts)


# --- states ---

def rounded(value, row):
    unit = F(row["unit"])
    count = value / unit
    whole = {"up": math.ceil, "down": math.floor, "half-up": lambda x: math.floor(x + F(1, 2)), "half-even": round}[row["mode"]](count)
    return whole * unit


def value_of(line, state, rates):
    value = line["value"]
    percent = lambda name: F(state[name]) / 100
    if line["basis"] == "FOB":
        value += line["freight"] if line["freight"] is not None else value * percent("freightPercent")
    if line["basis"] != "CIF":
        value += line["insurance"] if line["insurance"] is not None else value * percent("insurancePercent")
    value *= rates[line["currency"]]
    return value * (1 + F(state.get("landingPercent", 0)) / 100)


def fob_of(line, rates):
    value = line["value"]
    if line["basis"] != "FOB":
        value -= line["freight"] or 0
    if line["basis"] == "CIF":
        value -= line["insurance"] or 0
    return value * rates[line["currency"]]


def relieved(line, cif, state, rates):
    kinds = set()
    for row in state["relief"]:
        if row.get("until", "9999") < line["day"] or row.get("from", "0000") > line["day"]:
            continue
        if (fob_of(line, rates) if row["basis"] == "FOB" else cif) <= F(row["atMost"]) * rates[row["currency"]]:
            words = row["relieves"].split()
            kinds |= {k for group, names in (("duty", ["mfn", "preference"]), ("added", ["anti-dumping"]), ("tax", ["excise", "vat", "levy"]))
                      if group in words for k in names} | set(words)
    return kinds


def option(line, first, measures, state, rates, value, free):
    """The charges of one option: (kind, standing, base, amount), and its standing."""
    charges, standing, loaded = [], "calculated", {m["kind"] for m in measures}
    levy = next(row for row in state["rounding"] if row["stage"] == "levy")
    undutiable = any(row.get("undutiable") for row in state["relief"])

    def charge(kind, tree, base):
        nonlocal standing
        if kind in free and not (undutiable and any(c[3] for c in charges)):
            charges.append((kind, "calculated", base, F(0)))
            return
        try:
            charges.append((kind, "calculated", base, rounded(amount(tree, base, line, rates), levy)))
        except Missing:
            standing = "a fact is missing"
            charges.append((kind, standing, base, None))
    charge(first["kind"], first["tree"], value)
    for m in measures:
        if m["kind"] == "anti-dumping" and line["code"].startswith(m["code"]) and line["origin"] in m["area"].split():
            charge("anti-dumping", m["tree"], value)
    for tax in state["taxes"]:
        if tax.get("until", "9999") < line["day"] or tax.get("from", "0000") > line["day"]:
            continue
        words = tax["base"].split()
        base = value + sum(c[3] for c in charges if c[3] is not None and
                           (c[0] in words or (c[0] in ("mfn", "preference", "anti-dumping") and "duty" in words)))
        best = max((m for m in measures if m["kind"] == tax["kind"] and line["code"].startswith(m["code"])),
                   key=lambda m: len(m["code"]), default=None)
        if best:
            charge(tax["kind"], best["tree"], base)
        elif tax["kind"] in loaded:
            continue
        elif tax.get("duty"):
            charge(tax["kind"], ("percent", F(tax["duty"].rstrip("%"))), base)
        else:
            charges.append((tax["kind"], "no schedule loaded", base, None))
    return charges, standing


def between(agreement, a, b, day):
    inside = lambda state: any(p["state"] == state and p["from"] <= day for p in agreement["parties"])
    return a != b and inside(a) and inside(b)


def answer(line, measures, state, agreements, rates):
    value = value_of(line, state, rates)
    free = relieved(line, value, state, rates)
    out, options = [("L", value)], []
    named = [None] + [a for a in agreements if between(a, line["origin"], state["state"], line["day"])]
    for agreement in named:
        code = agreement and agreement["code"]
        schedule = [m for m in measures if m["kind"] == ("preference" if code else "mfn") and m.get("agreement") == code]
        found = [m for m in schedule if line["code"].startswith(m["code"])]
        best = max(found, key=lambda m: len(m["code"]), default=None)
        if not schedule:
            options.append([code, "no schedule loaded", []])
        elif not best:
            options.append([code, "not in the schedule", []])
        elif best["tree"][0] == "excluded":
            options.append([code, "excluded", []])
        else:
            charges, standing = option(line, best, measures, state, rates, value, free)
            options.append([code, standing, charges])
    payable = [sum(c[3] for c in o[2] if c[3] is not None) if o[1] == "calculated" else None for o in options]
    least = min((p for p in payable if p is not None), default=None)
    for i, (code, standing, charges) in enumerate(options):
        dearer = bool(i and payable[i] is not None and payable[0] is not None and payable[i] > payable[0])
        lowest = payable[i] is not None and payable[i] == least and i == payable.index(least)
        out.append(("O", "preference" if code else "mfn", code or "-", standing, str(int(lowest)), str(int(dearer)), payable[i]))
        out += [("C", *c) for c in charges]
    return out


# --- what is asked ---

def tariff(r, name):
    codes = ["%08d" % r.randrange(1010000, 97999999) for _ in range(CODES)]
    measures = []
    put = lambda kind, code, made, **more: measures.append(dict(kind=kind, code=code, text=made[0], tree=made[1], **more))
    for code in codes:
        put("mfn", code if r.random() < 0.9 else code[:4], duty(r) if r.random() < 0.95 else ("free", ("percent", F(0))))
        for agreement in ("ATIGA", "ACFTA"):
            if r.random() < 0.85:
                put("preference", code, ("excluded", ("excluded",)) if r.random() < 0.1 else duty(r), agreement=agreement)
        if r.random() < 0.3:
            put("excise", code, duty(r))
        if r.random() < 0.1:
            put("anti-dumping", code, rate(r), area="CN")
    if r.random() < 0.5:
        put("vat", "", ("8%", ("percent", F(8))))
        put("vat", codes[0], ("5%", ("percent", F(5))))
    seen, once = set(), []
    for m in measures:  # no contradictions here
        key = (m["kind"], m["code"], m.get("agreement"))
        if key not in seen:
            seen.add(key)
            once.append(m)
    return codes, once


def line(r, codes, state):
    made = dict(code=r.choice(codes), origin=r.choice(ORIGINS), currency=r.choice(CURRENCIES), basis=r.choice(["CIF", "CIF", "FOB", "CFR"]),
                day=str(datetime.date(2022, 1, 1) + datetime.timedelta(days=r.randrange(6 * 365))))
    made["value_text"], made["value"] = number(r, r.choice([60, 10**4, 10**8]), r.choice([0, 2, 4]))
    if made["value"] == 0:
        made["value_text"], made["value"] = "1", F(1)
    for name in ("freight", "insurance"):
        made[name + "_text"], made[name] = "", None
        if "freightPercent" not in state or r.random() < 0.5:
            made[name + "_text"], made[name] = number(r, 1000, 2) if made["basis"] != "CIF" else ("", None)
    made["strength_text"], made["strength"] = number(r, 100, 1) if r.random() < 0.8 else ("", None)
    units = r.sample(list(UNITS), r.choice([0, 3, 6, 9]))
    for dimension in sorted({"mass", "volume", "count", "time"} - {UNITS[u][0] for u in units}):
        if r.random() < 0.9:
            units.append(r.choice([u for u in UNITS if UNITS[u][0] == dimension]))
    made["quantities"], written = [], []
    for unit in units:
        shown, value = number(r, 5000, r.choice([0, 3]))
        if value:
            made["quantities"].append((value, unit))
            written.append(shown + ":" + unit)
    made["quantities_text"] = ";".join(written)
    return made


def same_cell(expected, found):
    if expected is None:
        return found == "-"
    return F(found) == expected if isinstance(expected, F) else expected == found


def compare(number_, state, line_, expected, found):
    findings = [f for f in found if f[0] == "F"]
    found = [f for f in found if f[0] != "F"]
    wrong = len(found) != len(expected)
    for e, f in zip(expected, found):
        if e[0] == "O":  # kind, agreement, standing, lowest, dearer; then duty and payable, which count where it is calculated
            wrong |= list(e[:6]) != f[:6] or (e[6] is not None and F(f[7]) != e[6])
        else:
            wrong |= e[0] != f[0] or not all(same_cell(a, b) for a, b in zip(e[1:], f[1:]))
    missing = any(e[0] == "O" and e[3] == "a fact is missing" for e in expected)
    lowest = next((e[6] for e in expected if e[0] == "O" and e[4] == "1"), F(0))
    large = lowest * (1 if state["currency"] == "VND" else 100) > 2**63 - 1  # more than money in minor units can be
    wrong |= {f[1] for f in findings} != ({"TRF-051"} if missing else set()) | ({"TRF-044"} if large else set())
    if wrong:
        print("line %d: %s" % (number_, line_))
        for e in expected:
            print("  expected", *[str(float(c)) if isinstance(c, F) else c for c in e])
        for f in found + findings:
            print("  found   ", *f)
    return not wrong


def main():
    program, source = sys.argv[1], pathlib.Path(sys.argv[2])
    lines, seed = int(sys.argv[3]) if len(sys.argv) > 3 else 10000, int(sys.argv[4]) if len(sys.argv) > 4 else 1
    r = random.Random(seed)
    agreements = [json.loads(p.read_text()) for p in sorted((source / "data/agreements").glob("*/agreement.json"))]
    script, expected, asked = [], [], []
    for start in range(0, lines, LINES_A_TARIFF):
        name = STATES[start // LINES_A_TARIFF % len(STATES)]
        state = json.loads((source / "data/tariff" / name.lower() / "state.json").read_text())
        codes, measures = tariff(r, name)
        rates = {state["currency"]: F(1)}
        script.append("S\t%s\t2022-01-01\t2027-12-31" % name)
        for currency in CURRENCIES:
            if currency != state["currency"]:
                written, value = number(r, r.choice([2, 30000]), r.choice([0, 4]))
                if value == 0:
                    written, value = "1", F(1)
                units = UNITS_OF_RATE.get(currency, 1)
                rates[currency] = value / units
                script.append("X\t%s\t%d\t%s" % (currency, units, written))
        for m in measures:
            script.append("\t".join(["M", m["code"], m["kind"], m.get("agreement", ""), m.get("area", ""), "", "", m["text"]]))
        for _ in range(min(LINES_A_TARIFF, lines - start)):
            made = line(r, codes, state)
            script.append("\t".join(["L", made["code"], made["origin"], made["value_text"], made["currency"], made["basis"],
                                     made["freight_text"], made["insurance_text"], made["strength_text"], made["day"],
                                     made["quantities_text"]]))
            expected.append(answer(made, measures, state, agreements, rates))
            asked.append((state, made))
    out = subprocess.run([program], input="\n".join(script) + "\n", capture_output=True, text=True, check=False)
    if out.returncode:
        sys.exit("tariff_lines: %s" % out.stderr)
    blocks, block = [], []
    for row in out.stdout.split("\n"):
        if row == ".":
            blocks.append(block)
            block = []
        elif row:
            block.append(row.split("\t"))
    if len(blocks) != len(expected):
        sys.exit("%d answers to %d lines" % (len(blocks), len(expected)))
    wrong = 0
    for i, ((state, line_), e, f) in enumerate(zip(asked, expected, blocks)):
        if not compare(i, state, line_, e, f):
            wrong += 1
            if wrong == 5:
                break
    options = sum(1 for e in expected for row in e if row[0] == "O")
    counted = {s: sum(1 for e in expected for row in e if row[0] == "O" and row[3] == s)
               for s in ("calculated", "no schedule loaded", "not in the schedule", "excluded", "a fact is missing")}
    if min(counted.values()) == 0:
        sys.exit("some standing never occurs: %s" % counted)
    print("%d lines, %d options %s, %d charges" % (len(expected), options, counted, sum(1 for e in expected for row in e if row[0] == "C")))
    sys.exit(1 if wrong else 0)


main()
