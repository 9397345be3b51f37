/**
 * The client's side of connections: this node decides about those whose client is one of its pods.
 *
 * <p>Enters: {@code nsmconnect.ClientConnection/RequestConnection} on each pod's socket {@code
 * nsm-<id>/nsm.ligato.io.sock}, and there {@code connection.MonitorConnection} and {@code
 * networkservice.NetworkService/Close}; what endpoints, nodes and interfaces do to a connection;
 * what the nodes of chains' clients ask of hops here. Leaves: {@code ConnectionReply}; streams of
 * what becomes of a pod's connections; connections that are selected, joined, healed and ended.
 */
package dev.weft.nsm.client;
