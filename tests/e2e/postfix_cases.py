"""Domains at Postfix: what it is told to do, and what must be said of their addresses.
The words and codes of the replies are Postfix' own."""
import net
from catalog import Catalog
from postfix import Service

V, I, U = "valid", "invalid", "unknown"
USER = ("user", V, "accepted", 250)
NOBODY = ("nobody", I, "mailbox_not_found", 550)
BOTH = (USER, NOBODY)
LISTED = "zen.test"  # a blocklist that lists our address; dbl.test lists sender and EHLO name


class PostfixCatalog(Catalog):
    """Services, their domains and mailboxes; pf-NAME.test is the first domain of a service."""

    def __init__(self):
        super().__init__(0, "10.24")
        self.services, self.domains, self.mailboxes, self.transports = [], [], [], []
        self.relayed, self.maps = [], {}
        self.without_limits = []  # cases for a run of their own, with --limits off

    def ip(self):
        self.n += 1
        return f"10.24.{self.n}.25"

    def service(self, name, options, *cases, users=("user",), hosted="virtual", records=None,
                command="smtpd", at_most="-", ip6=None):
        """hosted: "virtual" has a mailbox for each of users, "relay" takes what its options let
        through; "local" and "alias" stand in main.cf; "nowhere" is nobody's."""
        ip = self.ip()
        domain = f"pf-{name}"
        options = {"myhostname": f"mx.{domain}.test", **options}
        self.services += [Service(at, options, command, at_most) for at in (ip6, ip) if at]
        if hosted == "virtual":
            self.host(domain, users)
        elif hosted == "relay":
            self.relayed.append(f"{domain}.test")
        self.zone += records if records is not None else [f"{domain} MX 10 mx.{domain}"]
        self.zone.append(f"mx.{domain} A {ip}")
        if ip6:
            self.zone.append(f"mx.{domain} AAAA {ip6}")
        for local, *expected in cases:
            self.case(f"{local}@{domain}.test" if "@" not in local else local, *expected)
        return ip

    def host(self, domain, users=("user",)):
        self.domains.append(f"{domain}.test")
        self.mailboxes += [f"{user}@{domain}.test" for user in users]

    def map(self, name, *lines):
        self.maps[name] = lines
        return "texthash:{conf}/" + name


def mailboxes(c):
    """The four tables of recipients, and what Postfix says of who is in none."""
    c.service("virtual", {}, *BOTH, ("USER", V, "accepted", 250), ("user+tag", I,
              "mailbox_not_found", 550), ("postmaster", V, "accepted", 250, {"role": True}),
              users=("user", "postmaster"))
    c.service("tags", {"recipient_delimiter": "+"}, ("user+tag", V, "accepted", 250), *BOTH)
    for name in ("local", "alias", "relay"):
        c.service(name, {}, *BOTH, hosted=name)
    c.service("terse", {"show_user_unknown_table_name": "no"}, *BOTH)
    c.service("soft", {"unknown_virtual_mailbox_reject_code": "450"}, USER,
              ("nobody", U, "mailbox_not_found|server_unavailable", 450))
    c.service("bounce-soft", {"soft_bounce": "yes"}, USER,
              ("nobody", U, "mailbox_not_found|server_unavailable", 450))
    c.service("catchall", {}, ("user", U, "catch_all", 250, {"catch_all": True}),
              ("nobody", U, "catch_all", 250), users=("user", ""))
    c.service("eai", {"smtputf8_enable": "yes"}, ("jörg", V, "accepted", 250),
              ("jürgen", I, "mailbox_not_found", 550), *BOTH, users=("user", "jörg"))
    c.service("no-eai", {"smtputf8_enable": "no"}, *BOTH, ("jörg", U, "eai_unsupported", None))
    c.service("strict", {"strict_rfc821_envelopes": "yes", "smtpd_helo_required": "yes",
                         "disable_vrfy_command": "yes", "smtpd_data_restrictions":
                         "reject_unauth_pipelining"}, *BOTH)
    c.service("bare", {"smtpd_discard_ehlo_keywords":
                       "pipelining, size, etrn, starttls, auth, enhancedstatuscodes, 8bitmime, "
                       "dsn, vrfy, chunking, smtputf8"}, *BOTH)
    c.service("slow", {"smtpd_delay_reject": "no", "smtpd_client_restrictions": "sleep 2"}, *BOTH)


