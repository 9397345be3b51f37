package dev.weft.wire.control;

import dev.weft.bus.Fault;
import dev.weft.wire.WireState;
import dev.weft.wire.path.PacketWriter;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How far a wire came on this node. Pure: each state is a record, each event a method that answers
 * with the next state and what is to be done. An event that a state does not name changes nothing;
 * what an event brings along and nobody needs any more (an end, a stream) is given back at once.
 *
 * <pre>
 *   on     Absent --made--> Standing --joined--> Joined --opened--> Carrying    grpc
 *          Absent --linked--> Linked                             veth, vxlan, macvlan
 *
 *   back   lost      the end went               Standing, Joined, Carrying --> Absent
 *          parted    the peer's end went                  Joined, Carrying --> Standing
 *          ended     the stream takes no more                     Carrying --> Standing
 *          joined    the peer has another end             Joined, Carrying --> Joined
 *          failed    the kernel refused                             Linked --> Absent
 *          stopped   not wanted any more                         any state --> Stopped, for good
 * </pre>
 *
 * <p>Published is {@code up} in Carrying and Linked, where frames cross, and in no other state. So
 * a pass that fails beside a stream that carries ({@code failed} in Carrying) changes nothing.
 *
 * @param <E> an end on this node
 * @param <S> a stream to the peer
 */
public sealed interface WireLife<E, S> {

  /** What users are told of a state; the reason is null where frames cross. */
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
   * @param id what frames to it are marked with: its interface id
   * @param takes what its node can do with unfinished frames
   */
  record PeerEnd(long id, PacketWriter.Peer takes) {}

  /** What is to be done after an event, in the order given. */
  sealed interface Action<E, S> {
    /** Frames of the end are read into the stream from now on. */
    record Start<E, S>(E end, S stream) implements Action<E, S> {}

    /** The stream is read into no more, and ended. */
    record Close<E, S>(S stream) implements Action<E, S> {}

    /** The end leaves the data path; its socket is closed once no stream reads it. */
    record Remove<E, S>(E end) implements Action<E, S> {}

    /** Something went that another pass has to bring back. */
    record Again<E, S>() implements Action<E, S> {}
  }

  /** The answer to an event. */
  record Change<E, S>(WireLife<E, S> life, List<Action<E, S>> actions) {
    private static <E, S> Change<E, S> to(WireLife<E, S> life) {
      return new Change<>(life, List.of());
    }

    private static <E, S> Change<E, S> to(WireLife<E, S> life, Action<E, S> action) {
      return new Change<>(life, List.of(action));
    }
  }

  /** The state of a wire that was never tried. */
  static <E, S> WireLife<E, S> begin() {
    return new Absent<>(new Report(WireState.JOINING, "starting"));
  }

  Report report();

  /** The end on this node, while it stands. */
  default Optional<E> end() {
    return Optional.empty();
  }

  /** An end was made; until there is more to tell, that is the report. */
  default Change<E, S> made(E end, Report report) {
    return Change.to(this, new Action.Remove<>(end));
  }

  /** An end went: its link was deleted, or its pod has another namespace. */
  default Change<E, S> lost(E gone, String why) {
    return Change.to(this);
  }

  /** The peer was told of an end, or told its own, and this is the peer's. */
  default Change<E, S> joined(E told, PeerEnd peer) {
    return Change.to(this);
  }

  /** The peer's end with that interface id went. */
  default Change<E, S> parted(long peerId, String why) {
    return Change.to(this);
  }

  /** A stream to the peer's end was opened. */
  default Change<E, S> opened(PeerEnd to, S stream) {
    return Change.to(this, new Action.Close<>(stream));
  }

  /** A stream takes no more frames. */
  default Change<E, S> ended(S stream, String why) {
    return Change.to(this);
  }

  /** The kernel carries the wire's frames. */
  default Change<E, S> linked() {
    return Change.to(this);
  }

  /** A pass did not get to its end. */
  default Change<E, S> failed(Fault fault, String why) {
    return Change.to(this);
  }

  /** The wire is not wanted here any more. */
  default Change<E, S> stopped() {
    return Change.to(new Stopped<>());
  }

  /** Nothing of it stands on this node. */
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

  /** A state with an end; the transitions that all of them have. */
  sealed interface WithEnd<E, S> extends WireLife<E, S> {
    E own();

    /** To a state without a stream. */
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

  /** The end stands, the peer's is not known: the peer is to be asked to join. */
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

  /** A state in which both ends know each other. */
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
   * Frames cross. A stream that is moved from one connection to another stays the same stream here,
   * so a second one is not needed.
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

    /** The peer may have restarted: it is asked for its end anew. */
    @Override
    public Change<E, S> ended(S gone, String why) {
      return gone.equals(stream) ? parted(peer.id(), why) : Change.to(this);
    }
  }

  /** The kernel carries the frames; each pass looks whether it still does. */
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

  /** Given up for good. */
  record Stopped<E, S>() implements WireLife<E, S> {
    @Override
    public Report report() {
      return new Report(WireState.WAITING, "it is being taken down");
    }
  }
}
