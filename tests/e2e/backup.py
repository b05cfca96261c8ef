#!/usr/bin/env python3
"""Backups of a real node, taken while messages pass, and restored onto either database, from outside.

usage: backup.py LINTAS SOURCE_ROOT [postgresql]   (exit 77: skipped)
The openssl program opens what the node wrote, a reader of this file's own reads the records, and sqlite3 or psql say what is in the
restored database.
"""
import hashlib, json, pathlib, re, shutil, sqlite3, struct, subprocess, threading

from nodes import SERVER, Authority, Node, Region, answer, free_port, lintas, new_database, play, run, shown, until

REGION = Region.asked_for("lintas-backup-")
WORK, LINTAS = REGION.work, REGION.lintas


def refused(code, sentence, *args):
    result = subprocess.run([LINTAS, *map(str, args)], capture_output=True, timeout=120, text=True)
    assert result.returncode == code and sentence in result.stderr, f"{args}: {result.returncode} {result.stdout} {result.stderr}"


# --- the records, by their description in src/kernel/backup.h ---

def values_of(payload):
    at, values = 0, []
    while at < len(payload):
        kind = payload[at:at + 1]
        at += 1
        if kind == b"N":
            values.append(None)
        elif kind == b"I":
            values.append(struct.unpack_from(">q", payload, at)[0])
            at += 8
        else:
            size = struct.unpack_from(">I", payload, at)[0]
            octets = payload[at + 4:at + 4 + size]
            assert len(octets) == size
            values.append(octets.decode() if kind == b"T" else octets)
            at += 4 + size
    return values


def records_of(content):
    at = 0
    while at < len(content):
        size = struct.unpack_from(">I", content, at + 1)[0]
        yield content[at:at + 1].decode(), content[at:at + 5 + size], values_of(content[at + 5:at + 5 + size])
        at += 5 + size
    assert at == len(content)


def decrypted(backup, key):
    out = WORK / "decrypted"
    run("openssl", "cms", "-decrypt", "-inform", "DER", "-in", backup, "-inkey", key, "-out", out)
    return out.read_bytes()


def read(content):
    """(head, files, tables): each table's columns and rows. Every digest and count is verified."""
    head, files, tables, everything, ended = None, {}, {}, hashlib.sha256(), False
    for kind, record, values in records_of(content):
        assert not ended and (kind == "H") == (head is None)
        if kind == "H":
            head = json.loads(values[0])
        elif kind == "F":
            files[values[0]] = values[1]
        elif kind == "T":
            name, columns, rows, digest = values[0], values[1::2], [], hashlib.sha256()
        elif kind == "R":
            rows.append(tuple(values))
            digest.update(record)
        elif kind == "E":
            assert values == [len(rows), digest.digest()]
            tables[name] = (columns, rows)
        elif kind == "Z":
            assert values == [len(tables), sum(len(rows) for _, rows in tables.values()), everything.digest()]
            ended = True
        everything.update(record)
    assert ended
    return head, files, tables


def rows_in(url, table, columns):
    """What the database itself says, by its own program."""
    names = ", ".join(f'"{c}"' for c in columns)
    if url.startswith("sqlite:"):
        with sqlite3.connect(url.removeprefix("sqlite:")) as db:
            return db.execute(f"SELECT {names} FROM {table}").fetchall()
    text = run("psql", url, "-Atqc", f"SELECT coalesce(json_agg(json_build_array({names})), '[]') FROM {table}")
    return [tuple(bytes.fromhex(v[2:]) if isinstance(v, str) and v.startswith("\\x") else v for v in row) for row in json.loads(text)]


def same_rows(tables, url, state):
    """The restored database has the rows of the backup, and beyond them only what the restore itself wrote."""
    order = lambda rows: sorted(rows, key=repr)
    for table, (columns, rows) in tables.items():
        found = rows_in(url, table, columns)
        if table == "journal":
            more = [dict(zip(columns, row)) for row in found if row not in rows]
            assert [entry["event"] for entry in more] == ["restored"], more
            found = [row for row in found if row in rows]
        if table in ("recovery", "journal_turn"):
            assert len(found) == len(rows) + 1
            continue
        if table == "message" or table == "reply":  # what was in hand is due
            drop = [columns.index("next_attempt_us"), columns.index("claimed_by")]
            rows, found = ([tuple(v for i, v in enumerate(row) if i not in drop) for row in some] for some in (rows, found))
        assert order(found) == order(rows), f"{state}: {table}"


