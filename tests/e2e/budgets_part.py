"""Who shares a budget, and who stops for whom: several identities, many names in one network, one
provider's crowd beside a long tail, several providers that refuse us. Judged by what the servers
counted."""
import itertools

import net
from program import PATIENT, SLOW_MACHINE, results
from throttle_meter import Meter
from throttle_part import CONNECTIONS, RECIPIENTS, SLACK, SPEED, start
from throttle_server import Site

HOST_CONNECTIONS = 5  # at once to a host, of all identities together


def probe(lab, name, addresses, dns, *options, patience=SLOW_MACHINE):
    """A run over the list: the finished program, and its results in the order they came."""
    listed = lab.program.file(name + ".txt", "\n".join(addresses) + "\n")
    out = lab.program.file(name + ".jsonl", b"")
    config = lab.program.file(name + ".yaml", patience)
    done = lab.program.run("bulk", listed, "-o", out, "--format", "jsonl", "--config", config,
                           "--resolver", dns, "--allow-private-mx", "--ehlo", net.HOSTNAME,
                           "--mail-from", "probe@lab.test", "--clock-speed", str(SPEED), *options)
    return done, results(out)


def people(domains, n, dead_every=5):
    """n of each domain in turn, of whom every fifth is unknown."""
    return [f"{'nobody' if dead_every and i % dead_every == 0 else 'user'}{i}@{domain}"
            for i in range(n) for domain in domains]


def domains_of(name, n):
    return [f"{name}{i}.test" for i in range(n)]


def is_at(site):
    domains = set(site.domains)
    return lambda row: row["address"].partition("@")[2] in domains


def all_true(report, site, rows):
    rows = list(filter(is_at(site), rows))
    wrong = [r["address"] for r in rows
             if r["verdict"] != ("valid" if site.exists(r["address"]) else "invalid")]
    report.check(f"{site.name}: all verdicts are true", rows and not wrong, str(wrong[:5]))


def none_judged(report, site, rows):
    said = {r["verdict"] for r in rows if is_at(site)(r)}
    report.check(f"{site.name}: nobody is judged by it", said == {"unknown"}, str(said))


def identities(lab, report):
    greylists = Site("ids-grey", ["10.25.210.1"], domains_of("ids-grey", 12), grey=60)
    crowded = Site("ids-host", ["10.25.211.1"], domains_of("ids-host", 12), latency=2)
    refuses = Site("ids-refuses", ["10.25.212.1"], domains_of("ids-refuses", 12), latency=1,
                   door="554 5.7.1 {h} Your IP address is blocked", refuses=net.IDENTITY_IPS[:1])
    sites = (greylists, crowded, refuses)
    start(sites, "10.25.209.53")
    addresses = people([d for site in sites for d in site.domains], 10)
    sources = itertools.chain(*(("--source", ip) for ip in net.IDENTITY_IPS))
    done, rows = probe(lab, "identities", addresses, "10.25.209.53", *sources,
                       "--retry-for", "20m", "--retry-after", "2m")
    report.check("identities: exit 0, a line each", done.returncode == 0
                 and len(rows) == len(addresses), f"{done.returncode} {done.stderr[-500:]}")
    for site in (greylists, crowded):
        all_true(report, site, rows)
        seen = {ip for clients in site.clients.values() for ip in clients}
        report.check(f"{site.name}: all identities work", seen == set(net.IDENTITY_IPS), str(seen))
    asked = [greylists.clients[a] for a in addresses if a.partition("@")[2] in greylists.domains]
    report.check("ids-grey: everybody was asked again", all(len(c) > 1 for c in asked), str(asked))
    by_domain = {d: {ip for a, c in greylists.clients.items() if a.endswith("@" + d) for ip in c}
                 for d in greylists.domains}
    report.check("ids-grey: a domain keeps its identity, retries and the catch-all question too",
                 all(len(ips) == 1 for ips in by_domain.values()), str(by_domain))
    report.check("ids-host: connections to a host count across identities",
                 2 <= crowded.by_ip_most <= HOST_CONNECTIONS, f"{crowded.by_ip_most}")
    report.check("ids-refuses: one is refused: nobody connects any more", refuses.n_after == 0
                 and 1 <= refuses.n_blocked <= 2, f"{refuses.n_blocked}, then {refuses.n_after}")
    left = {(r["verdict"], r["reason"]) for r in rows if is_at(refuses)(r)}
    report.check("ids-refuses: who was not asked is not judged", ("unknown", "not_probed") in left
                 and not any(v == "unknown" and r not in ("not_probed", "ip_blocklisted")
                             for v, r in left), str(left))