def tls(c):
    may = {"smtpd_tls_security_level": "may"}
    sure = {"tls": lambda got: got in ("TLSv1.2", "TLSv1.3")}
    clear = {"tls": None}

    def under(extra):
        return (*USER, extra), (*NOBODY, extra)

    c.service("tls", may, *under(sure))
    c.service("tls-only", {"smtpd_tls_security_level": "encrypt"}, *under(sure))
    c.service("tls10", {**may, "smtpd_tls_protocols": "<=TLSv1",
                        "tls_medium_cipherlist": "ALL:@SECLEVEL=0"}, *under({"tls": "TLSv1"}))
    c.service("tls12", {**may, "smtpd_tls_protocols": "TLSv1.2"}, *under({"tls": "TLSv1.2"}))
    c.service("tls13", {**may, "smtpd_tls_protocols": ">=TLSv1.3"}, *under({"tls": "TLSv1.3"}))
    c.service("tls-anon", {**may, "smtpd_tls_cert_file": "none", "smtpd_tls_protocols":
                           "<=TLSv1.2"}, *under({"tls": "TLSv1.2"}))
    # ciphers that need a key which nobody has: the handshake fails
    c.service("tls-fails", {**may, "smtpd_tls_protocols": "<=TLSv1.2", "tls_medium_cipherlist":
                            "kPSK"}, *under(clear))
    c.service("tls-nokey", {**may, "smtpd_tls_key_file": "{conf}/no-such-key"}, *under(clear))
    c.service("tls-ask", {**may, "smtpd_tls_ask_ccert": "yes"}, *under(sure))
    c.service("tls-want", {"smtpd_tls_security_level": "encrypt", "smtpd_tls_req_ccert": "yes"},
              ("user", U, "server_unavailable|auth_required|tls_required", 421))


def clients(c):
    """Who we are, at the door or with the first recipient: never about the address."""
    c.records(f"2.0.26.10.{LISTED[:-5]} A 127.0.0.2", f"2.0.26.10.{LISTED[:-5]} TXT \"see us\"",
              "lab.test.dbl A 127.0.1.2", "lab.mxprobe.test.dbl A 127.0.1.2")

    def refused(name, restrictions, reason, code, stage="rcpt", extra=None, **options):
        c.service(name, {**restrictions, **options},
                  ("user", U, reason, code, {"stage": stage, **(extra or {})}))

    def client(what):
        return {"smtpd_client_restrictions": what}

    no_delay = {"smtpd_delay_reject": "no"}
    rbl = client("reject_rbl_client " + LISTED)
    refused("rbl", rbl, "ip_blocklisted", 554)
    refused("rbl-450", rbl, "ip_blocklisted", 450, maps_rbl_reject_code="450")
    refused("rbl-door", rbl, "ip_blocklisted", 554, "greeting", **no_delay)
    refused("rbl-sender", client("reject_rhsbl_sender dbl.test"), "domain_blocklisted", 554)
    refused("rbl-helo", client("reject_rhsbl_helo dbl.test"), "domain_blocklisted", 554)
    refused("no-name", client("reject_unknown_client_hostname"), "rdns_helo", 450)
    refused("no-name5", client("reject_unknown_client_hostname"), "rdns_helo", 550,
            unknown_client_reject_code="550")
    refused("no-ptr", client("reject_unknown_reverse_client_hostname"), "rdns_helo", 450)
    refused("no-ptr-door", client("reject_unknown_reverse_client_hostname"), "rdns_helo", 450,
            "greeting", **no_delay)
    denied = "policy_blocked|ip_blocklisted"
    refused("reject", client("reject"), denied, 554)
    refused("reject-door", client("reject"), denied, 554, "greeting", **no_delay)
    c.service("first", {**client("reject"), **no_delay})
    refused("defer", client("defer"), "policy_blocked|server_unavailable|greylisted", 450)
    refused("auth", {"smtpd_recipient_restrictions": "permit_sasl_authenticated, reject"},
            "policy_blocked|auth_required", 554)

    def helo(what):
        return {"smtpd_helo_restrictions": what}

    refused("helo", helo("reject_unknown_helo_hostname"), "rdns_helo", 450)
    refused("helo5", helo("reject_unknown_helo_hostname"), "rdns_helo", 550,
            unknown_hostname_reject_code="550")
    refused("helo-map", helo("check_helo_access " + c.map("helo-map", f"{net.HOSTNAME} REJECT")),
            "rdns_helo|policy_blocked", 554)
    refused("helo-early", helo("reject_unknown_helo_hostname"), "rdns_helo", 450, "ehlo",
            **no_delay)


