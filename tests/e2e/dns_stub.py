"""Resolvers that are no good: each answers every question with the same code, or invents an
address for every name."""
import socket
import threading

REFUSED, SERVFAIL = 5, 2


def answer(question, rcode, ip):
    flags = bytes([0x81, 0x80 | rcode])
    if ip is None:
        return question[:2] + flags + question[4:6] + bytes(6) + question[12:]
    end = question.index(0, 12) + 5  # the name's end, type and class
    asks_a = question[end - 4:end - 2] == b"\0\1"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(ip)
    return (question[:2] + flags + b"\0\1" + (b"\0\1" if asks_a else b"\0\0") + bytes(4) +
            question[12:end] + (record if asks_a else b""))


def start(at, rcode=0, ip=None):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((at, 53))

    def serve():
        while True:
            question, who = sock.recvfrom(4096)
            sock.sendto(answer(question, rcode, ip), who)

    threading.Thread(target=serve, daemon=True).start()
