package dev.weft.mesh.gate;

import dev.weft.address.StreamAddress;
import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.config.ForwardConfig;
import dev.weft.config.MeshConfig;
import dev.weft.config.ServiceConfig;
import dev.weft.rpc.Loop;
import dev.weft.store.Store;
import dev.weft.telemetry.Health;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The exports and forwards of a node: those of its configuration, which stay as they are, and those
 * that calls create, which are kept over restarts. Changes are carried out one after the other. On
 * the mesh's loop.
 */
public final class Gate {
  private static final Logger log = LoggerFactory.getLogger(Gate.class);
  private static final String ROOM = "mesh";

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
  private final ServicePeers peers;
  private final LocalSockets sockets;
  private final GateStore store;
  private final GateMetrics metrics;
  private final Map<String, LocalExport> exports = new TreeMap<>();
  private final List<LocalForward> forwards = new ArrayList<>();

  /** Each removes the meters of an export or a forward. */
  private final IdentityHashMap<Object, Runnable> shown = new IdentityHashMap<>();

  private Future<?> last = Future.succeededFuture();
  private long timer;

  public Gate(Surroundings at, ServicePeers peers) {
    this.at = at;
    this.peers = peers;
    this.sockets = new LocalSockets(at.vertx(), at.loop());
    this.store = new GateStore(at.store());
    this.metrics = new GateMetrics(at.meters());
  }

  /** Opens what is configured and what was created earlier. One that cannot listen tries again. */
  public Future<Void> open(MeshConfig config) {
    timer = at.vertx().setPeriodic(AGAIN_MILLIS, id -> listenAgain());
    return inOrder(
        () ->
            store
                .exports()
                .compose(
                    kept -> {
                      config.services().forEach(service -> add(service, GateOrigin.CONFIGURED));
                      kept.forEach(this::restore);
                      return store.forwards();
                    })
                .compose(
                    kept -> {
                      config.forwards().forEach(f -> add(f, GateOrigin.CONFIGURED));
                      kept.forEach(this::restore);
                      return Future.join(forwards.stream().map(this::listen).toList());
                    })
                // A forward that cannot listen is in health, and tried again.
                .otherwiseEmpty()
                .mapEmpty());
  }

  private void restore(ServiceConfig kept) {
    if (exports.containsKey(kept.name())) {
      log.warn("service {} that was created: not used, the configuration has it", kept.name());
    } else {
      add(kept, GateOrigin.CREATED);
    }
  }

  private void restore(ForwardConfig kept) {
    if (find(kept.listen()).isPresent()) {
      log.warn("forward {} that was created: not used, the configuration has it", kept.listen());
    } else {
      add(kept, GateOrigin.CREATED);
    }
  }

  private LocalExport add(ServiceConfig service, GateOrigin origin) {
    String name = service.name();
    GateTraffic traffic = new GateTraffic("export " + name, System::nanoTime);
    LocalExport export = new LocalExport(service, origin, at.loop(), sockets, traffic);
    peers.export(name, Set.copyOf(service.allow()), (node, end) -> export.connect(end));
    exports.put(name, export);
    String target = service.target().toString();
    shown.put(export, metrics.show("export", name, target, traffic));
    at.facts().accept(new ServiceExported(name, target));
    return export;
  }

  private LocalForward add(ForwardConfig config, GateOrigin origin) {
    GateTraffic traffic =
        new GateTraffic("forward " + config.listen() + " to " + config.service(), System::nanoTime);
    LocalForward forward = new LocalForward(config, origin, sockets, peers, traffic);
    forwards.add(forward);
    return forward;
  }

  private Future<Void> listen(LocalForward forward) {
    return forward
        .open()
        .onSuccess(v -> opened(forward))
        .onFailure(e -> health(forward, e.getMessage()));
  }

  private void opened(LocalForward forward) {
    ForwardConfig config = forward.config();
    String listen = forward.listen().toString();
    shown.put(forward, metrics.show("forward", config.service(), listen, forward.traffic()));
    health(forward, "");
    at.facts().accept(new ForwardOpened(listen, config.node(), config.service()));
  }

  private void health(LocalForward forward, String reason) {
    at.health()
        .show(
            !reason.isEmpty(),
            new Health.Warning(
                ROOM,
                "forward-" + forward.config().listen(),
                "forward to service " + forward.config().service() + ": " + reason,
                "programs of this host do not reach the service there",
                "free the address, or choose another one; the node tries again by itself"));
  }

  private void listenAgain() {
    var unused =
        inOrder(
            () ->
                Future.join(forwards.stream().filter(f -> !f.listens()).map(this::listen).toList())
                    .mapEmpty());
  }

  /** All exports by name. */
  public Future<List<MeshExport>> exports() {
    return at.loop()
        .call(
            () -> Future.succeededFuture(exports.values().stream().map(LocalExport::row).toList()));
  }

  /** All forwards by where they listen. */
  public Future<List<MeshForward>> forwards() {
    return at.loop()
        .call(
            () ->
                Future.succeededFuture(
                    forwards.stream()
                        .map(LocalForward::row)
                        .sorted(Comparator.comparing(MeshForward::listen))
                        .toList()));
  }

