"""One Postfix for the whole lab: a master of our own, in the foreground, with a configuration
directory of its own; a service in master.cf for each behaviour, at an address of its own."""
import os
import pwd
import re
import time

import net
from services import wait_for

DAEMONS = "/usr/lib/postfix/sbin"
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "maildrop", "pid", "private", "public", "saved", "trace")

# name, type, wakeup, at most, command: what smtpd needs beside it; nothing is delivered
# but the probes of address verification
HELPERS = """
anvil unix - - n - 1 anvil
bounce unix - - n - 0 bounce
cleanup unix n - n - 0 cleanup
defer unix - - n - 0 bounce
dnsblog unix - - n - 0 dnsblog
error unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
proxymap unix - - n - - proxymap
qmgr unix n - n 300 1 qmgr
relay unix - - n - - smtp
rewrite unix - - n - - trivial-rewrite
rewrite-sender unix - - n - - trivial-rewrite
  -o { virtual_mailbox_domains = lab.test, pf-sender-unknown.test }
smtp unix - - n - - smtp
tlsmgr unix - - n 1000? 1 tlsmgr
tlsproxy unix - - n - 0 tlsproxy
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = {host}
mydestination = pf-local.test
local_recipient_maps = inline:{{user=x}}
virtual_alias_domains = pf-alias.test
virtual_alias_maps = inline:{{user@pf-alias.test=a@pf-virtual.test}}
relay_domains = texthash:{conf}/relayed
relay_recipient_maps = inline:{{user@pf-relay.test=x}}
notify_classes =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = all
alias_maps =
maillog_file_prefixes = {folder}
maillog_file = {log}
virtual_mailbox_domains = texthash:{conf}/domains
virtual_mailbox_maps = texthash:{conf}/mailboxes
virtual_mailbox_base = /nonexistent
transport_maps = texthash:{conf}/transports
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_error_sleep_time = 0
address_verify_map =
address_verify_poll_delay = 1
import_environment = MAIL_CONFIG
"""


class Service:
    """smtpd, or what stands before it, at one address, with options of its own."""

    def __init__(self, ip, options, command="smtpd", at_most="-"):
        self.ip, self.options, self.command, self.at_most = ip, options, command, at_most

    def lines(self):
        """Of master.cf. postscreen hands over to an smtpd named after it."""
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        options = dict(self.options)
        later = []
        if self.command == "postscreen":
            inner = "smtpd-" + self.ip
            options["smtpd_service_name"] = inner
            options["postscreen_cache_map"] = "btree:$data_directory/" + inner
            later = [f"{inner} pass - - n - - smtpd"]
        return [f"{host}:25 inet n - n - {self.at_most} {self.command}"] + [
            f"  -o {{ {name} = {value} }}" for name, value in options.items()] + later


class Postfix:
    """Everything of it: files, process, log."""

    def __init__(self, folder, certificate):
        self.folder = folder
        self.conf = os.path.join(folder, "postfix")
        self.queue = os.path.join(folder, "queue")
        self.data = os.path.join(folder, "postfix-data")
        self.log = os.path.join(folder, "postfix.log")
        self.cert, self.key = certificate

    def make_folders(self):
        """As post-install would: the queue belongs to the mail owner, the rest to root."""
        owner = pwd.getpwnam("postfix")
        for path in (self.conf, self.queue):
            os.makedirs(path)
        for path in [self.data] + [os.path.join(self.queue, q) for q in QUEUES]:
            os.makedirs(path, 0o700)
            os.chown(path, owner.pw_uid, owner.pw_gid)
        os.chown(os.path.join(self.queue, "pid"), 0, 0)
        os.chmod(os.path.join(self.queue, "pid"), 0o755)

    def write(self, name, lines):
        with open(os.path.join(self.conf, name), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def start(self, services, catalog):
        """catalog: .services, .domains and .mailboxes (postfix_cases.py)."""
        self.make_folders()
        fill = {"conf": self.conf, "queue": self.queue, "data": self.data, "log": self.log,
                "folder": self.folder, "daemons": DAEMONS, "host": net.HOSTNAME,
                "cert": self.cert, "key": self.key}
        self.write("main.cf", [MAIN.format(**fill)])
        self.write("master.cf", [HELPERS] + [line.replace("{conf}", self.conf)
                                             for s in catalog.services for line in s.lines()])
        self.write("domains", [f"{d} x" for d in catalog.domains])
        self.write("relayed", [f"{d} x" for d in catalog.relayed])
        self.write("mailboxes", [f"{m} x" for m in catalog.mailboxes])
        self.write("transports", catalog.transports)
        for name, lines in catalog.maps.items():
            self.write(name, lines)
        services.start("postfix-master", f"{DAEMONS}/master", "-c", self.conf, "-d",
                       start_new_session=True)
        wait_for("Postfix", catalog.services[-1].ip, 25)

    def lines(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return f.readlines()
        except FileNotFoundError:
            return []

    def trouble(self):
        """What Postfix itself complains about: the lab is not as it should be."""
        return [line.strip() for line in self.lines()
                if re.search(r" (fatal|panic|error): ", line)]

    def sessions(self):
        """The count of each command in each of the program's sessions that has ended, as smtpd
        logs it. (Postfix' own client, verifying an address, is another.)"""
        found = []
        for line in self.lines():
            if re.search(r"disconnect from \w+\[(10\.26|fd26:)", line):
                found.append({name: int(n) for name, n in
                              re.findall(r" (\w+)=(\d+)(?:/\d+)?", line)})
        return found

    def wait_for_sessions(self, n, seconds=20):
        """Until so many have been logged: logging comes after the last byte."""
        end = time.monotonic() + seconds
        while len(self.sessions()) < n and time.monotonic() < end:
            time.sleep(0.1)
        return self.sessions()
