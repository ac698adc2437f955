"""Servers that keep to the protocol: greetings, EHLO, MAIL, and the words of RCPT replies."""
from catalog import Catalog
from script import OK, Script

V, I, U = "valid", "invalid", "unknown"


def greetings(c):
    """A refusal of us at the door is never about the address, whatever its code."""
    def door(name, greeting, verdict, reason, code):
        c.domain(name, Script(greeting=greeting), ("user", verdict, reason, code,
                                                   {"stage": "greeting"}))

    door("greet-rbl", "554 5.7.1 Service unavailable; Client host [10.26.0.2] blocked using "
         "zen.spamhaus.org", U, "ip_blocklisted", 554)
    door("greet-rbl521", "521 5.7.1 Blocked by DNSBL bl.spamcop.net", U, "ip_blocklisted", 521)
    door("greet-noservice", "554 No SMTP service here", U,
         "domain_not_accepting", 554)
    door("greet-521nomail", "521 {host} does not accept mail", I, "domain_not_accepting", 521)
    door("greet-421", "421 4.7.0 {host} Error: too many connections from 10.26.0.2", U,
         "rate_limited", 421)
    door("greet-450", "450 4.3.2 Service currently unavailable", U,
         "server_unavailable|greylisted", 450)
    door("greet-rdns", "550 5.7.25 Client host rejected: cannot find your reverse hostname", U,
         "rdns_helo", 550)
    door("greet-250", "250 hello", U, "protocol_error", None)
    c.domain("greet-long", Script(greeting="220-{host} welcomes you\n220-No spam please\n220 go"),
             ("user", V, "accepted", 250), ("nobody", I, "mailbox_not_found", 550))


def hellos(c):
    """EHLO refused: HELO for the codes that mean EHLO, and only for them."""
    for code in (500, 501, 502, 504, 550):
        c.domain(f"helo-{code}", Script(ehlo=f"{code} 5.5.1 what is that"),
                 ("user", V, "accepted", 250), ("nobody", I, "mailbox_not_found", 550))
    c.domain("helo-refused", Script(
        ehlo="550 no", helo="550 5.7.1 Helo command rejected: need fully-qualified hostname"),
        ("user", U, "rdns_helo", 550, {"stage": "ehlo"}))
    c.domain("ehlo-421", Script(ehlo="421 4.3.2 try again later"),
             ("user", U, "server_unavailable|rate_limited", 421, {"stage": "ehlo"}))
    c.domain("ehlo-554", Script(ehlo="554 5.7.1 Your IP is listed at dnsbl.sorbs.net"),
             ("user", U, "ip_blocklisted", 554, {"stage": "ehlo"}))
    c.domain("ehlo-451", Script(ehlo="451 4.3.0 Temporary lookup failure"),
             ("user", U, "server_unavailable", 451))


def senders(c):
    """MAIL refused: about the sender, us, or the server."""
    def mail(name, reply, reason, code):
        c.domain(name, Script(mail=reply), ("user", U, reason, code, {"stage": "mail"}))

    mail("mail-denied", "550 5.1.0 Sender address rejected: not wanted here", "sender_rejected",
         550)
    mail("mail-domain", "450 4.1.8 <x>: Sender address rejected: Domain not found",
         "sender_rejected", 450)
    mail("mail-auth", "530 5.7.0 Authentication required", "auth_required", 530)
    mail("mail-tls", "530 5.7.0 Must issue a STARTTLS command first", "tls_required", 530)
    mail("mail-spf", "550 5.7.23 SPF validation failed", "auth_failure", 550)
    mail("mail-disk", "452 4.3.1 Insufficient system storage", "server_unavailable", 452)
    mail("mail-unknownuser", "550 5.1.1 <probe@lab.test>: Sender address rejected: User unknown "
         "in virtual mailbox table", "sender_rejected", 550)
    mail("mail-rbl", "554 5.7.1 Service unavailable; Client host [10.26.0.2] blocked using "
         "zen.spamhaus.org", "ip_blocklisted", 554)


# local part, reply, verdict, reason: all at one server, none of them is about us
WORDS = [
    ("none", "550 No such user here", I, "mailbox_not_found"),
    ("gone", "550 5.2.1 The email account that you tried to reach is disabled", I,
     "mailbox_disabled"),
    ("full", "552 5.2.2 Mailbox full", U, "mailbox_full"),
    ("quota", "452 4.2.2 The recipient's mailbox is over quota", U, "mailbox_full"),
    ("moved", "551 5.1.6 User not local; please try <new@words.test>", I, "address_moved"),
    ("forward", "251 2.1.5 User not local; will forward", V, "accepted"),
    ("vrfy", "252 2.1.5 Cannot VRFY user, but will accept message", U, "cannot_verify"),
    ("syntax", "553 5.1.3 Bad recipient address syntax", I, "bad_syntax"),
    ("soft", "450 4.1.1 <soft@words.test>: Recipient address rejected: User unknown in local "
     "recipient table", U, "mailbox_not_found|server_unavailable"),
    ("restricted", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication "
     "required", U, "recipient_restricted"),
    ("either", "550 user unknown or mailbox full", U, "mailbox_not_found|mailbox_full|unclassified"),
    ("held", "550 5.2.1 Mailbox temporarily disabled, try again later", U,
     "mailbox_disabled|server_unavailable"),
    ("lines", "550-5.1.1 The email account that you tried to reach\n550-5.1.1 does not exist. "
     "Please try double-checking\n550 5.1.1 the address", I, "mailbox_not_found"),
    ("bare", "550 ", U, "unclassified"),
    ("later", "451 4.3.0 Temporary lookup failure", U, "server_unavailable"),
    ("party", "554 5.7.1 <party@words.test>: Recipient address rejected: Access denied", U,
     "policy_blocked"),
]


