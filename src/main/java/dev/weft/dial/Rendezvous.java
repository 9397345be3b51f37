package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.dial.proto.Candidates;
import dev.weft.dial.proto.RendezvousProto;
import dev.weft.dial.proto.StartAnswer;
import dev.weft.dial.proto.StartRequest;
import dev.weft.identity.NodeId;
import dev.weft.reach.path.PathState;
import dev.weft.reach.path.PathStatus;
import dev.weft.reach.path.Paths;
import dev.weft.reach.path.PunchedPaths;
import dev.weft.room.Backoff;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Listener;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/**
 * Makes a path by UDP straight to each peer: agrees with it, by calls over the way that there is,
 * on where and when to send. One of the two begins, the other one only if that does not happen. A
 * path that is lost is made anew; one that could not be made is tried again, ever more rarely. Any
 * thread may call.
 */
public final class Rendezvous {
  /** Peers to which there are such paths. */
  private static final int MOST = 256;

  private static final int MOST_CANDIDATES = 16;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Duration CALL = Duration.ofSeconds(5);

  /** After an attempt that sent packets in vain; those that asked in vain cost nothing. */
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(5);

  private static final Duration FIRST_PAUSE_OF_CALLS = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
  private static final long SOON_MILLIS = 100;
  private static final long DOUBT_MILLIS = 500;
  private static final long OTHER_MILLIS = 3000;

  private static final GrpcMethod<Candidates, Candidates> MEET =
      new GrpcMethod<>(
          RendezvousProto.getDescriptor().findServiceByName("Rendezvous"),
          "Meet",
          Candidates.getDefaultInstance(),
          Candidates.getDefaultInstance());
  private static final GrpcMethod<StartRequest, StartAnswer> START =
      new GrpcMethod<>(
          RendezvousProto.getDescriptor().findServiceByName("Rendezvous"),
          "Start",
          StartRequest.getDefaultInstance(),
          StartAnswer.getDefaultInstance());

  /** What this node knows of where it is. */
  public interface Place {
    /** Addresses of the node's UDP port, the most promising first. */
    Future<List<InetSocketAddress>> candidates();

    /** Whether each destination sees another port. */
    boolean symmetric();

    /** Whether a path may lead to an address: not to one that paths themselves carry packets to. */
    default boolean mayLeadTo(InetAddress address) {
      return true;
    }
  }

  private final String self;
  private final Dial dial;
  private final UnaryOperator<String> names;
  private final Attempts.Timer timer;
  private final LongSupplier nanos;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Meeting> meetings = new HashMap<>();

  /** Empty until there is a UDP port. */
  private volatile Optional<Ground> ground = Optional.empty();

  private record Ground(PunchedPaths paths, Place place) {}

  /** What there is with one peer. */
  private final class Meeting {
    final String node;
    final Backoff pauses = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, random);
    final Backoff pausesOfCalls = new Backoff(FIRST_PAUSE_OF_CALLS, LONGEST_PAUSE, random);
    boolean up;

    /** When the next attempt is due, nanoseconds; null if none is. */
    Long due;

    Candidates theirs = Candidates.getDefaultInstance();
    Optional<Paths.Kept> path = Optional.empty();
    String whyNot = "";

    Meeting(String node) {
      this.node = node;
    }

