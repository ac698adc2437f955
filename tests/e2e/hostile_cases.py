"""Servers that break the protocol, on purpose or not. All end in an honest unknown, within the
time-outs, whatever code they wave."""
import time

from catalog import ANY, Catalog
from peer import slowly
from script import Script

V, I, U = "valid", "invalid", "unknown"
EHLO = "250-{host}\n250 PIPELINING"


def polite_until(peer, verb, pipelining=False):
    """A good server up to the command verb, which is read and not answered."""
    peer.say("220 {host} ESMTP")
    while True:
        line = peer.line().upper()
        if line.startswith(verb):
            return
        if line.startswith("EHLO"):
            peer.say(EHLO if pipelining else "250 {host}")
        elif line.startswith("QUIT"):
            peer.say("221 bye")
        else:
            peer.say("250 Ok")


def endless_banner(peer):
    while True:
        peer.send(b"220-and there is more to come\r\n" * 50)


def endless_line(peer):
    peer.send(b"220 ")
    while True:
        peer.send(b"x" * 4096)


def endless_reply(peer):
    polite_until(peer, "RCPT")
    while True:
        peer.send(b"550-5.1.1 no such user\r\n" * 50)


def nul_in_greeting(peer):
    peer.send(b"220 hello\0there\r\n")
    peer.wait()


def nul_in_reply(peer):
    polite_until(peer, "RCPT")
    peer.send(b"550 5.1.1 no such\0user\r\n")
    peer.wait()


def garbage(peer):
    peer.send(bytes(range(128, 256)) * 8 + b"\r\n")
    peer.wait()


def http(peer):
    peer.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    peer.wait()


def ssh(peer):
    peer.send(b"SSH-2.0-OpenSSH_9.2\r\n")
    peer.wait()


def early_reply(peer):
    """The answer to a command that has not been sent: an injection, or a broken server."""
    peer.say("220 {host}\n250 {host}\n250 Ok\n550 5.1.1 no such user")
    peer.wait()


def early_after_ehlo(peer):
    peer.say("220 {host}")
    peer.until("EHLO")
    peer.say("250 {host}\n250 2.1.0 Ok\n550 5.1.1 no such user")
    peer.wait()


def early_rcpt(peer):
    """MAIL's reply brings the next one along."""
    polite_until(peer, "MAIL")
    peer.say("250 Ok\n550 5.1.1 no such user")
    peer.wait()


def two_codes(peer):
    polite_until(peer, "RCPT")
    peer.send(b"250-fine\r\n550 5.1.1 no such user\r\n")
    peer.wait()


def unfinished(peer):
    """A multi-line reply whose last line never comes."""
    polite_until(peer, "RCPT")
    peer.send(b"550-5.1.1 no such user\r\n")
    peer.wait()


def unfinished_close(peer):
    polite_until(peer, "RCPT")
    peer.send(b"550-5.1.1 no such user\r\n550 5.1.1 the")


def bad_code(text):
    def handler(peer):
        polite_until(peer, "RCPT")
        peer.send(text)
        peer.wait()
    return handler


def silent(peer):
    peer.wait()


def silent_at(verb):
    def handler(peer):
        polite_until(peer, verb)
        peer.wait()
    return handler


def close_at(verb):
    return lambda peer: polite_until(peer, verb)


def reset_at(verb):
    def handler(peer):
        polite_until(peer, verb)
        peer.reset()
    return handler


def say_at(verb, reply):
    """A 421 and the door, at a stage."""
    def handler(peer):
        polite_until(peer, verb)
        peer.say(reply)
    return handler


def close_at_once(peer):
    del peer


def reset_at_once(peer):
    peer.reset()


def slow_greeting(peer):
    slowly(peer, b"220 " + b"z" * 500 + b"\r\n", 0.2)


def slow_reply(peer):
    polite_until(peer, "RCPT")
    slowly(peer, b"550 5.1.1 " + b"z" * 500 + b"\r\n", 0.2)


def slow_but_whole(peer):
    """A byte at a time, and done in time: nothing is wrong with it."""
    peer.say("220 {host}")
    while True:
        line = peer.line().upper()
        reply = b"550 5.1.1 no such user\r\n" if line.startswith("RCPT") else b"250 Ok\r\n"
        slowly(peer, b"221 bye\r\n" if line.startswith("QUIT") else reply, 0.01)


def lf_only(peer):
    peer.send(b"220 hello\n")
    while True:
        line = peer.line().upper()
        peer.send(b"550 5.1.1 no such user\n" if line.startswith("RCPT") else b"250 Ok\n")


