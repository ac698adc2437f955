#!/usr/bin/env python3
"""The lab: real mail and DNS servers and some bad ones, in network namespaces of their own, and
the program among them. run.py PROGRAM [PART..]; the last line is "N passed, N failed"."""
import sys
import tempfile
import time

import net

net.enter()

import dns_cases
import hostile_cases
import peer
import scripted_cases
import services
import tls_cases
import verdicts
from program import Program


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, fine, why=""):
        if fine:
            self.passed += 1
            print(f"PASS {name}")
        else:
            self.failed += 1
            print(f"FAIL {name}: {why}")


class Lab:
    """Everything that stands; shared by the parts."""

    def __init__(self, folder, path):
        self.folder, self.program = folder, Program(path, folder)
        self.services = services.Services(folder)
        self.catalogs = [hostile_cases.catalog(), tls_cases.catalog(folder),
                         scripted_cases.catalog(), dns_cases.catalog()]
        self.servers = {}
        for catalog in self.catalogs:
            for s in catalog.stands:
                self.servers[s.name] = peer.Server(s.name, s.host, s.ip, s.handler, ip6=s.ip6)

    def server(self, domain):
        return self.servers[domain]


def all_verdicts(lab, report):
    cases = [case for catalog in lab.catalogs for case in catalog.cases]
    verdicts.check(report, lab.program, cases, "scripted", "--retry-for", "0", "--limits", "off")
    data = [f"{name}: {c}" for name, s in lab.servers.items() for c in s.commands
            if c.upper().startswith("DATA") or c.upper().startswith("BDAT")]
    report.check("nobody was sent DATA", not data, "; ".join(data))


PARTS = {"verdicts": all_verdicts}


def main():
    path, wanted = sys.argv[1], sys.argv[2:] or list(PARTS)
    report = Report()
    net.build()
    with tempfile.TemporaryDirectory(prefix="mxprobe-lab-") as folder:
        lab = Lab(folder, path)
        services.start_dns(lab.services, [z for c in lab.catalogs for z in c.zone])
        try:
            for part in wanted:
                begin = time.monotonic()
                PARTS[part](lab, report)
                print(f"{part}: {time.monotonic() - begin:.1f} s")
        finally:
            lab.services.stop()
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
