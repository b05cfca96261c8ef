#!/usr/bin/env python3
"""Backup, restore and migration are killed (SIGKILL) at many points: what is left is nothing or all.

usage: killed.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
"""
import shutil, signal, sqlite3, subprocess, time

from nodes import Region, play, run, shown, until

REGION = Region.asked_for("lintas-killed-")
WORK, LINTAS, DATABASE = REGION.work, REGION.lintas, REGION.database
ROWS, POINTS = 10000, 12


def killed_after(seconds, *args):
    """True if it was killed, False if it had ended."""
    child = subprocess.Popen([LINTAS, *map(str, args)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        code = child.wait(seconds)
        assert code == 0, child.stderr.read()
        return False
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait(20)
        return True
    finally:
        child.stderr.close()


def points(*args, again):
    """Delays spread over the time that the command takes; AGAIN puts back what it needs."""
    began = time.monotonic()
    run(LINTAS, *args, seconds=300)
    took = time.monotonic() - began
    again()
    return [took * (i + 0.5) / POINTS for i in range(POINTS)]


class Database:
    """Of a node: its URL for the program, and its rows by the database's own program."""

    def __init__(self, name):
        self.name = name
        if DATABASE:
            run("psql", DATABASE, "-qc", f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")
        self.url = f"{DATABASE}&options=-csearch_path%3D{name}" if DATABASE else "sqlite:lintas.db"

    def ask(self, node, sql):
        if DATABASE:  # who was killed may still be rolled back
            return run("psql", self.url, "-Atqc", sql, seconds=120).split()
        with sqlite3.connect(node / "lintas.db") as db:
            return [str(value) for row in db.execute(sql) for value in row]


def begin():
    node, database = WORK / "th", Database("killed_th")
    run(LINTAS, "init", node, "--state", "TH", "--database", database.url)
    numbers = f"generate_series(1, {ROWS}) AS n(i)" if DATABASE else \
        f"(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) SELECT i FROM n) AS n"
    task = "INSERT INTO task (id, kind, subject, text, state, created_us) SELECT 'k' || i, 'key', 's' || i, " \
        + ("repeat('x', 300)" if DATABASE else "hex(zeroblob(150))") + f", 'open', i FROM {numbers}"
    if DATABASE:
        run("psql", database.url, "-qc", task)
    else:
        with sqlite3.connect(node / "lintas.db") as db:
            db.execute(task)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=backup", "-keyout", WORK / "key.pem", "-out",
        WORK / "cert.pem")
    return node, database


def backups(node, key, cert):
    file, part = WORK / "b.backup", WORK / "b.backup.part"
    command = ("backup", node, "--to", file, "--recipient", cert)
    interrupted = 0
    for delay in points(*command, again=file.unlink):
        cut = killed_after(delay, *command)
        if file.exists():
            run(LINTAS, "restore", file, "--check", "--key", key, seconds=120)
            file.unlink()
        elif cut and part.exists():
            interrupted += 1
            result = subprocess.run([LINTAS, *map(str, command)], capture_output=True, text=True, timeout=120)
            assert result.returncode == 6 and "remove it" in result.stderr, result.stderr
            assert part.stat().st_mode & 0o777 == 0o600 and b"x" * 300 not in part.read_bytes()
        part.unlink(missing_ok=True)
    assert interrupted >= 3, interrupted
    run(LINTAS, *command, seconds=120)
    return file


def restores(file, key):
    new, beside, database = WORK / "new", WORK / "new.restoring", Database("killed_new")
    command = ("restore", file, new, "--key", key, "--database", database.url)

    def clear():
        for directory in (new, beside):
            shutil.rmtree(directory, ignore_errors=True)
        Database("killed_new")

    interrupted = 0
    for delay in points(*command, again=clear):
        cut = killed_after(delay, *command)
        if DATABASE:
            until("nobody is left in it", lambda: run("psql", DATABASE, "-Atqc", "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                                      " current_database() AND application_name LIKE 'lintas%'").strip() == "0", seconds=60)
        if new.exists():
            assert database.ask(new, "SELECT count(*) FROM task") == [str(ROWS)]
            run(LINTAS, "audit", "verify", "--dir", new)
        elif cut and beside.exists():
            interrupted += 1
            assert beside.stat().st_mode & 0o777 == 0o700
            result = subprocess.run([LINTAS, *map(str, command)], capture_output=True, text=True, timeout=120)
            assert result.returncode == 6 and "remove it" in result.stderr, result.stderr
            there = database.ask(beside, "SELECT count(*) FROM " + ("pg_tables WHERE schemaname = 'killed_new'" if DATABASE else "sqlite_schema")) \
                if DATABASE or (beside / "lintas.db").exists() else ["0"]
            if there != ["0"]:  # killed between the commit and the name: it is whole
                assert database.ask(beside, "SELECT count(*) FROM task") == [str(ROWS)]
        clear()
    assert interrupted >= 3, interrupted
    run(LINTAS, *command, seconds=120)
    assert database.ask(new, "SELECT count(*) FROM task") == [str(ROWS)]


def migrations(node, database):
    def state():
        schema = run(LINTAS, "db", "schema", "--dir", node, seconds=120).strip().splitlines()[-1].split()
        assert database.ask(node, "SELECT count(*) FROM task") == [str(ROWS)]
        if not DATABASE:
            assert database.ask(node, "PRAGMA integrity_check") == ["ok"]
        return int(schema[1]), int(schema[3].rstrip(":"))

    newest = state()[1]
    ways = {newest: ("db", "migrate", "--dir", node), 2: ("db", "migrate", "--to", "2", "--anyway", "--dir", node)}
    seen = set()
    began = time.monotonic()
    run(LINTAS, *ways[2], seconds=120)
    took = time.monotonic() - began
    run(LINTAS, *ways[newest], seconds=120)
    for i in range(POINTS):
        for target in (2, newest):
            killed_after(took * (i + 0.5) / POINTS, *ways[target])
            at, _ = state()
            assert 2 <= at <= newest
            seen.add(at)
            run(LINTAS, *ways[target], seconds=120)
            assert state()[0] == target
    return seen


def story():
    node, database = begin()
    key, cert = WORK / "key.pem", WORK / "cert.pem"
    file = backups(node, key, cert)
    shown(f"a backup killed at {POINTS} points has its name only when it is whole, and what is left of it is encrypted")
    restores(file, key)
    shown(f"a restore killed at {POINTS} points leaves no node, or a whole one")
    seen = migrations(node, database)
    shown(f"migrations killed at {POINTS} points each way go on where they were (stopped at {sorted(seen)})")


play(story, REGION)
