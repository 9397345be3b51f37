package dev.weft.mesh.gate;

import dev.weft.rpc.socket.LocalSockets;

/** What exports and forwards stand on. */
record GateGround(
    Gate.Surroundings at,
    ServicePeers peers,
    LocalSockets sockets,
    GateStore store,
    GateMetrics metrics) {}
