"""Asks a node for a connection as another node would, with that one's certificate."""

import json
import os
import sys

import grpc

import nsm

TUNNELS = {
    "GRE, MPLSoUDP": [2, 5],
    "DEFAULT_TUNNEL": [0],
    "none": [],
    "unknown": [99],
}


def read(directory, name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def main():
    directory, address, name = sys.argv[1:]
    credentials = grpc.ssl_channel_credentials(
        read(directory, "ca.pem"), read(directory, "n1.key"), read(directory, "n1.pem")
    )
    options = [("grpc.ssl_target_name_override", name)]
    answers = {}
    with grpc.secure_channel(address, credentials, options) as channel:
        method = channel.unary_unary("/nsmconnect.ProxyConnection/RequestProxyConnection")
        for label, tunnels in TUNNELS.items():
            message = {
                1: "r",
                2: "echo",
                3: "e2",
                4: tunnels,
                16: "00000000000000aa",
                17: "default",
                18: "10.44.0.0/30",
                19: "default/c1",
                20: "echo",
                21: 1500,
            }
            try:
                reply = nsm.decode(method(nsm.encode(message), timeout=10))
                answers[label] = "REFUSED " + nsm.text(reply, 2) if 1 not in reply else "accepted"
            except grpc.RpcError as e:
                answers[label] = e.code().name + " " + e.details()
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
