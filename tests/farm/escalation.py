#!/usr/bin/env python3
"""The referee can find fault: a client without manners meets throttles, then drops, then a block,
in that order and to the number; mxprobe without its limits is caught, and with them it is not.

escalation.py FARM MXPROBE"""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile

UNIVERSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "strict.yaml")
ACCEPTED, THROTTLED, DROPPED = 60, 20, 11  # strict.yaml: the 31st excess is dropped, and blocks


def check(name, fine, seen):
    if not fine:
        sys.exit(f"FAIL {name}: {seen}")
    print(f"PASS {name}: {seen}")


class Farm:
    def __init__(self, program, folder, speed):
        self.ready, self.report = os.path.join(folder, "ready"), os.path.join(folder, "report")
        os.mkfifo(self.ready)
        self.process = subprocess.Popen(
            [program, "serve", UNIVERSE, "--speed", str(speed), "--ready", self.ready,
             "--report", self.report], stdout=subprocess.DEVNULL)
        with open(self.ready, encoding="ascii") as f:  # until the farm has written its ports
            ports = dict(line.split() for line in f)
        self.smtp, self.dns = int(ports["smtp"]), int(ports["dns"])

    def end(self):
        """The referee's words about the one provider."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait()
        with open(self.report, encoding="ascii") as f:
            said = json.load(f)["providers"][0]
        fault = bool(said["drops"] or said["blocks"])
        check("the referee's exit code tells whether it found fault", code == fault,
              f"{code}, fault: {fault}")
        return said


class Rough:
    """A client that never slows down. Its log has a word for each thing that it was told."""

    def __init__(self, port):
        self.port, self.log, self.file = port, [], None

    def command(self, line):
        """The reply's code, or None where the connection is gone."""
        try:
            if line:
                self.file.write(line.encode() + b"\r\n")
                self.file.flush()
            reply = self.file.readline()
            while reply[3:4] == b"-":
                reply = self.file.readline()
        except OSError:
            reply = b""
        return int(reply[:3]) if reply else None

    def hang_up(self):
        try:
            if self.file:
                self.file.close()
        except OSError:
            pass  # what was not written is of no use to a connection that is gone
        self.file = None

    def connect(self):
        self.hang_up()
        try:
            with socket.create_connection(("127.2.1.10", self.port)) as s:
                self.file = s.makefile("rwb")
        except OSError:
            return None
        return self.command(None)

    def ask(self, n):
        if not self.file:
            code = self.connect()
            if code != 220:
                self.hang_up()
                return "drop" if code is None else f"greeted {code}"
            self.command("EHLO rough.example")
            self.command("MAIL FROM:<rough@rough.example>")
        code = self.command(f"RCPT TO:<u{n}@strict.example>")
        if code is None:
            self.hang_up()
            return "drop"
        return "throttle" if code == 450 else "answer"

    def run(self):
        for n in range(1000):
            self.log.append(self.ask(n))
            if self.log[-1].startswith("greeted"):
                break
        self.hang_up()
        return self.log


def rough_client(program, folder):
    farm = Farm(program, folder, 1)
    log = Rough(farm.smtp).run()
    seen = farm.end()
    stages = [word for i, word in enumerate(log) if i == 0 or log[i - 1] != word]
    check("throttles, then drops, then a block",
          stages == ["answer", "throttle", "drop", "greeted 554"], stages)
    counts = [log.count(word) for word in ("answer", "throttle", "drop")]
    check("each in its number", counts == [ACCEPTED, THROTTLED, DROPPED], counts)
    said = [seen[key] for key in ("throttled", "drops", "blocks")]
    check("the referee has counted them", said == [THROTTLED, DROPPED, 1], said)


def prober(program, mxprobe, folder, speed, n, *options):
    """Exit codes of the prober and of the score, and what the referee says."""
    farm = Farm(program, folder, speed)
    listed, out = os.path.join(folder, "list"), os.path.join(folder, "out.csv")
    with open(listed, "wb") as f:
        subprocess.run([program, "list", UNIVERSE, str(n)], stdout=f, check=True)
    done = subprocess.run(
        [mxprobe, "bulk", listed, "-o", out, "--resolver", f"127.0.0.1:{farm.dns}",
         "--port", str(farm.smtp), "--allow-private-mx", "--clock-speed", str(speed), "--quiet",
         "--ehlo", "probe.example.org", "--mail-from", "check@example.org", *options], check=False)
    seen = farm.end()
    score = subprocess.run([program, "score", UNIVERSE, out, str(n)], check=False,
                           stdout=subprocess.PIPE)
    return [done.returncode, score.returncode], seen


def main():
    program, mxprobe = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        rough_client(program, folder)
    with tempfile.TemporaryDirectory() as folder:
        codes, seen = prober(program, mxprobe, folder, 20, 1000, "--limits", "off",
                             "--retry-for", "1m", "--retry-after", "10s")
        check("without limits: no false verdict", codes == [0, 0], codes)
        check("without limits: throttled, dropped, blocked",
              seen["throttled"] and seen["drops"] and seen["blocks"], seen)
    with tempfile.TemporaryDirectory() as folder:
        codes, seen = prober(program, mxprobe, folder, 40, 150)
        check("with limits: no false verdict", codes == [0, 0], codes)
        check("with limits: neither dropped nor blocked", not seen["drops"] + seen["blocks"], seen)


if __name__ == "__main__":
    main()
