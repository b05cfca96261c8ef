#!/usr/bin/env python3
"""./dev bench classify: how well and how fast a tariff code is found from what people write. bench/README.md says how this is measured.

usage: classify.py BUILD ROOT [--quick] [--only NAME…] [--keep]
"""
import concurrent.futures, json, os, pathlib, subprocess, sys

from pairs import CORES, run

UK, PARCELS, CHITCHATS = "uk_search_refs", "uk_fpo_parcels", "chitchats_declared"
DECLARATIONS, BROKER = "vn_declarations", "vn_broker"
BY_BOOK = {UK: 60, PARCELS: 12, CHITCHATS: 24, DECLARATIONS: None, BROKER: None}  # per cent of rows, HS6 among the first five
GAINS = {DECLARATIONS: 4, BROKER: None, CHITCHATS: 4}  # points over plain BM25, HS6 among the first five
EIGHT = {DECLARATIONS: 4, BROKER: None}  # the same, eight digits, the first
LEVELS = {"2": "chapter", "4": "heading", "6": "HS6", "8": "8 digits"}
FIRST, FIVE = 0, 2  # of the depths 1, 3, 5, 10


def data(bench):
    folder = pathlib.Path(os.environ.get("LINTAS_DATA", bench.root / "../shared/data")) / "tariff"
    return folder if folder.is_dir() else None


def classify(bench, part, name=None):
    arguments = [bench.build / "bench/classify", data(bench), bench.root / "data/nomenclature/synonyms.csv", part]
    out = subprocess.run([str(a) for a in arguments] + ([f"labelled_{name}.csv"] if name else []), check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def measured(bench, part, names):
    """Each set by a process of its own, as many at a time as there are cores."""
    if not data(bench):
        bench.say(f"  {part}: there are no labelled descriptions (LINTAS_DATA, or ../shared/data beside the checkout); nothing was judged")
        return {}
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        results = dict(zip(names, pool.map(lambda name: classify(bench, part, name), names)))
    for name, result in results.items():
        table(bench, part, name, result)
    return results


def table(bench, part, name, result):
    unseen = f", {result['unseen']:.1f} % of them with a code that no precedent has" if part == "precedents" else ""
    bench.say(f"\n  {part}: {name}, {result['lang']}, {result['rows']} rows{unseen}; % of rows whose code is among the first")
    bench.say(f"  {'':<10} {'search  1':>9} {'3':>6} {'5':>6} {'10':>6}   {'plain  1':>9} {'3':>6} {'5':>6} {'10':>6}")
    for level, title in LEVELS.items():
        search, plain = result["search"][level], result["plain"][level]
        if search[0] >= 0:
            bench.say(f"  {title:<10} {search[0]:>9.1f} " + " ".join(f"{v:>6.1f}" for v in search[1:])
                      + f"   {plain[0]:>9.1f} " + " ".join(f"{v:>6.1f}" for v in plain[1:]))


def bench_book(bench):
    for name, result in measured(bench, "book", BY_BOOK).items():
        bench.figure(f"book {name}, HS6 in 5", result["search"]["6"][FIVE], "% of rows", BY_BOOK[name], at_least=True)


def bench_aliases(bench):
    for name, result in measured(bench, "aliases", [UK, PARCELS, CHITCHATS]).items():
        bench.figure(f"aliases {name}, HS6 in 5", result["search"]["6"][FIVE], "% of rows")


def bench_precedents(bench):
    for name, result in measured(bench, "precedents", GAINS).items():
        for level, depth, text, targets in (("6", FIVE, "HS6 in 5", GAINS), ("8", FIRST, "8 digits first", EIGHT)):
            if result["search"][level][0] >= 0:
                bench.figure(f"precedents {name}, {text}", result["search"][level][depth], "% of rows")
                bench.figure(f"over plain BM25 {name}, {text}", result["search"][level][depth] - result["plain"][level][depth], "points",
                             targets[name], at_least=True)
        bench.figure(f"codes without precedent {name}", result["unseen"], "% of rows")


def bench_speed(bench):
    if not data(bench):
        return bench.say("  speed: there are no descriptions to search; nothing was judged")
    result = classify(bench, "speed")
    bench.say(f"\n  speed: {result['lines']} lines, {result['precedents']} precedents, {result['searches']} searches")
    bench.figure("search p50", result["p50_ms"], "ms")
    bench.figure("search p99", result["p99_ms"], "ms", 5)
    bench.figure("build", result["build_s"], "s", 3)
    bench.figure("resident", result["resident_mb"], "MB", 150)


if __name__ == "__main__":
    sys.exit(run("classify", __doc__, {"speed": bench_speed, "book": bench_book, "aliases": bench_aliases, "precedents": bench_precedents}))
