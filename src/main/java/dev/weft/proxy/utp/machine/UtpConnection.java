package dev.weft.proxy.utp.machine;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.function.LongSupplier;

/**
 * One connection, for one thread. Whoever has it calls {@link #settle} after each batch of packets
 * and of writes, and {@link #tick} when {@link #timer} says.
 *
 * <pre>
 *   DIALLING ──STATE──▶ OPEN ──both ends finished──▶ LINGERING ──3 s──▶ CLOSED
 *       │                 └─────RESET, silence, abort()──────────────────▲
 *       └──no answer, RESET──────────────────────────────────────────────┘
 * </pre>
 *
 * <p>Each direction ends by itself, with a FIN. What uTP cannot say: that an end reads no more (it
 * acknowledges and forgets, or resets), and why it resets.
 */
public final class UtpConnection {
  /** Sends a datagram. */
  public interface Wire {
    /**
     * Sends, or drops.
     *
     * @param datagram to be copied before this returns
     */
    void send(byte[] datagram, int length);
  }

  private enum State {
    DIALLING,
    OPEN,
    LINGERING,
    CLOSED
  }

  private static final long NEVER = PacketSender.NEVER;

  /** Between SYNs, doubled each time. */
  private static final long SYN_PAUSE = 1_000_000;

  private static final long SYN_PATIENCE = 15_000_000;

  /** How long one packet may wait for an answer that carries its acknowledgement. */
  private static final long ACK_DELAY = 10_000;

  /** Packets that one acknowledgement is for. */
  private static final int ACK_EVERY = 2;

  /** As libutp: less than what NATs forget. */
  private static final long KEEPALIVE = 29_000_000;

  /** Three keepalives and a bit. */
  private static final long SILENCE = 100_000_000;

  /** libutp keeps alive no more when it has finished. */
  private static final long SILENCE_AFTER_END = 600_000_000;

  /** In which the other end may repeat its FIN, whose acknowledgement was lost. */
  private static final long LINGER = 3_000_000;

  /** By how much an acknowledgement may be older than the last one: packets overtake each other. */
  private static final int OLD = 256;

  private final int receiveId;
  private final int sendId;
  private final LongSupplier clock;
  private final Wire wire;
  private final UtpUser user;
  private final PacketSender sender;
  private final long begun;
  private final byte[] scratch = new byte[UtpHeader.LONGEST];
  private ReceiveWindow received;
  private State state;
  private long difference;
  private int unacknowledged;
  private boolean acknowledgeNow;
  private long acknowledgeAt = NEVER;
  private long heardAt;
  private long sentAt;
  private long stateAt = NEVER;
  private int syns;
  private int announced;
  private boolean full;
  private long ignored;

  private UtpConnection(
      int receiveId,
      int sendId,
      long first,
      int overhead,
      LongSupplier clock,
      Wire wire,
      UtpUser user) {
    this.receiveId = receiveId;
    this.sendId = sendId;
    this.begun = first;
    this.clock = clock;
    this.wire = wire;
    this.user = user;
    this.sender = new PacketSender(first, overhead, this::send);
    this.heardAt = clock.getAsLong();
  }

  /**
   * Begins a connection; the SYN goes out with {@link #settle}.
   *
   * @param id random, 16 bits; the other end's packets will have it
   * @param seq random, 16 bits
   * @param overhead bytes of IP and UDP headers
   * @param clock microseconds; counts up by itself
   */
  public static UtpConnection dial(
      int id, int seq, int overhead, LongSupplier clock, Wire wire, UtpUser user) {
    UtpConnection dialled =
        new UtpConnection(id, id + 1 & 0xffff, seq + 1L, overhead, clock, wire, user);
    dialled.state = State.DIALLING;
    dialled.stateAt = clock.getAsLong();
    return dialled;
  }

  /**
   * A connection that another end has begun, and has shown to get what is sent to it.
   *
   * @param seq what {@link #answer} was given
   */
  public static UtpConnection accept(
      UtpHeader syn, int seq, int overhead, LongSupplier clock, Wire wire, UtpUser user) {
    UtpConnection accepted =
        new UtpConnection(syn.id() + 1 & 0xffff, syn.id(), seq, overhead, clock, wire, user);
    accepted.open(syn.seq() + 1L, syn);
    return accepted;
  }

  /**
   * The answer to a SYN.
   *
   * @param seq random, 16 bits
   * @param now microseconds
   */
  public static byte[] answer(UtpHeader syn, int seq, long now) {
    byte[] answer = new byte[UtpHeader.LENGTH];
    new UtpHeader(
            UtpType.STATE,
            syn.id(),
            now & 0xffffffffL,
            now - syn.timestamp() & 0xffffffffL,
            ReceiveWindow.CAPACITY,
            seq,
            syn.seq(),
            UtpHeader.NONE)
        .write(answer);
    return answer;
  }

