"""Lists the services of a gRPC server and describes one, over a single reflection stream.

Usage: reflection.py ADDRESS VERSION SYMBOL
"""
import os
import queue
import sys
import traceback

import grpc
from google.protobuf import descriptor_pb2

ADDRESS, VERSION, SYMBOL = sys.argv[1:]


def end(code):
    """Ends the process at once: the interpreter would wait for gRPC's threads, which may not end."""
    sys.stdout.flush()
    os._exit(code)


def fail(*error):
    traceback.print_exception(*error)
    end(1)


sys.excepthook = fail


def field(number, value):
    return bytes([number << 3 | 2, len(value)]) + value


requests = queue.Queue()
channel = grpc.insecure_channel(ADDRESS)
call = channel.stream_stream("/grpc.reflection.%s.ServerReflection/ServerReflectionInfo" % VERSION)
answers = call(iter(requests.get, None), timeout=10)


def fields(data):
    at = 0
    while at < len(data):
        tag = data[at]
        at += 1
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        if tag & 7 == 2:
            yield tag >> 3, data[at:at + value]
            at += value
        else:
            yield tag >> 3, value


requests.put(field(7, b"*"))
services = dict(fields(next(answers)))[6]
for _, service in fields(services):
    print("service", dict(fields(service))[1].decode())
requests.put(field(4, SYMBOL.encode()))
files = dict(fields(next(answers)))[4]
for _, encoded in fields(files):
    file = descriptor_pb2.FileDescriptorProto.FromString(encoded)
    for service in file.service:
        for method in service.method:
            print("method %s.%s/%s" % (file.package, service.name, method.name))
requests.put(None)
health = channel.unary_unary("/grpc.health.v1.Health/Check")
print("health", dict(fields(health(b"", timeout=5)))[1])
print("health of service", dict(fields(health(field(1, SYMBOL.encode()), timeout=5)))[1])

end(0)
