/**
 * Keeps the wires that this node should have, and brings each of them up. Enters: {@link
 * dev.weft.wire.WireSpec}s, facts about pods and members, and the peers' {@code
 * Remote/AddGRPCWireRemote} and {@code Remote/GRPCWireDownRemote}. Leaves: the same two calls to
 * the peers, {@link dev.weft.wire.WireChanged} facts, and meters.
 *
 * <p>Calls without {@code wire_id} are meshnet's: they go to the {@link
 * dev.weft.wire.control.ForeignEnds}.
 */
package dev.weft.wire.control;
