package dev.weft.reach;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A port that a router forwards to this node because it was asked to.
 *
 * @param protocol {@code PCP} (RFC 6887) or {@code NAT-PMP} (RFC 6886)
 * @param internalPort the node's UDP port
 * @param external where the router takes datagrams for it; of a router that is itself behind a NAT
 *     not where the world sees it
 * @param lifetime for which it was granted, from the last renewal on
 */
public record RouterMapping(
    String protocol,
    InetAddress router,
    int internalPort,
    InetSocketAddress external,
    Duration lifetime) {}