  /**
   * Whether a packet is what follows {@link #answer}.
   *
   * @param seq what the answer was given
   */
  public static boolean confirms(UtpHeader header, int seq) {
    return header.type() != UtpType.RESET
        && header.type() != UtpType.SYN
        && header.ack() == Sequence.wire(seq - 1L);
  }

  private void open(long firstReceived, UtpHeader header) {
    state = State.OPEN;
    stateAt = NEVER;
    received =
        new ReceiveWindow(
            firstReceived,
            new ReceiveWindow.Reader() {
              @Override
              public void onBytes(ByteBuffer bytes) {
                user.onBytes(bytes);
              }

              @Override
              public void onEnd() {
                user.onEnd();
              }
            });
    sender.window(header.window(), clock.getAsLong());
  }

  /** The id of packets that arrive for this. */
  public int receiveId() {
    return receiveId;
  }

  /** The id of packets that this sends. */
  public int sendId() {
    return sendId;
  }

  public boolean isOpen() {
    return state == State.OPEN;
  }

  /** Whether it can be forgotten. */
  public boolean isClosed() {
    return state == State.CLOSED;
  }

  /** The number of the next packet, without end. */
  long nextSequence() {
    return sender.packets().unsent();
  }

  /** What others may want to know of it. */
  public record Stand(
      long roundTripMicros,
      long queueingMicros,
      long window,
      int underWay,
      int packetSize,
      long sentAgain,
      long ignored) {}

  /** How it goes at the moment. */
  public Stand stand() {
    return new Stand(
        sender.timeout().smoothed(),
        sender.congestion().queueing(),
        sender.congestion().window(),
        sender.packets().flight(),
        sender.size(),
        sender.sentAgain(),
        ignored);
  }

  /**
   * A packet of this connection's id has arrived.
   *
   * @param payload to be used before this returns
   */
  public void arrived(UtpHeader header, ByteBuffer payload) {
    long now = clock.getAsLong();
    if (state == State.CLOSED) {
      return;
    }
    if (header.type() == UtpType.RESET) {
      reset(header);
      return;
    }
    if (state == State.DIALLING) {
      if (header.type() != UtpType.STATE || header.ack() != Sequence.wire(begun - 1)) {
        ignored++;
        return;
      }
      if (syns == 1) {
        sender.timeout().sample(now - sentAt);
      }
      open(header.seq(), header);
      measure(header, now);
      heardAt = now;
      user.onConnected();
      return;
    }
    long seq = Sequence.near(received.next(), header.seq());
    long ack = Sequence.near(sender.packets().oldest() - 1, header.ack());
    if (header.type() == UtpType.SYN
        || ack >= sender.packets().unsent()
        || ack < sender.packets().oldest() - 1 - OLD
        || !received.plausible(seq)) {
      ignored++;
      return;
    }
    heardAt = now;
    sender.heard(now);
    measure(header, now);
    acknowledged(header, ack, now);
    if (header.type() != UtpType.STATE && state != State.CLOSED) {
      take(header, seq, payload, now);
    }
    finishIfDone(now);
  }

  private void measure(UtpHeader header, long now) {
    difference = header.timestamp() == 0 ? 0 : now - header.timestamp() & 0xffffffffL;
  }

  private void acknowledged(UtpHeader header, long ack, long now) {
    if (ack >= sender.packets().oldest() - 1) {
      sender.window(header.window(), now);
    }
    sender.acknowledged(ack, header, header.type() == UtpType.STATE, now);
  }

  private void take(UtpHeader header, long seq, ByteBuffer payload, long now) {
    boolean ordinary = received.take(seq, payload, header.type() == UtpType.FIN);
    unacknowledged++;
    if (!ordinary) {
      acknowledgeNow = true;
    } else if (acknowledgeAt == NEVER) {
      acknowledgeAt = now + ACK_DELAY;
    }
  }

  private void reset(UtpHeader header) {
    long ack = Sequence.near(sender.packets().oldest() - 1, header.ack());
    boolean plausible =
        state == State.DIALLING
            ? header.ack() == Sequence.wire(begun - 1)
            : ack >= sender.packets().oldest() - 1 && ack <= sender.packets().unsent();
    if (!plausible) {
      ignored++;
    } else if (state == State.DIALLING) {
      close(UtpEnding.REFUSED);
    } else if (received.ended() && sender.ended() && sender.onlyEndLeft()) {
      // It has finished, has everything, and is gone.
      close(UtpEnding.DONE);
    } else {
      close(UtpEnding.RESET);
    }
  }

  /** Takes bytes, as many as there is room for; {@link UtpUser#onWritable} tells of more room. */
  public void write(ByteBuffer from) {
    if (state == State.OPEN) {
      sender.write(from);
      full |= from.hasRemaining();
    }
  }

  /** Writes no more. */
  public void end() {
    if (state == State.OPEN && !sender.ended()) {
      sender.end();
    }
  }

