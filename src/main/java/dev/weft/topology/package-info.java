/**
 * Topologies: what should be connected.
 *
 * <p>Enters: meshnet's {@code Topology} objects (networkop.co.uk/v1beta1), one per pod, in YAML or
 * JSON. They are kept cluster-wide without an owner; every member stores them. Leaves: for every
 * link that both of its pods describe alike and whose pods are registered, a {@link
 * dev.weft.wire.WireSpec} for the wire room of each node that has an end. A link that cannot be
 * joined waits and says why; it disturbs no other.
 *
 * <p>Kept in the common table {@code topologies}: a {@link dev.weft.topology.Topology} as JSON
 * under {@code ns/pod}, a {@link dev.weft.topology.SingleLink} under {@code ~link/<wire id>}. A
 * wire that stands outlives the absence of its peer's node, so that a node's restart cuts no
 * connection. Wires whose namespace begins with a tilde belong to other rooms and are left alone.
 */
package dev.weft.topology;
