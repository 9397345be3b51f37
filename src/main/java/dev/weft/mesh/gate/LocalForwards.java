package dev.weft.mesh.gate;

import dev.weft.address.StreamAddress;
import dev.weft.bus.Fault;
import dev.weft.config.ForwardConfig;
import dev.weft.rpc.socket.PipeTraffic;
import dev.weft.telemetry.Health;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The forwards of a node. On the mesh's loop; one change at a time. */
final class LocalForwards {
  private static final Logger log = LoggerFactory.getLogger(LocalForwards.class);
  private static final String ROOM = "mesh";

  private final GateGround ground;
  private final List<LocalForward> all = new ArrayList<>();

  LocalForwards(GateGround ground) {
    this.ground = ground;
  }

  /** Opens what is configured, and what was created earlier; one that cannot listen is kept. */
  Future<Void> open(List<ForwardConfig> configured) {
    return ground
        .store()
        .forwards()
        .compose(
            kept -> {
              configured.forEach(forward -> add(forward, GateOrigin.CONFIGURED));
              kept.forEach(this::restore);
              return listen();
            });
  }

  private void restore(ForwardConfig kept) {
    if (find(kept.listen()).isPresent()) {
      log.warn("forward {} that was created: not used, the configuration has it", kept.listen());
    } else {
      add(kept, GateOrigin.CREATED);
    }
  }

  private LocalForward add(ForwardConfig config, GateOrigin origin) {
    PipeTraffic traffic =
        new PipeTraffic("forward " + config.listen() + " to " + config.service(), System::nanoTime);
    LocalForward forward =
        new LocalForward(config, origin, ground.sockets(), ground.peers(), traffic);
    all.add(forward);
    return forward;
  }

  /** Lets those listen that do not; what fails is in health. */
  Future<Void> listen() {
    return Future.join(all.stream().filter(f -> !f.listens()).map(this::listen).toList())
        .otherwiseEmpty()
        .mapEmpty();
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
    forward.shown(ground.metrics().show("forward", config.service(), listen, forward.traffic()));
    health(forward, "");
    ground.at().facts().accept(new ForwardOpened(listen, config.node(), config.service()));
  }

  private void health(LocalForward forward, String reason) {
    ground
        .at()
        .health()
        .show(
            !reason.isEmpty(),
            new Health.Warning(
                ROOM,
                "forward-" + forward.config().listen(),
                "forward to service " + forward.config().service() + ": " + reason,
                "programs of this host do not reach the service there",
                "free the address, or choose another one; the node tries again by itself"));
  }

  Future<MeshForward> forward(ForwardConfig wanted) {
    Optional<LocalForward> there = find(wanted.listen());
    if (there.isPresent()) {
      if (!same(there.get(), wanted)) {
        throw Fault.CONFLICT.because(
            "listen: %s is a forward to service %s already (expected: another address, or weft unforward first)"
                .formatted(wanted.listen(), there.get().config().service()));
      }
      return Future.succeededFuture(there.get().row());
    }
    Gate.checkRoom("forwards", all.size());
    LocalForward forward = add(wanted, GateOrigin.CREATED);
    return forward
        .open()
        .compose(v -> ground.store().put(forward.asOpened()))
        .map(
            v -> {
              opened(forward);
              return forward.row();
            })
        .recover(
            e -> {
              all.remove(forward);
              return forward.close().transform(done -> Future.failedFuture(e));
            });
  }

  private static boolean same(LocalForward there, ForwardConfig wanted) {
    return there.listens()
        && there.config().node().equals(wanted.node())
        && there.config().service().equals(wanted.service());
  }

  Future<Void> unforward(StreamAddress listen) {
    LocalForward forward =
        find(listen)
            .orElseThrow(() -> Fault.NOT_FOUND.because("forward " + listen + ": not on this node"));
    forward.origin().checkCreated("forward " + listen, "mesh.forwards");
    return ground
        .store()
        .deleteForward(listen.toString())
        .compose(
            v -> {
              all.remove(forward);
              health(forward, "");
              return forward.close();
            })
        .onSuccess(
            v ->
                ground
                    .at()
                    .facts()
                    .accept(new ForwardClosed(listen.toString(), forward.config().service())));
  }

  private Optional<LocalForward> find(StreamAddress listen) {
    return all.stream().filter(f -> f.listen().equals(listen)).findFirst();
  }

  /** By where they listen. */
  List<MeshForward> rows() {
    return all.stream()
        .map(LocalForward::row)
        .sorted(Comparator.comparing(MeshForward::listen))
        .toList();
  }

  Future<Void> close() {
    return Future.join(all.stream().map(LocalForward::close).toList()).mapEmpty();
  }
}
