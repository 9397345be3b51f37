"""A gRPC server that knows nothing of proxies: the four kinds of calls, messages of plain bytes.

usage: grpc_server.py ADDRESS:PORT
"""

import sys
import zlib
from concurrent import futures

import grpc


def unary(request, context):
    return request


def total(requests, context):
    """Length and CRC-32 of all that came."""
    length = crc = 0
    for request in requests:
        length += len(request)
        crc = zlib.crc32(request, crc)
    return b"%d %d" % (length, crc)


def source(request, context):
    """As many messages of as many bytes as the request says, each filled with its number."""
    count, size = map(int, request.split())
    for number in range(count):
        yield bytes([number % 256]) * size


def echo(requests, context):
    yield from requests


HANDLERS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Total": grpc.stream_unary_rpc_method_handler(total),
    "Source": grpc.unary_stream_rpc_method_handler(source),
    "Echo": grpc.stream_stream_rpc_method_handler(echo),
}

if __name__ == "__main__":
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=32),
        options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)],
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("lab.Lab", HANDLERS),))
    if server.add_insecure_port(sys.argv[1]) == 0:
        sys.exit("cannot listen on " + sys.argv[1])
    server.start()
    print("listening", flush=True)
    server.wait_for_termination()
