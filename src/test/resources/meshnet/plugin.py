"""What meshnet's CNI plugin does on its node: add or delete a pod.

Arguments: add|delete, the node's address, the pod, its namespace's name. Prints done, or fails.
"""

import subprocess
import sys

import grpc

import nsm

verb, own, pod, netns = sys.argv[1:]
path = "/run/netns/" + netns


def call(host, method, message):
    with grpc.insecure_channel(host + ":51111") as channel:
        stub = channel.unary_unary("/meshnet.v1beta1." + method)
        return nsm.decode(stub(nsm.encode(message), timeout=10))


def local(method, message):
    return call("127.0.0.1", "Local/" + method, message)


def get(name):
    return local("Get", {1: name, 2: "default"})


def alive(address, namespace):
    local("SetAlive", {1: pod, 2: address, 3: namespace, 4: "default", 8: "container-" + pod})


def links():
    return [nsm.decode(link) for link in get(pod).get(5, [])]


def join(link, peer):
    uid, interface = link[6][-1], nsm.text(link, 2)
    wire = {5: uid, 4: path, 8: "default"}
    if local("GRPCWireExists", wire).get(1) == [1]:
        return
    end = nsm.text(local("GenerateNodeInterfaceName", {1: interface, 2: pod}), 2)
    command = f"link add {end} type veth peer name {interface} netns {netns}"
    subprocess.run(["ip", *command.split()], check=True)
    subprocess.run(["ip", "link", "set", end, "up"], check=True)
    subprocess.run(["ip", "-n", netns, "link", "set", interface, "up"], check=True)
    subprocess.run(["ip", "-n", netns, "addr", "add", nsm.text(link, 4), "dev", interface], check=True)
    with open(f"/sys/class/net/{end}/ifindex") as file:
        index = int(file.read())
    there = {
        1: index,
        2: own,
        3: nsm.text(link, 3),
        4: nsm.text(peer, 3),
        5: uid,
        6: nsm.text(peer, 1),
        8: "default",
        9: nsm.text(link, 5),
    }
    made = call(nsm.text(peer, 2), "Remote/AddGRPCWireRemote", there)
    wire.update({1: made[2][-1], 2: nsm.text(peer, 2), 3: interface, 6: pod, 7: end, 9: nsm.text(link, 4)})
    local("AddGRPCWireLocal", wire)


def add():
    alive(own, path)
    for link in links():
        peer = get(nsm.text(link, 1))
        if nsm.text(peer, 2) and nsm.text(peer, 3):
            join(link, peer)
        else:
            local("Skip", {1: pod, 2: nsm.text(link, 1), 3: "default", 4: link[6][-1]})


def delete():
    local("RemGRPCWire", {8: "default", 6: pod})
    alive("", "")
    for link in links():
        peer = get(nsm.text(link, 1))
        if nsm.text(peer, 2):
            wire = {3: nsm.text(link, 3), 4: nsm.text(peer, 3), 6: nsm.text(peer, 1), 5: link[6][-1], 8: "default"}
            call(nsm.text(peer, 2), "Remote/GRPCWireDownRemote", wire)
        local("SkipReverse", {1: pod, 2: nsm.text(link, 1), 3: "default", 4: link[6][-1]})


if verb == "add":
    add()
else:
    delete()
print("done")
