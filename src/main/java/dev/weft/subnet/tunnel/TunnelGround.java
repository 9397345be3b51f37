package dev.weft.subnet.tunnel;

import dev.weft.dial.Dial;
import dev.weft.rpc.GrpcListener;
import dev.weft.wire.control.WireRoom;
import io.vertx.core.Future;

/**
 * What tunnels stand on.
 *
 * @param wires done once wires can be made: tunnels use their data path
 * @param encrypted whether connections between nodes are mutual TLS
 */
public record TunnelGround(
    Dial dial, GrpcListener listener, Future<WireRoom> wires, boolean encrypted) {}
