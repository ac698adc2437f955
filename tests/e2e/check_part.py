"""mxprobe check: exit codes, the readable line, the object, the transcript."""
import json
import os
import resource
import stat

from program import COMMON, LAB

FIELDS = ("line address normalized verdict reason action provider mx ip stage code enhanced text "
          "catch_all role disposable free suggestion tls attempts duration_ms checked_at "
          "retry_after_s blocklist new_address exists limit footprint").split()
VALID, INVALID, UNKNOWN = "user@quick.test", "nobody@quick.test", "user@busy.test"


def exit_codes(lab, report):
    for expected, addresses in ((0, [VALID]), (1, [INVALID]), (2, [UNKNOWN]),
                                (1, [VALID, INVALID]), (2, [VALID, UNKNOWN]),
                                (1, [INVALID, UNKNOWN]), (1, [VALID, "no address"]),
                                (0, [VALID, VALID])):
        done = lab.program.run("check", *COMMON, *addresses)
        lines = done.stdout.splitlines()
        report.check(f"check: exit {expected} for {addresses}", done.returncode == expected,
                     f"exit {done.returncode}: {done.stdout}{done.stderr}")
        in_order = len(lines) == len(addresses) and all(
            line.startswith(address + ": ") for line, address in zip(lines, addresses))
        report.check(f"check: a line each, in order, for {addresses}", in_order, done.stdout)


def words(lab, report):
    done = lab.program.run("check", *COMMON, INVALID)
    report.check("check: the line has verdict, reason, action, host and evidence", all(
        word in done.stdout for word in ("invalid", "mailbox_not_found", "remove", "mx.quick.test",
                                         "550 5.1.1")), done.stdout)
    done = lab.program.run("check", "--json", *LAB, VALID, "x" * 65 + "@quick.test")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    report.check("check: the object has the contract's fields, in order",
                 all(list(o) == FIELDS for o in objects) and len(objects) == 2, done.stdout)
    report.check("check: no sender given is the null sender", any(
        c.upper().startswith("MAIL FROM:<>") for c in lab.servers["quick"].commands))


def transcript(lab, report):
    path = os.path.join(lab.folder, "transcript.txt")
    lab.program.run("check", *COMMON, "user@tls-first.test", "--transcript", path, umask=0)
    with open(path, encoding="utf-8") as f:
        text = f.read()
    in_order = [text.find(word) for word in ("connected to", "220 ", "EHLO", "STARTTLS",
                                             "TLSv1.", "self",
                                             "RCPT TO:<user@tls-first.test>", "250 2.1.5 Ok")]
    report.check("check: the transcript shows the TLS session in clear",
                 -1 not in in_order and in_order == sorted(in_order), text)
    mode = stat.S_IMODE(os.stat(path).st_mode)
    report.check("check: the transcript has mode 0600", mode == 0o600, oct(mode))
    done = lab.program.run("check", *COMMON, VALID, "--transcript", "-")
    report.check("check: --transcript - goes to standard error",
                 "RCPT TO:<user@quick.test>" in done.stderr and "RCPT" not in done.stdout,
                 done.stderr)
    done = lab.program.run("check", *COMMON, VALID, "--transcript", "/dev/full")
    report.check("check: a transcript that cannot be written is told, exit 74",
                 done.returncode == 74 and "transcript" in done.stderr,
                 f"exit {done.returncode}: {done.stderr}")


def small_files(lab, report):
    """A limit of the file's size is an error like a full disk, not the end by a signal."""
    listed = lab.program.file("junk.txt", "".join(f"no address {i}\n" for i in range(2000)))
    out = os.path.join(lab.folder, "limited.csv")
    done = lab.program.run("bulk", listed, "-o", out, *COMMON, preexec_fn=lambda: (
        resource.setrlimit(resource.RLIMIT_FSIZE, (200000, 200000))))
    report.check("bulk: a file that may not grow is exit 74", done.returncode == 74
                 and "too large" in done.stderr, f"exit {done.returncode}: {done.stderr}")
    done = lab.program.run("check", *COMMON, VALID, "--exclude", lab.program.file("raw", b"\x1b[2J"))
    report.check("check: what a file holds moves no cursor", done.returncode == 65
                 and "\\x1b[2J" in done.stderr, f"exit {done.returncode}: {done.stderr!r}")


