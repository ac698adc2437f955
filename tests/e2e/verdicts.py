"""What must be said of each address of the catalogs: asked as one list, answered line by line."""
from catalog import ANY
from program import COMMON, results


def differs(case, got):
    """What is wrong with this result, or None."""
    wrong = []
    if case.verdict != ANY and got["verdict"] not in case.verdict.split("|"):
        wrong.append(f"verdict {got['verdict']}, not {case.verdict}")
    if case.reason != ANY and got["reason"] not in case.reason.split("|"):
        wrong.append(f"reason {got['reason']}, not {case.reason}")
    if case.code != ANY and got["code"] != case.code:
        wrong.append(f"code {got['code']}, not {case.code}")
    for field, expected in case.extra.items():
        fine = expected(got[field]) if callable(expected) else got[field] == expected
        if not fine:
            wrong.append(f"{field} is {got[field]!r}, not {expected!r}")
    if not wrong:
        return None
    return "; ".join(wrong) + f" (stage {got['stage']}, text {got['text']!r})"


def check(report, program, cases, name, config, *options):
    """All cases in one bulk run; config is a file's text."""
    listed = program.file(f"{name}.txt", "".join(c.address + "\n" for c in cases))
    out = program.file(f"{name}.jsonl", b"")
    config = program.file(f"{name}.yaml", config)
    done = program.run("bulk", listed, "-o", out, "--format", "jsonl", "--config", config,
                       *COMMON, *options)
    report.check(f"{name}: exit 0", done.returncode == 0, done.stderr[-2000:])
    got = results(out)
    report.check(f"{name}: a line each", len(got) == len(cases), f"{len(got)} of {len(cases)}")
    by_line = {row["line"]: row for row in got}
    for i, case in enumerate(cases):
        row = by_line.get(i + 1)
        wrong = differs(case, row) if row else "no result"
        report.check(f"{name}: {case.address}", wrong is None, wrong)
