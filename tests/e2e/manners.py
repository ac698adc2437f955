"""Runs of their own among ill-mannered servers: that they end, and what they leave behind."""
import time

from program import COMMON, results


def never_in_the_mood(lab, report):
    """A server that is too busy for every recipient must not hold the run for as many minutes as
    there are addresses: after a few such answers they are all told so."""
    program = lab.program
    listed = program.file("moody.txt", "".join(f"u{i}@moody.test\n" for i in range(200)))
    out = program.file("moody.jsonl", b"")
    begin = time.monotonic()
    done = program.run("bulk", listed, "-o", out, "--format", "jsonl", *COMMON, "--retry-for", "0",
                       timeout=200)
    took = time.monotonic() - begin
    rows = results(out)
    report.check("moody: exit 0", done.returncode == 0, done.stderr[-500:])
    report.check("moody: a line each", len(rows) == 200, f"{len(rows)}")
    wrong = [r["address"] for r in rows if (r["verdict"], r["code"]) != ("unknown", 421)]
    report.check("moody: all are unknown, by its 421", not wrong, str(wrong[:5]))
    report.check("moody: ends soon", took < 100, f"{took:.0f} s")
    asked = len(lab.servers["moody"].recipients())
    report.check("moody: is not asked 200 times", asked < 60, f"{asked}")


def run(lab, report):
    never_in_the_mood(lab, report)
