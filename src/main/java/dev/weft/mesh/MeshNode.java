package dev.weft.mesh;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Alarm;
import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.mesh.peer.Peers;
import dev.weft.mesh.route.ForwardingTable;
import dev.weft.mesh.route.Path;
import dev.weft.mesh.route.RouteAnnouncement;
import dev.weft.mesh.route.Router;
import dev.weft.mesh.stream.Proxies;
import dev.weft.reach.PeerPort;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.random.RandomGenerator;

/**
 * This process as a node of the mesh: its links, the way to each other node, and what is sent
 * there. Links run on the loops of their transports; what they tell, and the routes, belong to one
 * loop, the mesh's. Methods may be called from any thread; futures complete on the mesh's loop.
 */
public final class MeshNode {
  /** The first byte of a program's datagram, behind the hop limit. */
  private static final byte DATAGRAM = 3;

  /** The longest datagram of a program, bytes. */
  public static final int MAX_DATAGRAM = FrameLabel.MAX_PAYLOAD - 2;

  /**
   * What a node is in the mesh.
   *
   * @param fingerprint SHA-256 of its public key, 64 hex digits, beginning with its id
   */
  public record Settings(NodeId self, String fingerprint, MeshConfig config, Clock clock) {}

  /** What the node tells, on the mesh's loop. */
  public interface Observer {
    void happened(Fact fact);

    /**
     * A link that should stand does not.
     *
     * @param reason empty once it does
     */
    void trouble(String link, String remote, String reason);
  }

  /** Takes datagrams of programs, on any link's loop. */
  public interface DatagramTaker {
    /**
     * A datagram has arrived.
     *
     * @param node the id of the node that is said to have sent it
     * @param data borrowed
     */
    void arrived(String node, ByteBuf data);
  }

  private final Loop loop;
  private final Settings settings;
  private final long self;
  private final Observer observer;
  private final RandomGenerator random = new SecureRandom();
  private final MeshDrops drops = new MeshDrops();
  private final Router<LinkRunner> router;
  private final MeshSwitch frames;
  private final Traceroute traceroute;
  private final Alarm alarm;
  private final LinkTable links;
  private final Map<Long, Promise<Void>> awaited = new HashMap<>();
  private volatile Optional<PeerPort> port = Optional.empty();
  private volatile Optional<Peers> peers = Optional.empty();
  private volatile DatagramTaker taker = (node, data) -> drops.add(MeshDrops.Reason.NO_TAKER);

  /**
   * @param loop the mesh's
   */
  public MeshNode(Loop loop, Settings settings, Observer observer) {
    this.loop = loop;
    this.settings = settings;
    this.self = settings.self().number();
    this.observer = observer;
    this.router = new Router<>(self, settings.config().relay(), new Announcer());
    long now = System.nanoTime();
    this.frames =
        new MeshSwitch(
            self,
            settings.config().relay(),
            new RelayRate(settings.config().relayRate(), now),
            new Arrivals(),
            drops,
            router.table());
    this.traceroute =
        new Traceroute(
            loop.netty(), random, (node, payload) -> frames.send(node, payload, System.nanoTime()));
    this.alarm = new Alarm(loop.netty(), router::deadline, () -> router.expire(System.nanoTime()));
    this.links = new LinkTable(loop, settings, random, frames, drops, observer, new Links());
  }

  /** A payload that begins with its hop limit, with room for a label behind it. */
  static ByteBuf payload(ByteBufAllocator allocator, int hopLimit) {
    return allocator.directBuffer(FrameLabel.MAX_FRAME, FrameLabel.MAX_FRAME).writeByte(hopLimit);
  }

  /**
   * From now on this node has peers: it dials every node that can be reached.
   *
   * @param opened with this node's loop among its own; the node closes it
   */
  public Future<Void> join(PeerPort opened) {
    return loop.call(
        () -> {
          opened.path(new FramePath(frames));
          Peers joined =
              new Peers(
                  new Peers.Ground(
                      loop,
                      settings.self(),
                      opened,
                      node -> opened.reachesStraight(node) ? node : router.via(node),
                      random,
                      settings.clock(),
                      observer::happened));
          port = Optional.of(opened);
          peers = Optional.of(joined);
          router.paths().forEach(path -> joined.reachable(path.destination(), true));
          opened.onPathChange(node -> loop.run(() -> joined.reachable(node, reaches(node))));
          return Future.succeededFuture();
        });
  }

