#!/usr/bin/env python3
"""House rules that no compiler holds. Prints file:line: rule, and fails if there is any.

Rooms: core <- smtp, ratelimit, dns <- probe; no room includes one beside or above it.
<uv.h>, <ares.h>, <openssl/*> only in files whose head says [io]. Banned calls. Lengths.
No paths of somebody's machine. selftest.py plants one breach of each rule.
"""
import re
import sys

import tree

MAY_INCLUDE = {
    "core": {"core"},
    "smtp": {"core", "smtp"},
    "ratelimit": {"core", "ratelimit"},
    "dns": {"core", "dns"},
    "probe": {"core", "smtp", "ratelimit", "dns", "probe"},
}
ROOMS = set(MAY_INCLUDE)
IO_HEADERS = re.compile(r"<(uv\.h|uv/.*|ares.*\.h|openssl/.*)>")
BANNED = {
    "strcpy", "strcat", "sprintf", "vsprintf", "strtok", "strtok_r", "atoi", "atol", "atoll",
    "sscanf", "gets", "strncpy", "strncat", "alloca", "isalpha", "isdigit", "isalnum", "isspace",
    "isprint", "iscntrl", "isupper", "islower", "isxdigit", "ispunct", "toupper", "tolower",
    "strcasecmp", "strncasecmp", "setlocale", "system", "popen", "tmpnam", "mktemp", "rand",
    "srand", "localtime", "gmtime", "ctime", "asctime",
}
# the calls of a test's script are its own
BANNED_NOT_IN_TESTS = {"strtok_r"}
FILE_MAX, FUNCTION_MAX, LINE_MAX = 400, 100, 100
TEST_FUNCTION_MAX = 200  # the table of cases often stands inside
HEAD_LINES = 20
# written apart, so that this file does not break its own rule
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:" + "wo" + "rk|tm" + "p/w)/|/ro" + "ot/|/ho" + "me/\\w")
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    """Comments and literals become blanks of the same shape: line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group())


def room_of(path):
    if path.startswith("probe/core/"):
        return "core"
    top = path.split("/")[0]
    return top if top in ROOMS else None


def is_io(path, read):
    """[io] in the head of the file, or of the header that it implements."""
    heads = [path] if path.endswith(".h") else [path, path[:-2] + ".h"]
    for head in heads:
        try:
            text = "\n".join(read(head).split("\n")[:HEAD_LINES])
        except OSError:
            continue
        comment = re.match(r"\s*/\*.*?\*/", text, re.S)
        if comment and "[io]" in comment.group():
            return True
    return False


def lint_includes(path, text, read):
    room = room_of(path)
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*([<"][^>"]+[>"])', line)
        if not found:
            continue
        name = found.group(1)
        if room and IO_HEADERS.match(name) and not is_io(path, read):
            yield number, f"{name} outside a file marked [io]"
        other = name[1:].split("/")[0] if name[0] == '"' else None
        if room and name[0] == '"' and "/" not in name:
            yield number, f'{name}: write it with its room, "room/file.h"'
        if room and other in ROOMS and other not in MAY_INCLUDE[room]:
            yield number, f"room {room} includes {name}"
        if room and ".." in name:
            yield number, f"{name} leaves its room by .."


def lint_calls(path, code):
    banned = BANNED - BANNED_NOT_IN_TESTS if path.startswith("tests/") else BANNED
    for number, line in enumerate(code.split("\n"), 1):
        for name in re.findall(r"(?<![\w>.])([a-z_]\w*)\s*\(", line):
            if name in banned:
                yield number, f"banned call {name}()"
        if re.search(r"\btypedef\s+(struct|union)\b", line):
            yield number, "typedef of a struct"


def lint_lengths(path, code):
    lines = code.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    if not path.startswith("tests/") and len(lines) > FILE_MAX:
        yield len(lines), f"{len(lines)} lines in a file, {FILE_MAX} at most"
    function_max = TEST_FUNCTION_MAX if path.startswith("tests/") else FUNCTION_MAX
    start = None
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX and not line.startswith("#define"):  # clang-format aligns those
            yield number, f"{len(line)} columns, {LINE_MAX} at most"
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start + 1 > function_max:
                yield start, f"{number - start + 1} lines in a function, {function_max} at most"
            start = None


def lint_header(path, text):
    if not path.endswith(".h"):
        return
    if not re.match(r"\s*/\*", text):
        yield 1, "a header starts with a comment on what it is"
    if not re.search(r"#ifndef MXP_\w+_H\n#define MXP_\w+_H\n", text) and "#pragma once" not in text:
        yield 1, "no include guard"


def lint_text(text):
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATH.search(line):
            yield number, "a path of somebody's machine"
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            yield number, "a conflict left over"


def lint_file(path, read):
    text = read(path)
    if "\0" not in text:
        yield from lint_text(text)
    if path.endswith((".c", ".h")):
        code = TOKEN.sub(blank, text)
        yield from lint_includes(path, text, read)
        yield from lint_calls(path, code)
        yield from lint_lengths(path, code)
        if room_of(path):
            yield from lint_header(path, text)


def main():
    paths = tree.files()
    found = [(p, n, what) for p in paths for n, what in sorted(lint_file(p, tree.read))]
    for path, number, what in found:
        print(f"{path}:{number}: {what}")
    n_code = sum(p.endswith((".c", ".h")) for p in paths)
    if n_code < 20:
        sys.exit(f"lint: only {n_code} source files found: this is not the tree")
    print(f"{len(paths)} files, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