def senders(c):
    def refused(name, what, reason, code, stage="rcpt", **options):
        c.service(name, {"smtpd_sender_restrictions": what, **options},
                  ("user", U, reason, code, {"stage": stage}))

    unknown = "reject_unknown_sender_domain"
    refused("sender", unknown, "sender_rejected", 450)
    refused("sender5", unknown, "sender_rejected", 550, unknown_address_reject_code="550")
    refused("sender-mail", unknown, "sender_rejected", 450, "mail", smtpd_delay_reject="no")
    # the trap: "User unknown", said of our sender
    refused("sender-unknown", "reject_unlisted_sender", "sender_rejected", 550,
            rewrite_service_name="rewrite-sender",
            virtual_mailbox_domains="lab.test, pf-sender-unknown.test")
    refused("sender-map", "check_sender_access " + c.map("sender-map", "lab.test REJECT"),
            "sender_rejected|policy_blocked", 554)
    refused("sender-map5", "check_sender_access " + c.map(
        "sender-map5", "probe@ 550 5.7.1 We do not want mail from you"),
            "sender_rejected|policy_blocked", 550)


# local part, what the access map says, verdict, reason, code
WORDS = (
    ("quota4", "452 4.2.2 The mailbox is over quota", U, "mailbox_full", 452),
    ("quota5", "552 5.2.2 Mailbox full", U, "mailbox_full", 552),
    ("reject", "REJECT", U, "policy_blocked", 554),
    ("gone", "REJECT 5.1.1 User unknown", I, "mailbox_not_found", 554),
    ("left", "550 5.1.1 This person has left the company; no such user", I,
     "mailbox_not_found", 550),
    ("disabled", "550 5.2.1 The mailbox is disabled", I, "mailbox_disabled", 550),
    ("moved", "551 5.1.6 User has moved; please try <new@pf-words.test>", I, "address_moved", 551),
    ("members", "REJECT 5.7.2 Only members may post to this list", U, "recipient_restricted", 554),
    ("later", "DEFER Please try again later", U, "server_unavailable|greylisted|policy_blocked",
     450),
    ("grey", "DEFER_IF_PERMIT 4.2.0 Greylisted, please try again in 300 seconds", U,
     "greylisted", 450),
    ("grey5", "550 5.7.1 Greylisted, try again later", U, "greylisted", 550),
    ("discard", "DISCARD", V, "accepted", 250),
    ("hold", "HOLD", V, "accepted", 250),
    ("spf", "550 5.7.23 SPF check failed for probe@lab.test", U, "auth_failure", 550),
    ("rate", "450 4.7.1 You are sending too fast, slow down", U, "rate_limited", 450),
)


