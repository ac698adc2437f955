"""STARTTLS in all its failures. Trouble with TLS is never a verdict about an address."""
import ssl
import subprocess

from catalog import Catalog
from script import Script

V, I, U = "valid", "invalid", "unknown"
BOTH = (("user", V, "accepted", 250), ("nobody", I, "mailbox_not_found", 550))


def certificate(folder):
    """A self-signed one that nobody trusts, for no name in particular."""
    key, cert = f"{folder}/key.pem", f"{folder}/cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-out", cert, "-days", "2", "-subj", "/CN=self-signed.test"],
                   check=True, capture_output=True)
    return cert, key


def context(cert, key, lowest=None, highest=None, ciphers=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.set_ciphers(ciphers or "ALL:@SECLEVEL=0")
    if lowest:
        c.minimum_version = lowest
    if highest:
        c.maximum_version = highest
    c.load_cert_chain(cert, key)
    return c


def starttls_then(what):
    """Offers STARTTLS, says 220, then does what; a second session without it goes well."""
    def handler(peer):
        peer.say("220 {host} ESMTP")
        while True:
            line = peer.line()
            verb = line.upper().split(" ")[0].split(":")[0]
            if verb == "EHLO":
                peer.say("250-{host}\n250 STARTTLS")
            elif verb == "STARTTLS":
                what(peer)
                return
            elif verb == "RCPT":
                peer.say("250 Ok" if "<user@" in line else "550 5.1.1 User unknown")
            else:
                peer.say("221 bye" if verb == "QUIT" else "250 Ok")
    return handler


def then_plaintext(peer):
    """CVE-2011-0411: what follows the 220 in the clear would be read as said under TLS."""
    peer.send(b"220 go\r\n250 injected\r\n550 5.1.1 no such user\r\n")
    peer.wait()


def then_plaintext_later(peer):
    peer.send(b"220 go\r\n")
    peer.sock.recv(4096)
    peer.send(b"550 5.1.1 no such user\r\n")
    peer.wait()


def then_alert(peer):
    peer.send(b"220 go\r\n")
    peer.sock.recv(4096)
    peer.send(b"\x15\x03\x01\x00\x02\x02\x28")  # fatal, handshake_failure


def then_close(peer):
    peer.send(b"220 go\r\n")


def then_reset(peer):
    peer.send(b"220 go\r\n")
    peer.sock.recv(4096)
    peer.reset()


def then_silence(peer):
    peer.send(b"220 go\r\n")
    peer.wait()


def then_junk_record(peer):
    peer.send(b"220 go\r\n")
    peer.sock.recv(4096)
    peer.send(b"\x16\x03\x03\x40\x00" + b"\xff" * 0x4000)
    peer.wait()


def then_reset_in_tls(c):
    def what(peer):
        peer.send(b"220 go\r\n")
        peer.tls(c)
        peer.reset()
    return what


def wants_ours(cert, key):
    """A certificate of the client, which TLS 1.3 says when the client has long been done."""
    c = context(cert, key, ssl.TLSVersion.TLSv1_3)
    c.verify_mode = ssl.CERT_REQUIRED
    c.load_verify_locations(cert)
    return c


def catalog(certificate):
    c = Catalog(60)
    cert, key = certificate
    every = context(cert, key)

    def version(name, wanted):
        v = getattr(ssl.TLSVersion, name)
        return context(cert, key, v, v), {"tls": lambda got: got == wanted}

    for name, wanted in (("TLSv1", "TLSv1"), ("TLSv1_1", "TLSv1.1"), ("TLSv1_2", "TLSv1.2"),
                         ("TLSv1_3", "TLSv1.3")):
        ctx, extra = version(name, wanted)
        c.domain(name.lower().replace("_", "-"), Script(tls=ctx),
                 ("user", V, "accepted", 250, extra),
                 ("nobody", I, "mailbox_not_found", 550, extra))
    c.domain("tls-first", Script(tls=every, tls_first=True), *BOTH)
    clear = {"tls": None}
    for name, what in (("tls-alert", then_alert), ("tls-close", then_close),
                       ("tls-reset", then_reset), ("tls-silence", then_silence),
                       ("tls-junk", then_junk_record), ("tls-hangs-up", lambda peer: None),
                       ("tls-lost", then_reset_in_tls(every))):
        c.domain(name, starttls_then(what), ("user", V, "accepted", 250, clear),
                 ("nobody", I, "mailbox_not_found", 550, clear))
    c.domain("tls-ours", Script(tls=wants_ours(cert, key)), ("user", V, "accepted", 250, clear),
             ("nobody", I, "mailbox_not_found", 550, clear))
    for code in (454, 502, 554):
        c.domain(f"tls-{code}", Script(tls=every, starttls=f"{code} TLS not available"),
                 ("user", V, "accepted", 250, clear), ("nobody", I, "mailbox_not_found", 550))
    for name, what in (("tls-inject", then_plaintext), ("tls-plain", then_plaintext_later)):
        c.domain(name, starttls_then(what), ("user", U, "protocol_error", None))
    c.domain("tls-421", Script(tls=every, starttls="421 4.3.2 not now"),
             ("user", U, "server_unavailable|rate_limited", 421))
    return c
