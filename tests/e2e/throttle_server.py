"""Throttling mail servers that count what they were asked, with a DNS of their own: many sites in
one loop of asyncio, whose clock may run faster than the wall's.

A Site is who runs some MX hosts: what it allows (Meter), how it says no, and what it saw. The
counters are the referee's: they know nothing of the client's own limits.
"""
import asyncio
import collections
import socket
import struct

from throttle_meter import Clock, Most

EARLY_S = 0.3  # wall seconds: what was under way when a wait was stated


class Site:
    """Options: names (of the MX hosts, one for each of ips); own_mx (each domain has but one of
    them, in turn); refuses (clients that are refused by door, else all are);
    rcpts, connects (Meter); conns, conns_how (421 rst hang slow); session, session_how
    (421 drop 452); transaction, transaction_how (452 or a reply for the second); escalation;
    words (of a throttled recipient; {s} and {m}: the wait); door (refuses each greeting);
    harvest (unknown recipients, then a block); grey (seconds); tarpit (seconds for each
    recipient of a session); names, ips; changes: [(seconds after the first recipient, function)];
    mx_rcpts: a Meter for each MX name."""

    def __init__(self, name, ips, domains, **options):
        self.name, self.ips, self.domains = name, ips, domains
        self.names = [f"mx{i}.{name}.test" for i in range(len(ips))]
        self.own_mx, self.refuses = False, ()
        self.words = "450 4.7.1 Error: too many recipients from your host, slow down"
        self.rcpts = self.connects = self.escalation = self.door = None
        self.conns = self.session = self.transaction = self.harvest = self.grey = 0
        self.tarpit = self.latency = 0
        self.conns_how, self.session_how, self.transaction_how = "421", "421", "452"
        self.conns_words = "421 4.7.0 {h} Error: too many connections from your host"
        self.connects_words = "421 4.7.0 {h} Error: connecting too often, try again later"
        self.session_words = "421 4.7.0 too many recipients in this session"
        self.harvest_words = "550 5.7.1 Too many invalid recipients, your host is blocked"
        self.greeting_words = None
        self.state_wait = None  # seconds that are stated, where not the meter's
        self.changes, self.mx_rcpts = [], {}
        for key, value in options.items():
            if not hasattr(self, key):
                raise TypeError(key)
            setattr(self, key, value)
        self.open = self.open_most = self.n_connects = self.n_refused = 0
        self.by_ip, self.by_ip_most = collections.Counter(), 0
        self.clients = collections.defaultdict(list)  # who asked for an address, each time
        self.over_at, self.n_after = None, 0  # blocked or harvested; connections after that
        self.n_rcpts = self.n_throttled = self.n_early = self.n_blocked = 0
        self.n_unknown, self.harvested = 0, False
        self.most_rcpts, self.most_connects = Most(), Most()
        self.asked, self.answered = collections.Counter(), collections.Counter()
        self.grey_seen, self.grey_elsewhere = {}, 0
        self.first = self.last = self.stated = None
        self.bursts, self.throttle_at = 0, -1e9
        self.n_data = 0

    def exists(self, local):
        return local.startswith("user")

    def begin(self, now):
        if self.first is None:
            self.first = now
        while self.changes and now - self.first >= self.changes[0][0]:
            self.changes.pop(0)[1](self)

    def throttled(self, now):
        self.n_throttled += 1
        if now - self.throttle_at > 120:
            self.bursts += 1
        self.throttle_at = now
        if self.escalation:
            self.escalation.throttled(now)

    def share(self):
        return 100.0 * self.n_throttled / max(self.n_rcpts, 1)

    def over(self, now):
        if self.over_at is None:
            self.over_at = now

    def mx_of(self, domain):
        """Its MX names, the preferred one first."""
        i = self.domains.index(domain)
        return [self.names[i % len(self.names)]] if self.own_mx else self.names

    def blocks(self):
        return (self.escalation.n_blocks if self.escalation else 0) + self.harvested