def words(c):
    access = c.map("words", *(f"{local}@pf-words.test {action}" for local, action, *_ in WORDS))
    c.service("words", {"smtpd_recipient_restrictions": "check_recipient_access " + access}, *BOTH,
              *((local, *expected) for local, _, *expected in WORDS),
              users=("user", *(w[0] for w in WORDS)))
    access = c.map("spam", "user@pf-spam.test 550 5.7.1 Your IP 10.26.0.2 has a poor reputation")
    c.service("spam", {"smtpd_recipient_restrictions": "check_recipient_access " + access},
              ("user", U, "ip_blocklisted", 550))
    # 421 and 521 close the connection, whoever it is about
    for code, reason in (("421", "server_unavailable|rate_limited"),
                         ("521", "policy_blocked|server_unavailable|unclassified")):
        access = c.map("words" + code, f"user@pf-words{code}.test {code} {code[0]}.3.0 Not now")
        c.service("words" + code, {"smtpd_recipient_restrictions":
                                   "check_recipient_access " + access},
                  ("user", U, reason, int(code)))
    door = c.map("door521", "10.26 521 5.3.2 pf-door521.test does not accept mail")
    c.service("door521", {"smtpd_delay_reject": "no", "smtpd_client_restrictions":
                          "check_client_access " + door}, ("user", U, "ip_blocklisted|policy_blocked", 521))
    c.service("relay-denied", {}, ("user", U, "relay_denied", 554, {"stage": "rcpt"}),
              hosted="nowhere")
    c.service("relay-denied4", {"smtpd_relay_restrictions": "defer_unauth_destination"},
              ("user", U, "relay_denied", 454), hosted="nowhere")


def verification(c, target):
    """Address verification: what Postfix says when it has asked another server first."""
    def verify(name, to, code, *cases, **options):
        c.service(name, {"smtpd_recipient_restrictions": "reject_unverified_recipient",
                         "relay_recipient_maps": "",
                         "unverified_recipient_reject_code": code, **options},
                  *cases, hosted="relay")
        c.transports.append(f"pf-{name}.test relay:[{to}]")

    c.mailboxes += ["user@pf-verified.test", "user@pf-verified4.test"]
    c.domains += ["pf-verified.test", "pf-verified4.test"]
    verify("verified", target, "550", *BOTH)
    verify("verified4", target, "450", USER, ("nobody", I, "mailbox_not_found", 450))
    verify("unverified", net.REFUSING_IP, "550",
           ("user", U, "routing_error|server_unavailable", 450))
    verify("verifying", net.REFUSING_IP, "550",
           ("user", U, "server_unavailable|routing_error|greylisted", 450),
           address_verify_poll_count="1")


def postscreen(c):
    """What stands before smtpd and looks at clients first: a teaser, then the greeting."""
    def screen(name, options, *cases):
        c.service(name, {"postscreen_greet_wait": "2s", "postscreen_greet_action": "enforce",
                         **options}, *cases, command="postscreen", at_most="1")

    # a slow machine may take its time to ask the list; what comes too late counts for nothing
    lists = {"postscreen_dnsbl_sites": LISTED, "postscreen_greet_wait": "6s"}
    access = {"postscreen_access_list": "cidr:{conf}/screened"}
    c.maps["screened"] = ["10.26.0.0/24 reject"]
    screen("screen", {}, *BOTH)
    screen("screen-deep", {"postscreen_pipelining_enable": "yes",
                           "postscreen_bare_newline_enable": "yes"},
           ("user", U, "server_unavailable|greylisted", 450))
    screen("screen-later", {"postscreen_pipelining_enable": "yes"})  # patience_part.py
    screen("screen-rbl", {**lists, "postscreen_dnsbl_action": "enforce"},
           ("user", U, "ip_blocklisted", 550, {"stage": "rcpt"}))
    screen("screen-rbl-drop", {**lists, "postscreen_dnsbl_action": "drop"},
           ("user", U, "ip_blocklisted", 521, {"stage": "greeting"}))
    screen("screen-deny", {**access, "postscreen_denylist_action": "enforce"},
           ("user", U, "policy_blocked|ip_blocklisted|server_unavailable", 550,
            {"stage": "rcpt"}))
    screen("screen-drop", {**access, "postscreen_denylist_action": "drop"},
           ("user", U, "policy_blocked|ip_blocklisted|server_unavailable", 521,
            {"stage": "greeting"}))


def greylisting(c):
    """postgrey; the same two domains are asked again in patience_part.py, with patience."""
    policy = f"check_policy_service inet:{net.POSTGREY_IP}:10023"
    c.service("grey", {"smtpd_recipient_restrictions": "reject_unlisted_recipient, " + policy},
              ("early", U, "greylisted", 450, {"stage": "rcpt"}),
              ("nobody", I, "mailbox_not_found", 550), users=("user", "early"))
    c.service("grey-all", {"smtpd_recipient_restrictions": policy}, users=("user", ""))


