package dev.weft.reach.portmap;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;

/** NAT-PMP as bytes, RFC 6886 section 3. */
final class NatPmpCodec {
  static final int VERSION = 0;

  private static final int OUTSIDE = 0;
  private static final int MAP_UDP = 1;
  private static final int ANSWER = 0x80;
  private static final int SHORTEST = 8;

  private NatPmpCodec() {}

  /** Asks for the router's outside address. */
  static byte[] outside() {
    return new byte[] {VERSION, OUTSIDE};
  }

  /**
   * A request.
   *
   * @param external the port that is preferred; 0 for any
   * @param lifetime zero releases the mapping; the external port is 0 then
   */
  static byte[] map(int internal, int external, Duration lifetime) {
    ByteBuf out = Unpooled.buffer(12);
    out.writeByte(VERSION).writeByte(MAP_UDP).writeShort(0);
    out.writeShort(internal).writeShort(external).writeInt((int) lifetime.toSeconds());
    return ByteBufUtil.getBytes(out);
  }

  /** Reads a datagram, which is only borrowed; empty for all but answers. */
  static Optional<MapAnswer> read(ByteBuf datagram) {
    ByteBuf in = datagram.duplicate();
    if (in.readableBytes() < SHORTEST || in.readUnsignedByte() != VERSION) {
      return Optional.empty();
    }
    int opcode = in.readUnsignedByte();
    int result = in.readUnsignedShort();
    long epoch = in.readUnsignedInt();
    if (opcode < ANSWER) {
      return Optional.empty();
    }
    if (result != 0) {
      return Optional.of(
          new MapAnswer.Refused(epoch, VERSION, result, Optional.empty(), Duration.ZERO));
    }
    if (opcode == (OUTSIDE | ANSWER) && in.readableBytes() >= 4) {
      return Optional.of(new MapAnswer.Outside(epoch, ip(ByteBufUtil.getBytes(in, 8, 4))));
    }
    if (opcode == (MAP_UDP | ANSWER) && in.readableBytes() >= 8) {
      return Optional.of(
          new MapAnswer.Mapped(
              epoch,
              Optional.empty(),
              in.readUnsignedShort(),
              in.readUnsignedShort(),
              Optional.empty(),
              Duration.ofSeconds(in.readUnsignedInt())));
    }
    return Optional.empty();
  }

  private static InetAddress ip(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 4 bytes", e);
    }
  }
}
