package dev.weft.wire.control;

import dev.weft.bus.Fault;
import dev.weft.wire.WireState;
import dev.weft.wire.path.PacketWriter;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The life of a wire on this node, as a pure state machine: a state is a record, an event is a
 * method that returns the next state and the actions to perform. A state ignores an event that it
 * does not define; an end or a stream that the event brings and the state does not need is removed
 * or closed.
 *
 * <pre>
 *   forward  Absent --made--> Standing --joined--> Joined --opened--> Carrying    grpc
 *            Absent --linked--> Linked                               veth, vxlan, macvlan
 *
 *   back     lost      the end is gone              Standing, Joined, Carrying --> Absent
 *            parted    the peer's end is gone                 Joined, Carrying --> Standing
 *            ended     the stream is gone                             Carrying --> Standing
 *            joined    the peer has another end               Joined, Carrying --> Joined
 *            failed    the kernel refuses                               Linked --> Absent
 *            stopped   the wire was removed                          any state --> Stopped
 * </pre>
 *
 * <p>Carrying and Linked, in which frames cross, are published as {@code up}; no other state is. A
 * pass that fails while a stream carries frames does not change that.
 *
 * @param <E> an end on this node
 * @param <S> a stream to the peer
 */
public sealed interface WireLife<E, S> {

  /** A state as users see it; the reason is null if the wire is up. */
  record Report(WireState state, String reason) {
    static final Report UP = new Report(WireState.UP, null);

    private static Report of(Fault fault, WireState otherwise, String why) {
      return switch (fault) {
        case PRECONDITION, UNAVAILABLE, TIMEOUT -> new Report(otherwise, why);
        default -> new Report(WireState.FAILED, why);
      };
    }
  }

  /**
   * The other end.
   *
   * @param id its interface id, which every frame to it carries
   * @param takes which unfinished frames its node accepts
   */
  record PeerEnd(long id, PacketWriter.Peer takes) {}

  /** What is to be done after an event, in the order of the list. */
  sealed interface Action<E, S> {
    /** Start to read the end's frames into the stream. */
    record Start<E, S>(E end, S stream) implements Action<E, S> {}

    /** Stop to read frames into the stream, and end it. */
    record Close<E, S>(S stream) implements Action<E, S> {}

    /** Take the end out of the data path; close its socket once nothing reads it. */
    record Remove<E, S>(E end) implements Action<E, S> {}

    /** Ask for another pass, which restores what was lost. */
    record Again<E, S>() implements Action<E, S> {}
  }

  /** The result of an event. */
  record Change<E, S>(WireLife<E, S> life, List<Action<E, S>> actions) {
    private static <E, S> Change<E, S> to(WireLife<E, S> life) {
      return new Change<>(life, List.of());
    }

    private static <E, S> Change<E, S> to(WireLife<E, S> life, Action<E, S> action) {
      return new Change<>(life, List.of(action));
    }
  }

  /** The state of a wire before its first pass. */
  static <E, S> WireLife<E, S> begin() {
    return new Absent<>(new Report(WireState.JOINING, "starting"));
  }

  Report report();

  /** The end on this node, if there is one. */
  default Optional<E> end() {
    return Optional.empty();
  }

  /** An end was created; the wire is reported so until the next event. */
  default Change<E, S> made(E end, Report report) {
    return Change.to(this, new Action.Remove<>(end));
  }

  /** An end was lost: its link was deleted, or its pod has another namespace. */
  default Change<E, S> lost(E gone, String why) {
    return Change.to(this);
  }

  /** The peer knows this end, and has told its own. */
  default Change<E, S> joined(E told, PeerEnd peer) {
    return Change.to(this);
  }

  /** The peer removed its end with that interface id. */
  default Change<E, S> parted(long peerId, String why) {
    return Change.to(this);
  }

  /** A stream to the peer's end was opened. */
  default Change<E, S> opened(PeerEnd to, S stream) {
    return Change.to(this, new Action.Close<>(stream));
  }

  /** A stream accepts no more frames. */
  default Change<E, S> ended(S stream, String why) {
    return Change.to(this);
  }

  /** The kernel carries the wire's frames. */
  default Change<E, S> linked() {
    return Change.to(this);
  }

  /** A pass failed. */
  default Change<E, S> failed(Fault fault, String why) {
    return Change.to(this);
  }

  /** The wire was removed from this node, or the node stops. */
  default Change<E, S> stopped() {
    return Change.to(new Stopped<>());
  }

  /** There is no end on this node. */
  record Absent<E, S>(Report report) implements WireLife<E, S> {
    @Override
    public Change<E, S> made(E end, Report next) {
      return Change.to(new Standing<>(end, next));
    }

