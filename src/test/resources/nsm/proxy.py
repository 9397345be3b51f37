"""Calls a node as another node would, with that one's certificate."""

import json
import os
import sys

import grpc

import nsm

PROXY = "/nsmconnect.ProxyConnection/RequestProxyConnection"
TUNNELS = {
    "GRE, MPLSoUDP": [2, 5],
    "DEFAULT_TUNNEL": [0],
    "none": [],
    "unknown": [99],
}
WIRE = {2: "10.98.0.1", 3: "eth1", 5: 1, 6: "c1"}
OUTSIDE = {
    "own wire": ("/meshnet.v1beta1.Remote/AddGRPCWireRemote", WIRE),
    "unknown wire": ("/meshnet.v1beta1.Remote/AddGRPCWireRemote", WIRE | {32: "aa"}),
    "local": ("/meshnet.v1beta1.Local/AddGRPCWireLocal", WIRE),
    "pods": ("/meshnet.v1beta1.Local/Get", {1: "c1"}),
    "frame": ("/meshnet.v1beta1.WireProtocol/SendToOnce", {1: 7, 2: "x" * 60}),
    "health": ("/grpc.health.v1.Health/Check", {}),
}


def request(service, provider, tunnels):
    return {
        1: "r",
        2: service,
        3: provider,
        4: tunnels,
        16: "00000000000000aa",
        17: "default",
        18: "10.44.0.0/30",
        19: "default/c1",
        20: "echo",
        21: 1500,
        24: 51112,
    }


def read(directory, name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def answer(channel, method, message):
    try:
        reply = nsm.decode(channel.unary_unary(method)(nsm.encode(message), timeout=10))
        return "accepted" if 1 in reply else "REFUSED " + nsm.text(reply, 2)
    except grpc.RpcError as e:
        return e.code().name + " " + e.details()


def main():
    what, own, own_name, other, address, name = sys.argv[1:]
    credentials = grpc.ssl_channel_credentials(
        read(other, "ca.pem"), read(own, own_name + ".key"), read(own, own_name + ".pem")
    )
    options = [("grpc.ssl_target_name_override", name)]
    with grpc.secure_channel(address, credentials, options) as channel:
        if what == "tunnels":
            answers = {
                label: answer(channel, PROXY, request("echo", "e2", tunnels))
                for label, tunnels in TUNNELS.items()
            }
        else:
            answers = {"other service": answer(channel, PROXY, request("other", "", [0]))}
            if not answers["other service"].startswith("UNAVAILABLE"):
                for label, (method, message) in OUTSIDE.items():
                    answers[label] = answer(channel, method, message)
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
