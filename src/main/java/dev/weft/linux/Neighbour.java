package dev.weft.linux;

import java.net.InetAddress;

/**
 * A permanent neighbour entry: no ARP or neighbour discovery is needed for it.
 *
 * @param mac {@code 02:00:00:00:00:01}
 */
public record Neighbour(int ifindex, InetAddress address, String mac) {}
