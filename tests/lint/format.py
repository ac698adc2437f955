#!/usr/bin/env python3
"""clang-format 14 over the whole tree: check, or --fix."""
import shutil
import subprocess
import sys

import tree


def main():
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        sys.exit("format: clang-format is missing; run ./dev setup")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if " version 14." not in version:
        sys.exit(f"format: clang-format 14 is needed, versions differ; this is {version.strip()}")
    paths = tree.files((".c", ".h"))
    if len(paths) < 20:
        sys.exit(f"format: only {len(paths)} source files found: this is not the tree")
    how = ["-i"] if "--fix" in sys.argv[1:] else ["--dry-run", "-Werror"]
    status = subprocess.run([tool, *how, *paths], cwd=tree.ROOT).returncode
    print(f"{len(paths)} files")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
