"""What a test asks of a node's sockets, and what came of it, one JSON object on standard output."""

import json
import os
import socket
import sys
import threading
import time
from concurrent import futures

import grpc

import nsm


def outcome(call):
    try:
        call()
        return "OK"
    except nsm.Refused as e:
        return "REFUSED " + str(e)
    except grpc.RpcError as e:
        return e.code().name + " " + e.details()


def bad(client, node, other):
    """Requests that are wrong, by name."""
    own = os.stat("/proc/self/ns/net").st_ino

    def ask(service="echo", request_id="bad", interfaces=(), namespace=""):
        return outcome(lambda: nsm.request(client, service, request_id, interfaces, namespace))

    return {
        "no request id": ask(request_id=""),
        "no service": ask(service=""),
        "unknown service": ask(service="nobody"),
        "long service": ask(service="x" * 300),
        "service with slash": ask(service="a/b"),
        "unknown namespace": ask(namespace="no-such-namespace"),
        "a file as namespace": ask(namespace="/etc/passwd"),
        "another namespace": ask(namespace=other),
        "no common type": ask(interfaces=[(3, 0)]),
        "unknown type": ask(interfaces=[(9, 0)]),
        "own namespace by inode": ask(request_id="own", namespace=str(own)),
        "endpoint socket is a file": outcome(
            lambda: nsm.advertise(node, "echo", "file", "/etc/passwd")
        ),
        "endpoint socket is nothing": outcome(
            lambda: nsm.advertise(node, "echo", "none", "/tmp/no-such.sock")
        ),
        "endpoint without name": outcome(lambda: nsm.advertise(node, "echo", "", "/tmp/x")),
        "unknown endpoint removed": outcome(lambda: nsm.remove(node, "echo", "nobody")),
    }


def liar(node, directory, how):
    """An endpoint that answers wrongly."""
    path = os.path.join(directory, how + ".sock")
    if os.path.exists(path):
        os.unlink(path)
    if how == "silent":
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(64)
    elif how == "other":

        def on_request(data, context):
            return nsm.encode({1: "another", 2: nsm.text(nsm.decode(data), 2), 3: ""})

        server = grpc.server(futures.ThreadPoolExecutor(2))
        server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    "nseconnect.EndpointConnection",
                    {"RequestEndpointConnection": grpc.unary_unary_rpc_method_handler(on_request)},
                )
            ]
        )
        server.add_insecure_port("unix:" + path)
        server.start()
    else:
        server = nsm.serve(path, lambda request_id, service: ("gone-namespace", []))
    nsm.advertise(node, how, how, path)
    print("ready", flush=True)
    threading.Event().wait()


