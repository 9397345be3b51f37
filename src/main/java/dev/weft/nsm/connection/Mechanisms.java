package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.nsm.UnsetRoute;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.WireStatus;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/** Creates and removes what joins a connection's interfaces: a veth pair, a wire or a VXLAN. */
public final class Mechanisms {
  private static final int WIRE_SECONDS = 15;

  private final String self;
  private final Wires wires;
  private final KernelLinks kernel;
  private final Map<String, Promise<Void>> awaited = new HashMap<>();

  public Mechanisms(String self, Wires wires, KernelLinks kernel) {
    this.self = self;
    this.wires = wires;
    this.kernel = kernel;
  }

  /**
   * Done when the interface here exists; over a wire, at the client's node, when frames cross. The
   * client's routes that could not be set.
   */
  public Future<List<UnsetRoute>> join(Connection c) {
    return switch (c.link().carrier()) {
      case VETH -> kernel.joinVeth(c);
      case WIRE -> joinWire(c);
      case VXLAN -> kernel.joinVxlan(c, c.clientAt(self));
    };
  }

  /** Removes what {@link #join} created on this node; an interface that is gone is success. */
  public Future<Void> part(Connection c) {
    return switch (c.link().carrier()) {
      case WIRE -> wires.remove(c.wireId());
      case VETH, VXLAN -> kernel.remove(c);
    };
  }

  /** Adds the client's routes through its interface, and gives those that could not be set. */
  public Future<List<UnsetRoute>> route(Connection c) {
    return c.link().routes().isEmpty() ? Future.succeededFuture(List.of()) : kernel.route(c);
  }

  /** The wires of this node, by id. */
  public Future<Map<String, WireStatus>> wires() {
    return wires
        .list()
        .map(all -> all.stream().collect(Collectors.toMap(w -> w.spec().id(), w -> w)));
  }

  /** Tells {@link #join} that a wire came up or failed. */
  public void onWire(WireChanged change) {
    Promise<Void> up = awaited.get(change.id());
    if (up == null) {
      return;
    }
    if (change.state() == WireState.UP) {
      up.tryComplete();
    } else if (change.state() == WireState.FAILED) {
      up.tryFail(Fault.UNAVAILABLE.because(change.text()));
    }
  }

  private Future<List<UnsetRoute>> joinWire(Connection c) {
    WireSpec.End client =
        new WireSpec.End(
            c.client().pod(),
            c.client().intf(),
            c.clientAddress().toString(),
            c.clientAddress6().map(Cidr::toString).orElse(null),
            c.client().node());
    WireSpec.End endpoint =
        new WireSpec.End(
            c.endpoint().pod(),
            c.endpoint().intf(),
            c.endpointAddress().toString(),
            c.endpointAddress6().map(Cidr::toString).orElse(null),
            c.endpoint().node());
    boolean atClient = c.clientAt(self);
    String id = c.wireId();
    WireSpec spec =
        new WireSpec(
            id,
            Connection.WIRE_NS,
            // The upper 53 bits of the id: JSON readers keep integers only up to 2^53.
            Long.parseUnsignedLong(c.id(), 16) >>> 11,
            WireKind.GRPC,
            c.link().mtu(),
            atClient ? client : endpoint,
            atClient ? endpoint : client);
    if (!atClient) {
      return wires.put(spec).map(List.of());
    }
    Promise<Void> up = Promise.promise();
    awaited.put(id, up);
    return wires
        .put(spec)
        .compose(
            status -> {
              if (status.state() == WireState.UP) {
                up.tryComplete();
              }
              return up.future();
            })
        .timeout(WIRE_SECONDS, TimeUnit.SECONDS)
        .recover(e -> Future.failedFuture(unjoined(id, e)))
        .onComplete(done -> awaited.remove(id))
        .compose(v -> route(c));
  }

  private static Throwable unjoined(String id, Throwable e) {
    return e instanceof TimeoutException
        ? Fault.TIMEOUT.because("wire " + id + " not up within " + WIRE_SECONDS + " s", e)
        : e;
  }

  /** Whether requests wait for the kernel: to list interfaces now would delay them. */
  public boolean isBusy() {
    return kernel.isBusy();
  }

  /** Which of these connections, all over veth or VXLAN, have lost their interface here. */
  public Future<Set<ConnectionEntry>> broken(List<ConnectionEntry> entries) {
    Set<String> namespaces = new HashSet<>();
    entries.forEach(entry -> namespaces.add(netnsOf(entry.connection())));
    return kernel
        .ours(namespaces)
        .map(
            ours ->
                entries.stream()
                    .filter(entry -> !isIn(ours, entry.connection()))
                    .collect(Collectors.toSet()));
  }

  private boolean isIn(Map<String, Map<String, Set<String>>> ours, Connection c) {
    String intf = c.clientAt(self) ? c.client().intf() : c.endpoint().intf();
    return ours.get(netnsOf(c)).getOrDefault(c.id(), Set.of()).contains(intf);
  }

  private String netnsOf(Connection c) {
    return c.clientAt(self) ? c.client().netns() : c.endpoint().netns();
  }
}
