"""Domains at python3-aiosmtpd, a server of quite another family than Postfix."""
import json
import os
import subprocess
import sys

import net
from catalog import Catalog

V, I, U = "valid", "invalid", "unknown"
USER = ("user", V, "accepted", 250)
NOBODY = ("nobody", I, "mailbox_not_found", 550)
BOTH = (USER, NOBODY)
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's modules


class AioCatalog(Catalog):
    def __init__(self):
        super().__init__(200, "10.24")
        self.without_limits = []  # cases for a run of their own, with --limits off
        self.servers = []  # as aiosmtpd_server.py wants them

    def server(self, kind, *cases, ip=None):
        name = f"aio-{kind}"
        ip = ip or self.ip()
        self.servers.append({"ip": ip, "port": 25, "host": f"mx.{name}.test", "kind": kind})
        self.zone += [f"{name} MX 10 mx.{name}", f"mx.{name} A {ip}"]
        for local, *expected in cases:
            self.case(f"{local}@{name}.test", *expected)


def catalog():
    c = AioCatalog()
    c.server("plain", *BOTH, ("slow", V, "accepted", 250), ("full", U, "mailbox_full", 452),
             ("boom", U, "*", 500), ("jörg", U, "eai_unsupported", None))
    c.server("helo", *BOTH)
    c.server("all", ("user", U, "catch_all", 250), ("nobody", U, "catch_all", 250))
    under_tls = {"tls": lambda got: got in ("TLSv1.2", "TLSv1.3")}
    for kind in ("tls", "tls-first"):
        c.server(kind, (*USER, under_tls), (*NOBODY, under_tls))
    c.server("auth", ("user", U, "auth_required", 530))
    c.server("eai", *BOTH, ("jörg", V, "accepted", 250), ("jürgen", I, "mailbox_not_found", 550))
    c.server("sender", ("user", U, "sender_rejected", 550, {"stage": "mail"}))
    c.server("limit", *((f"nobody{i}", I, "mailbox_not_found", 550) for i in range(5)))
    c.without_limits, c.cases = c.cases[-5:], c.cases[:-5]
    c.server("lmtp", ("user", U, "protocol_error", 500, {"stage": "ehlo"}))
    # on the program's own side of the cable, where the MX points to itself
    c.local = [{"ip": "::1", "port": 25, "host": "localhost", "kind": "plain"}]
    c.records("six-local MX 10 mx.six-local", "mx.six-local AAAA ::1")
    c.case("user@six-local.test", V, "accepted", 250, {"ip": "::1"})
    c.case("nobody@six-local.test", I, "mailbox_not_found", 550, {"ip": "::1"})
    c.case("user@[IPv6:::1]", V, "accepted", 250)
    return c


def start_one(services, name, servers, certificate, wrap=lambda command: command):
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "aiosmtpd_server.py")
    python = PYTHON if os.path.exists(PYTHON) else sys.executable
    told = json.dumps({"cert": certificate[0], "key": certificate[1], "servers": servers})
    child = services.start(name, *wrap([python, program]), stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE)
    child.stdin.write(told.encode())
    child.stdin.close()
    if child.stdout.readline().strip() != b"ready":
        raise SystemExit(f"FAIL lab: aiosmtpd does not come up, see {name}.log\n"
                         "0 passed, 1 failed")


def start(services, catalog_, certificate):
    start_one(services, "aiosmtpd", catalog_.servers, certificate)
    start_one(services, "aiosmtpd-local", catalog_.local, certificate, net.on_probe_side)
