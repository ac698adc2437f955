"""Real servers that want us to come back, or to come otherwise: greylisting, anvil's limits over
many sessions, and who we say we are."""
import re

import net
from catalog import Case
from program import COMMON, FASTER, SLOW_MACHINE, results
from verdicts import differs

V, I, U = "valid", "invalid", "unknown"


def expect(report, name, got, *expected):
    """One result, as a Case says."""
    case = Case("", *expected)
    wrong = differs(case, got[0]) if got else "no result"
    return report.check(name, wrong is None, wrong)


def greylisting(lab, report):
    """postgrey lets them in after two seconds; the random recipient waits, too, and is the same."""
    again = {"attempts": lambda n: n >= 2}
    cases = [Case("user@pf-grey.test", V, "accepted", 250, again),
             Case("nobody@pf-grey.test", I, "mailbox_not_found", 550),
             Case("user@pf-grey-all.test", U, "catch_all", 250, again),
             Case("user@pf-screen-later.test", V, "accepted", 250, again)]
    listed = lab.program.file("grey.txt", "".join(c.address + "\n" for c in cases))
    out = lab.program.file("grey.jsonl", b"")
    done = lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", *COMMON,
                           "--retry-for", "2m", "--retry-after", "3s")
    report.check("patience: exit 0", done.returncode == 0, done.stderr[-1000:])
    rows = {row["address"]: row for row in results(out)}
    for case in cases:
        row = rows.get(case.address)
        wrong = differs(case, row) if row else "no result"
        report.check(f"patience: {case.address}", wrong is None, wrong)
    asked = {m for line in lab.postfix.lines() if "Greylisted" in line
             for m in re.findall(r"to=<([^>]*)@pf-grey-all\.test>", line)} - {"user"}
    report.check("patience: one random recipient, asked again", len(asked) == 1, str(asked))


def connections(lab, report):
    """One connection at once is all that anvil allows: fewer are opened then, and each address
    gets its verdict."""
    n = 40
    listed = lab.program.file("connections.txt", "".join(
        f"{who}{i}@pf-connections.test\n" for i in range(n) for who in ("user", "nobody")))
    out = lab.program.file("connections.jsonl", b"")
    config = lab.program.file("slow-machine.yaml", SLOW_MACHINE)
    done = lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", "--config", config,
                           *COMMON, *FASTER, "--retry-for", "2h")
    rows = results(out)
    wrong = [r["address"] for r in rows
             if r["verdict"] != (V if r["address"].startswith("user") else I)]
    report.check("anvil: all addresses judged at one connection at once",
                 done.returncode == 0 and len(rows) == 2 * n and not wrong,
                 f"exit {done.returncode}, {len(rows)} lines, wrong: {wrong[:5]}; "
                 + done.stderr[-1500:])
    refused = [line for line in lab.postfix.lines()
               if "Connection concurrency limit exceeded" in line]
    report.check("anvil: it was asked to, and did not storm", 1 <= len(refused) <= 20,
                 f"{len(refused)} connections too many")


def rates(lab, report):
    check = lab.program.check
    code, got = check("nobody@pf-connect-rate.test")
    expect(report, "anvil: a first connection", got, I, "mailbox_not_found", 550)
    code, got = check("nobody@pf-connect-rate.test")
    expect(report, "anvil: 421, too many connections", got, U, "rate_limited", 421)
    report.check("anvil: exit 2", code == 2, f"exit {code}")
    listed = lab.program.file("rates.txt", "".join(
        f"nobody{i}@pf-rcpt-rate.test\n" for i in range(2)))  # as many as a first transaction asks
    out = lab.program.file("rates.jsonl", b"")
    lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", *COMMON, "--retry-for", "0")
    said = sorted((r["verdict"], r["reason"], r["code"]) for r in results(out))
    report.check("anvil: 450, too many recipients", said == [
        (I, "mailbox_not_found", 550), (U, "rate_limited", 450)], str(said))
    check("nobody@pf-mail-rate.test")
    _, got = check("nobody@pf-mail-rate.test")
    expect(report, "anvil: 450, too much mail", got, U, "rate_limited", 450, {"stage": "mail"})


def slow_walks(lab, report):
    """A connection in 90 s at each provider: longer than a failure is remembered otherwise."""
    cases = [Case("user@last-host.test", V, "accepted", 250),
             Case("user@last-address.test", V, "accepted", 250, {"ip": "fd25::27"}),
             Case("user@no-host.test", U, "connect_failed")]
    listed = lab.program.file("walks.txt", "".join(c.address + "\n" for c in cases))
    out = lab.program.file("walks.jsonl", b"")
    config = lab.program.file("walks.yaml", SLOW_MACHINE + "default_budget:\n"
                              "  connect_rate: 1/90s\n")
    lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", "--config", config, *COMMON,
                    "--clock-speed", "100", "--retry-for", "0")
    rows = {row["address"]: [row] for row in results(out)}
    for c in cases:
        expect(report, f"walks: {c.address}", rows.get(c.address), c.verdict, c.reason, c.code,
               c.extra)


def who_we_are(lab, report):
    check = lab.program.check
    _, got = check("user@pf-sender.test", mail_from="probe@pf-null.test")
    expect(report, "identity: our own domain has a null MX", got, U, "sender_rejected", 550)
    for domain in ("pf-no-name", "pf-no-ptr", "pf-no-ptr-door", "pf-rbl"):
        _, got = check(f"user@{domain}.test", "--source", net.NAMED_IP)
        expect(report, f"identity: {domain} takes us with a name", got, V, "accepted", 250)
    _, got = check("user@pf-helo.test", "--ehlo", "named.test", "--source", net.NAMED_IP)
    expect(report, "identity: an EHLO name that exists", got, V, "accepted", 250)
    _, got = check("user@pf-virtual.test", mail_from="<>")
    expect(report, "identity: the null sender", got, V, "accepted", 250)


def tls_policy(lab, report):
    check = lab.program.check
    _, got = check("user@pf-tls-only.test", "--tls", "none")
    expect(report, "tls: none where it is required", got, U, "tls_required", 530)
    _, got = check("user@pf-virtual.test", "--tls", "encrypt")
    expect(report, "tls: encrypt where it is not offered", got, U, "tls_failed|tls_required", "*")
    for domain in ("pf-tls-fails", "pf-tls-nokey"):
        _, got = check(f"user@{domain}.test", "--tls", "encrypt")
        expect(report, f"tls: encrypt at {domain}", got, U, "tls_failed", "*")
    _, got = check("user@pf-tls.test", "--tls", "none")
    expect(report, "tls: none where it is offered", got, V, "accepted", 250, {"tls": None})


def run(lab, report):
    for part in (greylisting, connections, rates, slow_walks, who_we_are, tls_policy):
        part(lab, report)
