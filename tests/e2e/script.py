"""A server that behaves, but for what its script says otherwise."""
from dataclasses import dataclass, field

UNKNOWN_USER = "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown"
OK = "250 2.1.5 Ok"


@dataclass
class Script:
    """Replies by stage; a reply may be a function of (peer, argument) that gives the reply, or
    None where it has answered itself. In a reply {host} and {rcpt} are filled in."""
    greeting: object = "220 {host} ESMTP"
    ehlo: object = ("PIPELINING", "SIZE 10240000", "ENHANCEDSTATUSCODES", "8BITMIME")
    helo: object = "250 {host}"
    tls: object = None  # an ssl context: STARTTLS is offered
    starttls: object = "220 2.0.0 Ready to start TLS"
    tls_first: bool = False  # 530 until TLS is up
    mail: object = "250 2.1.0 Ok"
    rcpt: dict = field(default_factory=lambda: {"user": OK})
    others: object = UNKNOWN_USER  # for mailboxes that rcpt doesn't name
    max_rcpt: int = 0
    too_many: str = "452 4.5.3 Error: too many recipients"
    rset: object = "250 2.0.0 Ok"
    quit: object = "221 2.0.0 Bye"

    def __call__(self, peer):
        Session(self, peer).run()


class Session:
    def __init__(self, script, peer):
        self.script, self.peer = script, peer
        self.n_rcpt, self.in_tls, self.in_mail = 0, False, False

    def answer(self, reply, argument=""):
        if callable(reply):
            reply = reply(self.peer, argument)
        if reply is not None:
            self.peer.say(reply.replace("{rcpt}", argument))
        return reply or ""

    def run(self):
        reply = self.answer(self.script.greeting)
        while True:
            if reply.startswith("421"):
                return
            line = self.peer.line()
            verb = line.split(" ")[0].split(":")[0].upper()
            if verb == "QUIT":
                self.answer(self.script.quit)
                return
            handler = getattr(self, "on_" + verb.lower(), None)
            reply = handler(line) if handler else self.answer("502 5.5.2 Error: command not known")

    def on_ehlo(self, _line):
        if not isinstance(self.script.ehlo, tuple):
            return self.answer(self.script.ehlo)
        words = ["{host}", *self.script.ehlo]
        if self.script.tls and not self.in_tls:
            words.append("STARTTLS")
        return self.answer("\n".join(
            f"250{'-' if i + 1 < len(words) else ' '}{word}" for i, word in enumerate(words)))

    def on_helo(self, _line):
        return self.answer(self.script.helo)

    def on_starttls(self, _line):
        if not self.script.tls:
            return self.answer("502 5.5.1 Error: command not implemented")
        reply = self.answer(self.script.starttls)
        if reply.startswith("220"):
            self.peer.tls(self.script.tls)
            self.in_tls = True
        return reply

    def on_mail(self, _line):
        if self.script.tls_first and not self.in_tls:
            return self.answer("530 5.7.0 Must issue a STARTTLS command first")
        if self.in_mail:
            return self.answer("503 5.5.1 Error: nested MAIL command")
        reply = self.answer(self.script.mail)
        self.in_mail, self.n_rcpt = reply.startswith("250"), 0
        return reply

    def on_rcpt(self, line):
        if not self.in_mail:
            return self.answer("503 5.5.1 Error: need MAIL command")
        rcpt = line[line.index("<") + 1:line.rindex(">")]
        self.n_rcpt += 1
        if self.script.max_rcpt and self.n_rcpt > self.script.max_rcpt:
            return self.answer(self.script.too_many, rcpt)
        local = rcpt.rsplit("@", 1)[0]
        return self.answer(self.script.rcpt.get(local, self.script.others), rcpt)

    def on_rset(self, _line):
        self.in_mail = False
        return self.answer(self.script.rset)

    def on_data(self, _line):
        return self.answer("554 5.5.1 Error: DATA never comes from a probe")
