#!/usr/bin/env python3
"""explain as a user runs it: the examples of docs/explain.md, exit codes, full disks, closed pipes.

explain_cli.py PROGRAM DOC; with --write the examples' outputs are written anew.
"""
import json
import os
import re
import subprocess
import sys

ARGS = [a for a in sys.argv[1:] if a != "--write"]
PROGRAM, DOC = os.path.abspath(ARGS[0]), ARGS[1]
failed = []


def run(command, **more):
    path = os.path.dirname(PROGRAM) + os.pathsep + os.environ["PATH"]
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PATH": path}, **more)


def expect(what, good, seen=""):
    if not good:
        failed.append(what)
        print(f"FAIL {what}\n{seen}")


def examples(text):
    """(command, output) of each block of code that starts with "$ "."""
    for block in re.findall(r"(?m)^    \$ .*\n(?:    .*\n|\n(?=    ))*", text):
        lines = [line[4:] for line in block.rstrip("\n").split("\n")]
        yield lines[0][2:], "\n".join(lines[1:]) + "\n"


def stable(output):
    """The line of a rule moves with its file."""
    return re.sub(r'("rule":"[^":]*):[0-9]+"', r'\1"', output)


def check_doc():
    with open(DOC, encoding="utf-8") as file:
        text = file.read()
    n = 0
    for command, output in examples(text):
        done = run(command)
        n += 1
        expect(f"{DOC}: {command}", stable(done.stdout) == stable(output) and done.returncode == 0,
               f"--- printed\n{done.stdout}{done.stderr}--- documented\n{output}")
    expect("the document has examples", n >= 4, n)


def check_exits():
    cases = [
        ("mxprobe explain 550", 0),
        ("mxprobe explain --json 550 5.1.1", 0),
        ("mxprobe explain", 64),
        ("mxprobe explain --nonsense 550", 64),
        ("mxprobe explain --batch", 64),
        ("mxprobe explain --batch /nonexistent", 66),
        ("mxprobe explain --batch /", 66),
        ("mxprobe explain --batch /dev/null", 0),
        ("mxprobe explain 550 >/dev/full", 74),
        ("mxprobe explain --json 550 >/dev/full", 74),
        ("printf 'a\\n' | mxprobe explain --batch - >/dev/full", 74),
        ("mxprobe explain 550 >&-", 74),
        ("printf 'a\\n' | mxprobe explain --batch - >&-", 74),
        ("mxprobe explain --batch - <&-", 66),
        ("yes 'rcpt\t-\t550 no' | head -n 200000 | mxprobe explain --batch - | head -n 1 >/dev/null;"
         " exit ${PIPESTATUS[2]}", 74),
        ("mxprobe explain --rules /nonexistent 550", 78),
        ("mxprobe help explain", 0),
    ]
    for command, code in cases:
        done = run(command)
        expect(f"{command}: exit {code}", done.returncode == code,
               f"{done.returncode}\n{done.stderr}")
        expect(f"{command}: a failure says why", code == 0 or "mxprobe: " in done.stderr,
               done.stderr)


def check_json():
    done = run("mxprobe explain --json 550 5.1.1 x.2.2 $'550-5.1.1 a\\n550 5.1.1 no such user'"
               " '550-5.1.1 a\\n550 5.1.1 no such user'")
    rows = [json.loads(line) for line in done.stdout.split("\n")[:-1]]
    expect("one line for each argument", len(rows) == 5, done.stdout)
    expect("both ways to write a line end", rows[3] == rows[4], rows[3:])
    keys = ["verdict", "reason", "action", "code", "enhanced", "provider", "retry_after_s",
            "blocklist", "new_address", "exists", "limit", "footprint", "rule"]
    for row in rows:
        expect("the documented fields", list(row)[:13] == keys, list(row))
    with open(DOC, encoding="utf-8") as file:
        doc = file.read()
    for key in [*rows[0], *rows[0]["known"][0]]:
        expect(f"{key} is documented", f"`{key}`" in doc)
    done = run("printf 'rcpt\\t-\\t550 5.1.1 no\\n' | mxprobe explain --batch -")
    expect("a batch has those fields", list(json.loads(done.stdout)) == keys, done.stdout)


def write_doc():
    with open(DOC, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"(?m)^@(.*)$", r"    $ \1", text)
    for command, output in list(examples(text)):
        block = "".join(f"    {line}\n" if line else "\n" for line in
                        run(command).stdout.rstrip("\n").split("\n"))
        old = "".join(f"    {line}\n" if line else "\n" for line in
                      output.rstrip("\n").split("\n")) if output.strip() else ""
        text = text.replace(f"    $ {command}\n{old}", f"    $ {command}\n{block}", 1)
    with open(DOC, "w", encoding="utf-8") as file:
        file.write(text)


if "--write" in sys.argv:
    write_doc()
    sys.exit(0)
check_doc()
check_exits()
check_json()
print(f"{len(failed)} failed")
sys.exit(1 if failed else 0)
