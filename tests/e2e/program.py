"""The program under test, run as a user would: on its side of the cable, by its command line."""
import json
import os
import re
import subprocess

import net


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = os.path.abspath(path), folder
        self.n = 0

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode("utf-8"))
        return path

    def command(self, *args):
        return net.on_probe_side([self.path, *map(str, args)])

    def run(self, *args, stdin=b"", timeout=240, **more):
        """Finished: returncode, stdout and stderr as text."""
        done = subprocess.run(self.command(*args), input=stdin, capture_output=True,
                              timeout=timeout, check=False, **more)
        done.stdout = done.stdout.decode("utf-8", "replace")
        done.stderr = done.stderr.decode("utf-8", "replace")
        return done

    def check(self, *args, mail_from="probe@lab.test"):
        """check --json, with what the lab needs: the exit code and the objects."""
        done = self.run("check", "--json", *LAB, "--mail-from", mail_from, *args)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *args, **more):
        return subprocess.Popen(self.command(*args), stdin=subprocess.DEVNULL, **more)


# what every run in the lab needs, and what most have
LAB = ("--resolver", net.UNBOUND_IP, "--allow-private-mx", "--ehlo", net.HOSTNAME)
COMMON = (*LAB, "--mail-from", "probe@lab.test")

# for servers that never answer; for a slow machine, which all others may be; and the same
# where time is ten times as fast
QUICK = """timeouts:
  connect: 3s
  greeting: 8s
  ehlo: 8s
  starttls: 8s
  tls: 8s
  mail: 8s
  rcpt: 8s
  quit: 1s
"""
PATIENT = re.sub(r"8s", "60s", QUICK)
SLOW_MACHINE = re.sub(r"\d+s", "600s", QUICK)
FASTER = ("--clock-speed", "10")  # the same waits in a tenth of the time


def results(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]
