package dev.weft.mesh;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.config.MeshConfig;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.LinkProtocol;
import dev.weft.mesh.link.Transport;
import dev.weft.mesh.route.ForwardingTable;
import dev.weft.mesh.route.Path;
import dev.weft.mesh.route.RouteAnnouncement;
import dev.weft.mesh.route.Router;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process as a node of the mesh: its links, the way to each other node, and what is sent
 * there. Links run on the loops of their transports; what they tell, and the routes, belong to one
 * loop, the mesh's. Methods may be called from any thread; futures complete on the mesh's loop.
 */
public final class MeshNode {
  /** Accepted links beyond so many are refused. */
  private static final int MOST_ACCEPTED = 4096;

  /** The first byte of a program's datagram, behind the hop limit. */
  private static final byte DATAGRAM = 3;

  /** The longest datagram of a program, bytes. */
  public static final int MAX_DATAGRAM = FrameLabel.MAX_PAYLOAD - 2;

  private static final Logger log = LoggerFactory.getLogger(MeshNode.class);

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
  private final Map<EventLoop, FlushList> flushLists = new ConcurrentHashMap<>();

  /** All links, those that are only tried among them; metrics read them from other threads. */
  private final Set<LinkEntry> entries = ConcurrentHashMap.newKeySet();

  private final Map<LinkRunner, LinkEntry> running = new HashMap<>();
  private final Map<LinkKeeper, LinkEntry> kept = new HashMap<>();
  private final Map<LinkRunner, LinkKeeper> dialled = new HashMap<>();
  private final Map<Long, Promise<Void>> awaited = new HashMap<>();

  /** What the links counted that are no more. */
  private final LinkCounters ended = new LinkCounters();

  private final Promise<Void> closed = Promise.promise();
  private volatile DatagramTaker taker = (node, data) -> drops.add(MeshDrops.Reason.NO_TAKER);
  private Optional<MeshMetrics> metrics = Optional.empty();
  private int links;
  private boolean closing;

  /**
   * @param loop the mesh's
   */
  public MeshNode(Loop loop, Settings settings, Observer observer) {
    this.loop = loop;
    this.settings = settings;
    this.self = number(settings.self().value());
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
  }

  /** The id that a number in a frame stands for. */
  static String id(long node) {
    return HexFormat.of().toHexDigits(node);
  }

  static long number(String id) {
    return Long.parseUnsignedLong(id, 16);
  }

  /** A payload that begins with its hop limit, with room for a label behind it. */
  static ByteBuf payload(ByteBufAllocator allocator, int hopLimit) {
    return allocator.directBuffer(FrameLabel.MAX_FRAME, FrameLabel.MAX_FRAME).writeByte(hopLimit);
  }

  /** Dials a link and keeps it until the node closes or {@link #release}. */
  public void keep(LinkKind kind, MeshConfig.Link link, boolean member) {
    loop.run(
        () -> {
          if (closing) {
            return;
          }
          LinkKeeper keeper = new LinkKeeper(loop, kind, link, random, new Dialled());
          LinkEntry.Origin origin = member ? LinkEntry.Origin.MEMBER : LinkEntry.Origin.CONFIGURED;
          kept.put(keeper, entry(kind.scheme(), origin, Optional.of(link)));
          keeper.dial();
        });
  }

  /** Lets go a link that was kept; its transport ends. */
  public void release(MeshConfig.Link link) {
    loop.run(
        () ->
            kept.keySet().stream()
                .filter(keeper -> keeper.link().equals(link))
                .findFirst()
                .ifPresent(
                    keeper -> {
                      LinkEntry entry = kept.remove(keeper);
                      entries.remove(entry);
                      keeper.close();
                      entry
                          .runner()
                          .ifPresent(r -> r.transport().close("the link is not wanted any more"));
                      observer.trouble(entry.id(), entry.remote(), "");
                    }));
  }

  /** Takes a link that another node has dialled. */
  public void accept(Transport transport) {
    loop.run(
        () -> {
          if (closing || running.size() - dialled.size() >= MOST_ACCEPTED) {
            transport.close(
                closing ? "this node is closing" : "this node has " + MOST_ACCEPTED + " links");
            return;
          }
          run(
              transport,
              entry(transport.kind(), LinkEntry.Origin.ACCEPTED, Optional.empty()),
              OptionalLong.empty());
        });
  }

