/**
 * Wires: point-to-point Ethernet between two pods.
 *
 * <p>Enters: {@link dev.weft.wire.WireSpec}s from the rooms above (intents, kept in the store) and
 * frames: from a pod over its veth pair's node end, from a peer node over gRPC. Leaves: kernel
 * links in the pods' namespaces, each node end with the alias {@code weft:<node id>:wire:<id>}, and
 * frames, unchanged.
 *
 * <p>Wire format: meshnet's {@code meshnet.v1beta1.WireProtocol/SendToStream}, one stream per wire
 * and direction, one {@code Packet} per frame; field 16 carries the kernel's 10-byte {@code
 * virtio_net_hdr} where both nodes agreed on it, so that super-frames and partial checksums cross
 * unsegmented.
 */
package dev.weft.wire;
