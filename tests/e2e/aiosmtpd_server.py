"""A child of the lab, run by the Python that has python3-aiosmtpd: servers as a JSON object
{"cert", "key", "servers": [{"ip", "port", "host", "kind"}]} on standard input; "ready" on
standard output when all listen. The kinds are the functions below."""
import asyncio
import json
import ssl
import sys

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

UNKNOWN = "550 5.1.1 No such mailbox here"
KNOWN = ("user", "jörg", "slow")


class Mailboxes:
    """Knows some mailboxes; mails nobody."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.rsplit("@", 1)[0].strip('"')
        if local == "boom":
            raise RuntimeError("the table is on fire")
        if local == "slow":
            await asyncio.sleep(2)
        if local == "full":
            return "452 4.2.2 Mailbox full"
        if local not in KNOWN:
            return UNKNOWN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"


class TakesAll:
    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return "250 OK"


class NoSender(Mailboxes):
    async def handle_MAIL(self, server, session, envelope, address, options):
        return "550 5.7.1 Sender refused"


class HeloOnly(SMTP):
    """From before 1993."""

    async def smtp_EHLO(self, hostname):
        await self.push('500 Error: command "EHLO" not recognized')


def factories(tls):
    """kind: what makes the protocol of one connection."""
    return {
        "plain": lambda host: SMTP(Mailboxes(), hostname=host),
        "helo": lambda host: HeloOnly(Mailboxes(), hostname=host),
        "all": lambda host: SMTP(TakesAll(), hostname=host),
        "tls": lambda host: SMTP(Mailboxes(), hostname=host, tls_context=tls),
        "tls-first": lambda host: SMTP(Mailboxes(), hostname=host, tls_context=tls,
                                       require_starttls=True),
        "auth": lambda host: SMTP(Mailboxes(), hostname=host, auth_required=True,
                                  auth_require_tls=False, authenticator=lambda *_: None),
        "eai": lambda host: SMTP(Mailboxes(), hostname=host, enable_SMTPUTF8=True),
        "sender": lambda host: SMTP(NoSender(), hostname=host),
        "limit": lambda host: SMTP(Mailboxes(), hostname=host, command_call_limit={"RCPT": 3}),
        "lmtp": lambda host: LMTP(Mailboxes(), hostname=host),
    }


async def main():
    told = json.load(sys.stdin)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(told["cert"], told["key"])
    kinds = factories(tls)
    loop = asyncio.get_running_loop()
    for s in told["servers"]:
        make, host = kinds[s["kind"]], s["host"]
        await loop.create_server(lambda make=make, host=host: make(host), s["ip"], s["port"])
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
