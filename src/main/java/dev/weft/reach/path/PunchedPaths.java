package dev.weft.reach.path;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.reach.DirectPath;
import dev.weft.reach.PeerPort;
import dev.weft.reach.SideProtocol;
import dev.weft.reach.UdpPort;
import dev.weft.rpc.Loop;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The paths of a node's UDP port, made by a {@link Puncher} on one loop. Datagrams of peers'
 * connections ask a table, on their own loops.
 */
public final class PunchedPaths implements Paths, SideProtocol {
  /** Punch datagrams that may wait for the loop. */
  private static final int QUEUED = 512;

  /** Anybody can be refused, so the log tells of one in so many. */
  private static final long REFUSALS_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final Logger log = LoggerFactory.getLogger(PunchedPaths.class);
  private static final int SEEN_BY = 4;
  private static final Duration RESOLVE_AGAIN = Duration.ofSeconds(10);

  private final Loop loop;
  private final UdpPort port;
  private final PeerPort peers;
  private final Consumer<Fact> observer;
  private final Puncher puncher;
  private final PathTable table = new PathTable();
  private final AtomicInteger queued = new AtomicInteger();
  private final Set<KeptPath> kept = ConcurrentHashMap.newKeySet();
  private final LongAdder toUdp = new LongAdder();
  private final LongAdder toMesh = new LongAdder();
  private final LongAdder busy = new LongAdder();
  private final Map<NodeId, InetSocketAddress> seenAs = new LinkedHashMap<>();
  private volatile List<InetSocketAddress> seen = List.of();
  private volatile Consumer<NodeId> doubted = node -> {};
  private volatile Optional<PathMetrics> metrics = Optional.empty();
  private long refusedAt = System.nanoTime() - REFUSALS_NANOS;
  private long alarmAt = System.nanoTime();
  private boolean alarmed;
  private volatile boolean closed;

  private PunchedPaths(
      Loop loop,
      UdpPort port,
      PeerPort peers,
      Identity identity,
      Supplier<Duration> keepalive,
      Consumer<Fact> observer) {
    this.loop = loop;
    this.port = port;
    this.peers = peers;
    this.observer = observer;
    this.puncher =
        new Puncher(
            NodeProof.of(identity),
            new SecureRandom(),
            new Output(),
            () -> keepalive.get().toNanos(),
            System.nanoTime());
  }

  /**
   * From now on connections of the peer port take paths by UDP where there are some; others' hellos
   * are answered.
   *
   * @param loop on which paths are made, preferably one of the UDP port's
   * @param keepalive how often something has to be sent so that a NAT's mapping stays
   * @param observer told of changes, on the loop
   */
  public static Future<PunchedPaths> open(
      Loop loop,
      UdpPort port,
      PeerPort peers,
      Identity identity,
      Supplier<Duration> keepalive,
      Consumer<Fact> observer) {
    return loop.call(
        () -> {
          PunchedPaths paths = new PunchedPaths(loop, port, peers, identity, keepalive, observer);
          peers.straight(port, paths.table);
          port.add(paths);
          return Future.succeededFuture(paths);
        });
  }

  /** The node's UDP port. */
  public UdpPort port() {
    return port;
  }

  /** The path to a node, whether or not it is used at the moment; any thread may call. */
  public Optional<DirectPath> to(NodeId node) {
    return Optional.ofNullable(table.to(node.number()));
  }

  /** Where nodes with a path to this one see its UDP port, what was heard last first. */
  public List<InetSocketAddress> seen() {
    return seen;
  }

  /** Told, on the loop, of a node whose path does not answer at the moment. */
  public void onDoubt(Consumer<NodeId> listener) {
    doubted = listener;
  }

  /** Shows what is counted, until the paths are closed. */
  public void measure(MeterRegistry registry) {
    PathMetrics shown = new PathMetrics(registry);
    shown.paths(table::size);
    shown.datagrams(() -> peers.counters().direct());
    shown.changes("udp", toUdp::sum);
    shown.changes(PathChanged.MESH, toMesh::sum);
    shown.dropped("refused", () -> puncher.counters().refused());
    shown.dropped("unknown", () -> puncher.counters().unknown());
    shown.dropped("limited", () -> puncher.counters().limited());
    shown.dropped("busy", busy::sum);
    metrics = Optional.of(shown);
  }

  // Wishes.

  /** One that is kept. State belongs to the loop. */
  private final class KeptPath implements Kept, Watcher {
    private final Optional<HostPort> at;
    private final Optional<NodeId> node;
    private final Duration timeout;
    private final Watcher watcher;
    private final Set<Promise<NodeId>> waiting = ConcurrentHashMap.newKeySet();
    private Want want;
    private boolean removed;
    private volatile PathStatus status;

    KeptPath(Optional<HostPort> at, Optional<NodeId> node, Duration timeout, Watcher watcher) {
      this.at = at;
      this.node = node;
      this.timeout = timeout;
      this.watcher = watcher;
      this.status = new PathStatus(PathState.NEW, node, null, null, null, "");
    }

    @Override
    public PathStatus status() {
      return status;
    }

