#!/usr/bin/env python3
"""An endpoint of a service that sends back what it gets, on TCP port 7 (RFC 862).

Run it in the namespace that clients are to be connected to.
"""

import argparse
import os
import signal
import socketserver
import threading

import nsm


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", default="/var/lib/networkservicemesh", help="nsm.sockets")
    parser.add_argument("--service", default="echo")
    parser.add_argument("--name", required=True, help="this endpoint's name")
    parser.add_argument("--socket", required=True, help="where the node is to ask this endpoint")
    parser.add_argument("--netns", default="", help="its namespace; none is this process's own")
    parser.add_argument("--route", action="append", default=[], help="what clients reach by it")
    args = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    threading.Thread(target=Server(("0.0.0.0", 7), Echo).serve_forever, daemon=True).start()
    server = nsm.serve(args.socket, lambda request_id, service: (args.netns, args.route))
    node = os.path.join(args.sockets, nsm.ENDPOINT_SOCKET)
    nsm.advertise(node, args.service, args.name, args.socket)
    print(f"{args.name} provides {args.service}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
