"""What can go wrong around a run: files, pipes, resolvers, and the network itself."""
import json
import os
import re
import subprocess
import time
from concurrent import futures

import dns_stub
import net
from program import COMMON, QUICK, results
from program_cases import N_SLOW
from stop_part import wait_until

NO_RESOLVER = net.REFUSING_IP
MANY = 400


def told(report, name, done, code, *words):
    """The exit code and the words, in one last line that is not a page."""
    last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
    report.check(name, done.returncode == code and all(w in last for w in words)
                 and "internal" not in done.stderr, f"exit {done.returncode}: {done.stderr}")


def files(lab, report):
    program, folder = lab.program, lab.folder
    bulk = ("bulk", *COMMON, "--limits", "off")
    listed = program.file("trouble.txt", "user1@plenty.test\n")
    missing = os.path.join(folder, "no", "such")
    told(report, "list: none there, 66", program.run(*bulk, missing), 66, missing)
    told(report, "list: a folder, 66", program.run(*bulk, folder), 66, folder)
    told(report, "output: no such folder, 73", program.run(*bulk, listed, "-o", missing), 73,
         missing)
    told(report, "output: a folder, 73", program.run(*bulk, listed, "-o", folder), 73, folder)
    told(report, "transcript: no such folder, 73",
         program.run(*bulk, listed, "--transcript", missing), 73, missing)


def full_disk(lab, report):
    """A file system of 64 KiB. What is written is whole lines, and --resume can go on."""
    program = lab.program
    tiny = os.path.join(lab.folder, "tiny")
    os.makedirs(tiny)
    net.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", tiny)
    listed = program.file("many.txt", "".join(f"user{i}@plenty.test\n" for i in range(MANY)))
    out = os.path.join(tiny, "out.jsonl")
    args = ("bulk", listed, "-o", out, "--format", "jsonl", *COMMON, "--limits", "off")
    done = program.run(*args)
    told(report, "full disk: exit 74", done, 74, out, "No space left")
    net.run("mount", "-o", "remount,size=16m", tiny)
    done = program.run(*args, "--resume")
    lines = sorted(r["line"] for r in results(out))
    report.check("full disk: with room again, --resume completes",
                 done.returncode == 0 and lines == list(range(1, MANY + 1)),
                 f"exit {done.returncode}, {len(lines)} lines: {done.stderr[-500:]}")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(program.command("bulk", listed, *COMMON, "--limits", "off"),
                              stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=240, check=False)
        told(report, "full disk: standard output, exit 74", done, 74, "No space left")
        done = subprocess.run(program.command("check", "user1@plenty.test", *COMMON),
                              stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=240, check=False)
        told(report, "full disk: check, exit 74", done, 74, "No space left")
    net.run("umount", tiny)


def closed_pipe(lab, report):
    """| head -1: nobody wants the rest. No signal kills it, and no page of words."""
    listed = lab.program.file("many.txt", "".join(f"user{i}@plenty.test\n" for i in range(MANY)))
    child = lab.program.start("bulk", listed, *COMMON, "--limits", "off", "--format", "jsonl",
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.readline()
    child.stdout.close()
    said = child.stderr.read().decode()
    code = child.wait(120)
    report.check("closed pipe: exit 74, in one line", code == 74 and len(said.splitlines()) <= 1,
                 f"exit {code}: {said}")


def resolver_in_check(lab, report, name, at):
    done = lab.program.run("check", "--json", "--resolver", at, *COMMON[2:], "user@plenty.test",
                           "nobody@plenty.test")
    got = [json.loads(line) for line in done.stdout.splitlines()]
    report.check(f"resolver, {name}: check says dns_error, and why",
                 done.returncode == 2 and [g["reason"] for g in got] == ["dns_error"] * 2
                 and all(g["stage"] == "dns" and g["text"] for g in got),
                 f"exit {done.returncode}: {done.stdout}{done.stderr}")


def resolver_in_bulk(lab, report, name, at):
    listed = lab.program.file(f"dns-{at}.txt", "".join(
        f"user{i}@plenty.test\nuser{i}@d{i}.test\n" for i in range(30)))
    out = lab.program.file(f"dns-{at}.jsonl", b"")
    done = lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", "--resolver", at,
                           *COMMON[2:])
    told(report, f"resolver, {name}: bulk stops, and says why and how to go on", done, 75,
         "resolver", "--resume")
    wrong = {r["reason"] for r in results(out)} - {"dns_error"}
    report.check(f"resolver, {name}: no address is judged", not wrong, str(wrong))


