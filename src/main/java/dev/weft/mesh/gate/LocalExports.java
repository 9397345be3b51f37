package dev.weft.mesh.gate;

import dev.weft.bus.Fault;
import dev.weft.config.ServiceConfig;
import dev.weft.rpc.socket.PipeTraffic;
import io.vertx.core.Future;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The exports of a node, by name. On the mesh's loop; one change at a time. */
final class LocalExports {
  private static final Logger log = LoggerFactory.getLogger(LocalExports.class);

  /**
   * One that is offered.
   *
   * @param hide removes its meters
   */
  private record Offered(LocalExport export, Runnable hide) {}

  private final GateGround ground;
  private final Map<String, Offered> all = new HashMap<>();

  LocalExports(GateGround ground) {
    this.ground = ground;
  }

  /** Offers what is configured, and what was created earlier. */
  Future<Void> open(List<ServiceConfig> configured) {
    return ground
        .store()
        .exports()
        .map(
            kept -> {
              configured.forEach(service -> add(service, GateOrigin.CONFIGURED));
              kept.forEach(this::restore);
              return null;
            });
  }

  private void restore(ServiceConfig kept) {
    if (all.containsKey(kept.name())) {
      log.warn("service {} that was created: not used, the configuration has it", kept.name());
    } else {
      add(kept, GateOrigin.CREATED);
    }
  }

  private LocalExport add(ServiceConfig service, GateOrigin origin) {
    String name = service.name();
    PipeTraffic traffic = new PipeTraffic("export " + name, System::nanoTime);
    LocalExport export =
        new LocalExport(service, origin, ground.at().loop(), ground.sockets(), traffic);
    ground.peers().export(name, Set.copyOf(service.allow()), (node, end) -> export.connect(end));
    String target = service.target().toString();
    all.put(name, new Offered(export, ground.metrics().show("export", name, target, traffic)));
    ground.at().facts().accept(new ServiceExported(name, target));
    return export;
  }

  private void drop(LocalExport export) {
    String name = export.service().name();
    all.remove(name).hide().run();
    ground.peers().withdraw(name);
    export.close();
    ground.at().facts().accept(new ServiceWithdrawn(name));
  }

  Future<MeshExport> export(ServiceConfig wanted) {
    Offered there = all.get(wanted.name());
    if (there != null) {
      ServiceConfig service = there.export().service();
      if (!service.equals(wanted)) {
        throw Fault.CONFLICT.because(
            "service: %s is exported already, from %s (expected: another name, or weft unexpose first)"
                .formatted(wanted.name(), service.target()));
      }
      return Future.succeededFuture(there.export().row());
    }
    Gate.checkRoom("services", all.size());
    LocalExport made = add(wanted, GateOrigin.CREATED);
    return ground.store().put(wanted).map(v -> made.row()).onFailure(e -> drop(made));
  }

  Future<Void> withdraw(String name) {
    Offered offered = all.get(name);
    if (offered == null) {
      throw Fault.NOT_FOUND.because("service " + name + " is not exported by this node");
    }
    offered.export().origin().checkCreated("service " + name, "mesh.services");
    return ground.store().deleteExport(name).onSuccess(v -> drop(offered.export()));
  }

  /** By name. */
  List<MeshExport> rows() {
    return all.values().stream()
        .map(offered -> offered.export().row())
        .sorted(Comparator.comparing(MeshExport::name))
        .toList();
  }

  void close() {
    all.forEach(
        (name, offered) -> {
          offered.hide().run();
          ground.peers().withdraw(name);
          offered.export().close();
        });
  }
}