def networks(lab, report):
    """One identity: what many MX names in one /24 share; and each kind of limit by itself."""
    names = [f"mail.vanity{i}.test" for i in range(10)]
    vanity = Site("vanity", [f"10.25.214.{i + 1}" for i in range(10)], domains_of("vain", 10),
                  names=names, own_mx=True, latency=1)
    harvests = Site("harvests", ["10.25.215.1"], ["harvests.test"], harvest=12)
    tarpit = Site("tarpit", ["10.25.216.1"], ["tarpit.test"], tarpit=1.5)
    ten = Site("ten", ["10.25.217.1"], ["ten.test"], transaction=3)
    seven = Site("seven", ["10.25.218.1"], ["seven.test"], session=7, session_how="drop")
    sites = (vanity, harvests, tarpit, ten, seven)
    start(sites, "10.25.213.53")
    addresses = (people(vanity.domains, 30) + people(harvests.domains, 60, 2)
                 + people(tarpit.domains, 60) + people(ten.domains, 120)
                 + people(seven.domains, 120))
    done, rows = probe(lab, "networks", addresses, "10.25.213.53", "--retry-for", "20m")
    report.check("networks: exit 0, a line each", done.returncode == 0
                 and len(rows) == len(addresses), f"{done.returncode} {done.stderr[-500:]}")
    for site in (vanity, tarpit, ten, seven):
        all_true(report, site, rows)
        report.check(f"{site.name}: connections at once", site.open_most <= CONNECTIONS,
                     f"{site.open_most}")
        report.check(f"{site.name}: recipients a minute",
                     site.most_rcpts.most <= RECIPIENTS * SLACK, f"{site.most_rcpts.most}")
    report.check("vanity: each name was asked", len(vanity.by_ip) == 10, str(vanity.by_ip))
    report.check("ten: 452 4.5.3 is learned from", ten.n_throttled <= 8, f"{ten.n_throttled}")
    report.check("seven: a hang-up after seven is learned from", seven.n_throttled <= 8,
                 f"{seven.n_throttled}")
    report.check("harvests: it stops at once", harvests.harvested and harvests.n_after == 0,
                 f"{harvests.n_after}")
    judged = [r for r in rows if is_at(harvests)(r) and r["verdict"] != "unknown"]
    wrong = [r["address"] for r in judged
             if r["verdict"] != ("valid" if harvests.exists(r["address"]) else "invalid")]
    report.check("harvests: nobody is judged by that reply", not wrong
                 and len(judged) <= sum(harvests.answered.values()), str(wrong))