def recipients(c):
    c.domain("words", Script(rcpt={"user": OK, **{w[0]: w[1] for w in WORDS}}),
             ("user", V, "accepted", 250),
             *((local, verdict, reason, int(reply[:3])) for local, reply, verdict, reason in WORDS))

    def word(name, reply, reason, **extra):
        """Of a reply about us, a server each: it may stop the site."""
        c.domain(name, Script(rcpt={"user": reply}, others=reply),
                 ("user", U, reason, int(reply[:3]), extra))

    word("rcpt-relay", "554 5.7.1 <user@rcpt-relay.test>: Relay access denied", "relay_denied")
    word("rcpt-rbl", "550 5.7.1 Service unavailable, 10.26.0.2 listed at Spamhaus ZEN",
         "ip_blocklisted")
    word("rcpt-rbluser", "550 5.7.1 Mailbox unavailable. Your IP address 10.26.0.2 is blacklisted",
         "ip_blocklisted")
    word("rcpt-grey", "451 4.7.1 Greylisted, please come back in 00:05:00", "greylisted",
         retry_after_s=300)
    word("rcpt-grey5", "550 5.7.1 Greylisted, please try again later", "greylisted")
    word("rcpt-rate", "450 4.7.1 Error: too many recipients from 10.26.0.2", "rate_limited")
    word("rcpt-421", "421 4.7.28 Our system has detected an unusual rate of unsolicited mail",
         "rate_limited")
    word("rcpt-spf", "550 5.7.1 Recipient address rejected: Please see SPF fail - not authorized",
         "auth_failure")
    word("rcpt-rdns", "450 4.7.1 Client host rejected: cannot find your hostname, [10.26.0.2]",
         "rdns_helo")
    word("rcpt-sender", "550-Verification failed for <probe@lab.test>\n550-Unrouteable address\n"
         "550 Sender verify failed", "sender_rejected")
    word("rcpt-many", "550 5.7.1 Too many invalid recipients, go away", "rate_limited|policy_blocked|"
         "ip_blocklisted", footprint=True)
    c.domain("rcpt-556", Script(rcpt={}, others="556 5.1.10 Domain does not accept mail (nullMX)"),
             ("user", I, "domain_not_accepting", 556))


def habits(c):
    """Good servers with habits: what must not change a verdict."""
    both = (("user", V, "accepted", 250), ("user2", I, "mailbox_not_found", 550))
    c.domain("bare-ehlo", Script(ehlo=()), *both)
    c.domain("catchall", Script(others=OK), ("user", U, "catch_all", 250, {"catch_all": True}),
             ("other", U, "catch_all", 250, {"catch_all": True}))
    c.domain("catch-open", Script(others="451 4.7.1 Greylisted, try later"),
             ("user", U, "accepted", 250, {"catch_all": None}))
    c.domain("one-rcpt", Script(max_rcpt=1, rcpt={n: OK for n in ("a", "b", "user")}),
             ("a", V, "accepted", 250), ("b", V, "accepted", 250), *both)
    c.domain("two-rcpt", Script(max_rcpt=2, too_many="550 5.5.3 Too many recipients",
                                rcpt={n: OK for n in ("a", "b", "c", "user")}),
             ("a", V, "accepted", 250), ("b", V, "accepted", 250), ("c", V, "accepted", 250), *both)
    c.domain("quit-silent", Script(quit=lambda peer, _: peer.wait()), *both)
    c.domain("quit-reset", Script(quit=lambda peer, _: peer.reset()), *both)
    c.domain("rset-refused", Script(rset="500 5.5.1 no"), *both)
    c.domain("eai", Script(ehlo=("SMTPUTF8", "8BITMIME"), rcpt={"jörg": OK, "user": OK}),
             ("jörg", V, "accepted", 250), ("jürgen", I, "mailbox_not_found", 550), *both)
    c.domain("no-eai", Script(), ("jörg", U, "eai_unsupported", None), *both)
    c.domain("case", Script(rcpt={"User.Name+tag": OK}), ("User.Name+tag", V, "accepted", 250))
    c.domain("quoted", Script(rcpt={'"two words"': OK}), ('"two words"', V, "accepted", 250),
             ('"other words"', I, "mailbox_not_found", 550))


def catalog():
    c = Catalog(100)
    for part in (greetings, hellos, senders, recipients, habits):
        part(c)
    return c
