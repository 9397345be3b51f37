/**
 * Proxies' pipes over uTP ({@link dev.weft.proxy.utp.machine}), on a UDP socket of each proxy's
 * own.
 *
 * <pre>
 *   Pipe ── ChannelPipe ── SslHandler ── {@link dev.weft.proxy.utp.UtpChannel} ─┐
 *   Pipe ── ChannelPipe ── SslHandler ── {@link dev.weft.proxy.utp.UtpChannel} ─┼─ {@link dev.weft.proxy.utp.UtpSocket} ── UDP
 *                     pings of addresses behind NATs: 4 bytes, 0 or 1 ──────────┘
 * </pre>
 *
 * <p>TLS is mutual, by the identities' certificates. ALPN {@code weft.utp/1}: a pipe; its
 * directions end with uTP's FIN, which nothing protects, so that users say themselves where they
 * end. {@code weft.utp.echo/1}: bytes that come back, by which a node that was added is known to be
 * there.
 */
package dev.weft.proxy.utp;
