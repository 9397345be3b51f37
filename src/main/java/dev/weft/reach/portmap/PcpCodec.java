package dev.weft.reach.portmap;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;

/** PCP's MAP for UDP as bytes, RFC 6887 sections 7 and 11.1. */
final class PcpCodec {
  static final int VERSION = 2;

  private static final int MAP = 1;
  private static final int ANSWER = 0x80;
  private static final int UDP = 17;
  private static final int HEADER = 24;
  private static final int WHOLE = 60;

  private PcpCodec() {}

  /**
   * A request.
   *
   * @param external the port that is preferred; 0 for any
   * @param lifetime zero releases the mapping
   */
  static byte[] map(
      MappingNonce nonce, Inet4Address client, int internal, int external, Duration lifetime) {
    ByteBuf out = Unpooled.buffer(WHOLE);
    out.writeByte(VERSION).writeByte(MAP).writeShort(0).writeInt((int) lifetime.toSeconds());
    writeMapped(out, client.getAddress());
    out.writeInt(nonce.high()).writeLong(nonce.low());
    out.writeByte(UDP).writeZero(3).writeShort(internal).writeShort(external);
    writeMapped(out, new byte[4]);
    return ByteBufUtil.getBytes(out);
  }

  /** As an IPv4-mapped IPv6 address, section 5. */
  private static void writeMapped(ByteBuf out, byte[] ipv4) {
    out.writeZero(10).writeShort(0xFFFF).writeBytes(ipv4);
  }

  /** Reads a datagram, which is only borrowed; empty for all but answers to MAP of UDP. */
  static Optional<MapAnswer> read(ByteBuf datagram) {
    ByteBuf in = datagram.duplicate();
    if (in.readableBytes() < HEADER
        || in.readUnsignedByte() != VERSION
        || in.readUnsignedByte() != (MAP | ANSWER)) {
      return Optional.empty();
    }
    in.skipBytes(1);
    int result = in.readUnsignedByte();
    Duration lifetime = Duration.ofSeconds(in.readUnsignedInt());
    long epoch = in.readUnsignedInt();
    in.skipBytes(12);
    boolean whole = in.readableBytes() >= WHOLE - HEADER;
    if (!whole) {
      return result == 0
          ? Optional.empty()
          : Optional.of(new MapAnswer.Refused(epoch, VERSION, result, Optional.empty(), lifetime));
    }
    MappingNonce nonce = new MappingNonce(in.readInt(), in.readLong());
    if (in.readUnsignedByte() != UDP) {
      return Optional.empty();
    }
    in.skipBytes(3);
    int internal = in.readUnsignedShort();
    int external = in.readUnsignedShort();
    byte[] address = new byte[16];
    in.readBytes(address);
    return Optional.of(
        result == 0
            ? new MapAnswer.Mapped(
                epoch, Optional.of(nonce), internal, external, Optional.of(ip(address)), lifetime)
            : new MapAnswer.Refused(epoch, VERSION, result, Optional.of(nonce), lifetime));
  }

  private static InetAddress ip(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 16 bytes", e);
    }
  }
}