  /** The user has taken bytes that it got. */
  public void read(int bytes) {
    if (received != null) {
      received.read(bytes);
      // A window that had nearly closed is open again.
      if (announced < ReceiveWindow.CAPACITY / 4 && received.free() > ReceiveWindow.CAPACITY / 2) {
        acknowledgeNow = true;
      }
    }
  }

  /** Ends at once, and tells the other end so. */
  public void abort() {
    if (state == State.OPEN) {
      send(UtpType.RESET, received.next() - 1, UtpHeader.NONE);
    }
    close(UtpEnding.BROKEN_OFF);
  }

  /** Sends what is due after what was done last. */
  public void settle() {
    long now = clock.getAsLong();
    if (state == State.DIALLING && stateAt <= now) {
      dial(now);
    }
    if (state == State.OPEN) {
      sender.flush(now);
      writable();
    }
    acknowledge(now);
    finishIfDone(now);
  }

  private void writable() {
    if (full && sender.takes()) {
      full = false;
      user.onWritable();
      sender.flush(clock.getAsLong());
    }
  }

  private void dial(long now) {
    if (now - heardAt >= SYN_PATIENCE) {
      close(UtpEnding.UNANSWERED);
      return;
    }
    stateAt = now + (SYN_PAUSE << Math.min(2, syns++));
    send(UtpType.SYN, 0, UtpHeader.NONE);
  }

  private void acknowledge(long now) {
    boolean open = state == State.OPEN || state == State.LINGERING;
    if (open && (acknowledgeNow || unacknowledged >= ACK_EVERY || acknowledgeAt <= now)) {
      send(UtpType.STATE, received.next() - 1, received.later());
    }
  }

  private void finishIfDone(long now) {
    if (state == State.OPEN && received.ended() && sender.finished()) {
      acknowledge(Math.max(now, acknowledgeAt == NEVER ? now : acknowledgeAt));
      state = State.LINGERING;
      stateAt = now + LINGER;
      user.onClosed(UtpEnding.DONE);
    }
  }

  private void close(UtpEnding ending) {
    boolean told = state == State.LINGERING || state == State.CLOSED;
    state = State.CLOSED;
    stateAt = NEVER;
    if (!told) {
      user.onClosed(ending);
    }
  }

  /** Packets that were sent again. */
  public long sentAgain() {
    return sender.sentAgain();
  }

  /** When to call {@link #tick}; microseconds by the clock, {@link Long#MAX_VALUE} for never. */
  public long timer() {
    return switch (state) {
      case DIALLING -> stateAt;
      case OPEN ->
          Math.min(
              Math.min(sender.timer(), acknowledgeAt),
              Math.min(sentAt + KEEPALIVE, heardAt + silence()));
      case LINGERING -> Math.min(stateAt, acknowledgeAt);
      case CLOSED -> NEVER;
    };
  }

  private long silence() {
    return received.ended() ? SILENCE_AFTER_END : SILENCE;
  }

  /** Does what is due by the clock. */
  public void tick() {
    long now = clock.getAsLong();
    if (state == State.OPEN) {
      if (now - heardAt >= silence()) {
        close(UtpEnding.SILENT);
        return;
      }
      if (sender.tick(now)) {
        send(UtpType.RESET, received.next() - 1, UtpHeader.NONE);
        close(UtpEnding.UNACKNOWLEDGED);
        return;
      }
      if (now - sentAt >= KEEPALIVE) {
        // Of a packet that was acknowledged already, as libutp does.
        send(UtpType.STATE, received.next() - 2, UtpHeader.NONE);
      }
    } else if (state == State.LINGERING && stateAt <= now) {
      state = State.CLOSED;
      return;
    }
    settle();
  }

  private void send(OutPacket packet) {
    UtpHeader header =
        header(
            packet.end ? UtpType.FIN : UtpType.DATA,
            packet.number,
            received.next() - 1,
            UtpHeader.NONE);
    header.write(packet.bytes);
    if (packet.padding > 0 && packet.sent == 1) {
      byte[] padded = UtpHeader.padded(packet.bytes, packet.length, packet.padding);
      wire.send(padded, padded.length);
    } else {
      wire.send(packet.bytes, packet.length);
    }
    if (!received.holds()) {
      acknowledgedNow();
    }
  }

  private void send(UtpType type, long ack, BitSet later) {
    long seq = type == UtpType.SYN ? begun - 1 : sender.packets().unsent();
    int length = header(type, seq, ack, later).write(scratch);
    wire.send(scratch, length);
    acknowledgedNow();
  }

  private void acknowledgedNow() {
    unacknowledged = 0;
    acknowledgeNow = false;
    acknowledgeAt = NEVER;
  }

  private UtpHeader header(UtpType type, long seq, long ack, BitSet later) {
    sentAt = clock.getAsLong();
    announced = received == null ? ReceiveWindow.CAPACITY : received.free();
    return new UtpHeader(
        type,
        type == UtpType.SYN ? receiveId : sendId,
        sentAt & 0xffffffffL,
        difference,
        announced,
        Sequence.wire(seq),
        Sequence.wire(ack),
        later);
  }
}
