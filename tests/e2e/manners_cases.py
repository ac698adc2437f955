"""Servers whose replies do not fit the commands: given twice, left out, or put in between. Those
that are real must never come out as invalid; about the others a broken server may tell less."""
import time

from catalog import ANY, Catalog
from peer import Gone
from script import Script

REAL, FAKE = ("user", "anna"), ("nobody", "nix")


class Talk:
    """A server that knows REAL; on: verb -> function of (peer, line, its reply) that answers
    itself. peer.count holds how often each verb was heard in the session."""

    def __init__(self, on, pipelining):
        self.on, self.pipelining = on, pipelining

    def __call__(self, peer):
        peer.count = {}
        peer.say("220 {host} ESMTP")
        while True:
            line = peer.line()
            verb = line.upper().split(" ")[0].split(":")[0]
            peer.count[verb] = peer.count.get(verb, 0) + 1
            reply = self.reply(verb, line)
            if verb in self.on:
                self.on[verb](peer, line, reply)
            else:
                peer.say(reply)
            if verb == "QUIT":
                return

    def reply(self, verb, line):
        if verb == "EHLO":
            return "250-{host}\n250 PIPELINING" if self.pipelining else "250 {host}"
        if verb == "RCPT":
            fine = line[line.index("<") + 1:].split("@")[0].split("+")[0] in REAL
            return "250 2.1.5 Ok" if fine else "550 5.1.1 User unknown"
        return "221 2.0.0 Bye" if verb == "QUIT" else "250 Ok"


def twice(gap_s, once=False):
    """The same reply again, a moment later: for every command, or only the first of its kind."""
    def answer(peer, line, reply):
        peer.say(reply)
        if once and peer.count[line.upper().split(" ")[0].split(":")[0]] > 1:
            return
        time.sleep(gap_s)
        peer.say(reply)
    return answer


def left_out(nth):
    def answer(peer, _line, reply):
        if peer.count["RCPT"] != nth:
            peer.say(reply)
    return answer


def left_out_then_gone(peer, _line, reply):
    """The first reply is left out, the second given, then the line is dead."""
    if peer.count["RCPT"] == 1:
        return
    peer.say(reply)
    time.sleep(0.02)
    raise Gone


def says_421(peer):
    peer.say("421 4.7.0 Closing")
    raise Gone


def closes(_peer):
    raise Gone


def falls_silent(peer):
    peer.wait()


def twice_then(end, nth):
    """The first reply again, when the next command has come already; and the end, instead of
    the nth reply."""
    def answer(peer, _line, reply):
        n = peer.count["RCPT"]
        if n == nth:
            end(peer)
        peer.say(reply)
        if n == 1:
            time.sleep(0.02)
            peer.say(reply)
    return answer


def enough(n_errors):
    """Honest, but for no more errors than these in a session."""
    def answer(peer, _line, reply):
        peer.errors = getattr(peer, "errors", 0)
        if peer.errors == n_errors:
            says_421(peer)
        peer.errors += reply.startswith("550")
        peer.say(reply)
    return answer


def put_before(text):
    """A line of its own in front of the first recipient's reply."""
    def answer(peer, _line, reply):
        if peer.count["RCPT"] == 1:
            peer.say(text)
            time.sleep(0.01)
        peer.say(reply)
    return answer


def raw(data):
    return lambda peer, _line, _reply: peer.send(data)


def late(peer, _line, reply):
    """Behind our patience: it must not count for whoever is asked next."""
    if peer.count["RCPT"] == 1:
        time.sleep(5)
    peer.say(reply)


def shifted(c):
    for word, pipelining in (("p", True), ("l", False)):
        def put(name, on, fake=ANY):
            said = ("valid|unknown", ANY, ANY), (fake, ANY, ANY)
            c.domain(f"{name}-{word}", Talk(on, pipelining),
                     *((n, *said[n in FAKE]) for n in ("user", "nobody", "anna", "nix")))

        put("twice", {"RCPT": twice(0)})
        put("twice-soon", {"RCPT": twice(0.002)})
        put("twice-later", {"RCPT": twice(0.1)})
        put("twice-mail", {"MAIL": twice(0.01, once=True)})
        put("twice-first", {"RCPT": twice(0.01, once=True)})
        put("twice-ehlo", {"EHLO": twice(0.01, once=True)})
        put("lost-1", {"RCPT": left_out(1)})
        put("lost-2", {"RCPT": left_out(2)})
        put("lost-gone", {"RCPT": left_out_then_gone})
        put("put-250", {"RCPT": put_before("250 2.0.0 noted")})
        put("late", {"RCPT": late}, fake="invalid|unknown")
        for nth in 2, 3:
            for end in says_421, closes, falls_silent:
                name = f"twice-{nth}-{end.__name__.replace('_', '-')}-{word}"
                c.domain(name, Talk({"RCPT": twice_then(end, nth)}, pipelining),
                         *((n, ANY if n in FAKE else "valid|unknown", ANY, ANY)
                           for n in ("nobody", "user", "anna", "nix")))
        c.domain(f"enough-{word}", Talk({"RCPT": enough(2)}, pipelining),
                 *((n, *(("valid", "accepted", 250) if n in REAL else
                         ("invalid", "mailbox_not_found", 550)))
                   for n in ("nobody", "user", "nix", "nic", "anna", "niemand")))
        put("bare-cr", {"RCPT": raw(b"550 5.1.1 no such user\r250 Ok\r\n")})


def catalog():
    c = Catalog(100, "10.24")
    shifted(c)
    c.domain("many", Script())
    dead = [f"10.25.254.{i + 1}" for i in range(32)]  # nobody listens there
    c.records(*(f"mx.many A {ip}" for ip in dead[:16]), *(f"mx.none A {ip}" for ip in dead[16:]),
              "none MX 10 mx.none")
    c.domain("hasty", Talk({"RCPT": enough(4)}, True))
    c.domain("moody", Script(others="421 4.3.2 Not now", rcpt={}))
    return c