    void begin() {
      pauses.succeeded();
      pausesOfCalls.succeeded();
    }
  }

  /**
   * @param names of nodes by their ids
   */
  Rendezvous(Vertx vertx, String self, Dial dial, UnaryOperator<String> names) {
    this(
        self,
        dial,
        (delay, work) -> vertx.setTimer(Math.max(1, delay.toMillis()), id -> work.run()),
        System::nanoTime,
        names);
  }

  Rendezvous(
      String self,
      Dial dial,
      Attempts.Timer timer,
      LongSupplier nanos,
      UnaryOperator<String> names) {
    this.names = names;
    this.self = self;
    this.dial = dial;
    this.timer = timer;
    this.nanos = nanos;
  }

  /** Serves other nodes, before the listeners are opened. */
  void serve(GrpcListener listener) {
    Set<Listener> members = Set.of(Listener.MEMBERS);
    listener.serve(MEET, members, this::met);
    listener.serve(START, members, this::told);
  }

  /** From now on paths are made, to the peers that are up too. */
  public void open(PunchedPaths paths, Place place) {
    ground = Optional.of(new Ground(paths, place));
    paths.onDoubt(node -> doubted(node.value()));
    List<Meeting> all;
    synchronized (this) {
      all = List.copyOf(meetings.values());
    }
    all.forEach(meeting -> later(meeting, first(meeting)));
  }

  /** A node can be called. */
  public void peerUp(String node) {
    Meeting meeting;
    synchronized (this) {
      meeting = meeting(node);
      if (meeting == null) {
        return;
      }
      meeting.up = true;
      meeting.begin();
    }
    later(meeting, first(meeting));
  }

  /** A node cannot be called any more; a path that stands goes on. */
  public synchronized void peerDown(String node) {
    Meeting meeting = meetings.get(node);
    if (meeting != null) {
      meeting.up = false;
      if (meeting.path.isEmpty()) {
        meetings.remove(node);
      }
    }
  }

  /** This node is somewhere else, or knows better where: what failed may work. */
  public void moved() {
    List<Meeting> all;
    synchronized (this) {
      all = meetings.values().stream().filter(m -> !m.whyNot.isEmpty()).toList();
      all.forEach(Meeting::begin);
    }
    all.forEach(meeting -> later(meeting, first(meeting)));
  }

  /** A path does not answer: the node may be somewhere else by now. */
  private void doubted(String node) {
    Meeting meeting;
    synchronized (this) {
      meeting = meetings.get(node);
    }
    if (meeting != null) {
      later(meeting, DOUBT_MILLIS + (begins(meeting) ? 0 : DOUBT_MILLIS));
    }
  }

  /** Why there is no path to a node; empty if there is one, or none was tried yet. */
  synchronized String whyNot(String node) {
    Meeting meeting = meetings.get(node);
    return meeting == null ? "" : meeting.whyNot;
  }

  private Meeting meeting(String node) {
    if (meetings.size() >= MOST) {
      meetings.values().removeIf(other -> !other.up && other.path.isEmpty());
    }
    return meetings.size() < MOST || meetings.containsKey(node)
        ? meetings.computeIfAbsent(node, Meeting::new)
        : null;
  }

  /** Milliseconds before the first attempt: the node with the lower id begins. */
  private long first(Meeting meeting) {
    return SOON_MILLIS + random.nextLong(SOON_MILLIS) + (begins(meeting) ? 0 : OTHER_MILLIS);
  }

  private boolean begins(Meeting meeting) {
    return self.compareTo(meeting.node) < 0;
  }

  /** Has an attempt made after this time, or earlier if that was due already. */
  private void later(Meeting meeting, long millis) {
    long due = nanos.getAsLong() + TimeUnit.MILLISECONDS.toNanos(millis);
    synchronized (this) {
      if (ground.isEmpty() || (meeting.due != null && meeting.due - due <= 0)) {
        return;
      }
      meeting.due = due;
    }
    timer.after(Duration.ofMillis(millis), () -> turn(meeting, due));
  }

  private void turn(Meeting meeting, long due) {
    synchronized (this) {
      if (meeting.due == null || meeting.due != due) {
        return;
      }
      meeting.due = null;
      if (!meeting.up) {
        return;
      }
    }
    if (!established(meeting)) {
      attempt(meeting, ground.orElseThrow());
    }
  }

  private boolean established(Meeting meeting) {
    return ground
        .flatMap(g -> g.paths.to(new NodeId(meeting.node)))
        .filter(path -> !path.doubtful())
        .isPresent();
  }

  // The one who begins.

  private void attempt(Meeting meeting, Ground at) {
    at.place
        .candidates()
        .compose(
            mine -> {
              long asked = nanos.getAsLong();
              return dial.call(meeting.node, MEET, candidates(mine, at.place), CALL)
                  .compose(theirs -> start(meeting, at, theirs, nanos.getAsLong() - asked));
            })
        .onSuccess(started -> asked(meeting))
        .onFailure(
            e -> {
              if (!established(meeting)) {
                String why = "where node " + names.apply(meeting.node) + " is: " + Reason.of(e);
                failed(meeting, why, meeting.pausesOfCalls);
              }
            });
  }

  private synchronized void asked(Meeting meeting) {
    meeting.pausesOfCalls.succeeded();
  }

  private Future<Void> start(Meeting meeting, Ground at, Candidates theirs, long roundTrip) {
    synchronized (this) {
      meeting.theirs = theirs;
    }
    Future<StartAnswer> word =
        dial.call(meeting.node, START, StartRequest.getDefaultInstance(), CALL);
    timer.after(Duration.ofNanos(roundTrip / 2), () -> punch(meeting, at));
    return word.mapEmpty();
  }

  private static Candidates candidates(List<InetSocketAddress> mine, Place place) {
    Candidates.Builder all = Candidates.newBuilder().setSymmetric(place.symmetric());
    mine.stream()
        .limit(MOST_CANDIDATES)
        .map(at -> HostPort.of(at).toString())
        .forEach(all::addAddresses);
    return all.build();
  }

  // The one who is asked.

  Future<Candidates> met(Caller caller, Candidates theirs) {
    Ground at =
        ground.orElseThrow(() -> Fault.UNAVAILABLE.because("this node has no UDP port for paths"));
    synchronized (this) {
      Meeting meeting = meeting(new NodeId(caller.node()).value());
      if (meeting == null) {
        throw Fault.EXHAUSTED.because("paths: " + MOST + " (expected: fewer)");
      }
      meeting.theirs = theirs;
    }
    return at.place.candidates().map(mine -> candidates(mine, at.place));
  }

  Future<StartAnswer> told(Caller caller, StartRequest word) {
    Meeting meeting;
    synchronized (this) {
      meeting = meetings.get(caller.node());
    }
    if (meeting == null || ground.isEmpty()) {
      throw Fault.PRECONDITION.because("node " + caller.node() + " has not met this one before");
    }
    punch(meeting, ground.get());
    return Future.succeededFuture(StartAnswer.getDefaultInstance());
  }

  // Both.

  private void punch(Meeting meeting, Ground at) {
    List<InetSocketAddress> addresses;
    Optional<Paths.Kept> before;
    synchronized (this) {
      addresses =
          meeting.theirs.getAddressesList().stream()
              .limit(MOST_CANDIDATES)
              .flatMap(text -> address(text).stream())
              .filter(address -> at.place.mayLeadTo(address.getAddress()))
              .toList();
      before = meeting.path;
      meeting.path = Optional.empty();
    }
    if (addresses.isEmpty() && before.isEmpty()) {
      failed(
          meeting,
          "node " + names.apply(meeting.node) + " knows no address of its UDP port",
          meeting.pauses);
      return;
    }
    Watch watch = new Watch(meeting);
    Paths.Kept path = at.paths.punch(new NodeId(meeting.node), addresses, TIMEOUT, watch);
    synchronized (this) {
      meeting.path = Optional.of(path);
      watch.path = path;
    }
    before.ifPresent(Paths.Kept::remove);
  }

  private static Optional<InetSocketAddress> address(String text) {
    return HostPort.parse(text, -1)
        .flatMap(at -> IpAddress.find(at.host()).map(ip -> new InetSocketAddress(ip, at.port())));
  }

  /** Follows a path until it is lost. */
  private final class Watch implements Paths.Watcher {
    private final Meeting meeting;
    private Paths.Kept path;

    Watch(Meeting meeting) {
      this.meeting = meeting;
    }

    @Override
    public void changed(PathStatus now) {
      if (now.state() == PathState.ESTABLISHED) {
        synchronized (Rendezvous.this) {
          meeting.whyNot = "";
          meeting.begin();
        }
      } else if (now.state() == PathState.LOST) {
        synchronized (Rendezvous.this) {
          if (path != null && meeting.path.filter(path::equals).isEmpty()) {
            return;
          }
        }
        if (now.fault() == Fault.TIMEOUT) {
          Optional<Paths.Kept> over;
          synchronized (Rendezvous.this) {
            over = meeting.path;
            meeting.path = Optional.empty();
          }
          over.ifPresent(Paths.Kept::remove);
          failed(meeting, reason(now), meeting.pauses);
        } else {
          // It is tried again at the same addresses; meanwhile they may be others.
          later(meeting, first(meeting));
        }
      }
    }

    private String reason(PathStatus now) {
      boolean both =
          meeting.theirs.getSymmetric() && ground.filter(g -> g.place.symmetric()).isPresent();
      return both ? "both NATs give each destination another port" : now.reason();
    }
  }

  private void failed(Meeting meeting, String why, Backoff pauses) {
    Duration pause;
    synchronized (this) {
      meeting.whyNot = why;
      pause = pauses.failed();
      if (!meeting.up) {
        meetings.remove(meeting.node);
        return;
      }
    }
    later(meeting, pause.toMillis());
  }
}
