package dev.weft.linux;

import java.util.Optional;

/**
 * A network interface as the kernel describes it.
 *
 * @param kind {@code veth}, {@code bridge}, {@code vxlan}, …; empty for hardware and loopback
 * @param alias up to 255 bytes, by which owners recognise their links; empty if none
 * @param mtu bytes, without the Ethernet header
 * @param mac {@code 02:00:00:00:00:01}; empty if the link has none
 * @param up administratively up (IFF_UP)
 * @param carrier the link sees its other end
 * @param master index of the bridge that it is a port of; 0 if none
 * @param peerIndex index of a veth's other end, a macvlan's parent, a vxlan's underlay; 0 if none
 * @param peerNetnsId this namespace's id of the namespace that peerIndex counts in; -1 if it is the
 *     same
 * @param vxlan for kind vxlan
 */
public record Link(
    int index,
    String name,
    String kind,
    String alias,
    int mtu,
    String mac,
    boolean up,
    boolean noArp,
    boolean carrier,
    int master,
    int peerIndex,
    int peerNetnsId,
    Optional<VxlanSpec> vxlan) {}
