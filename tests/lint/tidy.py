#!/usr/bin/env python3
"""clang-tidy over every compiled file, in parallel: tidy.py BUILD_DIR [FILE...]

A file that was clean is not read again until it, a header of ours that it reaches, its
command, .clang-tidy or the tool changes: their hash names an empty file in BUILD_DIR/tidy.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def resolve(name, folder):
    """A header of ours, from the way that it is written; None for one the build makes."""
    for path in (os.path.join(folder, name), name, os.path.join("probe", name)):
        path = os.path.normpath(path)
        if os.path.isfile(os.path.join(tree.ROOT, path)):
            return path
    return None


def closure(path):
    """The file and all headers of ours that it reaches, sorted."""
    seen, todo = set(), [path]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in INCLUDE.findall(tree.read(path)):
            found = resolve(name, os.path.dirname(path))
            if found:
                todo.append(found)
    return sorted(seen)


def stamp(entry, path, common):
    digest = hashlib.sha256(common)
    digest.update(entry["command"].encode())
    for name in closure(path):
        digest.update(name.encode() + b"\0" + tree.read(name).encode() + b"\0")
    return digest.hexdigest()


def check(tool, build, path):
    done = subprocess.run(
        [tool, "--quiet", "-p", build, "--warnings-as-errors=*", path],
        cwd=tree.ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + "\n".join(
        l for l in done.stderr.split("\n")
        if l and not re.match(r"\d+ warnings? (generated|treated)|Suppressed|Use -", l))


def main():
    tool = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
    if not tool:
        sys.exit("tidy: clang-tidy is missing; run ./dev setup")
    build = os.path.abspath(sys.argv[1])
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        entries = {os.path.relpath(os.path.realpath(e["file"]), tree.ROOT): e for e in json.load(f)}
    entries = {p: e for p, e in entries.items() if not p.startswith(("build/", ".."))}
    if len(entries) < 20:
        sys.exit(f"tidy: only {len(entries)} files in compile_commands.json")
    if sys.argv[2:]:
        entries = {p: entries[p] for p in sys.argv[2:]}
    version = subprocess.run([tool, "--version"], capture_output=True).stdout
    common = version + tree.read(".clang-tidy").encode()
    cache = os.path.join(build, "tidy")
    os.makedirs(cache, exist_ok=True)
    stamps = {p: os.path.join(cache, stamp(e, p, common)) for p, e in entries.items()}
    todo = [p for p in sorted(entries) if not os.path.exists(stamps[p])]
    n_bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for path, (status, text) in zip(todo, pool.map(lambda p: check(tool, build, p), todo)):
            if status == 0:
                open(stamps[path], "w", encoding="utf-8").close()
            else:
                n_bad += 1
                print(f"== {path}\n{text.strip()}")
    print(f"{len(entries)} files, {len(todo)} read anew, {n_bad} with findings")
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())