def anvil(c):
    """What Postfix counts over all sessions of a client; asked in patience_part.py."""
    c.service("connections", {"smtpd_client_connection_count_limit": "1"},
              users=("user", *(f"user{i}" for i in range(40))))
    c.service("connect-rate", {"smtpd_client_connection_rate_limit": "1"})
    c.service("rcpt-rate", {"smtpd_client_recipient_rate_limit": "1"})
    c.service("mail-rate", {"smtpd_client_message_rate_limit": "1"})


def limits(c):
    """The limits of one session."""
    many = tuple(f"user{i}" for i in range(5))
    c.service("hard", {"smtpd_hard_error_limit": "3", "smtpd_soft_error_limit": "2"}, USER,
              *((f"nobody{i}", I, "mailbox_not_found", 550) for i in range(5)))
    c.without_limits, c.cases = c.cases[-6:], c.cases[:-6]
    c.service("tarpit", {"smtpd_soft_error_limit": "1", "smtpd_error_sleep_time": "1s"}, USER,
              *((f"nobody{i}", I, "mailbox_not_found", 550) for i in range(3)))
    for n in ("1", "2"):
        c.service("rcpts" + n, {"smtpd_recipient_limit": n}, NOBODY,
                  *((u, V, "accepted", 250) for u in many), users=many)
    c.service("pipelining", {"smtpd_recipient_limit": "50"}, *BOTH,
              *((f"nobody{i}", I, "mailbox_not_found", 550) for i in range(30)))


def shapes(c, target):
    """One good server behind all shapes of DNS."""
    name = "mx.pf-virtual"
    dead = net.REFUSING_IP
    long = "another-long-name-so-that-no-datagram-holds-all-of-them"
    c.records(f"pf-implicit A {target}",
              "pf-cname CNAME pf-virtual",
              "pf-mxcname MX 10 alias.pf-mxcname", f"alias.pf-mxcname CNAME {name}",
              "pf-dead MX 5 dead.pf-dead", f"dead.pf-dead A {dead}", f"pf-dead MX 10 {name}",
              "pf-silent MX 5 silent.pf-silent", f"silent.pf-silent A {net.SILENT_IP}",
              f"pf-silent MX 10 {name}",
              f"pf-equal MX 10 {name}", "pf-equal MX 10 mx.pf-tls",
              *(f"pf-thirty MX {i} {long}-{i}.pf-thirty" for i in range(30)),
              *(f"{long}-{i}.pf-thirty A {target if i == 29 else dead}" for i in range(30)),
              f"xn--pf-mnchen-t9a MX 10 {name}", "pf-null MX 0 .",
              "pf-servfail MX 5 mx.lame", f"pf-servfail MX 10 {name}",
              "pf-refusing MX 5 mx.pf-first", f"pf-refusing MX 10 {name}")
    for domain in ("pf-implicit", "pf-cname", "pf-mxcname", "pf-dead", "pf-silent", "pf-equal",
                   "pf-thirty", "pf-servfail", "pf-refusing", "xn--pf-mnchen-t9a"):
        c.host(domain)
        for local, *expected in BOTH:
            c.case(f"{local}@{domain}.test", *expected)
    c.case("user@pf-münchen.test", V, "accepted", 250)
    c.case("nobody@pf-münchen.test", I, "mailbox_not_found", 550)
    c.case("user@pf-null.test", I, "domain_not_accepting")
    c.case(f"user@[{target}]", U, "relay_denied", 554)
    c.service("six", {}, (*USER, {"ip": "fd25::6"}), NOBODY, ip6="fd25::6",
              records=["pf-six MX 10 only.pf-six", "only.pf-six AAAA fd25::6"])


def catalog():
    c = PostfixCatalog()
    mailboxes(c)
    target = c.services[0].ip
    for part in (tls, clients, senders, words, postscreen, greylisting, anvil, limits):
        part(c)
    verification(c, target)
    shapes(c, target)
    return c