  /**
   * Exports a server and keeps that over restarts; the same again is success.
   *
   * @return INVALID for a name or target that cannot be; CONFLICT if the name has another target;
   *     EXHAUSTED beyond 1000
   */
  public Future<MeshExport> export(ServiceConfig wanted) {
    return inOrder(
        () -> {
          LocalExport there = exports.get(wanted.name());
          if (there != null) {
            return there.service().equals(wanted)
                ? Future.succeededFuture(there.row())
                : Future.failedFuture(
                    Fault.CONFLICT.because(
                        "service: %s is exported already, from %s (expected: another name, or weft unexpose first)"
                            .formatted(wanted.name(), there.service().target())));
          }
          room("services", exports.size());
          LocalExport made = add(wanted, GateOrigin.CREATED);
          return store.put(wanted).map(v -> made.row()).onFailure(e -> drop(made));
        });
  }

  /**
   * Withdraws an export that was created; its connections are broken off.
   *
   * @return NOT_FOUND for an unknown one; PRECONDITION for one of the configuration
   */
  public Future<Void> withdraw(String name) {
    return inOrder(
        () -> {
          LocalExport export = exports.get(name);
          if (export == null) {
            throw Fault.NOT_FOUND.because("service " + name + " is not exported by this node");
          }
          created("service " + name, "mesh.services", export.origin());
          return store.deleteExport(name).onSuccess(v -> drop(export));
        });
  }

  private void drop(LocalExport export) {
    String name = export.service().name();
    exports.remove(name);
    peers.withdraw(name);
    export.close();
    shown.remove(export).run();
    at.facts().accept(new ServiceWithdrawn(name));
  }

  /**
   * Opens a service of the mesh and keeps that over restarts; the same again is success.
   *
   * @return CONFLICT if the place is taken, by a forward or another program; INVALID for one that
   *     is none; EXHAUSTED beyond 1000
   */
  public Future<MeshForward> forward(ForwardConfig wanted) {
    return inOrder(
        () -> {
          Optional<LocalForward> there = find(wanted.listen());
          if (there.isPresent()) {
            return same(there.get(), wanted)
                ? Future.succeededFuture(there.get().row())
                : Future.failedFuture(
                    Fault.CONFLICT.because(
                        "listen: %s is a forward to service %s already (expected: another address, or weft unforward first)"
                            .formatted(wanted.listen(), there.get().config().service())));
          }
          room("forwards", forwards.size());
          LocalForward forward = add(wanted, GateOrigin.CREATED);
          return forward
              .open()
              .compose(v -> store.put(forward.asOpened()))
              .map(
                  v -> {
                    opened(forward);
                    return forward.row();
                  })
              .recover(
                  e -> {
                    forwards.remove(forward);
                    return forward.close().transform(done -> Future.failedFuture(e));
                  });
        });
  }

  /**
   * Closes a forward that was created; its clients are broken off.
   *
   * @return NOT_FOUND for an unknown one; PRECONDITION for one of the configuration
   */
  public Future<Void> unforward(StreamAddress listen) {
    return inOrder(
        () -> {
          LocalForward forward =
              find(listen)
                  .orElseThrow(
                      () -> Fault.NOT_FOUND.because("forward " + listen + ": not on this node"));
          created("forward " + listen, "mesh.forwards", forward.origin());
          return store
              .deleteForward(listen.toString())
              .compose(
                  v -> {
                    forwards.remove(forward);
                    Optional.ofNullable(shown.remove(forward)).ifPresent(Runnable::run);
                    health(forward, "");
                    return forward.close();
                  })
              .onSuccess(
                  v ->
                      at.facts()
                          .accept(
                              new ForwardClosed(listen.toString(), forward.config().service())));
        });
  }

  private static boolean same(LocalForward there, ForwardConfig wanted) {
    return there.listens()
        && there.config().node().equals(wanted.node())
        && there.config().service().equals(wanted.service());
  }

  private Optional<LocalForward> find(StreamAddress listen) {
    return forwards.stream().filter(f -> f.listen().equals(listen)).findFirst();
  }

  private static void created(String what, String key, GateOrigin origin) {
    if (origin == GateOrigin.CONFIGURED) {
      throw Fault.PRECONDITION.because(
          "%s is of the configuration (expected: one that was created; change %s there)"
              .formatted(what, key));
    }
  }

  private static void room(String what, int size) {
    if (size >= MOST) {
      throw Fault.EXHAUSTED.because("%s: %d (expected: at most %d)".formatted(what, size, MOST));
    }
  }

  /** Begins a change once all earlier ones have ended; on the mesh's loop. */
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
          shown.values().forEach(Runnable::run);
          exports
              .values()
              .forEach(
                  export -> {
                    peers.withdraw(export.service().name());
                    export.close();
                  });
          return Future.join(forwards.stream().map(LocalForward::close).toList()).mapEmpty();
        });
  }
}
