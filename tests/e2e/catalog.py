"""What stands in the lab: servers with their domains, extra zone lines, and what must be said
of which address. The files *_cases.py fill one Catalog each; run.py puts them up and asks."""
from dataclasses import dataclass, field

ANY = "*"  # where the contract leaves it open


@dataclass
class Case:
    """One address and what must be said of it. verdict and reason may hold alternatives, a|b;
    extra names further fields of the result that must have these values."""
    address: str
    verdict: str
    reason: str
    code: object = None
    extra: dict = field(default_factory=dict)


@dataclass
class Stand:
    """One server to be started at ip, port 25."""
    name: str
    host: str
    ip: str
    handler: object
    ip6: object = None


class Catalog:
    def __init__(self, net, block="10.25"):
        self.net = net  # the third number of 10.25.net.x: one file, one number block
        self.block = block
        self.n = 0
        self.stands, self.cases, self.zone = [], [], []

    def ip(self):
        """An address of its own /24, since limits count those too."""
        self.n += 1
        return f"{self.block}.{self.net + self.n}.25"

    def domain(self, name, handler, *cases, records=None, ip6=None):
        """A server, the domain name.test whose only MX it is (or with records of its own), and
        its cases, each (local part, verdict, reason, code[, extra])."""
        ip = self.ip()
        host = f"mx.{name}.test"
        self.stands.append(Stand(name, host, ip, handler, ip6))
        self.zone += records if records is not None else [f"{name} MX 10 mx.{name}"]
        self.zone.append(f"mx.{name} A {ip}")
        if ip6:
            self.zone.append(f"mx.{name} AAAA {ip6}")
        for local, *expected in cases:
            self.case(f"{local}@{name}.test" if "@" not in local else local, *expected)
        return ip

    def records(self, *lines):
        self.zone += lines

    def case(self, address, verdict, reason, code=None, extra=None):
        self.cases.append(Case(address, verdict, reason, code, extra or {}))
