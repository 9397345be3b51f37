package dev.weft.subnet.tunnel;

import dev.weft.address.Cidr;

/**
 * The node at the other end of a tunnel.
 *
 * @param subnet of its pods
 * @param mtu of its pods, bytes; 0 if not known
 */
public record TunnelPeer(String node, String name, Cidr subnet, int mtu) {}