  /** Whether a route or a path by UDP leads to a node. */
  private boolean reaches(long node) {
    return frames.reaches(node) || port.filter(p -> p.reachesStraight(node)).isPresent();
  }

  /** Works with the peers, on the mesh's loop; fails with PRECONDITION if there are none. */
  public <T> Future<T> withPeers(Function<Peers, Future<T>> work) {
    return loop.call(
        () ->
            peers
                .map(work)
                .orElseGet(
                    () ->
                        Future.failedFuture(
                            Fault.PRECONDITION.because("peers: none, QUIC is not there"))));
  }

  /** A list of the peers, which is empty if there are none. */
  <T> Future<List<T>> peers(Function<Peers, List<T>> list) {
    return loop.call(() -> Future.succeededFuture(peers.map(list).orElseGet(List::of)));
  }

  /** Dials a link and keeps it until the node closes or {@link #release}. */
  public void keep(LinkKind kind, MeshConfig.Link link, boolean member) {
    links.keep(kind, link, member);
  }

  /** Lets go a link that was kept; its transport ends. */
  public void release(MeshConfig.Link link) {
    links.release(link);
  }

  /** Takes a link that another node has dialled. */
  public void accept(Transport transport) {
    links.accept(transport);
  }

  /** Whether a link that is kept carries frames; on the mesh's loop. */
  boolean carries(MeshConfig.Link link) {
    return links.carries(link);
  }

  /** Whether a link to the node carries frames; on the mesh's loop. */
  boolean linkedTo(String node) {
    return links.linkedTo(node);
  }

  /** All links, those that are only tried among them, sorted by id. */
  public Future<List<MeshLink>> links() {
    return links.rows();
  }

  /** The nodes that can be reached, sorted by id. */
  public Future<List<MeshRoute>> routes() {
    return loop.call(
        () ->
            Future.succeededFuture(
                router.paths().stream()
                    .map(this::route)
                    .sorted(Comparator.comparing(MeshRoute::destination))
                    .toList()));
  }

  private MeshRoute route(Path<LinkRunner> path) {
    return new MeshRoute(
        NodeId.text(path.destination()),
        NodeId.text(path.hops().get(0)),
        links.idOf(path.link()),
        path.hops().stream().map(NodeId::text).toList(),
        path.rttMicros() == RouteAnnouncement.UNKNOWN ? null : path.rttMicros());
  }

  /** Done when there is a route to a node. */
  public Future<Void> awaitRoute(String node) {
    long to = new NodeId(node).number();
    return loop.call(
        () ->
            frames.reaches(to)
                ? Future.succeededFuture()
                : awaited.computeIfAbsent(to, n -> Promise.promise()).future());
  }

  /** Measures the way to a node, as {@link Mesh#ping} says. */
  public Future<List<MeshHop>> ping(String node) {
    NodeId to = new NodeId(node);
    if (to.equals(settings.self())) {
      throw Fault.invalid("node", node, "another node than this one");
    }
    return loop.call(() -> traceroute.trace(to.number()));
  }

  /** Datagrams from programs of other nodes go to this taker from now on. */
  public void takeDatagrams(DatagramTaker next) {
    taker = next;
  }

  /**
   * Sends a program's datagram to another node, unreliably and not encrypted end to end.
   *
   * @param data at most {@link #MAX_DATAGRAM} bytes
   * @return whether there is a route
   */
  public boolean send(String node, byte[] data) {
    if (data.length > MAX_DATAGRAM) {
      throw Fault.invalid("datagram", data.length + " bytes", "at most " + MAX_DATAGRAM);
    }
    long to = new NodeId(node).number();
    ByteBuf payload =
        payload(ByteBufAllocator.DEFAULT, MeshSwitch.HOP_LIMIT)
            .writeByte(DATAGRAM)
            .writeBytes(data);
    return frames.send(to, payload, System.nanoTime());
  }

