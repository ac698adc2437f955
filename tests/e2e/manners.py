"""Runs of their own among ill-mannered servers: that they end, and what they leave behind."""
import time

from program import COMMON, FASTER, results


def never_in_the_mood(lab, report):
    """A server that is too busy for every recipient must not hold the run for as many minutes as
    there are addresses: after a few such answers they are all told so."""
    program = lab.program
    listed = program.file("moody.txt", "".join(f"u{i}@moody.test\n" for i in range(200)))
    out = program.file("moody.jsonl", b"")
    begin = time.monotonic()
    done = program.run("bulk", listed, "-o", out, "--format", "jsonl", *COMMON, *FASTER, "--retry-for",
                       "0", timeout=240)
    took = time.monotonic() - begin
    rows = results(out)
    report.check("moody: exit 0", done.returncode == 0, done.stderr[-500:])
    report.check("moody: a line each", len(rows) == 200, f"{len(rows)}")
    wrong = [r["address"] for r in rows if (r["verdict"], r["code"]) != ("unknown", 421)]
    report.check("moody: all are unknown, by its 421", not wrong, str(wrong[:5]))
    # a minute for the recipients that the first session spent, and a pause of 20 s, in a tenth of
    # the time: the third 421 ends it
    report.check("moody: ends soon", took < 60, f"{took:.0f} s")
    asked = len(lab.servers["moody"].recipients())
    report.check("moody: is not asked 200 times", asked < 60, f"{asked}")


def hasty(lab, report):
    """A server that ends each session after a few unknown recipients, and names none of them: what
    it says is true, and must not cost a session for each recipient."""
    program = lab.program
    names = [f"nobody{i}" if i % 2 else ("user", "anna")[i // 2 % 2] + f"+{i}" for i in range(48)]
    listed = program.file("hasty.txt", "".join(f"{n}@hasty.test\n" for n in names))
    out = program.file("hasty.jsonl", b"")
    done = program.run("bulk", listed, "-o", out, "--format", "jsonl", *COMMON, *FASTER, "--limits",
                       "off", timeout=200)
    rows = sorted(results(out), key=lambda r: r["line"])
    report.check("hasty: exit 0", done.returncode == 0, done.stderr[-500:])
    wrong = [(r["address"], r["verdict"]) for r in rows
             if r["verdict"] != ("invalid" if "nobody" in r["address"] else "valid")]
    report.check("hasty: all are told right", not wrong and len(rows) == 48, str(wrong[:5]))
    server = lab.servers["hasty"]
    asked = len(server.recipients())
    report.check("hasty: not asked much more than once", asked < 48 + 30, f"{asked}")
    sessions = sum(1 for c in list(server.commands) if c.upper().startswith("MAIL"))
    report.check("hasty: a few sessions", sessions < 16, f"{sessions}")


def many_addresses(lab, report):
    """Of an MX host's many addresses one works, or none: the connections that the limits allow
    must not all be spent on the first ones, time after time."""
    program = lab.program
    listed = program.file("many.txt", "user@many.test\nnobody@many.test\nuser@none.test\n")
    out = program.file("many.jsonl", b"")
    begin = time.monotonic()
    done = program.run("bulk", listed, "-o", out, "--format", "jsonl", *COMMON, "--retry-for", "0",
                       timeout=200)
    took = time.monotonic() - begin
    got = [(r["verdict"], r["reason"]) for r in sorted(results(out), key=lambda r: r["line"])]
    report.check("many: exit 0", done.returncode == 0, done.stderr[-500:])
    report.check("many: found the one", got[:2] == [("valid", "accepted"),
                                                   ("invalid", "mailbox_not_found")], str(got))
    report.check("none: told so", got[2:] == [("unknown", "connect_failed")], str(got))
    report.check("many: ends soon", took < 100, f"{took:.0f} s")


def run(lab, report):
    hasty(lab, report)
    many_addresses(lab, report)
    never_in_the_mood(lab, report)
