"""A gRPC client that knows nothing of proxies but what the environment says (grpc_proxy).

usage: grpc_client.py TARGET kinds              the four kinds of calls, once each
       grpc_client.py TARGET bulk MEGABYTES     so much to the server and so much back, checked
       grpc_client.py TARGET many CONNECTIONS   so many at once, two calls on each
       grpc_client.py TARGET latency CALLS      unary calls one after the other
       grpc_client.py TARGET beat MILLISECONDS  a numbered message that often and back in one duplex
                                                call, until standard input ends
Prints one line of JSON; a call that fails ends it with its status on standard error.
"""

import json
import sys
import threading
import time
import zlib

import grpc

MEGABYTE = 1 << 20
DEADLINE = 120


class Lab:
    def __init__(self, target):
        options = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.insecure_channel(target, options)
        self.unary = self.channel.unary_unary("/lab.Lab/Unary")
        self.total = self.channel.stream_unary("/lab.Lab/Total")
        self.source = self.channel.unary_stream("/lab.Lab/Source")
        self.echo = self.channel.stream_stream("/lab.Lab/Echo")


def kinds(lab, _):
    sent = [b"one", b"two", b"three"]
    return {
        "unary": lab.unary(b"hello", timeout=DEADLINE).decode(),
        "client": lab.total(iter(sent), timeout=DEADLINE).decode(),
        "server": [len(m) for m in lab.source(b"3 1000", timeout=DEADLINE)],
        "duplex": [m.decode() for m in lab.echo(iter(sent), timeout=DEADLINE)],
        "client_expected": "11 %d" % zlib.crc32(b"".join(sent)),
    }


def bulk(lab, megabytes):
    def messages():
        for number in range(megabytes):
            yield bytes([number % 256]) * MEGABYTE

    crc = 0
    for message in messages():
        crc = zlib.crc32(message, crc)
    start = time.monotonic()
    answer = lab.total(messages(), timeout=5 * DEADLINE).decode()
    there = time.monotonic()
    back = 0
    for message in lab.source(b"%d %d" % (megabytes, MEGABYTE), timeout=5 * DEADLINE):
        back = zlib.crc32(message, back)
    end = time.monotonic()
    return {
        "intact": answer == "%d %d" % (megabytes * MEGABYTE, crc) and back == crc,
        "there_seconds": there - start,
        "back_seconds": end - there,
    }


def many(lab, connections):
    start = time.monotonic()
    labs = [Lab(sys.argv[1]) for _ in range(connections)]
    answered = 0
    for round in range(2):
        calls = [l.unary.future(b"%d" % i, timeout=DEADLINE) for i, l in enumerate(labs)]
        answered += sum(call.result() == b"%d" % i for i, call in enumerate(calls))
    return {"answered": answered, "seconds": time.monotonic() - start}


def latency(lab, calls):
    lab.unary(b"first", timeout=DEADLINE)
    took = []
    for _ in range(calls):
        start = time.monotonic()
        lab.unary(b"again", timeout=DEADLINE)
        took.append(1e6 * (time.monotonic() - start))
    took.sort()
    return {"p50": took[calls // 2], "p99": took[calls * 99 // 100]}


def beat(lab, millis):
    ended = threading.Event()
    sent = 0

    def numbers():
        nonlocal sent
        while not ended.wait(millis / 1000):
            yield b"%d" % sent
            sent += 1

    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    received = 0
    longest = 0
    heard = None
    for message in lab.echo(numbers()):
        now = time.monotonic()
        if heard is None:
            print("beating", flush=True)
        else:
            longest = max(longest, now - heard)
        heard = now
        if int(message) != received:
            sys.exit("expected %d, got %s" % (received, message))
        received += 1
    return {"sent": sent, "received": received, "longest_gap_millis": round(1000 * longest)}


if __name__ == "__main__":
    what = {"kinds": kinds, "bulk": bulk, "many": many, "latency": latency, "beat": beat}
    number = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    try:
        print(json.dumps(what[sys.argv[2]](Lab(sys.argv[1]), number)))
    except grpc.RpcError as e:
        sys.exit(str(e))
