"""A meshnet daemon with one wire end, that knows SendToOnce only: no streams, no vnet headers.

Usage: plain_daemon.py LISTEN INTERFACE PEER PEER_ID
"""
import socket
import sys
import threading
from concurrent import futures

import grpc

LISTEN, INTERFACE, PEER, PEER_ID = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
SEND_ONCE = "/meshnet.v1beta1.WireProtocol/SendToOnce"
TRUE = b"\x08\x01"


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def packet(interface, frame):
    length = varint(len(frame))
    return b"\x08" + varint(interface) + b"\x12" + length + frame + b"\x18" + length


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def frame_of(data):
    at, frame = 0, b""
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if tag & 7 == 2:
            if tag >> 3 != 2:
                raise ValueError("field %d, which no plain daemon knows" % (tag >> 3))
            frame = data[at:at + value]
            at += value
    return frame


link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
link.bind((INTERFACE, 0))


class Daemon(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method != SEND_ONCE:
            return None
        return grpc.unary_unary_rpc_method_handler(self.send_to_once)

    def send_to_once(self, request, context):
        link.send(frame_of(request))
        return TRUE


def forward():
    channel = grpc.insecure_channel(PEER)
    send = channel.unary_unary(SEND_ONCE)
    while True:
        frame, address = link.recvfrom(65600)
        if address[2] != socket.PACKET_OUTGOING:
            try:
                send(packet(PEER_ID, frame), timeout=2)
            except grpc.RpcError as error:
                print("peer:", error.code(), error.details(), flush=True)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
server.add_generic_rpc_handlers((Daemon(),))
server.add_insecure_port(LISTEN)
server.start()
threading.Thread(target=forward, daemon=True).start()
print("ready", flush=True)
server.wait_for_termination()
