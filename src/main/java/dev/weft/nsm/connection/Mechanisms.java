package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.wire.WireChanged;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.Wires;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Makes and removes this node's part of what joins a connection's interfaces. */
public final class Mechanisms {
  /** Wires of this room; the topology room leaves them alone. */
  private static final String WIRE_NS = "~nsm";

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

  /** Done when the interface here stands; at the client's node, when frames cross. */
  public Future<Void> join(Connection c) {
    return switch (c.link().carrier()) {
      case VETH -> kernel.joinVeth(c);
      case WIRE -> joinWire(c);
      case VXLAN -> kernel.joinVxlan(c, c.clientAt(self));
    };
  }

  /** Removes what was made here for it; what is gone already is fine. */
  public Future<Void> part(Connection c) {
    return switch (c.link().carrier()) {
      case WIRE -> wires.remove(wireOf(c));
      case VETH, VXLAN -> kernel.remove(c);
    };
  }

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

  /** The same on both nodes; of both ends, so that another endpoint's is another wire. */
  public static String wireOf(Connection c) {
    return WireSpec.idOf(
        WIRE_NS + "/" + c.client().node() + "/" + c.id(),
        0,
        c.client().pod(),
        c.client().intf(),
        c.endpoint().pod(),
        c.endpoint().intf());
  }

  private Future<Void> joinWire(Connection c) {
    WireSpec.End client =
        new WireSpec.End(
            c.client().pod(), c.client().intf(), c.clientAddress().toString(), c.client().node());
    WireSpec.End endpoint =
        new WireSpec.End(
            c.endpoint().pod(),
            c.endpoint().intf(),
            c.endpointAddress().toString(),
            c.endpoint().node());
    boolean atClient = c.clientAt(self);
    String id = wireOf(c);
    WireSpec spec =
        new WireSpec(
            id,
            WIRE_NS,
            // Of the id's 64 bits those that JSON readers keep.
            Long.parseUnsignedLong(c.id(), 16) >>> 11,
            WireKind.GRPC,
            c.link().mtu(),
            atClient ? client : endpoint,
            atClient ? endpoint : client);
    if (!atClient) {
      return wires.put(spec).mapEmpty();
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
        .compose(v -> kernel.route(c));
  }

  private static Throwable unjoined(String id, Throwable e) {
    return e instanceof java.util.concurrent.TimeoutException
        ? Fault.TIMEOUT.because("wire " + id + " not up within " + WIRE_SECONDS + " s", e)
        : e;
  }

  /** Connections whose interface here is not there any more; none while requests wait. */
  public Future<List<ConnectionEntry>> broken(List<ConnectionEntry> held) {
    if (kernel.isBusy()) {
      return Future.succeededFuture(List.of());
    }
    Set<String> namespaces = new HashSet<>();
    held.forEach(h -> namespaces.add(netnsOf(h.connection())));
    return kernel
        .ours(namespaces)
        .map(
            ours ->
                held.stream()
                    .filter(
                        h -> {
                          Connection c = h.connection();
                          String intf = c.clientAt(self) ? c.client().intf() : c.endpoint().intf();
                          return !ours.get(netnsOf(c))
                              .getOrDefault(c.id(), Set.of())
                              .contains(intf);
                        })
                    .toList());
  }

  private String netnsOf(Connection c) {
    return c.clientAt(self) ? c.client().netns() : c.endpoint().netns();
  }
}