def refusals(lab, report):
    """Nothing is asked where the command line makes no sense."""
    program = lab.program
    full = (*LAB, "--mail-from", "probe@lab.test")
    listed = program.file("refusals.txt", f"{VALID}\n")
    for name, expected, args, words_ in (
            ("no address", 64, ("check",), "ADDRESS"),
            ("an unknown option", 64, ("check", "--colour", VALID), "--colour"),
            ("an unknown command", 64, ("chekc", VALID), "chekc"),
            ("a bad port", 64, ("check", *full, "--port", "99999", VALID), "port"),
            ("a bad sender", 64, ("check", *LAB, "--mail-from", "a b@c", VALID), "mail-from"),
            ("a bad duration", 64, ("bulk", *full, "--retry-for", "5 days", listed), "retry-for"),
            ("two lists", 64, ("bulk", *full, listed, listed), "too much"),
            ("a source that is not ours", 78, ("check", *full, "--source", "192.0.2.77", VALID),
             "192.0.2.77"),
            ("no sender in bulk", 78, ("bulk", *LAB, listed), "mail-from"),
            ("the null sender in bulk", 78, ("bulk", "--ehlo", "lab.mxprobe.test", "--mail-from",
                                             "<>", listed), "null sender"),
            ("limits off for the world", 64, ("bulk", "--ehlo", "lab.mxprobe.test", "--mail-from",
                                              "probe@lab.test", "--limits", "off", listed),
             "allow-private-mx")):
        done = program.run(*args)
        report.check(f"usage: {name}, exit {expected}",
                     done.returncode == expected and words_ in done.stderr and not done.stdout,
                     f"exit {done.returncode}: {done.stdout}{done.stderr}")
    _, got = program.check("user@public.test", "--limits", "off")
    report.check("usage: limits off does not reach public addresses",
                 got[0]["reason"] == "mx_refused", str(got))
    done = program.run("check", "--json", "--resolver", LAB[1], "--ehlo", "lab.mxprobe.test", VALID)
    report.check("usage: a private MX is refused unless it is allowed",
                 json.loads(done.stdout)["reason"] == "mx_refused", done.stdout)


def config(lab, report):
    program = lab.program
    for name, text, words_ in (
            ("an unknown key", "port: 25\nretry_affter: 5m\n", (":2:", "retry_affter")),
            ("a bad value", "quiet: false\n\nport: 0\n", (":3:", "port")),
            ("an unknown key inside", "timeouts:\n  conect: 3s\n", (":2:", "conect")),
            ("no YAML", "port: [25\n", (":",)),
            ("a bad provider", "providers:\n  - name: x\n", (":2:", "mx"))):
        path = program.file("bad.yaml", text)
        done = program.run("check", "--config", path, *COMMON, VALID)
        report.check(f"config: {name}, exit 78 with file, line and key",
                     done.returncode == 78 and path in done.stderr
                     and all(word in done.stderr for word in words_) and not done.stdout,
                     f"exit {done.returncode}: {done.stderr}")
    path = program.file("good.yaml", "ehlo: lab.mxprobe.test\nmail_from: from-file@lab.test\n"
                        f"resolver: {LAB[1]}\nallow_private_mx: true\njson: true\n")
    done = program.run("check", "--config", path, VALID)
    report.check("config: a file can say it all", done.returncode == 0
                 and json.loads(done.stdout)["verdict"] == "valid"
                 and any("from-file@lab.test" in c for c in lab.servers["quick"].commands),
                 f"exit {done.returncode}: {done.stdout}{done.stderr}")
    path = program.file("default.yaml", program.run("help", "config").stdout)
    done = program.run("check", "--config", path, *COMMON, VALID)
    report.check("config: what help config prints is one", done.returncode == 0, done.stderr)
    done = program.run("check", "--config", "/no/such/file", *COMMON, VALID)
    report.check("config: a file that is not there", done.returncode in (66, 78)
                 and "/no/such/file" in done.stderr, f"exit {done.returncode}: {done.stderr}")


def run(lab, report):
    for part in (exit_codes, words, transcript, small_files, refusals, config):
        part(lab, report)
