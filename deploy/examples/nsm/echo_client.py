#!/usr/bin/env python3
"""A client that asks for a service and talks to it on TCP port 7. Run it in the pod's namespace."""

import argparse
import json
import socket
import time

import nsm


def say(address, words, seconds):
    """A link that has just come up may take a moment."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection((address, 7), timeout=2) as connection:
                connection.sendall(words.encode())
                return connection.recv(4096).decode()
        except OSError:
            if time.monotonic() > deadline:
                raise


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True, help="the pod's nsm.ligato.io.sock")
    parser.add_argument("--service", default="echo")
    parser.add_argument("--request-id", required=True, help="such as the pod's UID")
    parser.add_argument("--say", default="hello")
    args = parser.parse_args()

    reply = nsm.request(args.socket, args.service, args.request_id)
    # Of a chain of services the last one's endpoint.
    address = reply["hops"][-1]["address"] if reply["hops"] else reply["endpoint_address"]
    reply["echo"] = say(address, args.say, 10)
    print(json.dumps(reply))


if __name__ == "__main__":
    main()
