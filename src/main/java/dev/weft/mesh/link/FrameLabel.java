package dev.weft.mesh.link;

import io.netty.buffer.ByteBuf;

/**
 * What a frame says of itself, at its end: the payload stands before it untouched. Fields are
 * written in the order below, little-endian, each only if its bit is set in the control byte, which
 * is the frame's last. Read backwards.
 *
 * <pre>
 *   payload | destination 8 | source 8 | ping 8 | pong 8, queue time 8 | debug token 8 | control 1
 *
 *   control   0x01 source        0x04 control frame   0x20 pong and queue time, microseconds
 *             0x02 destination   0x10 ping            0x80 debug token
 * </pre>
 *
 * The source is left out when it is the sender, the destination when it is the receiver. A control
 * frame has no destination: it is for the receiver.
 *
 * <p>One object belongs to one link and is used again for every frame: nothing is allocated.
 */
public final class FrameLabel {
  /** The longest frame that every link carries, bytes. */
  public static final int MAX_FRAME = 1400;

  /** The longest label, bytes. */
  public static final int MAX_LABEL = 49;

  /** The longest payload that leaves room for every label, bytes. */
  public static final int MAX_PAYLOAD = MAX_FRAME - MAX_LABEL;

  private static final int SOURCE = 0x01;
  private static final int DESTINATION = 0x02;
  private static final int CONTROL = 0x04;
  private static final int PING = 0x10;
  private static final int PONG = 0x20;
  private static final int TOKEN = 0x80;
  private static final int KNOWN = SOURCE | DESTINATION | CONTROL | PING | PONG | TOKEN;

  private final long self;
  private boolean hasPeer;
  private long peer;

  /** The control byte. */
  private int bits;

  private long source;
  private long destination;
  private long ping;
  private long pong;
  private long queueMicros;
  private long token;

  /**
   * @param self the node at this end of the link
   */
  FrameLabel(long self) {
    this.self = self;
  }

  /** From now on ids that are left out are known: the other end of the link is this node. */
  void peer(long id) {
    peer = id;
    hasPeer = true;
  }

  /**
   * Begins the label of a control frame of this node.
   *
   * @param named whether it carries the source
   */
  FrameLabel control(boolean named) {
    source = self;
    destination = peer;
    bits = named ? CONTROL | SOURCE : CONTROL;
    return this;
  }

  /** Begins the label of a message; what the other end knows anyway is left out. */
  FrameLabel message(long from, long to) {
    source = from;
    destination = to;
    bits = (from == self ? 0 : SOURCE) | (hasPeer && to == peer ? 0 : DESTINATION);
    return this;
  }

  FrameLabel ping(long id) {
    ping = id;
    bits |= PING;
    return this;
  }

  /** Answers a ping that waited so long for this frame. */
  FrameLabel pong(long id, long micros) {
    pong = id;
    queueMicros = micros;
    bits |= PONG;
    return this;
  }

  FrameLabel debugToken(long random) {
    token = random;
    bits |= TOKEN;
    return this;
  }

  /** Bytes that {@link #write} adds. */
  int length() {
    return length(bits);
  }

  private static int length(int bits) {
    int fields = Integer.bitCount(bits & ~CONTROL) + ((bits & PONG) == 0 ? 0 : 1);
    return 1 + Long.BYTES * fields;
  }

  /** Writes the label behind the payload; the buffer has room for {@link #length} bytes. */
  void write(ByteBuf frame) {
    if ((bits & DESTINATION) != 0) {
      frame.writeLongLE(destination);
    }
    if ((bits & SOURCE) != 0) {
      frame.writeLongLE(source);
    }
    if ((bits & PING) != 0) {
      frame.writeLongLE(ping);
    }
    if ((bits & PONG) != 0) {
      frame.writeLongLE(pong);
      frame.writeLongLE(queueMicros);
    }
    if ((bits & TOKEN) != 0) {
      frame.writeLongLE(token);
    }
    frame.writeByte(bits);
  }

  /**
   * Reads the label of a frame from the other end and takes it off: the payload is left.
   *
   * @return why the frame is bad, which leaves it as it was and this label without meaning; null if
   *     it is good
   */
  BadFrame read(ByteBuf frame) {
    int size = frame.readableBytes();
    if (size == 0) {
      return BadFrame.EMPTY;
    }
    if (size > MAX_FRAME) {
      return BadFrame.TOO_LONG;
    }
    int end = frame.writerIndex() - 1;
    bits = frame.getUnsignedByte(end);
    if ((bits & ~KNOWN) != 0) {
      return BadFrame.UNKNOWN_BIT;
    }
    if ((bits & (CONTROL | DESTINATION)) == (CONTROL | DESTINATION)) {
      return BadFrame.CONTROL_DESTINATION;
    }
    if (size < length(bits)) {
      return BadFrame.SHORT;
    }
    if ((bits & SOURCE) == 0 && !hasPeer) {
      return BadFrame.UNKNOWN_PEER;
    }
    int payloadEnd = readFields(frame, end);
    if (!isControl() && source == destination) {
      return BadFrame.SAME_NODE;
    }
    frame.writerIndex(payloadEnd);
    return null;
  }

  /**
   * Reads from the last field to the first.
   *
   * @param end index of the control byte
   * @return index of the first field
   */
  private int readFields(ByteBuf frame, int end) {
    int at = end;
    if ((bits & TOKEN) != 0) {
      at -= Long.BYTES;
      token = frame.getLongLE(at);
    }
    if ((bits & PONG) != 0) {
      at -= 2 * Long.BYTES;
      pong = frame.getLongLE(at);
      queueMicros = frame.getLongLE(at + Long.BYTES);
    }
    if ((bits & PING) != 0) {
      at -= Long.BYTES;
      ping = frame.getLongLE(at);
    }
    source = peer;
    if ((bits & SOURCE) != 0) {
      at -= Long.BYTES;
      source = frame.getLongLE(at);
    }
    destination = self;
    if ((bits & DESTINATION) != 0) {
      at -= Long.BYTES;
      destination = frame.getLongLE(at);
    }
    return at;
  }

  /** Whether the frame is for the link itself and never routed. */
  boolean isControl() {
    return (bits & CONTROL) != 0;
  }

  boolean hasPing() {
    return (bits & PING) != 0;
  }

  boolean hasPong() {
    return (bits & PONG) != 0;
  }

  boolean hasDebugToken() {
    return (bits & TOKEN) != 0;
  }

  long source() {
    return source;
  }

  long destination() {
    return destination;
  }

  long ping() {
    return ping;
  }

  long pong() {
    return pong;
  }

  /** How long the ping waited for its answer, microseconds; without a sign. */
  long queueMicros() {
    return queueMicros;
  }

  long debugToken() {
    return token;
  }
}
