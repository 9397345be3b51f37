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
 *   macvlan  macvlan on a device of the host        nothing
 * </pre>
 *
 * <p>Kernel interface: rtnetlink and AF_PACKET, through room {@code linux}. Every link carries the
 * alias {@code weft:<node id>:wire:<wire id>}; a link without it is never changed or deleted.
 */
package dev.weft.wire.kernel;
