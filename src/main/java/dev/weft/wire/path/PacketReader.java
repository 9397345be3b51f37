package dev.weft.wire.path;

import dev.weft.linux.VnetHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * Takes a stream of gRPC-framed {@code Packet} messages apart, chunk by chunk. Whole messages are
 * read where they lie; only one that is split over chunks is copied.
 */
final class PacketReader implements AutoCloseable {
  /** The longest super-frame with VLAN tags and the fields around it, and room to spare. */
  static final int MAX_MESSAGE = 144 << 10;

  private static final int PREFIX = 5;

  /** Receives what was read; positions are valid only during the call. */
  interface Sink {
    /**
     * One frame.
     *
     * @param source holds the frame and the header
     * @param vnet index of the 10-byte vnet header, -1 if there is none
     */
    void onFrame(long interfaceId, ByteBuf source, int frame, int length, int vnet);

    /** The bytes are no Packet; the stream cannot go on. */
    void onBroken(String why);
  }

  private final Sink sink;
  private ByteBuf partial;
  private boolean broken;

  PacketReader(Sink sink) {
    this.sink = sink;
  }

  /** Reads all messages that end in this chunk; the chunk stays the caller's. */
  void onChunk(ByteBuf chunk) {
    if (broken) {
      return;
    }
    if (partial == null) {
      readMessages(chunk);
      keepRest(chunk);
      return;
    }
    while (chunk.isReadable() && partial != null && !broken) {
      completePartial(chunk);
    }
    if (partial == null && !broken) {
      readMessages(chunk);
      keepRest(chunk);
    }
  }

  /** Moves just as much into the partial message as it lacks, and reads it once it is whole. */
  private void completePartial(ByteBuf chunk) {
    int have = partial.readableBytes();
    int want = have < PREFIX ? PREFIX : PREFIX + lengthAt(partial, partial.readerIndex());
    if (want < 0) {
      return;
    }
    partial.writeBytes(chunk, Math.min(want - have, chunk.readableBytes()));
    if (partial.readableBytes() < PREFIX) {
      return;
    }
    int length = lengthAt(partial, partial.readerIndex());
    if (length < 0) {
      return;
    }
    if (partial.readableBytes() == PREFIX + length) {
      readPacket(partial, partial.readerIndex() + PREFIX, length);
      release();
    }
  }

  private void readMessages(ByteBuf in) {
    while (!broken && in.readableBytes() >= PREFIX) {
      int length = lengthAt(in, in.readerIndex());
      if (length < 0 || in.readableBytes() < PREFIX + length) {
        return;
      }
      readPacket(in, in.readerIndex() + PREFIX, length);
      in.skipBytes(PREFIX + length);
    }
  }

  private void keepRest(ByteBuf chunk) {
    if (!broken && chunk.isReadable()) {
      int length = chunk.readableBytes() < PREFIX ? 0 : chunk.getInt(chunk.readerIndex() + 1);
      partial = ByteBufAllocator.DEFAULT.buffer(PREFIX + length, PREFIX + MAX_MESSAGE);
      partial.writeBytes(chunk);
    }
  }

  /** The message's length; negative after telling the sink that it cannot be one. */
  private int lengthAt(ByteBuf in, int index) {
    if (in.getByte(index) != 0) {
      breakOff("a compressed message (expected: grpc-encoding identity)");
      return -PREFIX - 1;
    }
    int length = in.getInt(index + 1);
    if (length < 0 || length > MAX_MESSAGE) {
      breakOff("message length: " + (length & 0xffffffffL) + " (expected: 0.." + MAX_MESSAGE + ")");
      return -PREFIX - 1;
    }
    return length;
  }

  private void readPacket(ByteBuf in, int start, int length) {
    int end = start + length;
    int at = start;
    long interfaceId = 0;
    int frame = start;
    int frameLength = 0;
    int vnet = -1;
    while (at < end) {
      long tag = varint(in, at, end);
      at = varintEnd;
      int wireType = (int) tag & 7;
      long field = tag >>> 3;
      if (at < 0) {
        break;
      }
      if (wireType == 0) {
        long value = varint(in, at, end);
        at = varintEnd;
        if (field == 1) {
          interfaceId = value;
        }
      } else if (wireType == 2) {
        long size = varint(in, at, end);
        at = varintEnd;
        if (at < 0 || size < 0 || size > end - at) {
          at = -1;
          break;
        }
        if (field == 2) {
          frame = at;
          frameLength = (int) size;
        } else if (field == 16 && size == VnetHeader.LENGTH) {
          vnet = at;
        } else if (field == 16) {
          at = -1;
          break;
        }
        at += (int) size;
      } else if (wireType == 5 && end - at >= 4) {
        at += 4;
      } else if (wireType == 1 && end - at >= 8) {
        at += 8;
      } else {
        at = -1;
      }
      if (at < 0) {
        break;
      }
    }
    if (at != end) {
      breakOff("not a meshnet.v1beta1.Packet");
      return;
    }
    sink.onFrame(interfaceId, in, frame, frameLength, vnet);
  }

  /** Where the last varint ended, -1 if it was broken. */
  private int varintEnd;

  private long varint(ByteBuf in, int at, int end) {
    long value = 0;
    for (int shift = 0; at >= 0 && at < end && shift < 70; shift += 7) {
      byte b = in.getByte(at++);
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        varintEnd = at;
        return value;
      }
    }
    varintEnd = -1;
    return 0;
  }

  private void breakOff(String why) {
    broken = true;
    sink.onBroken(why);
  }

  /** Whether what came so far ends inside a message. */
  boolean isInsideMessage() {
    return partial != null;
  }

  /** Reads nothing more. */
  @Override
  public void close() {
    broken = true;
    release();
  }

  private void release() {
    if (partial != null) {
      partial.release();
      partial = null;
    }
  }
}