  private LinkEntry entry(String kind, LinkEntry.Origin origin, Optional<MeshConfig.Link> link) {
    LinkEntry entry = new LinkEntry(kind + "-" + ++links, kind, origin, link, now());
    entries.add(entry);
    return entry;
  }

  private LinkRunner run(Transport transport, LinkEntry entry, OptionalLong expected) {
    FlushList flushes = flushLists.computeIfAbsent(transport.loop().netty(), FlushList::new);
    OptionalLong peer =
        transport.proven().map(id -> OptionalLong.of(number(id.value()))).orElse(expected);
    LinkRunner runner =
        new LinkRunner(
            transport,
            new LinkProtocol.Settings(
                self,
                HexFormat.of().parseHex(settings.fingerprint()),
                transport.seenFrom(),
                settings.config().relay(),
                settings.config().debugTokens(),
                peer),
            random,
            frames,
            drops,
            flushes,
            new Home());
    entry.runs(runner);
    running.put(runner, entry);
    runner.start();
    return runner;
  }

  /** Whether a link to the node carries frames; on the mesh's loop. */
  boolean linkedTo(String node) {
    return running.values().stream()
        .anyMatch(e -> e.state() == LinkEntry.State.UP && e.node().equals(node));
  }

  /** All links, those that are only tried among them, sorted by id. */
  public Future<List<MeshLink>> links() {
    return loop.call(
        () ->
            Future.succeededFuture(
                entries.stream()
                    .map(LinkEntry::row)
                    .sorted(Comparator.comparing(MeshLink::id))
                    .toList()));
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
        id(path.destination()),
        id(path.hops().get(0)),
        running.get(path.link()).id(),
        path.hops().stream().map(MeshNode::id).toList(),
        path.rttMicros() == RouteAnnouncement.UNKNOWN ? null : path.rttMicros());
  }

  /** Done when there is a route to a node. */
  public Future<Void> awaitRoute(String node) {
    long to = number(new NodeId(node).value());
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
    return loop.call(() -> traceroute.trace(number(node)));
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
    ByteBuf payload =
        payload(ByteBufAllocator.DEFAULT, MeshSwitch.HOP_LIMIT)
            .writeByte(DATAGRAM)
            .writeBytes(data);
    return frames.send(number(new NodeId(node).value()), payload, System.nanoTime());
  }

  /** Shows what this node counts. */
  void measure(MeshMetrics shown, Collection<String> kinds) {
    metrics = Optional.of(shown);
    for (String kind : kinds) {
      for (LinkEntry.State state : LinkEntry.State.values()) {
        shown.links(
            kind,
            state.word(),
            () ->
                entries.stream().filter(e -> e.state() == state && e.kind().equals(kind)).count());
      }
    }
    shown.destinations(frames::destinations);
    shown.traffic("sent", () -> sum(LinkCounters::sentFrames), () -> sum(LinkCounters::sentBytes));
    shown.traffic(
        "received",
        () -> sum(LinkCounters::receivedFrames),
        () -> sum(LinkCounters::receivedBytes));
    shown.traffic("forwarded", frames.forwardedFrames()::sum, frames.forwardedBytes()::sum);
    shown.dropped("link", () -> sum(LinkCounters::dropped));
    drops.each((reason, count) -> shown.dropped(reason, count));
  }

  private long sum(Function<LinkCounters, Tally> counter) {
    return counter.apply(ended).get()
        + entries.stream()
            .flatMap(e -> e.runner().stream())
            .mapToLong(r -> counter.apply(r.counters()).get())
            .sum();
  }

  /** Ends all links; done when their transports have ended and nothing is being dialled. */
  public Future<Void> close() {
    return loop.call(
        () -> {
          closing = true;
          List<Future<Void>> dialling = kept.keySet().stream().map(LinkKeeper::close).toList();
          List.copyOf(running.keySet())
              .forEach(runner -> runner.transport().close("node " + settings.self() + " closes"));
          allEnded();
          return Future.join(dialling)
              .transform(done -> closed.future())
              .onComplete(done -> alarm.stop());
        });
  }

  private void allEnded() {
    if (closing && running.isEmpty()) {
      closed.tryComplete();
    }
  }

  private long now() {
    return settings.clock().millis();
  }

  /** What arrives for this node. */
  private final class Arrivals implements MeshSwitch.Local {
    @Override
    public void arrived(long source, ByteBuf payload) {
      if (traceroute.arrived(source, payload)) {
        return;
      }
      if (payload.isReadable() && payload.getByte(payload.readerIndex()) == DATAGRAM) {
        taker.arrived(id(source), payload.skipBytes(1));
      } else {
        drops.add(MeshDrops.Reason.NO_TAKER);
      }
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
      observer.happened(
          new MeshRouteChanged(id(destination), via.isPresent() ? id(via.getAsLong()) : ""));
    }
  }

  /** What keepers tell, on the mesh's loop. */
  private final class Dialled implements LinkKeeper.Watcher {
    @Override
    public void dialled(LinkKeeper keeper, Transport transport) {
      LinkEntry entry = kept.get(keeper);
      entry.become(LinkEntry.State.CONNECTING, "", now());
      OptionalLong expected =
          keeper.link().node().map(id -> OptionalLong.of(number(id))).orElse(OptionalLong.empty());
      dialled.put(run(transport, entry, expected), keeper);
    }

    @Override
    public void failed(LinkKeeper keeper, String reason) {
      LinkEntry entry = kept.get(keeper);
      entry.become(LinkEntry.State.DOWN, reason, now());
      observer.trouble(entry.id(), entry.remote(), reason);
    }
  }

  /** Brings what links tell to the mesh's loop. */
  private final class Home implements LinkRunner.Watcher {
    @Override
    public void introduced(LinkRunner link, long peer, String seenFrom) {
      loop.run(() -> running.get(link).introduced(id(peer), metrics));
    }

    @Override
    public void carries(LinkRunner link, boolean up) {
      loop.run(
          () -> {
            if (up) {
              isUp(link);
            } else {
              isDown(link, "no frame has arrived for 2 s");
            }
            alarm.check();
          });
    }

    @Override
    public void rtt(LinkRunner link, long micros) {
      loop.run(
          () -> {
            running.get(link).rtt(micros);
            router.rtt(link, micros, System.nanoTime());
            alarm.check();
          });
    }

    @Override
    public void announced(LinkRunner link, List<RouteAnnouncement> all) {
      loop.run(
          () -> {
            router.announced(link, all, System.nanoTime());
            alarm.check();
          });
    }

    @Override
    public void closed(LinkRunner link, String reason) {
      loop.run(
          () -> {
            isDown(link, reason);
            LinkEntry entry = running.remove(link);
            entry.ended();
            ended.add(link.counters());
            LinkKeeper keeper = dialled.remove(link);
            if (keeper == null) {
              entries.remove(entry);
            } else {
              keeper.ended(reason);
            }
            alarm.check();
            allEnded();
          });
    }

    private void isUp(LinkRunner link) {
      LinkEntry entry = running.get(link);
      router.up(link, link.peer(), System.nanoTime());
      if (entry.become(LinkEntry.State.UP, "", now())) {
        observer.happened(new LinkUp(entry.id(), entry.kind(), entry.node(), entry.remote()));
        observer.trouble(entry.id(), entry.remote(), "");
      }
      if (dialled.containsKey(link)) {
        dialled.get(link).carried();
      }
    }

    private void isDown(LinkRunner link, String reason) {
      LinkEntry entry = running.get(link);
      boolean wasUp = entry.state() == LinkEntry.State.UP;
      entry.become(LinkEntry.State.DOWN, reason, now());
      if (wasUp) {
        router.down(link, System.nanoTime());
        log.info("link {} to node {} is down: {}", entry.id(), entry.node(), reason);
        observer.happened(
            new LinkDown(entry.id(), entry.kind(), entry.node(), entry.remote(), reason));
      }
    }
  }
}