class Traffic(threading.Thread):
    """Documents from TH, one after the other, until it is told to stop."""

    def __init__(self, th):
        super().__init__(daemon=True)
        self.th, self.sent, self.stopping = th, 0, False
        self.start()

    def run(self):
        while not self.stopping and self.sent < 500:
            lintas(self.th, "send", REGION.document("form-d.xml", f"T-{self.sent}"), "--from", "dft")
            self.sent += 1


def key_pair(name, *kind):
    run("openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "3650", "-subj", f"/CN={name}", "-keyout", WORK / f"{name}.key", "-out",
        WORK / f"{name}.pem")
    return WORK / f"{name}.pem", WORK / f"{name}.key"


def taken_while_messages_pass(th, recipients):
    traffic = Traffic(th)
    until("some messages", lambda: traffic.sent >= 3, seconds=120)
    backups = []
    for i in range(3):
        backups.append(WORK / f"th-{i}.backup")
        before = traffic.sent
        options = [o for r in recipients for o in ("--recipient", r)]
        told = answer(th, "backup", th.path, "--to", backups[-1], "--with-keys", *options, seconds=120)
        assert told["sha256"] == hashlib.sha256(backups[-1].read_bytes()).hexdigest()
        assert backups[-1].stat().st_mode & 0o777 == 0o600
        until("traffic goes on", lambda: traffic.sent > before, seconds=120)
    traffic.stopping = True
    traffic.join(60)
    return backups


def events(node):
    found, after = [], []
    while page := answer(node, "events", "--limit", "500", *after)["items"]:
        found += page
        after = ["--after", page[-1]["sequence"]]
    return found


def documents_at(node):
    return sorted(m["messageId"] for m in answer(node, "inbox", "list", "--limit", "200")["items"] if m.get("document"))


def one_moment(tables):
    """What is written in one transaction is in a snapshot together or not at all."""
    column = lambda table, name: [row[tables[table][0].index(name)] for row in tables[table][1]]
    messages, documents, subjects = set(column("message", "id")), column("document", "message"), set(column("journal", "subject"))
    payloads = set(column("message_part", "message"))
    pings = {id for id, action in zip(column("message", "id"), column("message", "action")) if action.endswith("/test")}
    assert payloads | pings == messages and set(documents) <= payloads, messages - payloads
    assert messages <= subjects and len(documents) > 0


