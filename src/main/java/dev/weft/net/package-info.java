/**
 * The kernel's links, for all rooms: who owns a link, how one is made, and the one thread that
 * makes and removes them.
 *
 * <p>Enters: {@link dev.weft.net.LinkEnd}s, each an interface as it should be, and namespaces by
 * reference and identity. Leaves: links of the host and of pods, adopted where they stand and fit;
 * a link that cannot be finished is removed again. {@code CONFLICT} where a name or a VXLAN's
 * network identifier (VNI) belongs to somebody else.
 *
 * <p>Alias of every link (IFLA_IFALIAS); a link without it is never changed or removed:
 *
 * <pre>
 * weft:&lt;node id&gt;:&lt;kind&gt;:&lt;id&gt;      node id: 16 hex digits
 *                 wire     id of a wire        veth pair, VXLAN or macvlan
 *                 meshnet  id of a wire        veth pair of a meshnet plugin or daemon
 *                 vxlan    VNI                 VXLAN of a meshnet plugin
 *                 nsm      id of a connection  veth pair or VXLAN
 *                 subnet   bridge, overlay, or a pod as ns/name
 * </pre>
 *
 * <p>VNIs, all on UDP port 4789. The kernel knows a device by its VNI and port in the namespace
 * that it was created in, also after it was moved to a pod, and refuses a second one:
 *
 * <pre>
 *      100            subnet's overlay
 *      5000 + uid     wires of kind vxlan, as meshnet numbers them
 *      as asked       VXLANs of meshnet plugins
 *      0x800000 up    network services, random
 * </pre>
 *
 * <p>A namespace is known by its cookie (SO_NETNS_COOKIE), which no other namespace gets until the
 * kernel restarts; an inode number is given again. Namespaces are opened, used and closed: an open
 * one cannot end.
 */
package dev.weft.net;
