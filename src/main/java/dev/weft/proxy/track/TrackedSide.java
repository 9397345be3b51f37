package dev.weft.proxy.track;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import dev.weft.proxy.carrier.Carrier;
import dev.weft.proxy.carrier.ProxyTransport;
import dev.weft.proxy.carrier.Remote;
import dev.weft.rpc.Loop;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * What one proxy has of the transports: while it runs, all that its tracker has is sought. On the
 * room's loop.
 */
public final class TrackedSide {
  private final boolean reverse;
  private final Loop loop;
  private final Map<String, ProxyTransport> transports = new LinkedHashMap<>();
  private final String standard;
  private final Tracker tracker;
  private final Map<String, Carrier> carriers = new LinkedHashMap<>();

  /** Which opening the carriers' words are of; those of an earlier one mean nothing. */
  private int opening;

  /**
   * @param standard the name of the transport to nodes that nobody has added
   */
  public TrackedSide(
      boolean reverse,
      Loop loop,
      List<ProxyTransport> transports,
      String standard,
      Tracker tracker) {
    this.reverse = reverse;
    this.loop = loop;
    this.standard = standard;
    this.tracker = tracker;
    transports.forEach(transport -> this.transports.put(transport.name(), transport));
  }

  public Tracker tracker() {
    return tracker;
  }

  /** Whether there is such a transport. */
  public boolean has(String transport) {
    return transports.containsKey(transport);
  }

  /**
   * Opens all transports.
   *
   * @param arrived gets pipes that nodes open, on their own loop
   */
  public Future<Void> open(HostPort local, BiConsumer<NodeId, Pipe> arrived) {
    int number = ++opening;
    List<Future<?>> all = new ArrayList<>();
    transports.forEach(
        (name, transport) ->
            all.add(
                transport
                    .open(local, reverse, new Told(number, arrived))
                    .compose(carrier -> loop.call(() -> opened(number, name, carrier)))));
    return loop.call(
        () ->
            Future.join(all)
                .<Void>mapEmpty()
                .recover(e -> close().transform(done -> Future.failedFuture(e)))
                .onSuccess(v -> tracker.all().forEach(this::seek)));
  }

  private Future<Void> opened(int number, String name, Carrier carrier) {
    if (number != opening) {
      return carrier.close();
    }
    carriers.put(name, carrier);
    return Future.succeededFuture();
  }

  private void seek(Tracked tracked) {
    carrier(tracked.wanted().transport()).ifPresent(c -> c.add(tracked.wanted().remote()));
  }

  private Optional<Carrier> carrier(String name) {
    return Optional.ofNullable(carriers.get(name));
  }

  /** Adds a connection: as {@link Tracker#add}. */
  public Future<Tracked> add(WantedConnection wanted) {
    return loop.call(() -> tracker.add(wanted, this::seek));
  }

  /** Removes a connection: as {@link Tracker#remove}. */
  public Future<Void> remove(HostPort at) {
    return loop.call(
        () ->
            tracker
                .remove(at)
                .onSuccess(
                    tracked -> carrier(tracked.wanted().transport()).ifPresent(c -> c.remove(at)))
                .mapEmpty());
  }

  /**
   * Opens a pipe over a connection.
   *
   * @param node that must answer
   */
  public Future<Pipe> connect(Tracked tracked, Optional<NodeId> node) {
    Remote remote = tracked.wanted().remote();
    Remote exact = new Remote(remote.at(), node.or(remote::node), remote.nat(), remote.timeout());
    return carrier(tracked.wanted().transport())
        .map(c -> c.connect(exact))
        .orElseGet(TrackedSide::stopped);
  }

  /** Opens a pipe to a node that nobody has added. */
  public Future<Pipe> connect(NodeId node) {
    return carrier(standard).map(c -> c.connect(node)).orElseGet(TrackedSide::stopped);
  }

  private static <T> Future<T> stopped() {
    return Future.failedFuture(Fault.UNAVAILABLE.because("the proxy is stopping"));
  }

  /** The UDP ports, by transport. */
  public Map<String, Integer> ports() {
    Map<String, Integer> ports = new TreeMap<>();
    carriers.forEach((name, carrier) -> ports.put(name, carrier.port()));
    return ports;
  }

  /** Ends all that was sought, and closes the sockets. */
  public Future<Void> close() {
    opening++;
    List<Carrier> all = List.copyOf(carriers.values());
    carriers.clear();
    tracker.stopped();
    return Future.join(all.stream().map(Carrier::close).toList()).mapEmpty();
  }

  /** Brings what a carrier tells to the room's loop. */
  private final class Told implements Carrier.Events {
    private final int number;
    private final BiConsumer<NodeId, Pipe> arrived;

    Told(int number, BiConsumer<NodeId, Pipe> arrived) {
      this.number = number;
      this.arrived = arrived;
    }

    private void now(Runnable work) {
      loop.run(
          () -> {
            if (number == opening) {
              work.run();
            }
          });
    }

    @Override
    public void trying(HostPort at) {
      now(() -> tracker.trying(at));
    }

    @Override
    public void reached(HostPort at, Optional<NodeId> node, String path) {
      now(() -> tracker.reached(at, node, path));
    }

    @Override
    public void lost(HostPort at, String reason) {
      now(() -> tracker.lost(at, reason));
    }

    @Override
    public void arrived(NodeId from, Pipe pipe) {
      arrived.accept(from, pipe);
    }
  }
}