def pipelining_lies(peer):
    """Offers PIPELINING and drops what came along with MAIL."""
    peer.say("220 {host}")
    while True:
        line = peer.line().upper()
        if line.startswith("EHLO"):
            peer.say(EHLO)
        else:
            time.sleep(0.05)
            try:
                peer.sock.setblocking(False)
                peer.buffer = b""
                peer.sock.recv(65536)
            except OSError:
                pass
            peer.sock.settimeout(30)
            peer.say("250 Ok")


def names_alias_target(peer):
    """The words name the mailbox behind an alias; the reply is still to our one recipient."""
    polite_until(peer, "RCPT")
    peer.say("550 5.1.1 <somebody.else@elsewhere.test>: User unknown")
    peer.wait()


def unsolicited_421(peer):
    """421 may come at any time, also behind a good reply."""
    polite_until(peer, "MAIL")
    peer.say("250 Ok\n421 4.3.2 shutting down")


def eight_bit(peer):
    """The words are in Latin-1 and the code is clear."""
    peer.say("220 {host}")
    while True:
        line = peer.line().upper()
        if line.startswith("RCPT"):
            peer.send(b"550 5.1.1 Empf\xe4nger unbekannt (user unknown)\r\n")
        else:
            peer.say("250 Ok")


def long_lines(n):
    def handler(peer):
        polite_until(peer, "RCPT")
        peer.send(b"550 5.1.1 User unknown " + b"y" * (n - 13) + b"\r\n")
        peer.wait()
    return handler


def catalog():
    c = Catalog(1)

    def hostile(name, handler, reason, code=None, verdict=U):
        c.domain(name, handler, ("user", verdict, reason, code))

    for name, handler in (
            ("endless-banner", endless_banner), ("endless-line", endless_line),
            ("endless-reply", endless_reply), ("nul-greeting", nul_in_greeting),
            ("nul-reply", nul_in_reply), ("garbage", garbage), ("http", http), ("ssh", ssh),
            ("early-reply", early_reply), ("early-ehlo", early_after_ehlo),
            ("early-rcpt", early_rcpt), ("two-codes", two_codes),
            ("code-short", bad_code(b"55 no\r\n")), ("code-long", bad_code(b"5500 no\r\n")),
            ("code-letters", bad_code(b"abc no\r\n")), ("code-empty", bad_code(b"\r\n")),
            ("code-354", bad_code(b"354 go ahead\r\n")), ("code-220", bad_code(b"220 hi\r\n")),
            ("code-999", bad_code(b"999 no\r\n")), ("line-4000", long_lines(4000))):
        hostile(name, handler, "protocol_error", ANY)
    for name, handler in (
            ("silent", silent), ("silent-ehlo", silent_at("EHLO")), ("silent-mail",
             silent_at("MAIL")), ("silent-rcpt", silent_at("RCPT")), ("unfinished", unfinished),
            ("slow-greeting", slow_greeting), ("slow-reply", slow_reply)):
        hostile(name, handler, "timeout", None)
    for name, handler in (
            ("close-once", close_at_once), ("reset-once", reset_at_once),
            ("close-ehlo", close_at("EHLO")), ("close-mail", close_at("MAIL")),
            ("close-rcpt", close_at("RCPT")), ("reset-ehlo", reset_at("EHLO")),
            ("reset-mail", reset_at("MAIL")), ("reset-rcpt", reset_at("RCPT")),
            ("unfinished-close", unfinished_close)):
        hostile(name, handler, "connection_lost", None)
    shut = "421 4.3.2 Service shutting down"
    for verb in ("EHLO", "MAIL", "RCPT"):
        hostile(f"421-{verb.lower()}", say_at(verb, shut), "server_unavailable|rate_limited", 421)
    hostile("421-unasked", unsolicited_421, "server_unavailable|rate_limited", 421)
    hostile("pipelining-lies", pipelining_lies, "catch_all", 250)  # one command at a time helps
    hostile("alias-target", names_alias_target, "mailbox_not_found", 550, I)
    hostile("slow-whole", slow_but_whole, "mailbox_not_found", 550, I)
    hostile("lf-only", lf_only, "mailbox_not_found", 550, I)
    hostile("eight-bit", eight_bit, "mailbox_not_found", 550, I)
    hostile("line-1500", long_lines(1500), "mailbox_not_found", 550, I)

    def only(n):
        """Hangs up after n recipients, without a word: the others were never judged."""
        def rcpt(peer, _):
            peer.n = getattr(peer, "n", 0) + 1
            return "250 Ok" if peer.n <= n else peer.reset()
        return rcpt

    c.domain("close-after-2", Script(rcpt={}, others=only(2)),
             *((f"u{i}", U, "connection_lost|catch_all|accepted", ANY) for i in range(4)))
    return c
