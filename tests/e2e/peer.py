"""Servers of our own: a listener per address, a thread per connection, and their memory.

A handler is a function of a Peer. What clients say is kept in Server.commands, so that tests
can ask afterwards who was asked what, and that nobody ever sent DATA.
"""
import itertools
import socket
import struct
import threading
import time

PATIENCE_S = 60


class Gone(Exception):
    """The client closed, or took longer than any client should."""


class Peer:
    """One connection, seen from the server."""

    def __init__(self, sock, server):
        self.sock, self.server, self.buffer = sock, server, b""
        self.host = server.host
        sock.settimeout(PATIENCE_S)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Gone from e

    def say(self, reply):
        """A reply as text: lines separated by newline, {host} filled in."""
        text = reply.replace("{host}", self.host)
        self.send("".join(line + "\r\n" for line in text.split("\n")).encode("utf-8"))

    def line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.sock.recv(4096)
            except OSError as e:
                raise Gone from e
            if not data:
                raise Gone
            self.buffer += data
            if len(self.buffer) > 1 << 20:
                raise Gone
        line, self.buffer = self.buffer.split(b"\n", 1)
        line = line.rstrip(b"\r").decode("utf-8", "replace")
        self.server.heard(line)
        return line

    def until(self, verb):
        """Read commands until one starts with verb; they are not answered."""
        while True:
            line = self.line()
            if line.upper().startswith(verb):
                return line

    def tls(self, context):
        """STARTTLS; what the client sent too early is thrown away."""
        self.buffer = b""
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True)
        except (OSError, ValueError) as e:
            raise Gone from e
        self.server.tls_versions.append(self.sock.version())

    def reset(self):
        """Close with RST."""
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.sock.close()
        raise Gone

    def wait(self):
        """Say nothing more; return when the client has gone."""
        try:
            while self.sock.recv(4096):
                pass
        except OSError:
            pass
        raise Gone


class Server:
    """A handler at an address; counts, and remembers what it heard."""

    def __init__(self, name, host, ip, handler, port=25, ip6=None):
        self.name, self.host, self.handler = name, host, handler
        self.commands, self.tls_versions = [], []
        self.lock = threading.Lock()
        self.n_open = self.n_open_max = self.n_connections = 0
        self.listeners = [self.listen(socket.AF_INET, ip, port)]
        if ip6:
            self.listeners.append(self.listen(socket.AF_INET6, ip6, port))
        self.ids = itertools.count()

    def listen(self, family, ip, port):
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((ip, port))
        sock.listen(64)
        threading.Thread(target=self.accept, args=(sock,), daemon=True).start()
        return sock

    def heard(self, line):
        with self.lock:
            self.commands.append(line)

    def accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with self.lock:
            self.n_connections += 1
            self.n_open += 1
            self.n_open_max = max(self.n_open_max, self.n_open)
        peer = Peer(sock, self)
        try:
            self.handler(peer)
        except Gone:
            pass
        finally:
            peer.sock.close()
            with self.lock:
                self.n_open -= 1

    def recipients(self):
        """The mailboxes that were asked about, in order."""
        return [c[c.index("<") + 1:c.rindex(">")] for c in list(self.commands)
                if c.upper().startswith("RCPT TO:<") and ">" in c]


def slowly(peer, data, seconds_each):
    for byte in data:
        peer.send(bytes([byte]))
        time.sleep(seconds_each)
