/**
 * The node's UDP port: one socket per wire loop, and in front of them a demultiplexer that tells
 * apart who a datagram is for.
 *
 * <p>Enters and leaves: UDP datagrams; QUIC (RFC 9000, RFC 9221) is the one protocol on them so
 * far.
 */
package dev.weft.reach;