    @Override
    public Change<E, S> linked() {
      return Change.to(new Linked<>());
    }

    @Override
    public Change<E, S> failed(Fault fault, String why) {
      return Change.to(new Absent<>(Report.of(fault, WireState.WAITING, why)));
    }
  }

  /** The transitions of all states with an end. */
  sealed interface WithEnd<E, S> extends WireLife<E, S> {
    E own();

    /** Changes to a state without a stream. */
    default Change<E, S> down(WireLife<E, S> next, List<Action<E, S>> actions) {
      return new Change<>(next, actions);
    }

    @Override
    default Optional<E> end() {
      return Optional.of(own());
    }

    @Override
    default Change<E, S> made(E end, Report report) {
      return end.equals(own()) ? Change.to(this) : Change.to(this, new Action.Remove<>(end));
    }

    @Override
    default Change<E, S> lost(E gone, String why) {
      return gone.equals(own())
          ? down(
              new Absent<>(new Report(WireState.WAITING, why)),
              List.of(new Action.Remove<>(own()), new Action.Again<>()))
          : Change.to(this);
    }

    @Override
    default Change<E, S> stopped() {
      return down(new Stopped<>(), List.of(new Action.Remove<>(own())));
    }
  }

  /** There is an end; the peer is to be asked for its own. */
  record Standing<E, S>(E own, Report report) implements WithEnd<E, S> {
    @Override
    public Change<E, S> joined(E told, PeerEnd peer) {
      return told.equals(own) ? Change.to(new Joined<>(own, peer, report)) : Change.to(this);
    }

    @Override
    public Change<E, S> failed(Fault fault, String why) {
      return Change.to(new Standing<>(own, Report.of(fault, WireState.JOINING, why)));
    }
  }

  /** The transitions of all states with a known peer. */
  sealed interface WithPeer<E, S> extends WithEnd<E, S> {
    PeerEnd peer();

    @Override
    default Change<E, S> joined(E told, PeerEnd next) {
      return told.equals(own()) && next.id() != peer().id()
          ? down(
              new Joined<>(own(), next, new Report(WireState.JOINING, "the peer has another end")),
              List.of(new Action.Again<>()))
          : Change.to(this);
    }

    @Override
    default Change<E, S> parted(long peerId, String why) {
      return peerId == peer().id()
          ? down(
              new Standing<>(own(), new Report(WireState.JOINING, why)),
              List.of(new Action.Again<>()))
          : Change.to(this);
    }
  }

  /** Both ends know each other: a stream is to be opened. */
  record Joined<E, S>(E own, PeerEnd peer, Report report) implements WithPeer<E, S> {
    @Override
    public Change<E, S> opened(PeerEnd to, S stream) {
      return to.id() == peer.id()
          ? Change.to(new Carrying<>(own, peer, stream), new Action.Start<>(own, stream))
          : Change.to(this, new Action.Close<>(stream));
    }

    @Override
    public Change<E, S> failed(Fault fault, String why) {
      return Change.to(new Joined<>(own, peer, Report.of(fault, WireState.JOINING, why)));
    }
  }

  /**
   * Frames cross. Moving the stream from one connection to another is below this state machine: the
   * stream stays the same, and the wire stays up. A second stream is closed.
   */
  record Carrying<E, S>(E own, PeerEnd peer, S stream) implements WithPeer<E, S> {
    @Override
    public Report report() {
      return Report.UP;
    }

    @Override
    public Change<E, S> down(WireLife<E, S> next, List<Action<E, S>> actions) {
      Stream<Action<E, S>> close = Stream.of(new Action.Close<>(stream));
      return new Change<>(next, Stream.concat(close, actions.stream()).toList());
    }

    @Override
    public Change<E, S> opened(PeerEnd to, S second) {
      return second.equals(stream) ? Change.to(this) : Change.to(this, new Action.Close<>(second));
    }

    /** The peer may have restarted: the next pass asks for its end again. */
    @Override
    public Change<E, S> ended(S gone, String why) {
      return gone.equals(stream) ? parted(peer.id(), why) : Change.to(this);
    }
  }

  /** The kernel carries the frames; every pass checks that. */
  record Linked<E, S>() implements WireLife<E, S> {
    @Override
    public Report report() {
      return Report.UP;
    }

    @Override
    public Change<E, S> failed(Fault fault, String why) {
      return new Absent<E, S>(report()).failed(fault, why);
    }
  }

  /** The last state. */
  record Stopped<E, S>() implements WireLife<E, S> {
    @Override
    public Report report() {
      return new Report(WireState.WAITING, "it is being taken down");
    }
  }
}