    /** Whether it was lost for a reason that does not pass by itself. */
    private boolean isRefused() {
      return status.state() == PathState.LOST
          && (status.fault() == Fault.DENIED || status.fault() == Fault.INVALID);
    }

    @Override
    public void remove() {
      loop.run(
          () -> {
            if (removed) {
              return;
            }
            removed = true;
            kept.remove(this);
            if (want == null) {
              changed(new PathStatus(PathState.REMOVED, node, null, null, null, ""));
            } else {
              puncher.unwant(want, true);
              check();
            }
          });
    }

    @Override
    public void changed(PathStatus now) {
      if (now.state() == PathState.REMOVED && !removed) {
        // Only an address was replaced.
        return;
      }
      status = now;
      tell(now);
      watcher.changed(now);
      if (now.state() == PathState.LOST && at.isPresent() && !removed) {
        resolveLater();
      }
    }

    private void tell(PathStatus now) {
      if (now.state() == PathState.ESTABLISHED) {
        waiting.forEach(w -> w.tryComplete(now.node().orElseThrow()));
        waiting.clear();
      } else if (now.fault() != null || now.state() == PathState.REMOVED) {
        Fault fault = now.fault() == null ? Fault.UNAVAILABLE : now.fault();
        String why = now.state() == PathState.REMOVED ? "the path was removed" : now.reason();
        waiting.forEach(w -> w.tryFail(fault.because(why)));
        waiting.clear();
      }
    }

    void resolve() {
      resolved(at.orElseThrow())
          .onComplete(
              done -> {
                if (removed) {
                  return;
                }
                if (done.failed()) {
                  changed(
                      new PathStatus(
                          PathState.LOST,
                          node,
                          null,
                          null,
                          Fault.UNAVAILABLE,
                          Reason.of(done.cause())));
                } else if (want == null || !want.addresses().equals(done.result())) {
                  begin(done.result(), true);
                }
              });
    }

    private void resolveLater() {
      if (at.filter(to -> IpAddress.find(to.host()).isPresent()).isPresent()) {
        return;
      }
      var unused =
          loop.netty()
              .schedule(
                  () -> {
                    if (!removed && status.state() == PathState.LOST) {
                      resolve();
                    }
                  },
                  RESOLVE_AGAIN.toMillis(),
                  TimeUnit.MILLISECONDS);
    }

    void begin(List<InetSocketAddress> addresses, boolean forever) {
      if (want != null) {
        puncher.unwant(want, false);
      }
      want = new Want(addresses, node, timeout.toNanos(), forever, this);
      try {
        puncher.want(want, System.nanoTime());
      } catch (RuntimeException e) {
        want = null;
        changed(
            new PathStatus(PathState.LOST, node, null, null, Fault.UNAVAILABLE, e.getMessage()));
      }
      check();
    }
  }

  @Override
  public Kept keep(PathTarget target, Watcher watcher) {
    KeptPath path =
        new KeptPath(Optional.of(target.at()), target.node(), target.timeout(), watcher);
    kept.add(path);
    loop.run(path::resolve);
    return path;
  }

  /**
   * Tries to make a path to a node that tries the same at about this time, at all addresses
   * together. A path that stands is kept until it is lost; it is tried again then, once.
   *
   * @param candidates where the node may be
   * @param timeout after which it is not tried any more
   */
  public Kept punch(
      NodeId node, List<InetSocketAddress> candidates, Duration timeout, Watcher watcher) {
    KeptPath path = new KeptPath(Optional.empty(), Optional.of(node), timeout, watcher);
    kept.add(path);
    List<InetSocketAddress> fit = candidates.stream().filter(this::fits).distinct().toList();
    loop.run(() -> path.begin(fit, false));
    return path;
  }

  @Override
  public Future<NodeId> established(Kept path) {
    KeptPath of = (KeptPath) path;
    Promise<NodeId> result = Promise.promise();
    loop.run(
        () -> {
          of.waiting.add(result);
          if (of.status.state() != PathState.LOST || of.isRefused()) {
            of.tell(of.status);
          }
        });
    return result
        .future()
        .timeout(of.timeout.toMillis(), TimeUnit.MILLISECONDS)
        .recover(
            e ->
                Future.failedFuture(
                    e instanceof java.util.concurrent.TimeoutException
                        ? Fault.TIMEOUT.because(
                            of.status.reason().isEmpty()
                                ? "no path within " + of.timeout.toSeconds() + " s"
                                : of.status.reason())
                        : e));
  }

  private Future<List<InetSocketAddress>> resolved(HostPort at) {
    return loop.call(
        () ->
            loop.context()
                .executeBlocking(() -> List.of(InetAddress.getAllByName(at.host())), false)
                .transform(
                    found -> {
                      List<InetSocketAddress> fit =
                          found.succeeded()
                              ? found.result().stream()
                                  .map(a -> new InetSocketAddress(a, at.port()))
                                  .filter(this::fits)
                                  .toList()
                              : List.of();
                      return fit.isEmpty()
                          ? Future.failedFuture(
                              Fault.UNAVAILABLE.because(
                                  at
                                      + (found.failed()
                                          ? ": no such host"
                                          : ": no address that this node's UDP port "
                                              + HostPort.of(port.address())
                                              + " can send to")))
                          : Future.succeededFuture(fit);
                    }));
  }

