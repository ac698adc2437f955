"""cmake --install into a folder of its own: what must be there, and that it is well-formed."""
import os
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
        done = subprocess.run([shell, "-n", path], text=True, capture_output=True, check=False)
        report.check(f"install: {shell} can read it", there and done.returncode == 0
                     and not done.stderr, done.stderr)
    completions(lab, report, prefix)


def completions(lab, report, prefix):
    """As the shells themselves complete, in a folder that holds one file."""
    here = os.path.dirname(os.path.abspath(__file__))
    folder = os.path.join(lab.folder, "completion")
    os.mkdir(folder)
    with open(os.path.join(folder, "a list.csv"), "w", encoding="ascii"):
        pass
    share = os.path.join(prefix, "share")
    for shell, command in (
            ("zsh", ["zsh", "-f", os.path.join(here, "completion.zsh"),
                     os.path.join(share, "zsh", "site-functions")]),
            ("bash", ["bash", "--norc", os.path.join(here, "completion.bash"), share])):
        done = subprocess.run(command, cwd=folder, text=True, capture_output=True, check=False,
                              timeout=120, stdin=subprocess.DEVNULL)
        report.check(f"install: {shell} completes", done.returncode == 0,
                     done.stdout + done.stderr)
