/**
 * Connections of this node: what each should be, how it stands, which addresses and names are
 * taken, and the interfaces that carry it.
 *
 * <p>Enters: connections that the sides agreed on. Leaves: rows of the table {@code connections}
 * (JSON of {@link dev.weft.nsm.connection.Connection}); veth pairs and VXLAN devices with the alias
 * {@code weft:<node id>:nsm:<connection id>}, their addresses and routes (rtnetlink); wires in the
 * wire room's namespace {@code ~nsm}; {@link dev.weft.nsm.ConnectionChanged} facts.
 */
package dev.weft.nsm.connection;