  /** Whether the port can send there. */
  private boolean fits(InetSocketAddress to) {
    InetAddress own = port.address().getAddress();
    boolean four = to.getAddress() instanceof Inet4Address;
    boolean family = own instanceof Inet4Address ? four : own.isAnyLocalAddress() || !four;
    return family
        && to.getPort() > 0
        && !to.getAddress().isAnyLocalAddress()
        && !to.getAddress().isMulticastAddress();
  }

  // The loop.

  @Override
  public boolean arrived(InetSocketAddress from, ByteBuf datagram) {
    if (!PunchCodec.isPunch(datagram)) {
      return peers.arrivedStraight(from, datagram);
    }
    if (closed || datagram.readableBytes() > PunchCodec.LONGEST || queued.get() >= QUEUED) {
      busy.increment();
      return true;
    }
    byte[] bytes = new byte[datagram.readableBytes()];
    datagram.getBytes(datagram.readerIndex(), bytes);
    queued.incrementAndGet();
    loop.netty()
        .execute(
            () -> {
              queued.decrementAndGet();
              if (!closed) {
                puncher.arrived(from, bytes, System.nanoTime());
                check();
              }
            });
    return true;
  }

  /** Sees to it that the puncher has its turn in time. */
  private void check() {
    if (closed) {
      return;
    }
    long now = System.nanoTime();
    long deadline = puncher.deadline(now);
    if (deadline - now <= 0) {
      puncher.expire(now);
      deadline = puncher.deadline(now);
    }
    if (!alarmed || deadline - alarmAt < 0) {
      alarmed = true;
      alarmAt = deadline;
      long mine = deadline;
      var unused =
          loop.netty()
              .schedule(
                  () -> {
                    if (alarmed && alarmAt == mine) {
                      alarmed = false;
                      check();
                    }
                  },
                  Math.max(TimeUnit.MILLISECONDS.toNanos(1), deadline - now),
                  TimeUnit.NANOSECONDS);
    }
  }

  /** What the puncher does. */
  private final class Output implements PunchOutput {
    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      port.send(to, Unpooled.wrappedBuffer(datagram));
    }

    @Override
    public void refused(InetSocketAddress from, String why) {
      long now = System.nanoTime();
      if (now - refusedAt >= REFUSALS_NANOS) {
        refusedAt = now;
        log.info(
            "{} refused {}: {}; {} datagrams refused so far",
            HostPort.of(port.address()),
            HostPort.of(from),
            why,
            puncher.counters().refused());
      }
    }

    @Override
    public void path(NodeId node, InetSocketAddress at, boolean doubtful) {
      DirectPath before = table.to(node.number());
      DirectPath next =
          at == null
              ? null
              : new DirectPath(
                  at,
                  doubtful,
                  () ->
                      loop.netty()
                          .execute(
                              () -> {
                                puncher.traffic(node, System.nanoTime());
                                check();
                              }));
      if (next != null) {
        if (before != null) {
          next.rttMicros(before.rttMicros());
        }
        next.watch();
      }
      table.path(node, next);
      peers.pathChanged(node.number());
      if (doubtful) {
        doubted.accept(node);
      }
    }

    @Override
    public void source(InetSocketAddress address, NodeId node) {
      table.source(address, node);
    }

    @Override
    public void seen(NodeId by, InetSocketAddress at) {
      if (!at.equals(seenAs.get(by))) {
        // The last ones that have said something new.
        seenAs.remove(by);
        seenAs.put(by, at);
        if (seenAs.size() > SEEN_BY) {
          seenAs.remove(seenAs.keySet().iterator().next());
        }
        List<InetSocketAddress> all = new ArrayList<>(seenAs.values());
        Collections.reverse(all);
        seen = all.stream().distinct().toList();
      }
    }

    @Override
    public void measured(NodeId node, long rtt) {
      to(node).ifPresent(path -> path.rttMicros(TimeUnit.NANOSECONDS.toMicros(rtt)));
    }

    @Override
    public void watchTraffic(NodeId node) {
      to(node).ifPresent(DirectPath::watch);
    }

    @Override
    public void changed(NodeId node, InetSocketAddress from, InetSocketAddress to, String why) {
      (to == null ? toMesh : toUdp).increment();
      observer.accept(new PathChanged(node.value(), named(from), named(to), why));
    }

    private String named(InetSocketAddress at) {
      return at == null ? PathChanged.MESH : "udp " + HostPort.of(at);
    }
  }

  /** Ends all paths; nothing is sent any more. */
  public Future<Void> close() {
    return loop.call(
        () -> {
          kept.forEach(KeptPath::remove);
          return loop.<Void>call(
              () -> {
                closed = true;
                metrics.ifPresent(PathMetrics::close);
                return Future.succeededFuture();
              });
        });
  }
}
