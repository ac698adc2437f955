"""mxprobe bulk: every form of list, every form of result; each line of the list exactly once."""
import csv
import io
import json
import os
import stat

from check_part import FIELDS
from program import COMMON, FASTER, SLOW_MACHINE, results

# what the reader must make of it: (line, own columns, address, verdict)
TABLE = "\ufeff" + "\r\n".join((
    "Name,E-Mail,Note",
    'Anna,user1@quick.test,"a, b"',
    'Bert,nobody@quick.test,"two\r\nlines"',
    '"Carl ""C""",user2@quick.test,',
    "Dora,not an address,x",
    "Emil,,empty",
    "Fred",
    "Gina,USER1@quick.test,other case",
    "Hans,user1@QUICK.test,other domain case",
    "", ""))
EXPECTED = [
    (2, ["Anna", "user1@quick.test", "a, b"], "valid"),
    (3, ["Bert", "nobody@quick.test", "two\nlines"], "invalid"),
    (5, ['Carl "C"', "user2@quick.test", ""], "valid"),
    (6, ["Dora", "not an address", "x"], "invalid"),
    (7, ["Emil", "", "empty"], "invalid"),
    (8, ["Fred", "", ""], "invalid"),
    (9, ["Gina", "USER1@quick.test", "other case"], "invalid"),
    (10, ["Hans", "user1@QUICK.test", "other domain case"], "valid"),
]


def bulk(lab, *args, **more):
    """Quick, with no limits; results as text on standard output unless args say otherwise."""
    return lab.program.run("bulk", *args, *COMMON, "--limits", "off", "--retry-for", "0", **more)


def table(lab, report):
    listed = lab.program.file("table.csv", TABLE)
    server = lab.servers["quick"]
    before = len(server.recipients())
    done = bulk(lab, listed)
    head, *rows = list(csv.reader(io.StringIO(done.stdout, newline="")))
    report.check("csv: exit 0", done.returncode == 0, done.stderr)
    report.check("csv: own columns, then ours", head == ["Name", "E-Mail", "Note", *FIELDS],
                 str(head))
    at, verdict = head.index("line"), head.index("verdict")
    # line ends inside a quoted field may come out as LF
    got = sorted((int(row[at]), [f.replace("\r\n", "\n") for f in row[:3]], row[verdict])
                 for row in rows)
    report.check("csv: each record once, columns kept, by physical line", got == EXPECTED,
                 f"{got}")
    asked = server.recipients()[before:]
    report.check("csv: duplicates are asked once, local parts by their case",
                 asked.count("user1@quick.test") == 1 and asked.count("USER1@quick.test") == 1,
                 str(asked))
    done = bulk(lab, listed, "--format", "jsonl")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    report.check("jsonl: the same", sorted((r["line"], r["verdict"]) for r in rows)
                 == [(line, verdict) for line, _, verdict in EXPECTED]
                 and all(list(r) == FIELDS for r in rows), done.stdout)


def columns(lab, report):
    listed = lab.program.file("two.csv", "user1@quick.test;nobody@quick.test\n"
                              "user2@quick.test;nobody2@quick.test\n")
    for column, verdict in (("1", "valid"), ("2", "invalid")):
        done = bulk(lab, listed, "--column", column, "--format", "jsonl")
        got = [json.loads(line)["verdict"] for line in done.stdout.splitlines()]
        report.check(f"column: number {column} of a list without header", got == [verdict] * 2,
                     done.stdout + done.stderr)
    listed = lab.program.file("named.csv", "old,new\nnobody@quick.test,user1@quick.test\n")
    done = bulk(lab, listed, "--column", "new", "--format", "jsonl")
    report.check("column: by name", [json.loads(line)["verdict"] for line in
                                     done.stdout.splitlines()] == ["valid"], done.stdout)
    done = bulk(lab, listed, "--column", "newest")
    report.check("column: no such name, exit 65", done.returncode == 65
                 and "newest" in done.stderr, f"exit {done.returncode}: {done.stderr}")
    done = bulk(lab, lab.program.file("utf16.csv", "a@b.test\n".encode("utf-16")))
    report.check("list: UTF-16 is told, exit 65", done.returncode == 65 and "UTF-16" in done.stderr,
                 f"exit {done.returncode}: {done.stderr}")


def streams(lab, report):
    plain = "user1@quick.test\r\n\nnobody@quick.test\nuser1@quick.test"
    wanted = [(1, "valid"), (3, "invalid"), (4, "valid")]
    for name, args in (("-", ["-"]), ("no name", [])):
        done = bulk(lab, *args, "--format", "jsonl", stdin=plain.encode())
        got = sorted((r["line"], r["verdict"]) for r in map(json.loads, done.stdout.splitlines()))
        report.check(f"streams: standard input by {name}", got == wanted, done.stdout + done.stderr)
    path = os.path.join(lab.folder, "made.csv")
    done = bulk(lab, "-", "-o", path, stdin=plain.encode(), umask=0)
    mode = stat.S_IMODE(os.stat(path).st_mode)
    report.check("streams: -o makes a file of mode 0600", mode == 0o600, oct(mode))
    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    report.check("streams: a plain list's CSV", sorted((int(r["line"]), r["verdict"])
                                                      for r in rows) == wanted, str(rows))
    done = bulk(lab, "-", stdin=b"")
    report.check("streams: an empty list is done", done.returncode == 0
                 and len(done.stdout.splitlines()) <= 1, f"exit {done.returncode}: {done.stderr}")


