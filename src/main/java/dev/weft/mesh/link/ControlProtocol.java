package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.weft.mesh.proto.Introduction;
import dev.weft.mesh.proto.LinkControlFrame;
import dev.weft.mesh.proto.LinkControlMessage;
import dev.weft.mesh.proto.SetRoute;
import dev.weft.mesh.route.RouteAnnouncement;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The control messages of a link: each end introduces itself, then they announce what they reach.
 */
final class ControlProtocol {
  /** The link that this is a part of. */
  interface Owner {
    /** Sends a {@link LinkControlFrame}. */
    void transmit(byte[] control, long now);

    /** The other end is known; once. */
    void introduced(long peer, Introduction introduction, long now);

    /** The other end has this end's latest message, so it hears this end. */
    void acknowledged(long now);

    /** The other end introduces itself once more, as if it had begun anew. */
    void introducedAgain(long now);

    /** {@link ControlProtocol#announced} has changed. */
    void announced(long now);

    void failed(String reason);
  }

  /** For so long the introduction is sent to a node of another version. */
  private static final long REFUSAL = SECONDS.toNanos(2);

  private final Introduction introduction;
  private final IntroductionCheck check;
  private final Owner owner;
  private final ControlSender sender;
  private final ControlReceiver receiver = new ControlReceiver();

  /** Why the link ends as soon as the other end has the introduction; null if it does not. */
  private String refusal;

  private long refusedAt;

  /** What is being sent, and what comes next; null if there is nothing. */
  private AnnouncementWriter sending;

  private List<RouteAnnouncement> waiting;

  /** What the other end knows, so that changes can be told; null if it must be told all. */
  private List<RouteAnnouncement> told;

  /** Whether the other end can be told what has changed only. */
  private boolean changesKnown;

  /** Null until the other end has introduced itself. */
  private AnnouncementReader reader;

  /** When the other end must have introduced itself. */
  private long introduceBy = Long.MAX_VALUE;

  private long drops;
  private long unannounced;

  ControlProtocol(
      Introduction introduction, IntroductionCheck check, RandomGenerator random, Owner owner) {
    this.introduction = introduction;
    this.check = check;
    this.owner = owner;
    sender = new ControlSender(random);
  }

  void start(long now) {
    if (reader == null) {
      introduceBy = now + ControlSender.GIVE_UP;
    }
    begin(LinkControlMessage.newBuilder().setIntroduction(introduction), now);
  }

  private void begin(LinkControlMessage.Builder message, long now) {
    sender.begin(message, now);
    owner.transmit(sender.send(0, now), now);
  }

  /** Whether both ends know each other. */
  boolean open() {
    return reader != null && sender.everAcknowledged();
  }

  /** Whether the other end knows this node: control frames need not name it any more. */
  boolean known() {
    return sender.everAcknowledged();
  }

  /** Messages that were dropped: out of their order, or without a meaning. */
  long drops() {
    return drops;
  }

  /** Routes of either end that were not announced whole, since they are over a bound. */
  long refusedRoutes() {
    return unannounced + (reader == null ? 0 : reader.refused());
  }

  long due() {
    long due = Math.min(sender.due(), introduceBy);
    return refusal == null ? due : Math.min(due, refusedAt + REFUSAL);
  }

  void expire(long rttMicros, long now) {
    if (refusal != null && now >= refusedAt + REFUSAL) {
      owner.failed(refusal);
    } else if (sender.givenUp(now)) {
      owner.failed(
          "no acknowledgement for %d s".formatted(NANOSECONDS.toSeconds(ControlSender.GIVE_UP)));
    } else if (now >= introduceBy) {
      owner.failed(
          "no introduction for %d s".formatted(NANOSECONDS.toSeconds(ControlSender.GIVE_UP)));
    } else if (sender.due() <= now) {
      owner.transmit(sender.send(MICROSECONDS.toNanos(rttMicros), now), now);
    }
  }

  /**
   * Announces what this node reaches; it replaces what has not begun to be sent.
   *
   * @param all in the order of their worth: those over the bound are left out
   */
  void announce(List<RouteAnnouncement> all, long now) {
    waiting = List.copyOf(all);
    next(now);
  }

  private void next(long now) {
    if (!sender.idle() || !sender.everAcknowledged()) {
      return;
    }
    if (sending == null && waiting != null) {
      sending =
          told == null
              ? AnnouncementWriter.ofAll(waiting)
              : AnnouncementWriter.ofChanges(waiting, told);
      waiting = null;
    }
    if (sending != null) {
      SetRoute part = sending.part();
      if (part.getIsEnd()) {
        unannounced += sending.refused();
        told = changesKnown ? sending.all() : null;
        sending = null;
      }
      begin(LinkControlMessage.newBuilder().setSetRoute(part), now);
    }
  }

  /**
   * @param source the node that the frame is from
   */
  void receive(LinkControlFrame frame, long source, long now) {
    switch (frame.getFrameCase()) {
      case ACK -> acknowledged(frame.getAck(), now);
      case MESSAGE -> message(frame.getMessage(), source, now);
      case FRAME_NOT_SET -> drops++;
    }
  }

  private void acknowledged(long ack, long now) {
    if (!sender.acknowledged(ack)) {
      drops++;
    } else if (refusal != null) {
      owner.failed(refusal);
    } else {
      owner.acknowledged(now);
      next(now);
    }
  }

  private void message(LinkControlMessage message, long source, long now) {
    switch (receiver.of(message.getSequence())) {
      case AGAIN -> acknowledge(message, now);
      case NEXT -> process(message, source, now);
      case WRONG -> {
        drops++;
        boolean late = receiver.isFirst(message.getSequence());
        if (message.hasIntroduction() && reader != null && !late) {
          owner.introducedAgain(now);
        }
      }
    }
  }

  private void process(LinkControlMessage message, long source, long now) {
    boolean first = reader == null && refusal == null;
    if (first && message.hasIntroduction()) {
      introduced(message, source, now);
    } else if (reader != null && message.hasSetRoute()) {
      acknowledge(message, now);
      if (reader.add(message.getSetRoute())) {
        owner.announced(now);
      }
    } else {
      drops++;
    }
  }

  /** Whether the other end has announced anything. */
  boolean hasAnnounced() {
    return reader != null && reader.isComplete();
  }

  /** All that the other end announces; only once it has. */
  List<RouteAnnouncement> announced() {
    return reader.all();
  }

  private void introduced(LinkControlMessage message, long source, long now) {
    Introduction other = message.getIntroduction();
    String wrongVersion = check.otherVersion(other, source);
    String wrongNode = wrongVersion == null ? check.otherNode(other, source) : null;
    if (wrongNode != null) {
      owner.failed(wrongNode);
      return;
    }
    introduceBy = Long.MAX_VALUE;
    acknowledge(message, now);
    if (wrongVersion == null) {
      reader = new AnnouncementReader(source);
      changesKnown = other.getRouteChanges();
      owner.introduced(source, other, now);
    } else if (sender.everAcknowledged()) {
      owner.failed(wrongVersion);
    } else {
      refusal = wrongVersion;
      refusedAt = now;
    }
  }

  private void acknowledge(LinkControlMessage message, long now) {
    receiver.processed(message.getSequence());
    owner.transmit(
        LinkControlFrame.newBuilder().setAck(message.getSequence()).build().toByteArray(), now);
  }
}
