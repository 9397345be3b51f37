package dev.weft.dial;

import dev.weft.rpc.RpcConnection;

/** A connection to a node, and the way by which it was made. */
record Reached(Way way, RpcConnection connection) {}