class Session:
    """One connection."""

    def __init__(self, farm, site, host, ip, reader, writer):
        self.farm, self.site, self.host, self.ip = farm, site, host, ip
        self.reader, self.writer, self.clock = reader, writer, farm.clock
        self.client = writer.get_extra_info("peername")[0]
        self.n_session = self.n_transaction = 0
        self.began = 0.0

    def say(self, text, seconds=0):
        text = text.replace("{h}", self.host).replace("{s}", str(int(seconds) + 1))
        text = text.replace("{m}", str(int(seconds // 60) + 1))
        self.writer.write((text.replace("\n", "\r\n") + "\r\n").encode())

    def reset(self):
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def greet(self):
        """True: go on."""
        site, now = self.site, self.clock.now()
        site.begin(now)
        site.n_connects += 1
        site.most_connects.add(now)
        if site.stated and now < site.stated[0] and now > site.stated[1] + EARLY_S * self.clock.speed:
            self.began = now
        if site.over_at is not None and now > site.over_at + EARLY_S * self.clock.speed:
            site.n_after += 1
        state = site.escalation.state(now) if site.escalation else None
        shut = site.door and (not site.refuses or self.client in site.refuses)
        if shut or state == "block" or site.harvested:
            site.n_blocked += 1
            site.over(now)
            self.say(site.door or "554 5.7.1 Your address is blocked because of abuse")
            return False
        if state == "drop":
            site.n_refused += 1
            self.reset()
            return False
        if site.connects and not site.connects.take(now):
            site.n_refused += 1
            site.throttled(now)
            self.say(site.connects_words, site.connects.wait(now))
            return False
        if site.conns and site.open > site.conns:
            return await self.too_many()
        self.say(site.greeting_words or "220 {h} ESMTP")
        return True

    async def too_many(self):
        site = self.site
        site.n_refused += 1
        site.throttled(self.clock.now())
        if site.conns_how == "421":
            self.say(site.conns_words)
        elif site.conns_how == "rst":
            self.reset()
        elif site.conns_how == "hang":
            await self.reader.read()
        elif site.conns_how == "slow":
            await self.clock.sleep(20)
            self.say("220 {h} ESMTP")
            return True
        return False

    async def serve(self):
        site = self.site
        site.open += 1
        site.open_most = max(site.open_most, site.open)
        site.by_ip[self.ip] += 1
        site.by_ip_most = max(site.by_ip_most, site.by_ip[self.ip])
        try:
            if await self.greet():
                while await self.command():
                    pass
            await self.writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            site.open -= 1
            site.by_ip[self.ip] -= 1
            self.writer.close()

    async def command(self):
        line = (await self.reader.readline()).decode("utf-8", "replace").rstrip("\r\n")
        verb = line[:4].upper()
        if not line:
            return False
        if self.site.latency:
            await self.clock.sleep(self.site.latency)
        if verb == "EHLO":
            self.say("250-{h}\n250-PIPELINING\n250 ENHANCEDSTATUSCODES")
        elif verb == "RCPT":
            return await self.rcpt(line[line.index("<") + 1:line.rindex(">")].lower())
        elif verb == "MAIL":
            self.n_transaction, self.began = 0, self.clock.now()
            self.say("250 2.1.0 Ok")
        elif verb == "QUIT":
            self.say("221 2.0.0 Bye")
            return False
        else:
            self.site.n_data += verb in ("DATA", "BDAT")
            self.n_transaction = 0
            self.say("250 2.0.0 Ok")
        return True

    async def rcpt(self, address):
        """False: the connection ends."""
        site, now = self.site, self.clock.now()
        site.n_rcpts += 1
        site.last = now
        site.most_rcpts.add(now)
        site.asked[address] += 1
        site.clients[address].append(self.client)
        if site.stated:
            until, at = site.stated
            if self.began > at + EARLY_S * self.clock.speed and now < until - 0.5:
                site.n_early += 1
        if site.session and self.n_session >= site.session:
            return self.session_over(now)
        if site.transaction and self.n_transaction >= site.transaction:
            site.throttled(now)
            self.say("452 4.5.3 Too many recipients" if site.transaction_how == "452"
                     else site.transaction_how)
            return True
        meter = site.mx_rcpts.get(self.host, site.rcpts)
        if meter and not meter.take(now):
            return self.rate_over(meter, now)
        self.n_session += 1
        self.n_transaction += 1
        if site.tarpit:
            await self.clock.sleep(site.tarpit * self.n_session)
        self.answer(address, now)
        return not site.harvested

    def session_over(self, now):
        site = self.site
        site.throttled(now)
        if site.session_how == "drop":
            return False
        self.say("452 4.5.3 Too many recipients for this connection" if site.session_how == "452"
                 else site.session_words)
        return site.session_how == "452"

    def rate_over(self, meter, now):
        site = self.site
        site.throttled(now)
        if site.words == "drop":
            return False
        wait = site.state_wait or meter.wait(now)
        if "{" in site.words:
            wait = (int(wait // 60) + 1) * 60 if "{m}" in site.words else int(wait) + 1
            if not site.stated or now + wait > site.stated[0]:
                site.stated = (now + wait, now)
            self.say(site.words.replace("{m}", str(int(wait // 60))).replace("{s}", str(int(wait))))
        else:
            self.say(site.words)
        return not site.words.startswith("421")

    def answer(self, address, now):
        site = self.site
        if site.grey:
            first = site.grey_seen.setdefault((self.host, address), now)
            if now - first < site.grey:
                others = [k for k in site.grey_seen if k[1] == address and k[0] != self.host]
                site.grey_elsewhere += bool(others)
                self.say("450 4.2.0 Greylisted, see you later")
                return
        site.answered[address] += 1
        if site.exists(address.partition("@")[0]):
            self.say("250 2.1.5 Ok")
            return
        site.n_unknown += 1
        if site.harvest and site.n_unknown >= site.harvest:
            site.harvested = True
            site.over(now)
            self.say(site.harvest_words)
            return
        self.say("550 5.1.1 No such user here")


class Dns(asyncio.DatagramProtocol):
    """MX and A of the sites; all else does not exist."""

    def __init__(self, farm):
        self.mx, self.a = {}, {}
        for site in farm.sites:
            self.a.update((n, ip) for n, ip in zip(site.names, site.ips))
            self.mx.update((d, site.mx_of(d)) for d in site.domains)

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode("ascii", "replace").lower())
            at += 1 + data[at]
        name, kind = ".".join(labels), struct.unpack("!H", data[at + 1:at + 3])[0]
        records = []
        if kind == 15 and name in self.mx:
            for i, host in enumerate(self.mx[name]):
                wire = b"".join(bytes([len(x)]) + x.encode() for x in host.split(".")) + b"\0"
                records.append((15, struct.pack("!H", 10 * i + 10) + wire))
        elif kind == 1 and name in self.a:
            records.append((1, socket.inet_aton(self.a[name])))
        known = name in self.mx or name in self.a
        head = data[:2] + struct.pack("!HHHHH", 0x8180 if known else 0x8183, 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", k, 1, 3600, len(d)) + d
                        for k, d in records)
        self.transport.sendto(head + data[12:at + 5] + body, addr)


class Farm:
    """All sites on one port, and their DNS."""

    def __init__(self, sites, port, dns, speed=1):
        self.sites, self.port, self.dns, self.clock = sites, port, dns, Clock(speed)

    async def start(self):
        loop = asyncio.get_running_loop()
        for site in self.sites:
            for host, ip in zip(site.names, site.ips):
                def accept(reader, writer, site=site, host=host, ip=ip):
                    return Session(self, site, host, ip, reader, writer).serve()
                await asyncio.start_server(accept, ip, self.port, backlog=256)
        await loop.create_datagram_endpoint(lambda: Dns(self), local_addr=self.dns)
