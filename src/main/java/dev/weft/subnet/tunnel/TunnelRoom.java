package dev.weft.subnet.tunnel;

import dev.weft.room.RoomThread;
import dev.weft.wire.control.WireRoom;
import io.vertx.core.Vertx;

/**
 * What all tunnels of a node share.
 *
 * @param thread of the room that the tunnels belong to
 * @param changed runs when a tunnel has a device, comes up or goes down
 */
record TunnelRoom(
    Vertx vertx,
    RoomThread thread,
    WireRoom wires,
    TunnelDevice device,
    TunnelCalls calls,
    TunnelTraffic sent,
    TunnelTraffic received,
    Runnable changed) {}