def bad_input(backup, key, other_key, content, recipient):
    whole = backup.read_bytes()
    bad, nowhere = WORK / "bad.backup", WORK / "nowhere"
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        bad.write_bytes(whole[:size])
        refused(1, "cut short", "restore", bad, nowhere, "--key", key)
    for place in (len(whole) // 2, len(whole) - 20):
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
        refused(1, "", "restore", bad, nowhere, "--key", key)
        refused(1, "", "restore", bad, "--check", "--key", key)
    bad.write_bytes(whole + b"\0")
    refused(1, "goes on behind its end", "restore", bad, nowhere, "--key", key)
    refused(7, "does not open with this key", "restore", backup, nowhere, "--key", other_key)
    refused(3, "cannot read", "restore", WORK / "absent", nowhere, "--key", key)
    refused(4, "no PEM private key", "restore", backup, nowhere, "--key", recipient)

    def sealed_again(altered):
        (WORK / "plain").write_bytes(altered)
        run("openssl", "cms", "-encrypt", "-binary", "-stream", "-aes-256-gcm", "-outform", "DER", "-in", WORK / "plain", "-out", bad, recipient)
        return bad

    # Who has the certificate can make a file that opens; what is in it is not believed for that.
    last = list(records_of(content))[-1][1]
    refused(1, "cut short", "restore", sealed_again(content[:-len(last)]), nowhere, "--key", key)
    refused(1, "damaged", "restore", sealed_again(content.replace(b"E2E Exporter", b"E2F Exporter") if b"E2E Exporter" in content
                                                 else content[:-1] + bytes([content[-1] ^ 1])), nowhere, "--key", key)
    refused(1, "no backup of lintas", "restore", sealed_again(b"PK\3\4" + content), nowhere, "--key", key)
    # What a line of its lintas.conf says is no file wherever the restore is started; the record keeps its length.
    url = re.search(rb"\nurl = (\w+:[^\n]+)", content)[1]
    elsewhere = content.replace(url, b"elsewhere-in.cwd".ljust(len(url), b"-"))
    sums = [hashlib.sha256(c[:-len(last)]).digest() for c in (content, elsewhere)]
    assert sums[0] in last
    refused(4, "CFG-015", "restore", sealed_again(elsewhere[:-len(last)] + last.replace(*sums)), nowhere, "--key", key)
    assert not list(pathlib.Path().glob("elsewhere-in.cwd*"))
    newer = b""
    for kind, record, values in records_of(content):
        if kind == "H":
            head = json.dumps({**json.loads(values[0]), "schema": 9999, "program": "9.9.9"}).encode()
            payload = b"T" + struct.pack(">I", len(head)) + head
            record = b"H" + struct.pack(">I", len(payload)) + payload
        if kind == "Z":
            payload = record[5:-32] + hashlib.sha256(newer).digest()
            record = record[:5] + payload
        newer += record
    refused(4, "restore it with lintas 9.9.9 or newer", "restore", sealed_again(newer), nowhere, "--key", key)
    assert not nowhere.exists() and not pathlib.Path(f"{nowhere}.restoring").exists()


def database_elsewhere(recipient, key):
    """A node whose database is not in its directory: a restore beside it must not touch that one, whatever it says."""
    node, data, backup, new = WORK / "elsewhere", WORK / "data", WORK / "elsewhere.backup", WORK / "new"
    for database in (WORK / "lintas.db", "sqlite:", "sqlite:a.db\nname = x", "mysql://u:tjwdrGb1@db/x"):
        refused(4, "CFG-015", "init", node, "--state", "TH", "--database", database)
        assert not node.exists() and not (WORK / "lintas.db").exists()
    refused(4, "--database mysql://u:***@db/x is no database: sqlite:PATH", "init", node, "--state", "TH", "--database", "mysql://u:tjwdrGb1@db/x")
    run(LINTAS, "init", node, "--state", "TH")
    data.mkdir()
    config = node / "lintas.conf"
    config.write_text(config.read_text().replace("url = sqlite:lintas.db", "url = sqlite:../data/lintas.db"))
    (node / "lintas.db").rename(data / "lintas.db")
    run(LINTAS, "backup", node, "--to", backup, "--recipient", recipient)
    before = (data / "lintas.db").read_bytes()
    for database in ([], ["--database", "sqlite:../data/lintas.db"], ["--database", f"sqlite:{data}/lintas.db"]):
        refused(2, "outside of the directory", "restore", backup, new, "--key", key, *database)
        assert (data / "lintas.db").read_bytes() == before and [p.name for p in data.iterdir()] == ["lintas.db"]
        assert not new.exists() and not pathlib.Path(f"{new}.restoring").exists()
    for database in ("sqlite:", "lintas.db", WORK / "lintas.db", "mysql://u:tjwdrGb1@db/x"):
        refused(4, "CFG-015", "restore", backup, new, "--key", key, "--database", database)
        assert not new.exists() and not (WORK / "lintas.db").exists() and not pathlib.Path("lintas.db").exists()
    run(LINTAS, "restore", backup, new, "--key", key, "--database", "sqlite:data/deep/lintas.db")
    run(LINTAS, "audit", "verify", "--dir", new)
    assert (new / "data" / "deep").stat().st_mode & 0o777 == 0o700


def what_settings_name(recipient, key):
    """What settings name inside of the directory comes back with it; what lies elsewhere is told on both sides, and what to do works as printed."""
    node, backup, new, outside = WORK / "places", WORK / "places.backup", WORK / "places-new", WORK / "receivers.pem"
    run(LINTAS, "init", node, "--state", "TH", "--plain", "--port", str(free_port()))
    mapping = (REGION.root / "data/mapping/ministry-form-d.json").read_bytes()
    (node / "deep" / "mappings").mkdir(parents=True), (node / "drop" / "dft" / "in").mkdir(parents=True)
    (node / "deep" / "mappings" / "ministry-form-d.json").write_bytes(mapping)
    (node / "deep" / "mappings" / "notes of Monday.txt").write_text("not ours")
    (node / "drop" / "dft" / "in" / "waits.xml").write_text("on its way")
    outside.write_bytes(recipient.read_bytes())
    config = node / "lintas.conf"
    for old, mine in (("mappings = none", "mappings = ./deep//mappings"), ("drop = none", f"drop = {node}/drop"), ("trust-file = system", f"trust-file = {outside}")):
        assert old in config.read_text()
        config.write_text(config.read_text().replace(old, mine))
    told = json.loads(run(LINTAS, "backup", node, "--to", backup, "--recipient", recipient, "--with-keys", "--json"))
    _, files, _ = read(decrypted(backup, key))
    assert files["deep/mappings/ministry-form-d.json"] == mapping and set(files) == {"lintas.conf", "deep/mappings/ministry-form-d.json"}, set(files)
    left = {item["what"].split(" = ")[0]: item["why"] for item in told["leftOut"]}
    assert set(left) == {f"{node}/deep/mappings/notes of Monday.txt", "[webhooks] trust-file", "[national] drop"}, left
    assert "outside of the directory" in left["[webhooks] trust-file"] and "on their way" in left["[national] drop"]

    shutil.move(node, WORK / "places-old"), outside.unlink()
    said = run(LINTAS, "restore", backup, node, "--key", key)
    assert f"NOT IN IT  [webhooks] trust-file = {outside}" in said and "not on this machine; without it no webhook over https:// is delivered" in said
    assert (node / "deep/mappings/ministry-form-d.json").read_bytes() == mapping and (node / "drop").is_dir()
    steps = [line.split("lintas ", 1)[1].split(";")[0].split(" says ")[0] for line in said.splitlines() if "lintas " in line.split(";")[-1] and "-d " in line]
    assert [step.split()[0] for step in steps] == ["config", "audit"], steps
    for step in steps:
        run(LINTAS, *step.split())
    served = subprocess.Popen([LINTAS, "serve", node], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    REGION.children.append(served)
    status = [LINTAS, "status", "-d", node]
    until("the restored node runs", lambda: b"running" in subprocess.run(status, capture_output=True).stdout or served.poll() is not None)
    assert served.poll() is None
    served.terminate()
    assert served.wait(30) == 0


def node_with(name, **settings):
    """A new node NAME, of whose settings SECTION__NAME have other values."""
    node = WORK / name
    run(LINTAS, "init", node, "--state", "TH")
    config = node / "lintas.conf"
    for setting, value in settings.items():
        section, setting = (part.replace("_", "-") for part in setting.split("__"))
        head, mark, tail = config.read_text().partition(f"[{section}]\n")
        line = next(line for line in tail.splitlines() if line.startswith(f"{setting} = "))
        config.write_text(head + mark + tail.replace(f"{line}\n", f"{setting} = {value}\n", 1))
    return node


def named_twice(recipient, key):
    """What two settings name is one file, and comes back."""
    node = node_with("twice", webhooks__trust_file="maps/p.pem", gateway__trust_file="./maps//p.pem", national__mappings="maps")
    backup, new = WORK / "twice.backup", WORK / "twice-new"
    (node / "maps").mkdir()
    (node / "maps" / "p.pem").write_bytes(recipient.read_bytes())
    run(LINTAS, "backup", node, "--to", backup, "--recipient", recipient)
    names = [values[0] for kind, _, values in records_of(decrypted(backup, key)) if kind == "F"]
    assert sorted(names) == ["lintas.conf", "maps/p.pem"], names
    run(LINTAS, "restore", backup, "--check", "--key", key)
    run(LINTAS, "restore", backup, new, "--key", key)
    assert (new / "maps" / "p.pem").read_bytes() == recipient.read_bytes()


def the_nodes_own(recipient, key):
    """A setting that names the database, the private keys or the instance is a finding, and no backup is made by it."""
    for number, (setting, value, what) in enumerate((
            ("webhooks__trust_file", "lintas.db", "the database"), ("gateway__trust_file", "lintas.db-wal", "the database"),
            ("webhooks__trust_file", "instance", "the identity"), ("webhooks__trust_file", "./keys//sign-1/key.pem", "the private keys"),
            ("national__mappings", "keys/sign-1", "the private keys"), ("national__mappings", "keys", "the private keys"),
            ("national__drop", "keys/drop", "the private keys"))):
        node = node_with(f"own-{number}", **{setting: value})
        (node / "keys" / "sign-1").mkdir()
        (node / "keys" / "sign-1" / "key.pem").write_bytes(key.read_bytes())
        if number % 2:
            config = node / "lintas.conf"
            config.write_text(config.read_text().replace(f"= {value}\n", f"= {node}/{value}\n"))
        shown_as = "[{}] {}".format(*(part.replace("_", "-") for part in setting.split("__")))
        backup = WORK / f"own-{number}.backup"
        for command in (["config", "check", "-d", node], ["backup", node, "--to", backup, "--recipient", recipient]):
            told = subprocess.run([LINTAS, *map(str, command)], capture_output=True, timeout=120, text=True)
            assert told.returncode == 4, (command, told)
            assert f"CFG-027  {shown_as}" in told.stdout + told.stderr and what in told.stdout + told.stderr, (command, told)
        assert not backup.exists()


def links(recipient, key):
    """A link is followed nowhere below the node's directory: what it leads to is not in the backup, which says so."""
    node = node_with("links", national__mappings="maps", webhooks__trust_file="receivers.pem", gateway__trust_file="alias/partners.pem")
    elsewhere, backup = WORK / "not-ours", WORK / "links.backup"
    (node / "keys" / "sign-1").mkdir(), (node / "maps").mkdir(), elsewhere.mkdir()
    secret = key.read_bytes()
    (node / "keys" / "sign-1" / "key.pem").write_bytes(secret)
    (elsewhere / "partners.pem").write_bytes(recipient.read_bytes())
    (node / "maps" / "own.json").write_text("{}")
    (node / "maps" / "out.json").symlink_to(elsewhere / "partners.pem")
    (node / "maps" / "key.json").symlink_to("../keys/sign-1/key.pem")
    (node / "maps" / "same.json").hardlink_to(node / "keys" / "sign-1" / "key.pem")
    (node / "receivers.pem").symlink_to("keys/sign-1/key.pem")
    (node / "alias").symlink_to(elsewhere)
    told = json.loads(run(LINTAS, "backup", node, "--to", backup, "--recipient", recipient, "--json"))
    content = decrypted(backup, key)
    assert secret not in content and set(read(content)[1]) == {"lintas.conf", "maps/own.json"}, set(read(content)[1])
    left = {item["what"].split(" = ")[0]: item["why"] for item in told["leftOut"]}
    assert set(left) == {f"{node}/maps/out.json", f"{node}/maps/key.json", f"{node}/maps/same.json", "[webhooks] trust-file",
                         "[gateway] trust-file"}, left
    assert all("link" in why for what, why in left.items() if "same" not in what) and "private key" in left[f"{node}/maps/same.json"], left
    (node / "maps").rename(elsewhere / "maps")
    (node / "maps").symlink_to(elsewhere / "maps")
    told = json.loads(run(LINTAS, "backup", node, "--to", WORK / "links-2.backup", "--recipient", recipient, "--json"))
    assert "link" in {item["what"]: item["why"] for item in told["leftOut"]}["[national] mappings = maps"], told
    assert set(read(decrypted(WORK / "links-2.backup", key))[1]) == {"lintas.conf"}
    (node / "keys").rename(WORK / "disk")  # the key directory itself may be on a disk of its own
    (node / "keys").symlink_to(WORK / "disk")
    run(LINTAS, "backup", node, "--to", WORK / "links-3.backup", "--recipient", recipient, "--with-keys")
    assert read(decrypted(WORK / "links-3.backup", key))[1]["keys/sign-1/key.pem"] == secret
    (WORK / "disk" / "sign-1").rename(elsewhere / "sign-1")
    (WORK / "disk" / "sign-1").symlink_to(elsewhere / "sign-1")
    refused(5, "keys/sign-1: it is a link, and a backup follows none", "backup", node, "--to", WORK / "links-4.backup", "--recipient", recipient,
            "--with-keys")


def story():
    authority = Authority(REGION, "authority")
    th, vn = Node(REGION, "TH", authority), Node(REGION, "VN", authority)
    lintas(th, "organisation", "add", "dft", "--seat", "issuing-authority", "--name", "Department of Foreign Trade")
    th.knows(vn), vn.knows(th)
    th.start(), vn.start()
    (rsa, rsa_key), (p256, p256_key), (_, other_key) = (key_pair("rsa", "rsa:3072"), key_pair("p256", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
                                                        key_pair("other", "rsa:3072"))
    backups = taken_while_messages_pass(th, (rsa, p256))
    contents = [decrypted(b, k) for b, k in zip(backups, (rsa_key, p256_key, rsa_key))]
    for content in contents:
        head, files, tables = read(content)
        one_moment(tables)
        assert head["schema"] == len(answer(th, "db", "schema")["items"])
        assert {"lintas.conf", "partners-tls.pem", "keys/sign-1/key.pem"} <= set(files) and "instance" not in files
    shown("a backup taken while messages pass is one moment, and openssl opens it with each recipient's key")

    told = json.loads(run(LINTAS, "restore", backups[0], "--check", "--key", p256_key, "--json"))
    assert told["head"] == read(contents[0])[0].get("hash")
    refused(6, "no backup is overwritten", "backup", th.path, "--to", backups[0], "--recipient", rsa)
    refused(6, "is not empty", "restore", backups[0], th.path, "--key", rsa_key)
    bad_input(backups[0], rsa_key, other_key, contents[0], rsa)
    shown("what is cut short, altered, for another key, newer, or in the way of what is there is refused, and leaves nothing")

    database_elsewhere(rsa, rsa_key)
    shown("a restore makes its database inside of its directory, and never touches one that is elsewhere")

    what_settings_name(rsa, rsa_key)
    shown("files and folders that settings name come back with the node; what lies elsewhere is named, and the steps work as printed")

    named_twice(rsa, rsa_key)
    the_nodes_own(rsa, rsa_key)
    links(rsa, rsa_key)
    shown("a file is in a backup once, and what is the node's own by no setting and no link")

    # What waits when the backup is taken, and arrives before the restore, counts once.
    vn.stop()
    for i in range(4):
        lintas(th, "send", REGION.document("form-d.xml", f"W-{i}"), "--from", "dft")
    last = WORK / "last.backup"
    lintas(th, "backup", th.path, "--to", last, "--recipient", rsa, "--with-keys")
    vn.start()
    delivered = lambda: all(m["state"] == "delivered" for m in answer(th, "outbox", "list", "--limit", "200")["items"])
    until("VN has all", delivered, seconds=120, pause=0.5)
    until("all is sealed", lambda: answer(th, "audit", "verify")["unsealed"] == 0)  # and with it what came after the backup
    there = documents_at(vn)
    gone_on = answer(th, "audit", "verify")["head"]
    th.stop()

    content = decrypted(last, rsa_key)
    head, files, tables = read(content)
    places = {"sqlite": None}
    if SERVER:
        places["postgresql"] = new_database()
    for name, url in places.items():
        target = WORK / f"restored-{name}"
        database = ["--database", url or "sqlite:lintas.db"]
        run(LINTAS, "restore", last, target, "--key", rsa_key, *database)
        same_rows(tables, url or f"sqlite:{target}/lintas.db", name)
        if url:
            refused(6, "the database is not empty", "restore", last, WORK / "again", "--key", rsa_key, *database)
        for path, octets in files.items():
            assert path == "lintas.conf" or (target / path).read_bytes() == octets
        assert all(f.stat().st_mode & 0o077 == 0 for f in target.rglob("*") if f.is_file())
    shown(f"a restore onto {' and '.join(places)} has the rows of the backup, and one entry more that says so")

    old = th.path
    th.path = WORK / f"restored-{list(places)[-1]}"
    th.application = "restored"
    th.start()
    assert (th.path / "instance").read_bytes() != (old / "instance").read_bytes()
    until("what waited is acknowledged again", delivered, seconds=120, pause=0.5)
    assert documents_at(vn) == there  # and it asks for what it may have lost, which is no document
    until("the restore is sealed", lambda: any(e["event"] == "restored" for e in events(th)), pause=0.5)
    lintas(th, "audit", "verify", "--evidence", "--head", head["hash"])  # the backup's chain goes on here
    refused(1, "", "audit", "verify", "--head", gone_on, "--dir", th.path)  # that of the node that had gone on does not
    lintas(th, "send", REGION.document("form-d.xml", "AFTER-1"), "--from", "dft")
    until("a new message is delivered", lambda: len(documents_at(vn)) == len(there) + 1, seconds=120)
    shown("a restored node goes on: what waited is sent again and counts once; its journal holds, and tells a node that went on apart")

    th.stop(), vn.stop()


play(story, REGION)
