/**
 * The kernel's part of wires. Enters: what a wire should be, and its pods. Leaves: links, and
 * packet sockets on the node ends.
 *
 * <pre>
 *   kind     in the pod                             outside it
 *   grpc     veth, the wire's MTU                   veth w&lt;id&gt; in the namespace weft-&lt;node id&gt;, MTU 65535,
 *                                                   no ARP, no IPv6, an AF_PACKET socket on it
 *   veth     veth in either pod                     nothing
 *   vxlan    VXLAN device, VNI 5000 + uid           created on the host, moved into the pod
 *   patch    as grpc                                as grpc, and a socket on an interface of the host, or nothing
 *   macvlan  macvlan on a device of the host        nothing
 * </pre>
 *
 * <p>An end that is an interface of the host ({@link dev.weft.wire.NicUse}) is a packet socket on
 * it, for frames to all addresses; nothing is made, and the interface is not changed.
 *
 * <p>Kernel interface: rtnetlink and AF_PACKET, through room {@code linux}. Every link carries the
 * alias {@code weft:<node id>:wire:<wire id>}; a link without it is never changed or deleted.
 */
package dev.weft.wire.kernel;
