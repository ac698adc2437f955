"""Servers with hidden limits, judged by what they counted: nobody is asked more than is configured,
nobody is provoked into a block, nothing is asked before a stated wait is over, and every address
gets its true verdict once."""
import asyncio
import threading

import net
from program import SLOW_MACHINE, results
from throttle_meter import Escalation, Meter
from throttle_server import Farm, Site

SPEED = 20
DNS_IP = "10.25.200.53"
CONNECTIONS, RECIPIENTS = 5, 120  # at once, a minute: what is configured where no table knows
SLACK = 1.5  # for a slow machine: what two clocks at speed may disagree on


def build():
    """Each in a /24 of its own, for that is what shares a budget."""
    return [
        Site("thr-rate", ["10.25.201.1"], ["thr-rate.test"], rcpts=Meter(60, "all"),
             escalation=Escalation(8, 16)),
        Site("thr-wait", ["10.25.202.1"], ["thr-wait.test"], rcpts=Meter(60),
             words="450 4.7.1 Rate limit reached, try again in {s} seconds", state_wait=45),
        Site("thr-bare", ["10.25.206.1"], ["thr-bare.test"], rcpts=Meter(60),
             words="421 4.7.0 Try again later, closing connection"),
        Site("thr-session", ["10.25.203.1"], ["thr-session.test"], session=5,
             session_how="drop"),
        Site("thr-second", ["10.25.204.1"], ["thr-second.test"], transaction=1,
             transaction_how="450 4.3.2 Only one recipient at a time, please"),
        Site("thr-blocks", ["10.25.205.1"], ["thr-blocks.test"],
             door="554 5.7.1 {h} Your IP address is blocked"),
    ]


def start(sites, dns=DNS_IP, speed=SPEED):
    farm, ready = Farm(sites, 25, (dns, 53), speed), threading.Event()

    async def main():
        await farm.start()
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(main()), daemon=True).start()
    if not ready.wait(20):
        raise TimeoutError("the throttling servers did not start")


def judge(report, site, rows):
    """What each site saw, but the one that blocks at once."""
    wrong = [r["address"] for r in rows if r["verdict"] !=
             ("valid" if site.exists(r["address"]) else "invalid")]
    report.check(f"{site.name}: all verdicts are true", rows and not wrong, str(wrong[:5]))
    report.check(f"{site.name}: throttled rarely", site.n_throttled <= 25,
                 f"{site.n_throttled} of {site.n_rcpts}")
    report.check(f"{site.name}: no block", site.blocks() == 0, f"{site.blocks()}")
    report.check(f"{site.name}: nothing before a stated wait was over", site.n_early == 0,
                 f"{site.n_early}")
    report.check(f"{site.name}: connections at once", site.open_most <= CONNECTIONS,
                 f"{site.open_most}")
    report.check(f"{site.name}: recipients a minute",
                 site.most_rcpts.most <= RECIPIENTS * SLACK, f"{site.most_rcpts.most}")
    report.check(f"{site.name}: no DATA", site.n_data == 0)


def run(lab, report):
    sites = build()
    start(sites)
    addresses = [f"{'nobody' if i % 4 == 0 else 'user'}{i}@{site.domains[0]}"
                 for i in range(200) for site in sites]
    listed = lab.program.file("throttle.txt", "\n".join(addresses) + "\n")
    out = lab.program.file("throttle.jsonl", b"")
    config = lab.program.file("throttle.yaml", SLOW_MACHINE)
    done = lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", "--config", config,
                           "--resolver", DNS_IP, "--allow-private-mx", "--ehlo", net.HOSTNAME,
                           "--mail-from", "probe@lab.test", "--clock-speed", str(SPEED),
                           "--retry-for", "20m")
    rows = results(out)
    report.check("throttle: exit 0", done.returncode == 0, done.stderr[-1000:])
    report.check("throttle: every address is answered once",
                 sorted(r["address"] for r in rows) == sorted(addresses), f"{len(rows)} lines")
    by_domain = {site.domains[0]: [] for site in sites}
    for row in rows:
        by_domain[row["address"].partition("@")[2]].append(row)
    for site in sites[:-1]:
        judge(report, site, by_domain[site.domains[0]])
    door = sites[-1]
    report.check("thr-blocks: at most 5 connections", 1 <= door.n_connects <= 5,
                 f"{door.n_connects}")
    said = {(r["verdict"], r["reason"]) for r in by_domain[door.domains[0]]}
    report.check("thr-blocks: no verdict was spent", {v for v, _ in said} == {"unknown"}, str(said))
