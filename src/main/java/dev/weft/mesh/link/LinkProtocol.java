package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.weft.identity.NodeId;
import dev.weft.mesh.proto.Introduction;
import dev.weft.mesh.proto.LinkControlFrame;
import dev.weft.mesh.route.RouteAnnouncement;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a link. It knows no clock, thread or transport: the caller brings frames and the time,
 * and calls {@link #expire} when {@link #deadline} has come. That is at once when a ping waits for
 * its answer: a caller that has further frames to receive or to send first lets one of them carry
 * it.
 *
 * <pre>
 *   start ── introduction ──▶ other end             the link is up when this node's introduction is
 *        ◀── introduction, ack ──                   acknowledged and the other end's has arrived;
 *   up   ◀── frames, pings, announcements ──▶       down while it is silent; failed for good when
 *                                                   the ends do not fit or control stands still
 * </pre>
 *
 * All times are nanoseconds of one clock that does not go back. For one thread; {@link Output} may
 * call {@link #send}, {@link #announce} and {@link #close}.
 */
public final class LinkProtocol {
  /** What a link tells its node. */
  public interface Output {
    /** Sends a frame; takes its reference. */
    void transmit(ByteBuf frame);

    /**
     * The other end is known; once, before anything else of it.
     *
     * @param relays whether it carries frames for other nodes
     * @param seenFrom this node's address and port as the other end sees it; empty without one
     */
    void introduced(long peer, boolean relays, String seenFrom);

    /**
     * A message, for this node or another one.
     *
     * @param payload not empty; borrowed: who keeps it retains it. Its bytes and indices may be
     *     changed, and it may be passed to {@link #send} of another link
     */
    void message(long source, long destination, ByteBuf payload);

    /**
     * All that the other end announces, one route a destination; at most every 20 ms, the latest
     * then. Again when the link comes up again.
     */
    void announced(List<RouteAnnouncement> all);

    /**
     * The link carries messages, or does so no longer until it comes up again.
     *
     * @param up whether frames arrive
     */
    void carries(boolean up);

    /** The smoothed round-trip time has changed; told again when the link comes up again. */
    void rtt(long micros);

    /** The link has ended, once; nothing is told afterwards. What was transmitted before counts. */
    void failed(String reason);
  }

  /** What one end of a link is. */
  public static final class Settings {
    private final long self;
    private final ByteString fingerprint;
    private final String seenFrom;
    private final boolean relay;
    private final boolean debugTokens;
    private final OptionalLong expectedPeer;

    /**
     * @param fingerprint SHA-256 of this node's public key, which begins with its id
     * @param seenFrom the other end's address and port, as this node sees it; empty without one
     * @param relay whether this node carries frames for others
     * @param debugTokens whether frames carry random tokens, which are logged
     * @param expectedPeer who the other end must be; empty for anybody
     * @throws IllegalArgumentException if the fingerprint is not this node's
     */
    public Settings(
        long self,
        byte[] fingerprint,
        String seenFrom,
        boolean relay,
        boolean debugTokens,
        OptionalLong expectedPeer) {
      this.self = self;
      this.fingerprint = ByteString.copyFrom(fingerprint);
      this.seenFrom = seenFrom;
      this.relay = relay;
      this.debugTokens = debugTokens;
      this.expectedPeer = expectedPeer;
      if (!IntroductionCheck.proves(this.fingerprint, self)) {
        throw new IllegalArgumentException(
            "fingerprint of %d bytes (expected: %d bytes that begin with %s)"
                .formatted(fingerprint.length, IntroductionCheck.FINGERPRINT, NodeId.text(self)));
      }
    }

    private Introduction introduction(int version) {
      return Introduction.newBuilder()
          .setVersion(version)
          .setNode(self)
          .setFingerprint(fingerprint)
          .setSeenFrom(seenFrom)
          .setRelay(relay)
          .setRouteChanges(true)
          .build();
    }
  }

  static final int VERSION = 1;

  /** The time between two announcements that the output is told, at least. */
  private static final long ANNOUNCEMENT_SPACING = MILLISECONDS.toNanos(20);

  private static final byte[] NOTHING = {};
  private static final Logger log = LoggerFactory.getLogger(LinkProtocol.class);

  private final boolean debugTokens;
  private final RandomGenerator random;
  private final Output output;
  private final FrameLabel in;
  private final FrameLabel out;
  private final ControlProtocol control;
  private final Pings pings;
  private boolean ended;

  private boolean introduced;
  private long peer;

  /** What the output was told last. */
  private boolean carries;

  private long rttMicros;

  /** The other end's ping that waits for its answer. */
  private boolean asked;

  private long askedId;
  private long askedAt;

  /** When the output is told what the other end announces. */
  private long tellAt = Long.MAX_VALUE;

  /** Not before this time: announcements may come faster than anybody can deal with them. */
  private long tellNotBefore = Long.MIN_VALUE;

  private final Map<BadFrame, Long> bad = new EnumMap<>(BadFrame.class);
  private long badFrames;
  private long unsent;

  public LinkProtocol(Settings settings, RandomGenerator random, Output output) {
    this(settings, VERSION, random, output);
  }

  LinkProtocol(Settings settings, int version, RandomGenerator random, Output output) {
    this.debugTokens = settings.debugTokens;
    this.random = random;
    this.output = output;
    in = new FrameLabel(settings.self);
    out = new FrameLabel(settings.self);
    pings = new Pings(random);
    control =
        new ControlProtocol(
            settings.introduction(version),
            new IntroductionCheck(version, settings.self, settings.expectedPeer),
            random,
            new Control());
  }

  /** Introduces this node. */
  public void start(long now) {
    control.start(now);
  }

  /**
   * Takes a frame from the other end; it is borrowed. Afterwards {@link #deadline} may have come.
   */
  public void receive(ByteBuf frame, long now) {
    if (ended) {
      return;
    }
    int size = frame.readableBytes();
    BadFrame reason = in.read(frame);
    if (reason == null) {
      reason = outOfPlace(frame);
    }
    if (reason != null) {
      drop(reason);
      return;
    }
    if (in.hasDebugToken() && debugTokens) {
      logToken("received from", in.debugToken(), size);
    }
    if (in.isControl()) {
      receiveControl(frame, now);
    } else {
      long source = in.source();
      long destination = in.destination();
      readPings(now);
      report(now);
      if (!ended) {
        output.message(source, destination, frame);
      }
    }
  }

  private void drop(BadFrame reason) {
    bad.merge(reason, 1L, Long::sum);
    badFrames++;
  }

  /** Why a frame with a good label is bad; null if it is not. */
  private BadFrame outOfPlace(ByteBuf payload) {
    if (in.isControl()) {
      return introduced && in.source() != peer ? BadFrame.OTHER_SOURCE : null;
    }
    if (!introduced) {
      return BadFrame.NOT_INTRODUCED;
    }
    return payload.isReadable() ? null : BadFrame.NO_PAYLOAD;
  }

  private void receiveControl(ByteBuf payload, long now) {
    LinkControlFrame frame = null;
    if (payload.isReadable()) {
      try {
        frame = LinkControlFrame.parseFrom(payload.nioBuffer());
      } catch (InvalidProtocolBufferException e) {
        drop(BadFrame.CONTROL_PAYLOAD);
        return;
      }
    }
    readPings(now);
    if (frame != null && !ended) {
      control.receive(frame, in.source(), now);
    }
    if (!ended) {
      report(now);
    }
  }

  /** Takes what the label says besides; the frame is good. */
  private void readPings(long now) {
    pings.heard(now);
    if (in.hasPing() && introduced) {
      asked = true;
      askedId = in.ping();
      askedAt = now;
      pings.asked(askedId, now);
    }
    if (in.hasPong() && pings.answered(in.pong(), in.queueMicros(), now)) {
      long micros = pings.roundTrip().micros();
      if (micros != rttMicros) {
        rttMicros = micros;
        output.rtt(micros);
      }
    }
  }

  /** Tells whether the link is up, if that has changed. */
  private void report(long now) {
    if (pings.up() != carries) {
      carries = pings.up();
      output.carries(carries);
      if (carries && rttMicros != 0 && !ended) {
        output.rtt(rttMicros);
      }
      if (carries && control.hasAnnounced()) {
        tellAt = now;
      }
    }
    tellAnnounced(now);
  }

  /** Tells what the other end announces, if it is time. */
  private void tellAnnounced(long now) {
    if (carries && !ended && tellAt <= now) {
      tellAt = Long.MAX_VALUE;
      tellNotBefore = now + ANNOUNCEMENT_SPACING;
      output.announced(control.announced());
    }
  }

  /**
   * Sends a message. It is dropped, and counted, while the link is not up.
   *
   * @param payload 1 to {@link FrameLabel#MAX_PAYLOAD} bytes; this takes the reference. The label
   *     is written behind it if there is room
   */
  public void send(long source, long destination, ByteBuf payload, long now) {
    if (pings.due() <= now) {
      pings.expire(now);
      report(now);
    }
    int size = payload.readableBytes();
    if (ended || !carries || size == 0 || size > FrameLabel.MAX_PAYLOAD || source == destination) {
      unsent++;
      payload.release();
      return;
    }
    transmit(payload, out.message(source, destination), now);
  }

  private void transmit(ByteBuf payload, FrameLabel label, long now) {
    if (asked) {
      asked = false;
      label.pong(askedId, NANOSECONDS.toMicros(now - askedAt));
    }
    if (pings.welcome(now)) {
      label.ping(pings.ping(now));
    }
    if (debugTokens) {
      label.debugToken(random.nextLong());
    }
    ByteBuf frame = payload;
    if (!payload.isWritable(label.length())) {
      frame = PooledByteBufAllocator.DEFAULT.directBuffer(payload.readableBytes() + label.length());
      frame.writeBytes(payload);
      payload.release();
    }
    label.write(frame);
    if (debugTokens) {
      logToken("sent to", label.debugToken(), frame.readableBytes());
    }
    output.transmit(frame);
  }

  private void transmitControl(byte[] payload, long now) {
    if (ended) {
      return;
    }
    int room = payload.length + FrameLabel.MAX_LABEL;
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(room).writeBytes(payload);
    transmit(frame, out.control(!control.known()), now);
  }

  private void logToken(String direction, long token, int size) {
    log.info(
        "Frame {} {} node {}, {} bytes",
        HexFormat.of().toHexDigits(token),
        direction,
        introduced ? NodeId.text(peer) : "that is not known yet",
        size);
  }

  /** Announces what this node reaches, in place of what has not begun to be sent. */
  public void announce(List<RouteAnnouncement> all, long now) {
    if (!ended) {
      control.announce(all, now);
    }
  }

  /** Does what is due: sends again, pings, answers, gives up. */
  public void expire(long now) {
    if (ended) {
      return;
    }
    control.expire(rttMicros, now);
    if (ended) {
      return;
    }
    pings.expire(now);
    report(now);
    if (!ended && (asked || pings.due() <= now)) {
      transmitControl(NOTHING, now);
    }
  }

  /**
   * When {@link #expire} is due; in the past if it is already, {@link Long#MAX_VALUE} for never.
   */
  public long deadline() {
    if (ended) {
      return Long.MAX_VALUE;
    }
    long due = Math.min(control.due(), pings.due());
    if (carries) {
      due = Math.min(due, tellAt);
    }
    return asked ? Math.min(due, askedAt) : due;
  }

  /** Ends the link without a word to anybody. */
  public void close() {
    ended = true;
  }

  private void fail(String reason) {
    if (!ended) {
      close();
      output.failed(reason);
    }
  }

  /** Whether messages that are sent now go out. */
  public boolean isUp() {
    return carries && !ended;
  }

  /** Frames that were dropped for this reason. */
  public long badFrames(BadFrame reason) {
    return bad.getOrDefault(reason, 0L);
  }

  /** Frames that were dropped as bad. */
  public long badFrames() {
    return badFrames;
  }

  /** Control messages and acknowledgements that were dropped: repeated, out of order, unknown. */
  public long controlDrops() {
    return control.drops();
  }

  /** Routes of either end beyond a bound: left out, or their RTT taken as unknown. */
  public long refusedRoutes() {
    return control.refusedRoutes();
  }

  /** Messages that were not sent: the link was not up, or they were no messages. */
  public long unsent() {
    return unsent;
  }

  /** What the control protocol brings about. */
  private final class Control implements ControlProtocol.Owner {
    @Override
    public void transmit(byte[] payload, long now) {
      transmitControl(payload, now);
    }

    @Override
    public void introduced(long node, Introduction introduction, long now) {
      introduced = true;
      peer = node;
      in.peer(node);
      out.peer(node);
      output.introduced(node, introduction.getRelay(), IntroductionCheck.seenFrom(introduction));
      open(now);
    }

    @Override
    public void acknowledged(long now) {
      pings.proved(now);
      open(now);
    }

    private void open(long now) {
      if (!ended && control.open() && !pings.started()) {
        pings.start(now);
        report(now);
      }
    }

    /**
     * Without answers to pings, the other end no longer knows this one: it was started anew. While
     * there are answers it is an old frame.
     */
    @Override
    public void introducedAgain(long now) {
      if (pings.started() && !carries) {
        fail("node %s has begun anew".formatted(NodeId.text(peer)));
      } else {
        pings.doubt(now);
      }
    }

    @Override
    public void announced(long now) {
      tellAt = Math.min(tellAt, Math.max(now, tellNotBefore));
      tellAnnounced(now);
    }

    @Override
    public void failed(String reason) {
      fail(reason);
    }
  }
}
