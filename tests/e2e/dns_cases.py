"""What the DNS can say of a domain, and addresses that need no DNS."""
import net
from catalog import Catalog
from script import OK, Script

V, I, U = "valid", "invalid", "unknown"
BOTH = (("user", V, "accepted", 250), ("nobody", I, "mailbox_not_found", 550))


def mx_sets(c):
    c.domain("implicit", Script(), *BOTH, records=["implicit A 10.25.200.25"])
    c.stands[-1].ip = "10.25.200.25"
    c.domain("six", Script(), ("user", V, "accepted", 250, {"ip": "fd25::25"}),
             records=["six MX 10 only.six", "only.six AAAA fd25::25"], ip6="fd25::25")
    c.domain("six-implicit", Script(), ("user", V, "accepted", 250),
             records=["six-implicit AAAA fd25::26"], ip6="fd25::26")
    ip = c.domain("target", Script(), *BOTH)
    c.records("alias CNAME target", "mxalias MX 10 alias.mxalias", "alias.mxalias CNAME mx.target",
              "chain CNAME chain2", "chain2 CNAME target")
    for domain in ("alias", "mxalias", "chain"):
        c.case(f"user@{domain}.test", V, "accepted", 250)
    c.case("nobody@alias.test", I, "mailbox_not_found", 550)
    dead = net.REFUSING_IP
    c.records(f"dead.fallback A {dead}", f"silent.fallback2 A {net.SILENT_IP}",
              "fallback MX 5 dead.fallback", "fallback MX 10 mx.target",
              "fallback2 MX 5 silent.fallback2", "fallback2 MX 10 mx.target",
              f"twoaddr MX 10 h.twoaddr", f"h.twoaddr A {dead}", f"h.twoaddr A {ip}")
    for domain in ("fallback", "fallback2", "twoaddr"):
        c.case(f"user@{domain}.test", V, "accepted", 250)
        c.case(f"nobody@{domain}.test", I, "mailbox_not_found", 550)
    c.domain("refusing-first", Script(greeting="554 5.7.1 You are not welcome"),
             records=["refusing-first MX 5 mx.refusing-first", "refusing-first MX 10 mx.target"])
    c.case("user@refusing-first.test", V, "accepted", 250)
    # 30 names of 60 octets: no UDP answer holds them
    long = "a-rather-long-name-so-that-no-datagram-holds-thirty-of-them"
    for i in range(30):
        last = i == 29
        c.records(f"thirty MX {10 + i} {long}-{i}.thirty",
                  f"{long}-{i}.thirty A {ip if last else dead}")
    c.case("user@thirty.test", V, "accepted", 250)
    c.case("nobody@thirty.test", I, "mailbox_not_found", 550)
    c.domain("xn--bcher-kva", Script(), ("user@bücher.test", V, "accepted", 250),
             ("nobody@bücher.test", I, "mailbox_not_found", 550),
             ("user@xn--bcher-kva.test", V, "accepted", 250),
             ("user@BÜCHER.test", V, "accepted", 250))
    c.domain("literal", Script(rcpt={"user": OK}))
    c.case(f"user@[{c.stands[-1].ip}]", V, "accepted", 250)
    c.case(f"nobody@[{c.stands[-1].ip}]", I, "mailbox_not_found", 550)
    # an MX record that names the same address is no literal
    c.records(f"likeliteral MX 10 {c.stands[-1].ip}.")
    c.case("user@likeliteral.test", U, "dns_error")


def no_way(c):
    """Domains that cannot be reached, and whose fault that is."""
    c.records("nullmx MX 0 .", "nodata TXT \"no mail\"", "noaddr MX 10 mx.noaddr",
              "mx.noaddr TXT \"no address\"", "mxgone MX 10 mx.does-not-exist-at-all",
              f"unreachable MX 10 mx.unreachable", f"mx.unreachable A {net.REFUSING_IP}",
              f"blackhole MX 10 mx.blackhole", f"mx.blackhole A {net.SILENT_IP}",
              "multicast MX 10 mx.multicast", "mx.multicast A 224.0.0.5",
              "broadcast MX 10 mx.broadcast", "mx.broadcast A 255.255.255.255",
              "zero MX 10 mx.zero", "mx.zero A 0.0.0.0",
              "loop CNAME loop2", "loop2 CNAME loop", "nullmix MX 0 .", "nullmix MX 10 mx.target")
    c.case("user@nullmx.test", I, "domain_not_accepting")
    c.case("user@nodata.test", I, "domain_not_accepting")
    c.case("user@noaddr.test", I, "domain_not_accepting")
    c.case("user@mxgone.test", I, "domain_not_accepting")
    c.case("user@no-such-domain.test", I, "domain_not_found")
    c.case("user@no-such-tld-at-all", I, "domain_not_found|bad_syntax")
    c.case("user@unreachable.test", U, "connect_failed")
    c.case("user@blackhole.test", U, "timeout|connect_failed")
    c.case("user@multicast.test", U, "mx_refused")
    c.case("user@broadcast.test", U, "mx_refused")
    c.case("user@zero.test", U, "mx_refused")
    c.case("user@servfail.test", U, "dns_error")
    c.case("user@loop.test", U, "dns_error")
    c.case("user@nullmix.test", V, "accepted", 250)
    c.case("user@mixed.servfail.test", U, "dns_error")
    c.records("halfdead MX 10 mx.servfail.test.", "halfdead MX 20 mx.target")
    c.case("user@halfdead.test", V, "accepted", 250)
    # names in MX records that no host can have prove nothing about the domain
    c.records("ipmx MX 10 192.0.2.1.", "ipmix MX 5 192.0.2.1.", "ipmix MX 10 mx.target",
              "oddmx MX 10 a\\032b.target", "nowhere CNAME does-not-exist-at-all",
              "nohostmx MX 10 mx.noaddr", "nohostmx MX 20 192.0.2.1.")
    c.case("user@ipmx.test", U, "dns_error")
    c.case("user@ipmix.test", V, "accepted", 250)
    c.case("user@oddmx.test", U, "dns_error")
    c.case("user@nohostmx.test", U, "dns_error")
    c.case("user@nowhere.test", I, "domain_not_found")
    c.records("mxservfail MX 10 mx.servfail.test.")
    c.case("user@mxservfail.test", U, "dns_error")


def syntax(c):
    for address in ("nodomain", "@target.test", "user@", "two@@target.test", "a b@target.test",
                    "user@target..test", "user@-target.test", ".user@target.test",
                    "us..er@target.test", "<user@target.test", "user@[300.1.1.1]",
                    "x" * 65 + "@target.test", "user@" + "y" * 64 + ".test",
                    "user@target.test>\\r\\nDATA", '"open@target.test', "user@tar_get!.test"):
        c.case(address, I, "bad_syntax", None, {"stage": "syntax", "attempts": lambda n: not n})


def catalog():
    c = Catalog(200)
    c.n = 1  # .200 itself is taken below
    for part in (mx_sets, no_way, syntax):
        part(c)
    return c