def resolvers(lab, report):
    dns_stub.start("10.25.0.80", dns_stub.REFUSED)
    dns_stub.start("10.25.0.81", dns_stub.SERVFAIL)
    dns_stub.start("10.25.0.82", ip="10.25.0.90")
    common = COMMON[2:]
    bad = (("nobody listens", NO_RESOLVER), ("silence", net.SILENT_IP),
           ("REFUSED", "10.25.0.80"), ("SERVFAIL", "10.25.0.81"))
    with futures.ThreadPoolExecutor(2 * len(bad)) as pool:  # they wait, mostly
        for one in [pool.submit(part, lab, report, *which) for which in bad
                    for part in (resolver_in_check, resolver_in_bulk)]:
            one.result()
    done = lab.program.run("check", "--json", "--resolver", "10.25.0.82", *common,
                           "user@no-such-domain.test")
    report.check("resolver, hijacking: it is told", "invents answers" in done.stderr, done.stderr)
    done = lab.program.run("check", *common, "user@plenty.test")
    report.check("resolver: the system's, where none is given", done.returncode == 0,
                 done.stdout + done.stderr)
    done = lab.program.run("check", "--resolver", NO_RESOLVER, *COMMON, "user@plenty.test")
    report.check("resolver: a second one is asked where the first is down",
                 done.returncode == 0, done.stdout + done.stderr)


def port_blocked(lab, report):
    """All first connections fail: said once, with the evidence, instead of a list of unknowns."""
    config = lab.program.file("quick.yaml", QUICK)
    def blocked(kind, word):
        listed = lab.program.file(f"{kind}.txt", "".join(
            f"user{i}@{kind}{i % 8}.test\n" for i in range(800)))
        out = lab.program.file(f"{kind}.jsonl", b"")
        done = lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", "--config", config,
                               *COMMON)
        told(report, f"port 25 {kind}: it stops and says so", done, 75,
             "port 25 looks blocked from here", word, "--resume")
        report.check(f"port 25 {kind}: no addresses are burned", len(results(out)) == 0,
                     f"{len(results(out))} lines")

    with futures.ThreadPoolExecutor(2) as pool:
        for one in (pool.submit(blocked, "shut", "refused"), pool.submit(blocked, "mute", "tim")):
            one.result()
    done = lab.program.run("check", "--config", config, *COMMON, *(
        f"user@shut{i}.test" for i in range(8)))
    report.check("port 25 shut: check answers all the same", done.returncode == 2
                 and len(done.stdout.splitlines()) == 8, done.stdout + done.stderr)


def network_lost(lab, report):
    """The cable is pulled in mid-run and put back: nothing is judged by it."""
    n = 40 * N_SLOW
    listed = lab.program.file("lost.txt", "".join(
        f"{'user' if i % 3 else 'nobody'}{i}@slow{i % N_SLOW}.test\n" for i in range(n)))
    out = lab.program.file("lost.jsonl", b"")
    config = lab.program.file("lost.yaml", re.sub(r"\d+s", "60s", QUICK))
    path = os.path.join(lab.folder, "lost.err")
    with open(path, "wb") as err:
        child = lab.program.start("bulk", listed, "-o", out, "--format", "jsonl", "--config",
                                  config, *COMMON, "--clock-speed", "20", "--retry-for", "2h",
                                  "--retry-after", "40s", stderr=err)

    def said(words):
        with open(path, encoding="utf-8") as f:
            return words in f.read()

    wait_until(lambda: os.path.getsize(out) > 5000)
    net.run("ip", "link", "set", "cable0", "down")
    try:
        paused = wait_until(lambda: said("paused; addresses stay unjudged")
                            or child.poll() is not None, 90)
        report.check("network lost: paused, and told", paused and child.poll() is None,
                     open(path, encoding="utf-8").read()[-1500:])
    finally:
        net.run("ip", "link", "set", "cable0", "up")
        net.run("ip", "-6", "addr", "replace", "fd26::1/64", "dev", "cable0", "nodad")
    try:
        code = child.wait(180)
    except subprocess.TimeoutExpired:
        child.kill()
        code = child.wait()
    rows = results(out)
    wrong = [r["address"] for r in rows if r["verdict"] != (
        "valid" if r["address"].startswith("user") else "invalid")]
    report.check("network lost: it goes on when it is back, and all are judged rightly",
                 code == 0 and said("the network is back") and len(rows) == n and not wrong,
                 f"exit {code}, {len(rows)} lines, wrong: {wrong[:10]}; "
                 + open(path, encoding="utf-8").read()[-2500:])


def run(lab, report):
    for part in (files, full_disk, closed_pipe, resolvers, port_blocked):
        part(lab, report)
