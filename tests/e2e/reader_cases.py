"""Results and messages that nobody reads: the run is held, hears signals, and loses no line."""
import fcntl
import json
import os
import signal
import subprocess
import termios
import time

PATIENCE_S = 60
JUNK = 30000  # lines that are answered at once: some 9 MB of results
LAST = [f"user{i}@slow{i % 8}.test" for i in range(16)]


def reader_list(lab):
    return lab.program.file("reader.txt", "".join(f"no address {i}\n" for i in range(JUNK))
                            + "".join(address + "\n" for address in LAST))


def n_asked(lab):
    return sum(len(lab.servers[f"slow{i}"].recipients()) for i in range(8))


def waiting(pipe):
    octets = bytearray(4)
    fcntl.ioctl(pipe, termios.FIONREAD, octets)
    return int.from_bytes(octets, "little")


def stalled(pipe):
    """It has written what the pipe holds, and nothing more for a second."""
    end, last, since = time.monotonic() + PATIENCE_S, -1, time.monotonic()
    while time.monotonic() < end:
        now = waiting(pipe)
        if now != last:
            last, since = now, time.monotonic()
        if now > 32768 and time.monotonic() - since > 1:
            return True
        time.sleep(0.05)
    return False


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))


def ended(child):
    try:
        return child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return None


def start(lab, options, **more):
    return lab.program.start("bulk", reader_list(lab), "--format", "jsonl", *options, **more)


def comes_back(lab, report, options):
    before = n_asked(lab)
    child = start(lab, options, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    held = stalled(child.stdout) and n_asked(lab) == before
    memory = resident(child.pid)
    report.check("nobody reads: nothing more is asked", held, f"{n_asked(lab) - before} questions")
    report.check("nobody reads: memory is bounded", memory < 200e6, f"{memory} octets")
    lines = [json.loads(line)["line"] for line in child.stdout]
    report.check("the reader is back: each line once, exit 0",
                 ended(child) == 0 and sorted(lines) == list(range(1, JUNK + len(LAST) + 1)),
                 f"{len(lines)} lines, exit {child.returncode}")


def interrupted(lab, report, options):
    child = start(lab, options, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stalled(child.stdout)
    begin = time.monotonic()
    child.send_signal(signal.SIGINT)
    code = ended(child)
    took = time.monotonic() - begin
    said = child.stderr.read().decode()
    report.check("nobody reads, SIGINT: exit 75 in a moment", code == 75 and took < 20,
                 f"exit {code} after {took:.1f} s: {said[-500:]}")
    report.check("nobody reads, SIGINT: it says what is lost",
                 "nobody reads" in said and "interrupted" in said, said[-500:])
    lines = child.stdout.read().splitlines()
    report.check("nobody reads, SIGINT: whole lines only",
                 all(json.loads(line) for line in lines) and 0 < len(lines) < JUNK, f"{len(lines)}")


def full_pipe():
    """A pipe that takes nothing more, and its other end."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    try:
        while True:
            os.write(theirs, bytes(65536))
    except BlockingIOError:
        os.set_blocking(theirs, True)
    return ours, theirs


def messages(lab, report, options):
    """Progress and the report have no reader: that stops nothing, and SIGINT is heard."""
    ours, theirs = full_pipe()
    before = n_asked(lab)
    child = start(lab, (*options, "--progress", "-o", os.path.join(lab.folder, "read.jsonl")),
                  stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    end = time.monotonic() + PATIENCE_S
    while n_asked(lab) == before and time.monotonic() < end:
        time.sleep(0.05)
    asked = n_asked(lab) > before
    child.send_signal(signal.SIGINT)
    code = ended(child)
    os.close(ours)
    report.check("nobody reads the messages: it goes on, and SIGINT ends it with exit 75",
                 asked and code == 75, f"exit {code}, {asked}")


def run(lab, report, options):
    for case in (comes_back, interrupted, messages):
        case(lab, report, options)
