#!/usr/bin/env python3
"""The lab: real mail and DNS servers and some bad ones, in network namespaces of their own, and
the program among them. run.py PROGRAM [PART..]; the last line is "N passed, N failed"."""
import os
import shutil
import sys
import tempfile
import threading
import time
import traceback
from concurrent import futures

import net

net.enter()

import aiosmtpd_cases
import budgets_part
import bulk_part
import check_part
import dns_cases
import hostile_cases
import install_part
import manners
import manners_cases
import patience_part
import peer
import postfix
import postfix_cases
import postgrey
import program_cases
import scripted_cases
import services
import stop_part
import throttle_part
import tls_cases
import trouble_part
import verdicts
from program import PATIENT, QUICK, Program


class Report:
    def __init__(self):
        self.passed = self.failed = 0
        self.lock = threading.Lock()

    def check(self, name, fine, why=""):
        with self.lock:
            if fine:
                self.passed += 1
                print(f"PASS {name}", flush=True)
            else:
                self.failed += 1
                print(f"FAIL {name}: {why}", flush=True)
        return fine


class Lab:
    """Everything that stands; shared by the parts."""

    def __init__(self, folder, path):
        self.folder, self.program = folder, Program(path, folder)
        self.services = services.Services(folder)
        certificate = self.certificate = tls_cases.certificate(folder)
        self.scripted = [hostile_cases.catalog(), tls_cases.catalog(certificate),
                         scripted_cases.catalog(), dns_cases.catalog(),
                         manners_cases.catalog()]
        self.postfix_cases = postfix_cases.catalog()
        self.program_cases = program_cases.catalog()
        self.aiosmtpd_cases = aiosmtpd_cases.catalog()
        self.postfix = postfix.Postfix(folder, certificate)
        self.servers = {}
        for catalog in [*self.scripted, self.program_cases]:
            for s in catalog.stands:
                self.servers[s.name] = peer.Server(s.name, s.host, s.ip, s.handler, ip6=s.ip6)

    def start(self):
        catalogs = [*self.scripted, self.postfix_cases, self.aiosmtpd_cases, self.program_cases]
        services.start_dns(self.services, [z for c in catalogs for z in c.zone])
        postgrey.start(self.services)
        aiosmtpd_cases.start(self.services, self.aiosmtpd_cases, self.certificate)
        self.postfix.start(self.services, self.postfix_cases)


def scripted(lab, report):
    """Servers of our own."""
    cases = [case for catalog in lab.scripted for case in catalog.cases]
    verdicts.check(report, lab.program, cases, "scripted", QUICK, "--retry-for", "0", "--limits", "off")
    data = [f"{name}: {c}" for name, s in lab.servers.items() for c in s.commands
            if c.upper().startswith("DATA") or c.upper().startswith("BDAT")]
    report.check("scripted: nobody was sent DATA", not data, "; ".join(data))


def real(lab, report):
    """Real servers, with the limits as they are by default."""
    cases = lab.postfix_cases.cases + lab.aiosmtpd_cases.cases
    verdicts.check(report, lab.program, cases, "real", PATIENT, "--retry-for", "0",
                   "--go-on-when-listed")
    cases = lab.postfix_cases.without_limits + lab.aiosmtpd_cases.without_limits
    verdicts.check(report, lab.program, cases, "real, no limits", PATIENT, "--retry-for",
                   "0", "--limits", "off")
    data = [s for s in lab.postfix.sessions() if "data" in s or "bdat" in s]
    report.check("real: nobody was sent DATA", not data, str(data))


PARTS = {"scripted": scripted, "real": real, "patience": patience_part.run,
         "check": check_part.run, "bulk": bulk_part.run, "stop": stop_part.run,
         "install": install_part.run, "trouble": trouble_part.run, "manners": manners.run,
         "throttle": throttle_part.run, "budgets": budgets_part.run,
         "cable": trouble_part.network_lost}
# What goes on at the same time, for nearly all of it is waiting: chains of parts in turn. Then
# the last part, alone, for it pulls the cable.
CHAINS = (("scripted", "install"), ("real",), ("patience", "check", "bulk"),
          ("stop", "manners"), ("trouble",), ("throttle", "budgets"))
LAST = "cable"


def run_chain(chain, lab, report):
    for part in chain:
        begin = time.monotonic()
        try:
            PARTS[part](lab, report)
        except Exception:
            report.check(f"{part}: came to its end", False, traceback.format_exc())
        print(f"{part}: {time.monotonic() - begin:.1f} s", flush=True)


def run_parts(wanted, lab, report):
    chains = [[part for part in chain if part in wanted] for chain in CHAINS]
    with futures.ThreadPoolExecutor(len(chains)) as pool:
        for one in [pool.submit(run_chain, chain, lab, report) for chain in chains]:
            one.result()
    if LAST in wanted:
        run_chain((LAST,), lab, report)


def main():
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(PARTS):
        sys.exit(f"run.py PROGRAM [PART..]; parts: {' '.join(PARTS)}")
    path, wanted = sys.argv[1], sys.argv[2:] or list(PARTS)
    report = Report()
    net.build()
    with tempfile.TemporaryDirectory(prefix="mxprobe-lab-") as folder:
        os.chmod(folder, 0o755)  # daemons drop their privileges
        lab = Lab(folder, path)
        try:
            lab.start()
            run_parts(wanted, lab, report)
            trouble = lab.postfix.trouble()
            report.check("Postfix has nothing to complain about", not trouble,
                         "; ".join(trouble[:5]))
        finally:
            lab.services.stop()
            keep = os.environ.get("MXPROBE_LAB_KEEP")
            if keep:
                shutil.copytree(folder, keep, dirs_exist_ok=True, ignore=lambda *_: ["queue"])
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
