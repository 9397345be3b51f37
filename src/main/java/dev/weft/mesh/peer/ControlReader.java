package dev.weft.mesh.peer;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/**
 * Cuts what arrives on stream 0 into its header and messages. At most one message is kept that is
 * not whole yet.
 */
final class ControlReader {
  /** The first bytes of each direction: they stand for the form of all that follows. */
  static final int HEADER = 0x00000001;

  /** The longest message, bytes: a list of services, mostly. */
  static final int MAX_MESSAGE = 64 << 10;

  private static final int DATA = 1;
  private static final int FRAME_HEADER = 2 * Integer.BYTES;

  /** What is read. */
  interface Taker {
    /**
     * A message.
     *
     * @param payload borrowed
     */
    void message(ByteBuf payload);
  }

  private final ByteBuf kept = Unpooled.buffer(FRAME_HEADER);
  private boolean begun;

  static ByteBuf header() {
    return Unpooled.copyInt(HEADER);
  }

  static ByteBuf frame(MessageLite message) {
    byte[] payload = message.toByteArray();
    return Unpooled.buffer(FRAME_HEADER + payload.length)
        .writeIntLE(payload.length)
        .writeIntLE(DATA)
        .writeBytes(payload);
  }

  static <M> M parse(Parser<M> parser, ByteBuf payload) {
    try {
      return parser.parseFrom(payload.nioBuffer());
    } catch (InvalidProtocolBufferException e) {
      throw Fault.invalid("stream 0", ByteBufUtil.hexDump(start(payload)), "a protobuf message");
    }
  }

  private static ByteBuf start(ByteBuf payload) {
    return payload.slice(payload.readerIndex(), Math.min(16, payload.readableBytes()));
  }

  /**
   * Takes bytes as they arrive.
   *
   * @param bytes borrowed
   * @throws WeftException INVALID if they are no such header and messages: the connection is over
   */
  void read(ByteBuf bytes, Taker taker) {
    while (bytes.isReadable()) {
      int wanted = wanted();
      kept.writeBytes(bytes, Math.min(bytes.readableBytes(), wanted - kept.readableBytes()));
      if (kept.readableBytes() < wanted || wanted() > wanted) {
        continue;
      }
      if (begun) {
        kept.skipBytes(FRAME_HEADER);
        taker.message(kept);
      } else {
        begun = true;
      }
      kept.clear();
      if (kept.capacity() > MAX_MESSAGE / 16) {
        kept.capacity(FRAME_HEADER);
      }
    }
  }

  /** How many bytes make what comes next whole, as far as it is known. */
  private int wanted() {
    if (!begun) {
      if (kept.readableBytes() == Integer.BYTES && kept.getInt(0) != HEADER) {
        throw Fault.invalid("header", hex(kept.getInt(0)), hex(HEADER));
      }
      return Integer.BYTES;
    }
    if (kept.readableBytes() < FRAME_HEADER) {
      return FRAME_HEADER;
    }
    long length = kept.getUnsignedIntLE(0);
    long type = kept.getUnsignedIntLE(Integer.BYTES);
    if (type != DATA) {
      throw Fault.invalid("stream 0: frame type", type, DATA + ", Data");
    }
    if (length > MAX_MESSAGE) {
      throw Fault.invalid("stream 0: frame length", length, "at most " + MAX_MESSAGE + " bytes");
    }
    return FRAME_HEADER + (int) length;
  }

  private static String hex(int header) {
    return "%02x %02x %02x %02x"
        .formatted(header >>> 24, header >>> 16 & 0xff, header >>> 8 & 0xff, header & 0xff);
  }
}
