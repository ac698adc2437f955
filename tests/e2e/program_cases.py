"""Servers for the parts about the program itself; what is said of their addresses is asserted
there. Each domain is a provider of its own."""
import time

import net
from catalog import Catalog
from script import OK, UNKNOWN_USER, Script

N_SLOW = 8  # slow0.test and so on: any local part that starts with "user" exists


def slowly(seconds):
    def rcpt(_peer, address):
        time.sleep(seconds)
        return OK if address.startswith("user") else UNKNOWN_USER
    return rcpt


def catalog():
    c = Catalog(220, "10.24")
    for i in range(N_SLOW):
        # few to a transaction, so that a signal finds some that were not asked yet
        c.domain(f"slow{i}", Script(rcpt={}, others=slowly(0.1),
                                    ehlo=("PIPELINING", "LIMITS RCPTMAX=10")))
    c.domain("unhurried", Script(rcpt={}, others=slowly(0.1)))  # of the part bulk
    for name in ("quick", "plenty"):  # of the parts bulk and check; of all others
        c.domain(name, Script(rcpt={}, others=slowly(0)))
    c.domain("busy", Script(greeting="421 4.3.2 too busy, come back later"))
    c.domain("blocking", Script(greeting="554 5.7.1 Your IP 10.26.0.2 is on our blocklist"))
    for i in range(8):
        c.records(f"shut{i} MX 10 mx.shut{i}", f"mx.shut{i} A 10.25.255.{10 + i}",
                  f"mute{i} MX 10 mx.mute{i}", f"mx.mute{i} A 10.27.{i}.1")
    dead = [f"mx{i}.last-host A {net.REFUSING_IP}" for i in range(4)]
    c.domain("last-host", Script(), records=dead + [
        f"last-host MX {i} mx{i}.last-host" for i in range(4)] + ["last-host MX 9 mx.last-host"])
    c.domain("last-address", Script(), ip6="fd25::27", records=[
        "last-address MX 9 both.last-address", f"both.last-address A {net.REFUSING_IP}",
        "both.last-address AAAA fd25::27"])
    c.records("no-host MX 1 mx0.last-host", "no-host MX 2 mx1.last-host")
    # an address that is somebody's, out there; no packet to it leaves the namespace
    c.records("public MX 10 mx.public", "mx.public A 8.8.8.8",
              "excluded-mx MX 10 mx.excluded", f"mx.excluded A {net.REFUSING_IP}")
    return c
