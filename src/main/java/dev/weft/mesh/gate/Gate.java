package dev.weft.mesh.gate;

import dev.weft.address.StreamAddress;
import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.config.ForwardConfig;
import dev.weft.config.MeshConfig;
import dev.weft.config.ServiceConfig;
import dev.weft.rpc.Loop;
import dev.weft.rpc.socket.LocalSockets;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The exports and forwards of a node: those of its configuration, which stay as they are, and those
 * that calls create, which are kept over restarts. Any thread may call; changes are carried out one
 * after the other on the mesh's loop, where futures complete.
 */
public final class Gate {
  /** Exports at most, and forwards at most. */
  private static final int MOST = 1000;

  /** Between two attempts to listen where another program listens. */
  private static final long AGAIN_MILLIS = 2000;

  /**
   * What a gate is given.
   *
   * @param facts gets what has happened
   */
  public record Surroundings(
      Vertx vertx,
      Loop loop,
      Store store,
      MeterRegistry meters,
      Health health,
      Consumer<Fact> facts) {}

  private final Surroundings at;
  private final LocalExports exports;
  private final LocalForwards forwards;
  private Future<?> last = Future.succeededFuture();
  private long timer;

  public Gate(Surroundings at, ServicePeers peers) {
    this.at = at;
    GateGround ground =
        new GateGround(
            at,
            peers,
            new LocalSockets(at.vertx(), at.loop()),
            new GateStore(at.store()),
            new GateMetrics(at.meters()));
    this.exports = new LocalExports(ground);
    this.forwards = new LocalForwards(ground);
  }

  /** Opens what is configured and what was created earlier. One that cannot listen tries again. */
  public Future<Void> open(MeshConfig config) {
    timer =
        at.vertx()
            .setPeriodic(
                AGAIN_MILLIS,
                id -> {
                  var unused = inOrder(forwards::listen);
                });
    return inOrder(
        () -> exports.open(config.services()).compose(v -> forwards.open(config.forwards())));
  }

  /** All exports by name. */
  public Future<List<MeshExport>> exports() {
    return at.loop().call(() -> Future.succeededFuture(exports.rows()));
  }

  /**
   * Exports a server and keeps that over restarts; the same again is success.
   *
   * @return CONFLICT if the name has another target; EXHAUSTED beyond 1000
   */
  public Future<MeshExport> export(ServiceConfig wanted) {
    return inOrder(() -> exports.export(wanted));
  }

  /**
   * Withdraws an export that was created; its connections are broken off.
   *
   * @return NOT_FOUND for an unknown one; PRECONDITION for one of the configuration
   */
  public Future<Void> withdraw(String name) {
    return inOrder(() -> exports.withdraw(name));
  }

  /** All forwards by where they listen. */
  public Future<List<MeshForward>> forwards() {
    return at.loop().call(() -> Future.succeededFuture(forwards.rows()));
  }

  /**
   * Opens a service of the mesh and keeps that over restarts; the same again is success.
   *
   * @return CONFLICT if the place is taken, by a forward or another program; INVALID for one that
   *     is none; EXHAUSTED beyond 1000
   */
  public Future<MeshForward> forward(ForwardConfig wanted) {
    return inOrder(() -> forwards.forward(wanted));
  }

  /**
   * Closes a forward that was created; its clients are broken off.
   *
   * @return NOT_FOUND for an unknown one; PRECONDITION for one of the configuration
   */
  public Future<Void> unforward(StreamAddress listen) {
    return inOrder(() -> forwards.unforward(listen));
  }

  static void checkRoom(String what, int size) {
    if (size >= MOST) {
      throw Fault.EXHAUSTED.because("%s: %d (expected: at most %d)".formatted(what, size, MOST));
    }
  }

  /** Begins a change once all earlier ones have ended. */
  private <T> Future<T> inOrder(Supplier<Future<T>> change) {
    return at.loop()
        .call(
            () -> {
              Future<T> turn = last.transform(done -> at.loop().call(change));
              last = turn;
              return turn;
            });
  }

  /** Breaks off all connections and listens no more; what was created stays kept. */
  public Future<Void> close() {
    at.vertx().cancelTimer(timer);
    return inOrder(
        () -> {
          exports.close();
          return forwards.close();
        });
  }
}
