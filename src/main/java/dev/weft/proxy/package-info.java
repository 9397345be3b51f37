/**
 * Proxies that put a gRPC client of this host through to a server of another node, which may be
 * behind a NAT. Enters: an HTTP CONNECT of a client, or a pipe of another node. Leaves: a pipe to
 * that node, or a TCP connection to the server here.
 *
 * <pre>
 * client ── CONNECT ── forward ═══ carrier: quic or utp ═══ reverse ── server
 *                         └── tracker: which nodes, and whether they can be reached
 * </pre>
 */
package dev.weft.proxy;