def telling(lab, report):
    listed = lab.program.file("telling.txt", "user1@quick.test\nnobody@quick.test\n")
    done = bulk(lab, listed)
    report.check("summary: it says what was found", all(word in done.stderr for word in (
        "2 lines answered", "valid", "mailbox_not_found", "Hard bounces", "quick.test")),
        done.stderr)
    done = bulk(lab, listed, "--quiet")
    report.check("summary: --quiet says nothing", done.stderr == "", done.stderr)
    done = bulk(lab, listed, "--progress")
    report.check("summary: --progress prints lines", "mxprobe: 2/2 (100.0%)" in done.stderr,
                 done.stderr)


def exclusion(lab, report):
    excluded = lab.program.file("excluded.txt", "# never\nuser1@quick.test\nUNHURRIED.test\n"
                                "mx.excluded.test\n*.unhurried.test\n")
    listed = lab.program.file("exclude.txt", "user1@quick.test\nuser2@quick.test\n"
                              "user@unhurried.test\nuser@excluded-mx.test\n")
    before = len(lab.servers["unhurried"].commands), len(lab.servers["quick"].recipients())
    done = bulk(lab, listed, "--exclude", excluded, "--format", "jsonl")
    got = {r["address"]: (r["verdict"], r["reason"])
           for r in map(json.loads, done.stdout.splitlines())}
    left_alone = ("unknown", "not_probed")
    report.check("exclude: addresses, domains and MX hosts", got == {
        "user1@quick.test": left_alone, "user2@quick.test": ("valid", "accepted"),
        "user@unhurried.test": left_alone, "user@excluded-mx.test": left_alone},
        f"{got} {done.stderr}")
    asked = lab.servers["quick"].recipients()[before[1]:]
    report.check("exclude: they were not asked", len(lab.servers["unhurried"].commands) == before[0]
                 and "user1@quick.test" not in asked, str(asked))
    done = bulk(lab, listed, "--exclude", "/no/such/file")
    report.check("exclude: a file that is not there, exit 66", done.returncode == 66
                 and "/no/such/file" in done.stderr, f"exit {done.returncode}: {done.stderr}")


def longest_row(asked, those):
    longest = row = 0
    for address in asked:
        row = row + 1 if address in those else 0
        longest = max(longest, row)
    return longest


def seen_before(lab, report):
    """Who was invalid in an earlier run is asked again, but not in a row with others such."""
    good = [f"user{i}@plenty.test" for i in range(60)]
    dead = [f"nobody{i}@plenty.test" for i in range(12)]
    listed = lab.program.file("seen.txt", "\n".join(dead + good) + "\n")
    server, truth = lab.servers["plenty"], {**dict.fromkeys(good, "valid"),
                                            **dict.fromkeys(dead, "invalid")}
    earlier = os.path.join(lab.folder, "earlier")
    for form, rows in (("csv", (len(dead), len(dead))), ("jsonl", (1, 2))):
        before = len(server.recipients())
        args = ["--seen", earlier] if form == "jsonl" else []
        done = bulk(lab, listed, "--format", "jsonl", "-o", earlier + ".new", *args)
        asked = server.recipients()[before:]
        got = {r["address"]: r["verdict"] for r in results(earlier + ".new")}
        report.check(f"seen: {'with' if args else 'without'} it, the same verdicts", got == truth,
                     f"{got} {done.stderr}")
        longest = longest_row(asked, dead)
        report.check(f"seen: {'with' if args else 'without'} it, so many dead ones in a row",
                     rows[0] <= longest <= rows[1], f"{longest}: {asked}")
        if not args:
            bulk(lab, listed, "-o", earlier)
    for name, code in (("/no/such/file", 66), (listed, 65)):
        done = bulk(lab, listed, "--seen", name)
        report.check(f"seen: {os.path.basename(name)}, exit {code}", done.returncode == code
                     and name in done.stderr, f"exit {done.returncode}: {done.stderr}")


def politeness(lab, report):
    """With the limits as they are: connections at once; no storm at a server that will not."""
    server = lab.servers["unhurried"]
    server.n_open_max = 0
    n = 60
    config = lab.program.file("slow-machine.yaml", SLOW_MACHINE)
    listed = lab.program.file("polite.txt", "".join(f"user{i}@unhurried.test\n" for i in range(n)))
    out = lab.program.file("polite.jsonl", b"")
    done = lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", "--config", config,
                           *COMMON, *FASTER)
    report.check("limits: no more than 5 connections at once to a host",
                 1 < server.n_open_max <= 5, f"{server.n_open_max}; {done.stderr[-300:]}")
    rows = results(out)
    report.check("limits: all are judged", len(rows) == n and all(
        r["reason"] == "catch_all" or r["verdict"] == "valid" for r in rows), done.stderr[-300:])
    for domain, reasons, most in (("busy", {"server_unavailable"}, 5),
                                  ("blocking", {"ip_blocklisted", "not_probed"}, 5)):
        server = lab.servers[domain]
        before = server.n_connections
        listed = lab.program.file("storm.txt", "".join(
            f"user{i}@{domain}.test\n" for i in range(300)))
        done = lab.program.run("bulk", listed, *COMMON, "--retry-for", "0", "--format", "jsonl")
        got = {r["reason"] for r in map(json.loads, done.stdout.splitlines())}
        used = server.n_connections - before
        report.check(f"limits: 300 addresses at {domain}.test, no storm",
                     used <= most and got == reasons and len(done.stdout.splitlines()) == 300,
                     f"{used} connections, {got}")


def run(lab, report):
    for part in (table, columns, streams, telling, exclusion, seen_before,
                 politeness):
        part(lab, report)
