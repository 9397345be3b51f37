"""The network services API for Python, without generated code: grpcio and thirty lines of protobuf.

Messages are dicts from field number to value: str, int, bool, a dict (a message), or a list of
those. Field numbers are those of src/main/proto/{nsmconnect,nseconnect,netmesh,common}.proto.
"""

from concurrent import futures

import grpc

ENDPOINT_SOCKET = "nsm.endpoint.io.sock"
CLIENT_SOCKET = "nsm.ligato.io.sock"


def _varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode(message):
    """A message's bytes (protobuf wire types 0 and 2)."""
    out = bytearray()
    for number, value in sorted(message.items()):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, (bool, int)):
                out += _varint(number << 3) + _varint(int(item))
            else:
                data = encode(item) if isinstance(item, dict) else item.encode()
                out += _varint(number << 3 | 2) + _varint(len(data)) + data
    return bytes(out)


def decode(data):
    """All values of each field, as int or bytes."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return n

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 2:
            length = varint()
            value = data[at : at + length]
            at += length
        else:
            raise ValueError(f"wire type {key & 7} (expected: 0 or 2)")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def text(fields, number):
    return fields.get(number, [b""])[-1].decode()


class Refused(Exception):
    """The node answered accepted = false."""


def call(socket, method, message, timeout=30):
    """One call to a gRPC server on a Unix socket; the reply's fields."""
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        reply = decode(channel.unary_unary(method)(encode(message), timeout=timeout))
    if reply.get(1, [0]) != [1]:
        raise Refused(text(reply, 2))
    return reply


def request(socket, service, request_id, interfaces=(), namespace="", timeout=30, excluded=()):
    """Asks for a service; interfaces are pairs (type, preference)."""
    reply = call(
        socket,
        "/nsmconnect.ClientConnection/RequestConnection",
        {
            1: request_id,
            2: service,
            3: namespace,
            4: [{1: kind, 3: preference} for kind, preference in interfaces],
            17: list(excluded),
        },
        timeout,
    )
    parameters = decode(reply[3][-1])
    return {
        "address": text(parameters, 1),
        "routes": [route.decode() for route in parameters.get(2, [])],
        "interface_type": decode(reply[4][-1]).get(1, [0])[-1],
        "interface": text(reply, 16),
        "connection": text(reply, 17),
        "endpoint_address": text(reply, 18),
        "hops": [
            {
                "service": text(hop, 1),
                "endpoint": text(hop, 2),
                "address": text(hop, 3),
                "address6": text(hop, 4),
            }
            for hop in map(decode, reply.get(20, []))
        ],
        "unset": {text(r, 1): text(r, 2) for r in map(decode, reply.get(19, []))},
        "address6": text(reply, 21),
        "endpoint_address6": text(reply, 22),
    }


EVENTS = ("initial", "update", "delete")


def monitor(socket, connection=""):
    """What becomes of the pod's connections, of one or of all: first those that there are."""
    selector = {1: {2: connection}} if connection else {}
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        method = channel.unary_stream("/connection.MonitorConnection/MonitorConnections")
        for event in map(decode, method(encode(selector))):
            kind = EVENTS[event.get(1, [0])[-1]]
            entries = [decode(decode(entry)[2][-1]) for entry in event.get(2, [])]
            yield kind, [_told(entry) for entry in entries]


def _told(connection):
    context = decode(connection.get(4, [b""])[-1])
    ip = decode(context.get(1, [b""])[-1])
    return {
        "connection": text(connection, 1),
        "service": text(connection, 2),
        "happened": text(connection, 16),
        "reason": text(connection, 17),
        "endpoint": text(connection, 7),
        "address": ip.get(1, [b""])[0].decode(),
        "endpoint_address": ip.get(2, [b""])[0].decode(),
    }


def close(socket, connection):
    """Ends one of the pod's connections; that there is none is fine."""
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        method = channel.unary_unary("/networkservice.NetworkService/Close")
        method(encode({1: connection}), timeout=30)


def _endpoint(service, provider, socket, namespace, interfaces):
    return {
        1: [
            {
                1: service,
                3: provider,
                4: namespace,
                5: socket,
                6: [{1: kind} for kind in interfaces],
            }
        ]
    }


def advertise(node_socket, service, provider, socket, namespace="default", interfaces=()):
    call(
        node_socket,
        "/nseconnect.EndpointOperations/AdvertiseEndpoint",
        _endpoint(service, provider, socket, namespace, interfaces),
    )


def remove(node_socket, service, provider, namespace="default"):
    call(
        node_socket,
        "/nseconnect.EndpointOperations/RemoveEndpoint",
        _endpoint(service, provider, "", namespace, ()),
    )


def serve(socket, answer, workers=8):
    """Serves EndpointConnection; answer(request_id, service) gives (namespace, routes)."""

    def on_request(data, context):
        asked = decode(data)
        request_id, service = text(asked, 1), text(asked, 2)
        namespace, routes = answer(request_id, service)
        return encode({1: request_id, 2: service, 3: namespace, 16: list(routes)})

    server = grpc.server(futures.ThreadPoolExecutor(workers))
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "nseconnect.EndpointConnection",
                {"RequestEndpointConnection": grpc.unary_unary_rpc_method_handler(on_request)},
            )
        ]
    )
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    return server
