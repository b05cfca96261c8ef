#!/usr/bin/env python3
"""Turns text files into one C source of constant rows, so that the program needs no files beside it.

usage: embed.py migrations OUTPUT FILE.sql…     kernel_migrations: number and name from NNNN_name.sql; NNNN_name.back.sql undoes it,
                                                and the comment at its head, one sentence, says what that takes away
       embed.py codelists  OUTPUT FILE.csv…     kernel_code_tables: rows sorted by code, from CSV with the columns code,name
       embed.py rows       OUTPUT FILE.csv…     FOLDER_NAME_rows of struct NAME_row, declared in customs/FOLDER/FOLDER_int.h, with a
                                                member for each column of FOLDER/NAME.csv
       embed.py texts      OUTPUT FILE…         text_NAME_ENDING: the content of NAME.ENDING, in UTF-8
       embed.py samples    OUTPUT FILE….xml     sample_NAME: the content of NAME.xml
       embed.py units      OUTPUT units.csv     tariff_units: rows sorted by code, from the columns code,dimension,factor,name,given
       embed.py bundles    OUTPUT FILE….json    tariff_bundles: the content of …/KIND/NAME/FILE.json with KIND and NAME
"""
import csv
import os
import re
import sys

FROZEN = 2  # the schema of 0.1.0, the first release: nothing goes back behind it


def c_string(text):
    """A C literal; octal escapes, because hexadecimal ones have no end."""
    out = []
    for octet in text.encode("utf-8"):
        char = chr(octet)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= octet < 127 and char != "?":  # "??" would begin a trigraph
            out.append(char)
        else:
            out.append("\\%03o" % octet)
    return '"' + "".join(out) + '"'


def literal(path):
    with open(path, encoding="utf-8") as file:
        return "".join("\t  %s\n" % c_string(line) for line in file) or '\t  ""\n'


def lost_by(path):
    """The comment at the head of a way back."""
    with open(path, encoding="utf-8") as file:
        text = " ".join(re.match(r"(?:--[^\n]*\n)*", file.read())[0].replace("--", "").split())
    if not text:
        sys.exit("%s: its first line must be a comment that says what is lost by it" % path)
    return text


def migrations(paths):
    yield '#include "kernel/kernel.h"\n\nconst struct migration kernel_migrations[] = {\n'
    back = {path[:-len(".back.sql")]: path for path in paths if path.endswith(".back.sql")}
    paths = sorted((path for path in paths if not path.endswith(".back.sql")), key=os.path.basename)
    for expected, path in enumerate(paths, 1):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", os.path.basename(path))
        if not match or int(match[1]) != expected:
            sys.exit("%s: expected the name %04d_name.sql" % (path, expected))
        undo = back.pop(path[:-len(".sql")], None)
        if not undo and expected > FROZEN:
            sys.exit("%s: there is no way back, %s.back.sql" % (path, path[:-len(".sql")]))
        yield "\t{ .number = %d,\n\t  .name = %s,\n\t  .sql =\n%s" % (expected, c_string(match[2]), literal(path))
        if undo:
            yield "\t  ,\n\t  .back =\n%s\t  ,\n\t  .lost = %s\n" % (literal(undo), c_string(lost_by(undo)))
        yield "\t},\n"
    if back:
        sys.exit("%s: there is no migration that it undoes" % min(back.values()))
    yield "};\nconst size_t kernel_migrations_count = %d;\n" % len(paths)


def code_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    if rows[0] != ["code", "name"]:
        sys.exit("%s: the columns must be code,name" % path)
    rows = sorted(rows[1:], key=lambda row: row[0].encode("utf-8"))
    for before, row in zip([None] + rows, rows):
        if len(row) != 2 or not row[0] or (before and before[0] == row[0]):
            sys.exit("%s: wrong or repeated row %r" % (path, row))
    return rows


def codelists(paths):
    yield '#include "kernel/codelist_int.h"\n'
    tables = []
    for path in sorted(paths):
        stem = os.path.splitext(os.path.basename(path))[0]
        rows = code_rows(path)
        yield "\nstatic const struct code_row %s_rows[] = {\n" % stem
        for code, name in rows:
            yield "\t{ %s, %s },\n" % (c_string(code), c_string(name))
        yield "};\n"
        tables.append((stem, len(rows)))
    yield "\nconst struct code_table kernel_code_tables[] = {\n"
    for stem, count in tables:
        yield "\t{ %s, %s_rows, %d },\n" % (c_string(stem.upper()), stem, count)
    yield "};\nconst size_t kernel_code_tables_count = %d;\n" % len(tables)


def rows(paths):
    for path in sorted(paths):
        stem = os.path.splitext(os.path.basename(path))[0]
        folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
        with open(path, encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(line for line in file if not line.startswith("#")))
        yield '#include "customs/%s/%s_int.h"\n\nconst struct %s_row %s_%s_rows[] = {\n' % (folder, folder, stem, folder, stem)
        for line in lines:
            yield "\t{ %s },\n" % ", ".join(".%s = %s" % (name, c_string(value)) for name, value in line.items() if value)
        yield "};\nconst size_t %s_%s_rows_count = %d;\n" % (folder, stem, len(lines))


def texts(paths, prefix="text_", ending=""):
    for path in sorted(paths):
        name = prefix + re.sub(r"[^a-z0-9]", "_", os.path.basename(path).removesuffix(ending).lower())
        yield "\nextern const char %s[];\nconst char %s[] =\n" % (name, name)
        with open(path, encoding="utf-8", newline="") as file:
            for line in file:
                yield "\t%s\n" % c_string(line)
        yield '\t"";\n'


def samples(paths):
    return texts(paths, "sample_", ".xml")


def units(paths):
    yield '#include "customs/tariff/tariff_int.h"\n\nconst struct tariff_unit tariff_units[] = {\n'
    with open(paths[0], encoding="utf-8", newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    if rows[0] != ["code", "dimension", "factor", "name", "given"]:
        sys.exit("%s: the columns must be code,dimension,factor,name,given" % paths[0])
    rows = sorted(rows[1:])
    for row in rows:
        yield "\t{ %s },\n" % ", ".join(c_string(cell) for cell in row[:4])
    yield "};\nconst size_t tariff_units_count = %d;\n" % len(rows)


def bundles(paths):
    yield '#include "customs/tariff/tariff_int.h"\n\nconst struct tariff_bundle tariff_bundles[] = {\n'
    for path in sorted(paths):
        kind, name = os.path.normpath(path).split(os.sep)[-3:-1]
        yield "\t{ %s, %s,\n%s\t},\n" % (c_string(kind), c_string(name), literal(path))
    yield "\t{ 0 }\n};\n"


def main():
    kinds = {"migrations": migrations, "codelists": codelists, "rows": rows, "texts": texts, "samples": samples, "units": units,
             "bundles": bundles}
    if len(sys.argv) < 4 or sys.argv[1] not in kinds:
        sys.exit(__doc__)
    text = "".join(kinds[sys.argv[1]](sys.argv[3:]))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("/* Made by tools/embed.py; do not edit. */\n" + text)


main()
