"""The lab's network: two namespaces and a cable. Nothing else is reachable from either.

    lab side (this process)                    probe side (the program under test)
    10.24.0.0/15, fd25::/64  all local         10.26.0.2/24, fd26::2/64: no name
    10.26.0.1/24, fd26::1/64      <-- veth --> 10.26.0.3/24: a name that leads back
                                               10.26.0.11 to 13: further identities
    10.27.0.0/16  swallowed in silence

Ports 25 and 53 are free, loopback is empty, and when the first process ends the kernel ends
all others (a PID namespace).
"""
import os
import subprocess
import sys

PROBE_IP, PROBE_IP6 = "10.26.0.2", "fd26::2"
NAMED_IP = "10.26.0.3"  # of the probe side, too
IDENTITY_IPS = ("10.26.0.11", "10.26.0.12", "10.26.0.13")  # likewise
NSD_IP, UNBOUND_IP = "10.25.0.53", "10.25.0.54"
POSTGREY_IP = "10.25.0.60"
SILENT_IP = "10.27.0.1"  # accepts nothing, refuses nothing
REFUSING_IP = "10.25.255.1"  # nobody listens: reset
HOSTNAME = "lab.mxprobe.test"
MARK = "MXPROBE_LAB"


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


# unshare wants the root to be a mount point, which a plain chroot's is not. Bound to itself it is
# one; below /proc, which is a mount point there, so that it is seen in this namespace only.
OWN_ROOT = """mount --make-private /proc && mount --rbind / /proc/tty &&
mount --make-rprivate /proc/tty && exec chroot /proc/tty sh -c 'cd "$0" && exec "$@"' "$PWD" "$@"
"""


def root_is_mounted():
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
        return any(line.split()[4] == "/" for line in f)


def enter():
    """Start this program again in namespaces of its own. Returns in the new one only."""
    os.umask(0o022)  # the daemons have users of their own, who must read what is written here
    if os.environ.get(MARK) == "1":
        return
    if os.geteuid() != 0:
        sys.exit("FAIL lab: network namespaces need root; run by ./dev test (root or sudo)\n"
                 "0 passed, 1 failed")
    os.environ[MARK] = "1"
    command = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork",
               "--kill-child", "--mount-proc", sys.executable, *sys.argv]
    if not root_is_mounted():
        command = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", OWN_ROOT,
                   "sh", *command]
    os.execvp(command[0], command)


def build():
    run("hostname", HOSTNAME)
    run("mount", "-t", "tmpfs", "none", "/run")
    run("ip", "link", "set", "lo", "up")
    run("ip", "netns", "add", "probe")
    run("ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns", "probe")
    run("ip", "addr", "add", "10.26.0.1/24", "dev", "cable0")
    run("ip", "addr", "add", "fd26::1/64", "dev", "cable0", "nodad")
    run("ip", "link", "set", "cable0", "up")
    run("ip", "route", "add", "local", "10.24.0.0/15", "dev", "lo")
    run("ip", "-6", "route", "add", "local", "fd25::/64", "dev", "lo")
    with open("/proc/sys/net/ipv6/ip_nonlocal_bind", "w", encoding="ascii") as f:
        f.write("1")  # the addresses of that route are no interface's
    probe = ("ip", "-n", "probe")
    run(*probe, "link", "set", "lo", "up")
    run(*probe, "addr", "add", PROBE_IP + "/24", "dev", "cable1")
    run(*probe, "addr", "add", NAMED_IP + "/24", "dev", "cable1")
    for ip in IDENTITY_IPS:
        run(*probe, "addr", "add", ip + "/24", "dev", "cable1")
    run(*probe, "addr", "add", PROBE_IP6 + "/64", "dev", "cable1", "nodad")
    run(*probe, "link", "set", "cable1", "up")
    run(*probe, "route", "add", "10.24.0.0/15", "via", "10.26.0.1")
    run(*probe, "route", "add", "10.27.0.0/16", "via", "10.26.0.1")
    run(*probe, "-6", "route", "add", "fd25::/64", "via", "fd26::1")
    with open("/proc/sys/net/ipv4/ip_forward", encoding="ascii") as f:
        if f.read().strip() != "0":
            sys.exit("FAIL lab: forwarding is on, the silent network would answer")


def on_probe_side(command):
    """The command as it is started on the program's side of the cable."""
    return ["ip", "netns", "exec", "probe", *command]
