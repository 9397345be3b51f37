/**
 * The kinds of links: what carries frames over one hop.
 *
 * <pre>
 *   udp     QUIC datagrams, ALPN weft.link/1, mutual TLS; over the port of {@link dev.weft.reach}
 *   tcp     TLS, ALPN weft.link/1, also by HTTP CONNECT ┐
 *   unix    a Unix socket, for processes of this host   ├ u16 little-endian (length - 1), frame
 *   exec    a command's standard input and output       ┘
 *   serial  a character device that log lines share; text, as {@link
 *           dev.weft.mesh.link.kind.SerialLine} says
 * </pre>
 */
package dev.weft.mesh.link.kind;
