#!/usr/bin/env python3
"""Lists of hostile values through the program, its results read back by Python's csv and json:
list_roundtrip.py PROGRAM [SEED..]. A DNS server on loopback says NXDOMAIN to everything."""
import csv
import io
import json
import random
import socket
import subprocess
import sys
import threading

PIECES = ['"', '""', ",", ";", "\r\n", "\n", "\r", "=1+1", "'", " ", "\t", "ü", "\x00", "\x1b",
          "\x7f", "\x85", "\u200b", "\u2028", "💩", "a", "|", "\\", "<", ">", "@"]
N_ROWS = 300
N_OURS = 28


def serve(sock):
    while True:
        question, peer = sock.recvfrom(2048)
        sock.sendto(question[:2] + b"\x81\x83" + question[4:6] + bytes(6) + question[12:], peer)


def run(program, port, data, *options):
    command = [program, "bulk", "-", "--resolver", f"127.0.0.1:{port}", "--ehlo",
               "probe.example.org", "--mail-from", "check@example.org", "--retry-for", "0", "-q"]
    done = subprocess.run([*command, *options], input=data, stdout=subprocess.PIPE, check=True,
                          timeout=120)
    return done.stdout


def make_rows(rng):
    def value():
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(8)))

    for i in range(N_ROWS):
        address = rng.choice([f"u{i}@x.example", f"U <u{i % 9}@x.example>", value(), "",
                              f'"q {i}"@x.example', "a@" + value()])
        yield [value(), address, value()]


def count_ends(text):
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


def check_csv(out, names, rows, lines):
    """Own columns unchanged, ours behind them, one result a record, its line right."""
    header, *results = csv.reader(io.StringIO(out.decode(), newline=""))
    assert header[:3] == names and len(header) == len(set(header)) == 3 + N_OURS, header
    assert len(results) == len(rows), (len(results), len(rows))
    found = {int(result[3]): result for result in results}
    assert sorted(found) == lines, set(found) ^ set(lines)
    for line, row in zip(lines, rows):
        result = found[line]
        assert len(result) == 3 + N_OURS and result[:3] == row, (line, row, result)
        assert result[4] == row[1].strip(" \t\r\n"), (line, row, result)


def check_json(out, n):
    objects = [json.loads(line) for line in out.decode().split("\n")[:-1]]
    assert len(objects) == n, len(objects)
    assert {tuple(o) for o in objects} == {tuple(objects[0])} and len(objects[0]) == N_OURS


def check(program, port, seed):
    rng = random.Random(seed)
    rows = list(make_rows(rng))
    names = ["line", "E-Mail", "mxprobe_line"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=rng.choice(["\r\n", "\n"]), quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    writer.writerows(rows)
    data = text.getvalue().encode()
    lines, line = [], 2
    for row in rows:
        lines.append(line)
        line += 1 + sum(count_ends(value) for value in row)
    check_csv(run(program, port, data), names, rows, lines)
    data += b'"\xff\xfe","\xff@x.example",\r\n'
    check_json(run(program, port, data, "--format", "jsonl"), N_ROWS + 1)


def main():
    program, seeds = sys.argv[1], [int(seed) for seed in sys.argv[2:]] or [1, 2, 3]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        threading.Thread(target=serve, args=(sock,), daemon=True).start()
        for seed in seeds:
            print("seed", seed, flush=True)
            check(program, sock.getsockname()[1], seed)


main()
