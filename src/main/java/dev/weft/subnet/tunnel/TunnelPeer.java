package dev.weft.subnet.tunnel;

import dev.weft.address.Cidr;
import java.util.List;

/**
 * The node at the other end of a tunnel.
 *
 * @param subnets of its pods: one, or an IPv4 and an IPv6 one
 * @param mtu of its pods, bytes; 0 if not known
 */
public record TunnelPeer(String node, String name, List<Cidr> subnets, int mtu) {}