def load(client, count, width, prefix):
    """count requests, width of them in flight, over one connection; milliseconds of each."""
    took, errors, interfaces = [], [], set()
    with grpc.insecure_channel("unix:" + client) as channel:
        method = channel.unary_unary("/nsmconnect.ClientConnection/RequestConnection")

        def one(i):
            began = time.monotonic()
            try:
                reply = nsm.decode(
                    method(nsm.encode({1: f"{prefix}{i}", 2: "echo"}), timeout=60)
                )
                took.append((time.monotonic() - began) * 1000)
                if reply.get(1) == [1]:
                    interfaces.add(nsm.text(reply, 16))
                else:
                    errors.append(nsm.text(reply, 2))
            except grpc.RpcError as e:
                errors.append(e.code().name + " " + e.details())

        with futures.ThreadPoolExecutor(width) as pool:
            list(pool.map(one, range(count)))
    took.sort()
    return {
        "p50": took[len(took) // 2] if took else None,
        "p99": took[int(len(took) * 0.99)] if took else None,
        "errors": errors[:5],
        "failed": len(errors),
        "interfaces": len(interfaces),
    }


def flood(client, count):
    """Connections that never say a word, held while a real client asks."""
    held, refused = [], 0
    for _ in range(count):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(2)
        try:
            connection.connect(client)
            held.append(connection)
        except OSError:
            refused += 1
    began = time.monotonic()
    answer = "UNAVAILABLE"
    # While the kernel's queue of those to be accepted is full it turns everybody away.
    while answer.startswith("UNAVAILABLE") and time.monotonic() < began + 5:
        answer = outcome(lambda: nsm.request(client, "echo", "in-the-flood"))
    return {
        "held": len(held),
        "refused": refused,
        "answer": answer,
        "millis": (time.monotonic() - began) * 1000,
    }


def hold(client, count, seconds):
    """Connections that never say a word, held for a while."""
    held = []
    for _ in range(count):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(2)
        try:
            connection.connect(client)
            held.append(connection)
        except OSError:
            pass
    time.sleep(seconds)
    return {"held": len(held)}


def advertise(node, service, path):
    """An endpoint of that service, advertised and removed."""
    return {
        "answer": outcome(lambda: nsm.advertise(node, service, "probe", path)),
        "removed": outcome(lambda: nsm.remove(node, service, "probe")),
    }


def routed(client, service, metric, excluded):
    """A request with routing of the client's choice: the routes that are set, and those that are not."""
    reply = nsm.call(
        client,
        "/nsmconnect.ClientConnection/RequestConnection",
        {1: "routed" + metric, 2: service, 16: int(metric), 17: [excluded]},
    )
    return {
        "routes": [route.decode() for route in nsm.decode(reply[3][-1]).get(2, [])],
        "unset": [
            [nsm.text(unset, 1), nsm.text(unset, 2)] for unset in map(nsm.decode, reply.get(19, []))
        ],
    }


def endpoint(node, path, service, namespace, *routes):
    """An endpoint that wants its connections in that namespace."""
    server = nsm.serve(path, lambda request_id, asked: (namespace, list(routes)))
    nsm.advertise(node, service, service, path)
    print("ready", flush=True)
    server.wait_for_termination()


def watch(client, connection):
    """What the node tells of the pod's connections, a line for each, and how it ends."""
    try:
        for kind, entries in nsm.monitor(client, connection):
            print(json.dumps({"kind": kind, "connections": entries}), flush=True)
    except grpc.RpcError as e:
        print(json.dumps({"kind": e.code().name, "details": e.details()}), flush=True)


def watchers(client, count):
    """How many streams a pod gets of so many."""
    with grpc.insecure_channel("unix:" + client) as channel:
        method = channel.unary_stream("/connection.MonitorConnection/MonitorConnections")
        streams = [method(b"") for _ in range(count)]
        answers = [outcome(lambda: next(stream)) for stream in streams]
        for stream in streams:
            stream.cancel()
        return {"served": answers.count("OK"), "refused": [a for a in answers if a != "OK"]}


def main():
    role, *args = sys.argv[1:]
    if role == "as":
        uid, directory, role, *args = args
        os.chdir(directory)
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    if role == "bad":
        print(json.dumps(bad(*args)))
    elif role == "liar":
        liar(*args)
    elif role == "endpoint":
        endpoint(*args)
    elif role == "advertise":
        print(json.dumps(advertise(*args)))
    elif role == "remove":
        print(json.dumps({"answer": outcome(lambda: nsm.remove(*args))}))
    elif role == "hold":
        print(json.dumps(hold(args[0], int(args[1]), float(args[2]))))
    elif role == "routed":
        print(json.dumps(routed(*args)))
    elif role == "watch":
        watch(args[0], args[1] if len(args) > 1 else "")
    elif role == "watchers":
        print(json.dumps(watchers(args[0], int(args[1]))))
    elif role == "close":
        print(json.dumps({"answer": outcome(lambda: nsm.close(*args))}))
    elif role == "ask":
        print(json.dumps({"answer": outcome(lambda: nsm.request(*args))}))
    elif role == "load":
        print(json.dumps(load(args[0], int(args[1]), int(args[2]), args[3])))
    else:
        print(json.dumps(flood(args[0], int(args[1]))))


if __name__ == "__main__":
    main()