  /** Shows what this node counts. */
  void measure(MeshMetrics metrics, Collection<String> kinds) {
    links.measure(metrics, kinds);
    metrics.destinations(frames::destinations);
    metrics.traffic("forwarded", frames.forwardedFrames()::sum, frames.forwardedBytes()::sum);
    drops.each(metrics::dropped);
    for (String state : Peers.STATES) {
      metrics.peers(state, () -> peers.map(p -> p.count(state)).orElse(0L));
    }
    metrics.proxied(() -> proxied(Proxies.Counters::now));
    metrics.transfers("moved", () -> proxied(Proxies.Counters::moved));
    metrics.transfers("rejoined", () -> proxied(Proxies.Counters::rejoined));
    metrics.transfers("failed", () -> proxied(Proxies.Counters::failed));
    metrics.dropped("peer_unknown", () -> counted(PeerPort.Counters::unknown));
    metrics.dropped("peer_busy", () -> counted(PeerPort.Counters::overflown));
  }

  private long proxied(ToLongFunction<Proxies.Counters> count) {
    return peers.map(Peers::proxied).map(count::applyAsLong).orElse(0L);
  }

  private long counted(ToLongFunction<PeerPort.Counters> count) {
    return port.map(PeerPort::counters).map(count::applyAsLong).orElse(0L);
  }

  /**
   * Ends all links; done when their transports have ended and nothing is being dialled. What waits
   * for a route or an answer fails.
   */
  public Future<Void> close() {
    return leave()
        .transform(left -> links.close())
        .onComplete(
            done -> {
              alarm.stop();
              traceroute.close();
              awaited.values().forEach(route -> route.fail(closing()));
              awaited.clear();
            });
  }

  /** Says goodbye to all peers, while there are links. */
  private Future<Void> leave() {
    String why = "node " + settings.self() + " closes";
    return loop.call(
        () -> {
          peers.ifPresent(p -> p.close(why));
          return port.map(p -> p.close(why)).orElseGet(Future::succeededFuture);
        });
  }

  static WeftException closing() {
    return Fault.UNAVAILABLE.because("this node leaves the mesh");
  }

  /** What arrives for this node. */
  private final class Arrivals implements MeshSwitch.Local {
    @Override
    public void arrived(long source, ByteBuf payload) {
      if (isQuic(payload) && port.isPresent()) {
        port.get().arrived(source, payload);
        return;
      }
      if (traceroute.arrived(source, payload)) {
        return;
      }
      if (payload.isReadable() && payload.getByte(payload.readerIndex()) == DATAGRAM) {
        taker.arrived(NodeId.text(source), payload.skipBytes(1));
      } else {
        drops.add(MeshDrops.Reason.NO_TAKER);
      }
    }

    private static boolean isQuic(ByteBuf payload) {
      return payload.isReadable()
          && (payload.getByte(payload.readerIndex()) & FramePath.QUIC_BIT) != 0;
    }

    @Override
    public void expired(long source, ByteBuf payload) {
      traceroute.expired(source, payload);
    }
  }

  /** What the router wants. */
  private final class Announcer implements Router.Output<LinkRunner> {
    @Override
    public void announce(LinkRunner link, List<RouteAnnouncement> routes) {
      link.announce(routes);
    }

    @Override
    public void changed(ForwardingTable<LinkRunner> table) {
      frames.use(table);
    }

    @Override
    public void routeChanged(long destination, OptionalLong via) {
      if (via.isPresent() && awaited.containsKey(destination)) {
        awaited.remove(destination).complete();
      }
      peers.ifPresent(p -> p.reachable(destination, reaches(destination)));
      if (via.isPresent()) {
        port.ifPresent(p -> p.probe(destination));
      }
      observer.happened(
          new MeshRouteChanged(
              NodeId.text(destination), via.isPresent() ? NodeId.text(via.getAsLong()) : ""));
    }

    @Override
    public void linkChanged(long destination) {
      // What the link before took may be lost.
      port.ifPresent(p -> p.probe(destination));
    }
  }

  /** What links tell, on the mesh's loop. */
  private final class Links implements LinkTable.Listener {
    @Override
    public void up(LinkRunner link) {
      router.up(link, link.peer(), System.nanoTime());
      alarm.check();
    }

    @Override
    public void down(LinkRunner link) {
      router.down(link, System.nanoTime());
      alarm.check();
    }

    @Override
    public void rtt(LinkRunner link, long micros) {
      router.rtt(link, micros, System.nanoTime());
      alarm.check();
    }

    @Override
    public void announced(LinkRunner link, List<RouteAnnouncement> all) {
      router.announced(link, all, System.nanoTime());
      alarm.check();
    }
  }
}
