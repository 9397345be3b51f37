/**
 * The transport {@code quic}: pipes to service {@code app} of a node, by whatever way {@code dial}
 * has to it. Connections stay while the path below them changes.
 */
package dev.weft.proxy.quic;
