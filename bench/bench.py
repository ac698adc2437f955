"""What the benches share: the sink as a process, and the probe run against it."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("MXP_BUILD", os.path.join(TOP, "build", "release"))
# Questions a second: more, and their answers may come faster than a socket of the default size
# takes them, which a bench of sessions is not about.
DNS_RATE = "2000"
# Under valgrind a second is a minute, and sessions that are held wait for all others.
PATIENT = "timeouts: {" + ", ".join(f"{stage}: 1h" for stage in (
    "connect", "greeting", "ehlo", "starttls", "tls", "mail", "rcpt", "mx_total")) + "}\n"
PROBE = os.path.join(BUILD, "probe", "mxprobe")


class Sink:
    """bench/sink, driven over its standard input; ends with the block."""

    def __init__(self, *options):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "bench", "mxprobe-sink"), *map(str, options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        words = self.expect("smtp").split()
        self.smtp, self.dns = words[1], words[3]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def expect(self, start):
        for line in self.process.stdout:
            if line.startswith(start):
                return line
        raise SystemExit(f"the sink ended before it said {start!r}")

    def counts(self):
        self.tell("counts")
        return json.loads(self.expect("{"))

    def cpu_s(self):
        return cpu_s(self.process.pid)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def probe_command(sink, list_file, *options, config=""):
    """Without limits of ours: a session asks as much as the server takes."""
    with open(list_file + ".yaml", "w") as f:
        f.write("default_budget: {rcpts_per_session: 0, rcpts_per_transaction: 0}\n" + config)
    return [PROBE, "bulk", list_file, "-o", "/dev/null", "--format", "jsonl", "--quiet",
            "--resolver", f"127.0.0.1:{sink.dns}", "--port", sink.smtp, "--allow-private-mx",
            "--limits", "off", "--config", list_file + ".yaml", "--dns-rate", DNS_RATE, "--ehlo", "probe.example.org",
            "--mail-from", "check@example.org", *map(str, options)]


def write_list(path, domains, per_domain):
    with open(path, "w") as f:
        for user in range(per_domain):
            for domain in range(domains):
                f.write(f"user{user}@d{domain}.sink.test\n")


class Scratch:
    """A folder for the lists, gone at the end."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="mxprobe-bench-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


def check_built():
    for name in ("probe/mxprobe", "bench/mxprobe-sink"):
        if not os.path.exists(os.path.join(BUILD, name)):
            sys.exit(f"{name} is not built: ./dev build")