def fairness(lab, report):
    """One provider's crowd and a tail of small servers, with fewer sessions than the tail could
    use: whoever stands first in the list, neither waits for the other."""
    crowd = Site("crowd", ["10.25.220.1"], ["crowd.test"], latency=0.2)
    tail = [Site(f"tail{i}", [f"10.24.{150 + i}.1"], [f"tail{i}.test"], latency=0.5)
            for i in range(100)]
    start([crowd, *tail], "10.25.219.53")
    many = people(crowd.domains, 300)
    few = people([site.domains[0] for site in tail], 2)
    at_crowd = is_at(crowd)
    for name, addresses in (("crowd first", many + few), ("tail first", few + many)):
        done, rows = probe(lab, "fairness", addresses, "10.25.219.53", "--max-sessions", "8",
                           "--retry-for", "10m")
        report.check(f"{name}: exit 0, a line each", done.returncode == 0
                     and len(rows) == len(addresses), f"{done.returncode} {done.stderr[-500:]}")
        order = [at_crowd(row) for row in rows]
        of_tail = [i for i, crowded in enumerate(order) if not crowded]
        before_tail = sum(order[:of_tail[-1]])
        report.check(f"{name}: the tail does not wait for the crowd", before_tail <= 225,
                     f"{before_tail} of 300 before the last of the tail")
        half = of_tail[len(of_tail) // 2]
        report.check(f"{name}: the crowd does not wait for the tail", sum(order[:half]) >= 15,
                     f"{sum(order[:half])} of 300 before half of the tail")


def hangs(lab, report):
    """The second connection is taken and never greeted, and while it is open no other is, either.
    That is no trouble of a server at which a session worked meanwhile."""
    site = Site("hangs", ["10.25.228.1"], ["hangs.test"], conns=1, conns_how="hang", latency=0.5)
    start([site], "10.25.227.53")
    addresses = people(site.domains, 45)
    done, rows = probe(lab, "hangs", addresses, "10.25.227.53", "--retry-for", "0",
                       patience=PATIENT)
    report.check("hangs: exit 0, a line each", done.returncode == 0
                 and len(rows) == len(addresses), f"{done.returncode} {done.stderr[-500:]}")
    report.check("hangs: it was asked for more than it bears", site.n_refused > 0)
    all_true(report, site, rows)


def few_connections(lab, report):
    """A greeting that refuses for the rate is no failure of the only address that there is."""
    sites = [Site(f"few{i}", [f"10.25.{230 + i}.1"], [f"few{i}.test"], connects=Meter(n),
                  latency=0.1) for i, n in enumerate((3, 6, 6, 6))]
    start(sites, "10.25.229.53")
    addresses = people([site.domains[0] for site in sites], 200)
    done, rows = probe(lab, "few", addresses, "10.25.229.53", "--retry-for", "5m")
    report.check("few: exit 0, a line each", done.returncode == 0
                 and len(rows) == len(addresses), f"{done.returncode} {done.stderr[-500:]}")
    report.check("few: they refused some", 0 < sum(site.n_refused for site in sites) <= 30,
                 f"{[site.n_refused for site in sites]}")
    for site in sites:
        all_true(report, site, rows)


def listed(lab, report):
    doors = [Site(f"door{i}", [f"10.25.{222 + i}.1"], [f"door{i}.test"],
                  door="554 5.7.1 {h} Your IP address is blocked, see example.org") for i in range(4)]
    fine = Site("fine", ["10.25.226.1"], ["fine.test"], latency=2)
    start([*doors, fine], "10.25.221.53")
    addresses = people([s.domains[0] for s in doors], 20) + people(fine.domains, 200)
    done, rows = probe(lab, "listed", addresses, "10.25.221.53")
    report.check("listed: exit 75, and why", done.returncode == 75
                 and "this IP is blocklisted" in done.stderr and "--resume" in done.stderr,
                 f"exit {done.returncode}: {done.stderr[-700:]}")
    report.check("listed: it stops early", fine.n_rcpts < 150, f"{fine.n_rcpts}")
    for site in doors:
        report.check(f"{site.name}: at most 5 connections", site.n_connects <= 5,
                     f"{site.n_connects}")
    report.check("listed: nobody is judged by it", not any(
        r["verdict"] != "unknown" for r in rows if not is_at(fine)(r)))
    before = sum(site.n_connects for site in doors)
    done, rows = probe(lab, "listed", addresses, "10.25.221.53", "--go-on-when-listed")
    report.check("listed: it goes on where it is told to", done.returncode == 0
                 and len(rows) == len(addresses), f"exit {done.returncode}: {done.stderr[-500:]}")
    all_true(report, fine, rows)
    used = sum(site.n_connects for site in doors) - before
    report.check("listed: still at most 5 connections each", used <= 5 * len(doors), f"{used}")


def run(lab, report):
    for part in (identities, networks, fairness, hangs, few_connections, listed):
        part(lab, report)
