/**
 * The data path: frames between a wire's packet socket and its gRPC streams.
 *
 * <p>Enters: frames of a pod from the {@link dev.weft.wire.path.WireEnd}'s socket, and the calls of
 * meshnet's {@code meshnet.v1beta1.WireProtocol} from peers. Leaves: the same frames, to the peer
 * or to the pod. Knows neither which wires there should be nor how they come up.
 *
 * <pre>
 *   pod -> peer, all on one thread per lane (one more thread reads where the driver is a worker)
 *     1. {@link dev.weft.wire.path.Driver}       waits until the socket is readable and the stream has room
 *     2. {@link dev.weft.wire.path.BatchReader}  recvmmsg: up to 64 frames, as many as {@link dev.weft.wire.path.Pace} allows
 *     3. {@link dev.weft.wire.path.PacketWriter} one Packet per frame, in one buffer; segments for a peer without vnet headers
 *     4. {@link dev.weft.wire.path.FrameSink}    one HTTP/2 write and one flush per batch; full: no more of 1
 *
 *   peer -> pod, on the connection's event loop
 *     1. {@link dev.weft.wire.path.FrameReceiver} DATA frames of a call
 *     2. {@link dev.weft.wire.path.PacketReader}  messages and fields, across the borders of DATA frames
 *     3. {@link dev.weft.wire.path.VnetCheck}     refuses vnet headers that a kernel could not have made
 *     4. {@link dev.weft.wire.path.WireEnd}       found by interface id; sendmmsg: up to 256 frames
 * </pre>
 *
 * <p>The two meet within a node, by a {@link dev.weft.wire.path.LocalStream}, where both ends are
 * there. An end at a {@link dev.weft.wire.path.Segment} has no socket: its {@link
 * dev.weft.wire.path.SegmentPort} takes the frames in place of sendmmsg, and gives them to the
 * streams of other ports, on their loops.
 *
 * <p>Wire format: one {@code SendToStream} call per wire and direction; a batch is whole messages,
 * one after the other, each a {@code Packet} behind the five bytes of gRPC:
 *
 * <pre>
 *   00 | length, 4 bytes, big-endian | Packet
 *
 *   Packet   1  remot_intf_id  varint   the receiver's interface id
 *            2  frame          bytes    Ethernet, from the destination address on, without FCS
 *            3  frame_len      varint   the length of frame again; written, never read
 *           16  vnet_header    10 bytes struct virtio_net_hdr, little-endian (linux/virtio_net.h);
 *                                       only where both ends agreed on it: super-frames and partial
 *                                       checksums cross unsegmented
 * </pre>
 */
package dev.weft.wire.path;
