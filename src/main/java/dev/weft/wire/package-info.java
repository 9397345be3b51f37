/**
 * Wires: point-to-point Ethernet between two pods. This package is the contract; the work is done
 * in the packages below it, each of which knows only those further down:
 *
 * <pre>
 *   meshnet     ends that meshnet's plugins and foreign daemons ask for
 *   control     which wires there should be, and how each comes up
 *   path        frames between packet sockets and gRPC   |   kernel   links in pods and in the
 *   path.offload  checksums and segments                 |            node's namespace
 * </pre>
 *
 * <p>Enters: {@link dev.weft.wire.WireSpec}s from the rooms above (intents, kept in the store) and
 * frames: from a pod over its veth pair's node end, from a peer node over gRPC. Leaves: kernel
 * links in the pods' namespaces, each node end with the alias {@code weft:<node id>:wire:<id>},
 * {@link dev.weft.wire.WireChanged} facts, and frames, unchanged.
 */
package dev.weft.wire;
