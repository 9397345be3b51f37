package dev.weft.mesh.stream;

import com.google.protobuf.MessageLite;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;

/**
 * Cuts the bytes of a stream into frames: length and type, unsigned 4 bytes little-endian each,
 * then the payload.
 */
public final class StreamFrames {
  /** What a frame is, by its number on the stream. */
  public enum Type {
    HELLO(0),
    DATA(1),
    CONTROL(2),
    SIGNAL(3);

    private static final List<Type> ALL = List.of(values());

    private final int number;

    Type(int number) {
      this.number = number;
    }
  }

  /** What is told of the frames. It may {@link #close} them. */
  public interface Taker {
    /**
     * A frame.
     *
     * @param payload borrowed
     * @throws WeftException for a frame that ends the stream
     */
    void onFrame(Type type, ByteBuf payload);

    /** Some of a Data frame's payload, where borders mean nothing; borrowed. */
    default void onPart(ByteBuf part) {
      throw new UnsupportedOperationException();
    }
  }

  /** Bytes before the payload. */
  public static final int HEADER = 8;

  /** The longest payload of a frame that is not Data, bytes. */
  public static final int MAX_OTHER = 4096;

  private final int maxData;
  private final boolean inParts;
  private final Taker taker;
  private final ByteBuf header = UnpooledByteBufAllocator.DEFAULT.heapBuffer(HEADER, HEADER);
  private ByteBuf partial;

  /** Of the frame whose header has been read; null between frames. */
  private Type type;

  /** Bytes of its payload that have not been read. */
  private int left;

  private boolean closed;

  private StreamFrames(int maxData, boolean inParts, Taker taker) {
    this.maxData = maxData;
    this.inParts = inParts;
    this.taker = taker;
  }

  /**
   * Frames that are told whole.
   *
   * @param maxData the longest payload of a Data frame, bytes
   */
  public static StreamFrames whole(int maxData, Taker taker) {
    return new StreamFrames(maxData, false, taker);
  }

  /** Frames of which Data is told in parts, as it arrives. */
  static StreamFrames inParts(int maxData, Taker taker) {
    return new StreamFrames(maxData, true, taker);
  }

  /**
   * Reads what has arrived.
   *
   * @param bytes borrowed
   * @throws WeftException INVALID for a length or a type that is not allowed: the stream cannot go
   *     on; or what the taker throws
   */
  public void receive(ByteBuf bytes) {
    while (!closed && (bytes.isReadable() || (type != null && left == 0))) {
      if (type == null) {
        readHeader(bytes);
      } else {
        readPayload(bytes);
      }
    }
  }

  private void readHeader(ByteBuf bytes) {
    header.writeBytes(bytes, Math.min(bytes.readableBytes(), header.writableBytes()));
    if (header.isWritable()) {
      return;
    }
    long length = header.getUnsignedIntLE(0);
    long number = header.getUnsignedIntLE(4);
    header.clear();
    if (number >= Type.ALL.size()) {
      throw Fault.invalid("frame type", number, "0..3");
    }
    Type next = Type.ALL.get((int) number);
    int most = next == Type.DATA ? maxData : MAX_OTHER;
    if (length > most) {
      throw Fault.invalid("frame of type " + number, length + " bytes", "at most " + most);
    }
    type = next;
    left = (int) length;
  }

  private void readPayload(ByteBuf bytes) {
    int here = Math.min(left, bytes.readableBytes());
    if (inParts && type == Type.DATA) {
      left -= here;
      Type done = left == 0 ? null : type;
      type = done;
      if (here > 0) {
        taker.onPart(bytes.readSlice(here));
      }
      return;
    }
    left -= here;
    if (partial == null && left == 0) {
      tell(bytes.readSlice(here));
      return;
    }
    if (partial == null) {
      partial = PooledByteBufAllocator.DEFAULT.buffer(here);
    }
    partial.writeBytes(bytes, here);
    if (left == 0) {
      ByteBuf whole = partial;
      partial = null;
      try {
        tell(whole);
      } finally {
        whole.release();
      }
    }
  }

  private void tell(ByteBuf payload) {
    Type told = type;
    type = null;
    taker.onFrame(told, payload);
  }

  /** Whether the stream may end here. */
  boolean betweenFrames() {
    return type == null && header.writerIndex() == 0;
  }

  /** Reads no more, and lets go what has been read of a frame. */
  public void close() {
    closed = true;
    if (partial != null) {
      partial.release();
      partial = null;
    }
  }

  /** A frame with a message, or without any payload. */
  public static ByteBuf frame(Type type, MessageLite payload) {
    byte[] bytes = payload.toByteArray();
    return begin(PooledByteBufAllocator.DEFAULT, type, bytes.length, bytes.length)
        .writeBytes(bytes);
  }

  /** A buffer that begins with a frame's header. */
  static ByteBuf begin(ByteBufAllocator allocator, Type type, int length, int room) {
    return allocator.directBuffer(HEADER + room).writeIntLE(length).writeIntLE(type.number);
  }
}
