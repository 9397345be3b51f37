package dev.weft.mesh;

import dev.weft.reach.PeerPort;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * The path of peers' datagrams through the mesh: each is the payload of a frame, behind its hop
 * limit. Frames that are none of QUIC begin with a byte in which {@link #QUIC_BIT} is not set.
 */
final class FramePath implements PeerPort.DatagramPath {
  /** Set in the first byte of each QUIC packet (RFC 9000, 17.2 and 17.3). */
  static final int QUIC_BIT = 0x40;

  private final MeshSwitch frames;

  FramePath(MeshSwitch frames) {
    this.frames = frames;
  }

  @Override
  public boolean reaches(long node) {
    return frames.reaches(node);
  }

  @Override
  public void send(long node, ByteBuf datagram) {
    ByteBuf payload = MeshNode.payload(ByteBufAllocator.DEFAULT, MeshSwitch.HOP_LIMIT);
    payload.writeBytes(datagram, datagram.readerIndex(), datagram.readableBytes());
    frames.send(node, payload, System.nanoTime());
  }
}
