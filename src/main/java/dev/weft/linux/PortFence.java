package dev.weft.linux;

import java.net.InetAddress;
import java.util.Set;

/**
 * Who may send to UDP ports of a host.
 *
 * @param ports none of them that of a VXLAN with a fence of its own
 * @param senders the addresses from which packets are taken
 */
public record PortFence(Set<Integer> ports, Set<InetAddress> senders) {}
