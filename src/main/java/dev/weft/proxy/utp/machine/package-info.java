/**
 * uTP, the micro transport protocol of BitTorrent (BEP 29), as a machine that knows no socket,
 * thread or clock: datagrams and the time come in, datagrams and bytes go out. Its congestion
 * control is LEDBAT (RFC 6817): it fills what others leave of a bottleneck, and yields to them.
 *
 * <pre>
 *   0       4       8               16              24              32
 *   +-------+-------+---------------+---------------+---------------+
 *   | type  |  1    | extension     | connection id                 |
 *   +-------+-------+---------------+---------------+---------------+
 *   | timestamp, microseconds                                       |
 *   +---------------------------------------------------------------+
 *   | timestamp difference, microseconds: how long the last one took|
 *   +---------------------------------------------------------------+
 *   | window, bytes                                                 |
 *   +-------------------------------+-------------------------------+
 *   | sequence number               | acknowledged sequence number  |
 *   +-------------------------------+-------------------------------+
 *   | extensions: next (1), length (1), content; then the payload   |
 * </pre>
 *
 * <p>Where BEP 29 says nothing, this does as libutp. Loss is found as RFC 9002 does it, since a uTP
 * packet that is lost a second time would else wait for a timeout. Sequence numbers count packets,
 * so a packet that was sent once keeps its size and its bytes for ever.
 *
 * <pre>
 *   {@link dev.weft.proxy.utp.machine.UtpConnection}   states, ids, what a datagram means
 *     {@link dev.weft.proxy.utp.machine.PacketSender}    when to send what: windows, timers
 *       {@link dev.weft.proxy.utp.machine.SendWindow}      packets, acknowledgements, losses
 *       {@link dev.weft.proxy.utp.machine.Ledbat}          the congestion window
 *     {@link dev.weft.proxy.utp.machine.ReceiveWindow}   what came out of order
 * </pre>
 */
package dev.weft.proxy.utp.machine;
