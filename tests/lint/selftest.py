#!/usr/bin/env python3
"""Plants one breach of each house rule, and one thing each that only looks like a breach."""
import os
import sys
import tempfile

import lint
import tree

HEADER = "/* A thing. */\n#ifndef MXP_X_H\n#define MXP_X_H\n%s\n#endif\n"
LONG_FUNCTION = "int f(void)\n{\n" + "    g();\n" * 99 + "}\n"
# path, text, other files, part of the message or None for no breach
CASES = [
    ("dns/a.c", "#include <uv.h>\n", {}, "outside a file marked [io]"),
    ("dns/a.c", "#include <ares.h>\n", {}, "outside a file marked [io]"),
    ("probe/a.c", "#include <openssl/ssl.h>\n", {}, "outside a file marked [io]"),
    ("probe/a.c", "#include <uv.h>\n", {"probe/a.h": "/* [io] A loop. */\n"}, None),
    ("probe/a.c", "/* Not it. */\nint io; /* [io] */\n#include <uv.h>\n", {}, "marked [io]"),
    ("smtp/a.c", '#include "dns/name.h"\n', {}, "room smtp includes"),
    ("dns/a.c", '#include "smtp/reply.h"\n', {}, "room dns includes"),
    ("ratelimit/a.c", '#include "probe/io/loop.h"\n', {}, "room ratelimit includes"),
    ("probe/core/a.c", '#include "smtp/reply.h"\n', {}, "room core includes"),
    ("probe/a.c", '#include "smtp/reply.h"\n#include "dns/name.h"\n', {}, None),
    ("smtp/a.c", '#include "../dns/name.h"\n', {}, "by .."),
    ("smtp/a.c", '#include "reply.h"\n', {}, "with its room"),
    ("smtp/a.c", "    strcpy(a, b);\n", {}, "banned call strcpy"),
    ("smtp/a.c", "    n = atoi (a);\n", {}, "banned call atoi"),
    ("smtp/a.c", "    /* no strcpy(a, b) */ f(\"strcpy(\");\n", {}, None),
    ("smtp/a.c", "    mxp_strcpy(a, b); s->strcpy(a);\n", {}, None),
    ("smtp/a.c", "    if (tolower(c))\n", {}, "banned call tolower"),
    ("smtp/a.c", "    strtok_r(a, b, c);\n", {}, "banned call strtok_r"),
    ("tests/smtp/a.c", "    strtok_r(a, b, c);\n", {}, None),
    ("smtp/a.c", "typedef struct a a_t;\n", {}, "typedef"),
    ("smtp/a.c", "int x;\n" * 401, {}, "401 lines in a file"),
    ("smtp/a.c", "int x;\n" * 400, {}, None),
    ("tests/smtp/a.c", "int x;\n" * 401, {}, None),
    ("smtp/a.c", LONG_FUNCTION, {}, "lines in a function"),
    ("smtp/a.c", LONG_FUNCTION.replace("    g();\n", "", 1), {}, None),
    ("smtp/a.c", "x" * 101 + "\n", {}, "columns"),
    ("smtp/a.h", HEADER % "", {}, None),
    ("smtp/a.h", (HEADER % "").replace("/* A thing. */", ""), {}, "starts with a comment"),
    ("smtp/a.h", "/* A thing. */\nint x;\n", {}, "no include guard"),
    ("README.md", "see /" + "work/main\n", {}, "machine"),
    ("docs/a.md", "cd /" + "tmp/w/x\n", {}, "machine"),
    ("docs/a.md", "the net/" + "work/x and ./" + "work/x\n", {}, None),
    ("dev", "<<<<<<< HEAD\n", {}, "conflict"),
]


def wrong_files():
    """A worktree's .git is a file, and no part of the project."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (".git", "dev"):
            with open(os.path.join(folder, name), "w", encoding="ascii") as f:
                f.write("gitdir: elsewhere\n")
        found = tree.files(root=folder)
    if found == ["dev"]:
        return 0
    print(f"files of a worktree: expected dev alone, got {found}")
    return 1


def main():
    wrong = wrong_files()
    for path, text, others, expected in CASES:
        stored = {path: text, **others}

        def read(name):
            if name not in stored:
                raise FileNotFoundError(name)
            return stored[name]

        got = [what for _, what in lint.lint_file(path, read)]
        if (expected is None and got) or (expected and not any(expected in g for g in got)):
            wrong += 1
            print(f"{path}: {text[:60]!r}: expected {expected!r}, got {got}")
    print(f"{len(CASES) + 1} cases, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
