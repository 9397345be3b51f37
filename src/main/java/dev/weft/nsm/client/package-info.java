/**
 * The client's side of connections: this node decides about those whose client is one of its pods.
 *
 * <p>Enters: {@code nsmconnect.ClientConnection/RequestConnection} on each pod's socket {@code
 * nsm-<id>/nsm.ligato.io.sock}; what endpoints, nodes and interfaces do to a connection. Leaves:
 * {@code ConnectionReply}; connections that are selected, joined, healed and ended.
 */
package dev.weft.nsm.client;
