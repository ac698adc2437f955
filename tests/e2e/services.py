"""The lab's real DNS: NSD, authoritative for the zone test. and an empty root, and unbound as
the resolver before it. Both run in the foreground as children, ended by pid."""
import os
import socket
import subprocess
import time

import net

ZONE_HEAD = """$ORIGIN {origin}
$TTL 300
@ SOA ns.test. host.test. 1 3600 900 86400 60
@ NS ns.test.
"""


class Services:
    """Children of this process and where their files are."""

    def __init__(self, folder):
        self.folder, self.children = folder, []

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def start(self, name, *command, **more):
        """A child; what it prints is in name.log."""
        with open(os.path.join(self.folder, name + ".log"), "ab") as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **more}
            child = subprocess.Popen(command, **streams)
        self.children.append(child)
        return child

    def stop(self):
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def wait_for(what, ip, port, seconds=20):
    """Until something listens there (TCP)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection((ip, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"FAIL lab: {what} does not come up at {ip}:{port}\n0 passed, 1 failed")


def reverse(ip):
    """The name in in-addr.arpa."""
    return ".".join(reversed(ip.split("."))) + ".in-addr.arpa."


def use_resolver(services):
    """For the servers' own questions (Postfix): /etc/resolv.conf, in this mount namespace."""
    ours = services.write("resolv.conf", f"nameserver {net.UNBOUND_IP}\n")
    if os.path.exists("/etc/resolv.conf"):
        net.run("mount", "--bind", ours, os.path.realpath("/etc/resolv.conf"))
    # else the C library asks 127.0.0.1, where unbound listens too


def start_dns(services, zone_lines):
    zone = ZONE_HEAD.format(origin="test.") + f"ns A {net.NSD_IP}\n" + "\n".join(zone_lines) + "\n"
    zone += f"named A {net.NAMED_IP}\n"
    # nobody listens where the name server of servfail.test should be
    zone += f"servfail NS ns.servfail\nns.servfail A {net.REFUSING_IP}\n"
    zone += f"lame NS ns\n"  # which knows of no zone lame.test
    services.write("test.zone", zone)
    services.write("root.zone", ZONE_HEAD.format(origin=".") + f"test. NS ns.test.\n"
                   f"ns.test. A {net.NSD_IP}\n10.in-addr.arpa. NS ns.test.\n")
    services.write("reverse.zone", ZONE_HEAD.format(origin="10.in-addr.arpa.") +
                   f"{reverse(net.NAMED_IP)} PTR named.test.\n")
    folder = services.folder
    nsd = services.write("nsd.conf", f"""
server:
  ip-address: {net.NSD_IP}
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  username: ""
  server-count: 1
  rrl-ratelimit: 0
  refuse-any: no
remote-control:
  control-enable: no
zone:
  name: "test."
  zonefile: "test.zone"
zone:
  name: "10.in-addr.arpa."
  zonefile: "reverse.zone"
zone:
  name: "."
  zonefile: "root.zone"
""")
    unbound = services.write("unbound.conf", f"""
server:
  interface: {net.UNBOUND_IP}
  interface: 127.0.0.1
  interface: ::1
  access-control: 0.0.0.0/0 allow
  access-control: ::0/0 allow
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  num-threads: 1
  so-reuseport: no
  do-ip6: no
  local-zone: "test." nodefault
  local-zone: "10.in-addr.arpa." nodefault
  harden-glue: no
  qname-minimisation: no
  infra-host-ttl: 1
  cache-max-negative-ttl: 5
remote-control:
  control-enable: no
stub-zone:
  name: "."
  stub-addr: {net.NSD_IP}
  stub-prime: no
stub-zone:
  name: "test."
  stub-addr: {net.NSD_IP}
  stub-prime: no
""")
    use_resolver(services)
    services.start("nsd", "nsd", "-d", "-c", nsd)
    services.start("unbound", "unbound", "-d", "-c", unbound)
    wait_for("nsd", net.NSD_IP, 53)
    wait_for("unbound", net.UNBOUND_IP, 53)
    with open(os.path.join(folder, "nsd.log"), encoding="utf-8") as log:
        wrong = [line.strip() for line in log if " error: " in line]
    if wrong:
        raise SystemExit("FAIL lab: " + "; ".join(wrong[:5]) + "\n0 passed, 1 failed")
