"""A run that is interrupted, and goes on: SIGINT and SIGTERM in the middle of it, --resume."""
import collections
import csv
import os
import signal
import subprocess
import time

import reader_cases
from program import COMMON, results
from program_cases import N_SLOW

PER_DOMAIN = 40
N = N_SLOW * PER_DOMAIN
PATIENCE_S = 60
OPTIONS = (*COMMON, "--limits", "off", "--max-sessions", "8")


def wait_until(what, seconds=PATIENCE_S):
    """Poll: True once it is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def address(i):
    return f"{'user' if i % 3 else 'nobody'}{i}@slow{i % N_SLOW}.test"


def right(i, verdict):
    return verdict == ("invalid" if i % 3 == 0 else "valid")


def slow_list(lab):
    return lab.program.file("slow.txt", "".join(address(i) + "\n" for i in range(N)))


def asked(lab):
    return [r for i in range(N_SLOW) for r in lab.servers[f"slow{i}"].recipients()
            if "@slow" in r and r.startswith(("user", "nobody"))]


def lines_of(path, kind):
    """(line, verdict) of each result, or None where the file does not parse."""
    if kind == "jsonl":
        return [(r["line"], r["verdict"]) for r in results(path)]
    with open(path, encoding="utf-8", newline="") as f:
        return [(int(r["line"]), r["verdict"]) for r in csv.DictReader(f)]


def interrupted(lab, report, kind, signum):
    name = f"{signal.Signals(signum).name} {kind}"
    out = os.path.join(lab.folder, f"stopped.{kind}")
    args = ("bulk", slow_list(lab), "-o", out, "--format", kind, *OPTIONS)
    asked_before = collections.Counter(asked(lab))
    before = sum(asked_before.values())
    child = lab.program.start(*args, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    report.check(f"{name}: it runs", wait_until(lambda: len(asked(lab)) > before + N // 4))
    begin = time.monotonic()
    child.send_signal(signum)
    try:
        _, said = child.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        _, said = child.communicate()
    took = time.monotonic() - begin
    said = said.decode()
    report.check(f"{name}: exit 75 within its 10 s", child.returncode == 75 and took < 20,
                 f"exit {child.returncode} after {took:.1f} s: {said}")
    report.check(f"{name}: it says how to go on", "--resume" in said and "interrupted" in said,
                 said)
    first = lines_of(out, kind)
    report.check(f"{name}: the lines decided so far are there, once each",
                 0 < len(first) < N and len({line for line, _ in first}) == len(first)
                 and f"{len(first)} lines are answered" in said, f"{len(first)} lines; {said}")
    lost = set(collections.Counter(asked(lab)) - asked_before) - {address(line - 1) for line, _ in first}
    report.check(f"{name}: what was in flight was finished", not lost, str(sorted(lost)[:10]))
    done = lab.program.run(*args, "--resume")
    lines = lines_of(out, kind)
    wrong = [line for line, verdict in lines if not right(line - 1, verdict)]
    report.check(f"{name}: --resume completes, each line exactly once",
                 done.returncode == 0 and sorted(line for line, _ in lines)
                 == list(range(1, N + 1)) and lines[:len(first)] == first,
                 f"exit {done.returncode}, {len(lines)} lines: {done.stderr[-800:]}")
    report.check(f"{name}: the verdicts are right", not wrong, str(wrong[:10]))
    twice = len(asked(lab)) - before - N
    report.check(f"{name}: nobody is asked twice", twice == 0, f"{twice} questions too many")
    done = lab.program.run(*args, "--resume")
    report.check(f"{name}: once more is nothing to do", done.returncode == 0
                 and len(lines_of(out, kind)) == N and len(asked(lab)) == before + N,
                 f"exit {done.returncode}: {done.stderr[-500:]}")


def twice(lab, report):
    """A second signal ends it at once, and what is written is whole lines still."""
    out = os.path.join(lab.folder, "stopped-twice.jsonl")
    before = len(asked(lab))
    child = lab.program.start("bulk", slow_list(lab), "-o", out, "--format", "jsonl", *OPTIONS,
                              stderr=subprocess.DEVNULL)
    wait_until(lambda: len(asked(lab)) > before + 30)
    child.send_signal(signal.SIGINT)
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    try:
        code = child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        code = child.wait()
    report.check("SIGINT twice: exit 75, whole lines", code == 75 and
                 len(lines_of(out, "jsonl")) < N, f"exit {code}")


def nohup(lab, report):
    """The terminal has gone, and somebody had seen to it."""
    out = os.path.join(lab.folder, "nohup.jsonl")
    before = len(asked(lab))
    child = lab.program.start("bulk", slow_list(lab), "-o", out, "--format", "jsonl", *OPTIONS,
                              stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_until(lambda: len(asked(lab)) > before + N // 4)
    child.send_signal(signal.SIGHUP)
    report.check("nohup: SIGHUP is nothing", child.wait(timeout=PATIENCE_S) == 0
                 and len(lines_of(out, "jsonl")) == N, f"exit {child.returncode}")


def in_dns(lab, report):
    """Interrupted while a resolver is silent: the questions that end with the run are no results."""
    out = os.path.join(lab.folder, "stopped-dns.jsonl")
    child = lab.program.start("bulk", lab.program.file("dns.txt", "a@one.test\nb@two.test\n"),
                              "-o", out, "--format", "jsonl", "--resolver", "10.27.0.1",
                              "--retry-for", "0", "--ehlo", "probe.lab.test",
                              "--mail-from", "probe@lab.test",
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(2)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=PATIENCE_S)
    report.check("SIGINT while DNS is silent: exit 75, and no line is answered",
                 child.returncode == 75 and not (os.path.exists(out) and os.path.getsize(out)),
                 f"exit {child.returncode}: {said.decode()[-800:]}")


def killed(lab, report):
    """kill -9, and a torn last line: --resume cuts it off and goes on."""
    out = os.path.join(lab.folder, "killed.jsonl")
    args = ("bulk", slow_list(lab), "-o", out, "--format", "jsonl", *OPTIONS)
    child = lab.program.start(*args, stderr=subprocess.DEVNULL)
    wait_until(lambda: os.path.exists(out) and os.path.getsize(out) > 5000)
    child.kill()
    child.wait()
    with open(out, "r+b") as f:
        f.truncate(os.path.getsize(out) - 50)
    done = lab.program.run(*args, "--resume")
    lines = lines_of(out, "jsonl")
    report.check("kill -9: --resume completes, each line exactly once", done.returncode == 0
                 and sorted(line for line, _ in lines) == list(range(1, N + 1)),
                 f"exit {done.returncode}, {len(lines)} lines: {done.stderr[-500:]}")


def check_interrupted(lab, report):
    """check answers what it was asked, also when it must stop."""
    child = lab.program.start("check", *COMMON, "user@silent.test", "user1@plenty.test",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: lab.servers["silent"].n_open > 0)
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    try:
        said, _ = child.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        said, _ = child.communicate()
    lines = said.decode().splitlines()
    report.check("check, SIGINT: exit 75, and each address has its line",
                 child.returncode == 75 and len(lines) == 2 and "not_probed" in lines[0]
                 and "valid" in lines[1], f"exit {child.returncode}: {said}")


def run(lab, report):
    interrupted(lab, report, "jsonl", signal.SIGINT)
    interrupted(lab, report, "csv", signal.SIGTERM)
    interrupted(lab, report, "jsonl", signal.SIGHUP)
    for part in (twice, nohup, in_dns, killed, check_interrupted):
        part(lab, report)
    reader_cases.run(lab, report, OPTIONS)
