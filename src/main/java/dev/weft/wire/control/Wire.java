package dev.weft.wire.control;

import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.path.Driver;
import dev.weft.wire.path.FrameSink;
import dev.weft.wire.path.PacketWriter;
import dev.weft.wire.path.TrafficCounter;
import dev.weft.wire.path.WireEnd;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Instant;
import java.util.function.Function;

/**
 * One wire of this node: its intent, what stands of it, and the turns that bring the two together.
 * Only its room's event loop touches it.
 */
public final class Wire {
  private static final long FIRST_RETRY_MILLIS = 100;
  private static final long LAST_RETRY_MILLIS = 5000;

  public final WireSpec spec;
  public final TrafficCounter sent = new TrafficCounter();
  public final TrafficCounter received = new TrafficCounter();

  /** The node end, null until it is made. */
  public WireEnd end;

  /** Identity of the pod's namespace that the end was made for. */
  long podIdentity;

  /** The peer's interface id, 0 until it is known. */
  public long peerId;

  PacketWriter.Peer peerTakes;
  public FrameSink stream;

  private final Vertx vertx;
  private final Function<Wire, Future<Void>> pass;
  private Driver.Handle reading;
  private WireState state = WireState.JOINING;
  private String reason = "starting";
  private Instant since = Instant.now();
  private Future<Void> turn = Future.succeededFuture();
  private boolean again;
  private boolean stopped;
  private long retryMillis = FIRST_RETRY_MILLIS;
  private long timer = -1;

  private final Runnable unmeter;

  public Wire(WireSpec spec, Vertx vertx, MeterRegistry meters, Function<Wire, Future<Void>> pass) {
    this.spec = spec;
    this.vertx = vertx;
    this.pass = pass;
    this.unmeter = WireMeters.register(this, meters);
  }

  WireState state() {
    return state;
  }

  public WireStatus status() {
    if (end != null) {
      end.countKernelDrops();
    }
    return new WireStatus(spec, state, reason, since, sent.read(), received.read());
  }

  /** {@code default/r1:eth1 - default/r2:eth1}. */
  public String link() {
    return spec.local().pod()
        + ":"
        + spec.local().intf()
        + " - "
        + spec.peer().pod()
        + ":"
        + spec.peer().intf();
  }

  /** Whether this wire has the interface that an end of the other wants. */
  boolean claims(WireSpec other) {
    return isEnd(other.local()) || (other.kind() == WireKind.VETH && isEnd(other.peer()));
  }

  private boolean isEnd(WireSpec.End end) {
    return sameInterface(spec.local(), end)
        || (spec.kind() == WireKind.VETH && sameInterface(spec.peer(), end));
  }

  private static boolean sameInterface(WireSpec.End a, WireSpec.End b) {
    return a.pod().equals(b.pod()) && a.intf().equals(b.intf());
  }

  /** Starts a turn now, or another one after the present. */
  public void kick() {
    if (stopped) {
      return;
    }
    if (!turn.isComplete()) {
      again = true;
      return;
    }
    vertx.cancelTimer(timer);
    again = false;
    Promise<Void> done = Promise.promise();
    turn = done.future();
    Future<Void> passed;
    try {
      passed = pass.apply(this);
    } catch (RuntimeException e) {
      passed = Future.failedFuture(e);
    }
    passed.onComplete(
        result -> {
          done.complete();
          if (result.succeeded()) {
            retryMillis = FIRST_RETRY_MILLIS;
          } else if (!stopped) {
            timer = vertx.setTimer(retryMillis, id -> kick());
            retryMillis = Math.min(retryMillis * 2, LAST_RETRY_MILLIS);
          }
          if (again) {
            kick();
          }
        });
  }

  /** No turn begins from now on. */
  public void stop() {
    stopped = true;
    vertx.cancelTimer(timer);
    unmeter.run();
  }

  boolean stopped() {
    return stopped;
  }

  /** Completes when no turn is under way. */
  public Future<Void> settled() {
    return turn;
  }

  /** The peer told its interface id; a stream to a former one is of no use any more. */
  void joined(long id, PacketWriter.Peer takes) {
    if (peerId != id) {
      closeStream();
      peerId = id;
      peerTakes = takes;
    }
  }

  /** The peer's interface id is not valid any more. */
  void parted() {
    peerId = 0;
  }

  public void opened(FrameSink opened, Driver.Handle handle) {
    stream = opened;
    reading = handle;
  }

  /** Stops reading and ends the stream; completes when no thread reads the socket any more. */
  public Future<Void> closeStream() {
    if (stream == null) {
      return Future.succeededFuture();
    }
    FrameSink closing = stream;
    stream = null;
    closing.close();
    return reading.close();
  }

  /** Notes the state; false if nothing changed. */
  public boolean enter(WireState next, String why) {
    boolean same = state == next && java.util.Objects.equals(reason, why);
    if (state != next) {
      since = Instant.now();
    }
    state = next;
    reason = why;
    return !same;
  }
}
