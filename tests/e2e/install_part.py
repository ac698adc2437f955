"""cmake --install into a folder of its own: what must be there, and that it is well-formed."""
import os
import shutil
import subprocess


def run(lab, report):
    build = os.path.dirname(os.path.dirname(lab.program.path))
    if not os.path.exists(os.path.join(build, "CMakeCache.txt")):
        print("install: left out, the program does not lie in its build folder", flush=True)
        return
    prefix = os.path.join(lab.folder, "prefix")
    done = subprocess.run(["cmake", "--install", build, "--prefix", prefix], text=True,
                          capture_output=True, check=False)
    report.check("install: done", done.returncode == 0, done.stdout + done.stderr)
    program = os.path.join(prefix, "bin", "mxprobe")
    done = subprocess.run([program, "version"], text=True, capture_output=True, check=False)
    report.check("install: the program runs", done.returncode == 0 and "mxprobe" in done.stdout,
                 done.stdout + done.stderr)
    page = os.path.join(prefix, "share", "man", "man1", "mxprobe.1")
    done = subprocess.run(["groff", "-man", "-Tascii", "-P-cbu", "-ww", page], text=True,
                          capture_output=True, check=False)
    report.check("install: the man page renders without a warning", done.returncode == 0
                 and not done.stderr and all(word in done.stdout for word in (
                     "EXIT STATUS", "--resume", "--retry-for")), done.stderr)
    for shell, path in (("bash", "share/bash-completion/completions/mxprobe"),
                        ("zsh", "share/zsh/site-functions/_mxprobe")):
        path = os.path.join(prefix, path)
        there = os.path.getsize(path) > 500 if os.path.exists(path) else False
        report.check(f"install: a completion for {shell}", there, path)
        if there and shutil.which(shell):
            done = subprocess.run([shell, "-n", path], text=True, capture_output=True, check=False)
            report.check(f"install: {shell} can read it", done.returncode == 0
                         and not done.stderr, done.stderr)
