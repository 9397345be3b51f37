package dev.weft.mesh;

import dev.weft.config.MeshConfig;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.LinkProtocol;
import dev.weft.mesh.link.Transport;
import dev.weft.mesh.route.RouteAnnouncement;
import dev.weft.rpc.Loop;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
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
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * The links of a node: those that it dials and keeps, and those that others have dialled. State and
 * listener belong to the mesh's loop; any thread may call.
 */
final class LinkTable {
  /** Accepted links beyond so many are refused. */
  private static final int MOST_ACCEPTED = 4096;

  /** Accepted links with one node beyond so many are refused, so that it does not take all. */
  static final int MOST_WITH_ONE = 64;

  /** A link that has been silent for so long is ended. */
  private static final long SILENT_SECONDS = 60;

  private static final long CLOSE_SECONDS = 10;

  /** What becomes of links, on the mesh's loop. */
  interface Listener {
    void up(LinkRunner link);

    void down(LinkRunner link);

    void rtt(LinkRunner link, long micros);

    void announced(LinkRunner link, List<RouteAnnouncement> all);
  }

  private final Loop loop;
  private final MeshNode.Settings settings;
  private final RandomGenerator random;
  private final MeshSwitch frames;
  private final MeshDrops drops;
  private final MeshNode.Observer observer;
  private final Listener listener;
  private final Map<EventLoop, FlushList> flushLists = new HashMap<>();

  /** All links, those that are only tried among them; metrics read them from other threads. */
  private final Set<LinkEntry> entries = ConcurrentHashMap.newKeySet();

  private final Map<LinkRunner, LinkEntry> running = new HashMap<>();
  private final Map<LinkKeeper, LinkEntry> kept = new HashMap<>();
  private final Map<LinkRunner, LinkKeeper> dialled = new HashMap<>();

  /** What the links counted that are no more. */
  private final LinkCounters ended = new LinkCounters();

  private final Promise<Void> closed = Promise.promise();
  private Optional<MeshMetrics> metrics = Optional.empty();
  private int links;
  private boolean closing;

  LinkTable(
      Loop loop,
      MeshNode.Settings settings,
      RandomGenerator random,
      MeshSwitch frames,
      MeshDrops drops,
      MeshNode.Observer observer,
      Listener listener) {
    this.loop = loop;
    this.settings = settings;
    this.random = random;
    this.frames = frames;
    this.drops = drops;
    this.observer = observer;
    this.listener = listener;
  }

  /** Dials a link and keeps it until the node closes or {@link #release}. */
  void keep(LinkKind kind, MeshConfig.Link link, boolean member) {
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
  void release(MeshConfig.Link link) {
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
  void accept(Transport transport) {
    loop.run(
        () -> {
          Optional<String> refusal = refusal(transport);
          if (refusal.isPresent()) {
            transport.close(refusal.get());
            return;
          }
          run(
              transport,
              entry(transport.kind(), LinkEntry.Origin.ACCEPTED, Optional.empty()),
              Optional.empty());
        });
  }

  /** Why a link that another node has dialled is not taken. */
  private Optional<String> refusal(Transport transport) {
    if (closing) {
      return Optional.of("this node is closing");
    }
    if (running.size() - dialled.size() >= MOST_ACCEPTED) {
      return Optional.of("this node has " + MOST_ACCEPTED + " links");
    }
    boolean many =
        transport.proven().isPresent()
            && running.keySet().stream()
                    .filter(link -> !dialled.containsKey(link))
                    .filter(link -> link.transport().proven().equals(transport.proven()))
                    .count()
                >= MOST_WITH_ONE;
    return many
        ? Optional.of(
            "this node has " + MOST_WITH_ONE + " links from node " + transport.proven().get())
        : Optional.empty();
  }

  private LinkEntry entry(String kind, LinkEntry.Origin origin, Optional<MeshConfig.Link> link) {
    LinkEntry entry = new LinkEntry(kind + "-" + ++links, kind, origin, link, now());
    entries.add(entry);
    return entry;
  }

  /**
   * Runs a link.
   *
   * @param expected the node that was dialled, as far as the transport does not prove who answered
   */
  private LinkRunner run(Transport transport, LinkEntry entry, Optional<NodeId> expected) {
    FlushList flushes = flushLists.computeIfAbsent(transport.loop().netty(), FlushList::new);
    Optional<NodeId> peer = transport.proven().or(() -> expected);
    LinkRunner runner =
        new LinkRunner(
            transport,
            new LinkProtocol.Settings(
                settings.self().number(),
                HexFormat.of().parseHex(settings.fingerprint()),
                transport.seenFrom(),
                settings.config().relay(),
                settings.config().debugTokens(),
                peer.map(id -> OptionalLong.of(id.number())).orElse(OptionalLong.empty())),
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

  String idOf(LinkRunner link) {
    return running.get(link).id();
  }

  /** Whether a link that is kept carries frames; on the mesh's loop. */
  boolean carries(MeshConfig.Link link) {
    return kept.entrySet().stream()
        .anyMatch(
            e -> e.getKey().link().equals(link) && e.getValue().state() == LinkEntry.State.UP);
  }

  /** Whether a link to the node carries frames; on the mesh's loop. */
  boolean linkedTo(String node) {
    return running.values().stream()
        .anyMatch(e -> e.state() == LinkEntry.State.UP && e.node().equals(node));
  }

  /** All links, those that are only tried among them, sorted by id. */
  Future<List<MeshLink>> rows() {
    return loop.call(
        () ->
            Future.succeededFuture(
                entries.stream()
                    .map(LinkEntry::row)
                    .sorted(Comparator.comparing(MeshLink::id))
                    .toList()));
  }

  /** Shows what the links count. */
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
    shown.traffic("sent", () -> sum(LinkCounters::sentFrames), () -> sum(LinkCounters::sentBytes));
    shown.traffic(
        "received",
        () -> sum(LinkCounters::receivedFrames),
        () -> sum(LinkCounters::receivedBytes));
    shown.dropped("link", () -> sum(LinkCounters::dropped));
  }

  private long sum(Function<LinkCounters, Tally> counter) {
    return counter.apply(ended).get()
        + entries.stream()
            .flatMap(e -> e.runner().stream())
            .mapToLong(r -> counter.apply(r.counters()).get())
            .sum();
  }

  /**
   * Ends all links.
   *
   * @return done when their transports have ended and nothing is being dialled; fails after 10 s
   */
  Future<Void> close() {
    return loop.call(
        () -> {
          closing = true;
          List<Future<Void>> dialling = kept.keySet().stream().map(LinkKeeper::close).toList();
          List.copyOf(running.keySet())
              .forEach(runner -> runner.transport().close("node " + settings.self() + " closes"));
          allEnded();
          return Future.join(dialling)
              .transform(done -> closed.future())
              .timeout(CLOSE_SECONDS, TimeUnit.SECONDS);
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

  /** What keepers tell, on the mesh's loop. */
  private final class Dialled implements LinkKeeper.Watcher {
    @Override
    public void dialled(LinkKeeper keeper, Transport transport) {
      LinkEntry entry = kept.get(keeper);
      entry.become(LinkEntry.State.CONNECTING, "", now());
      Optional<NodeId> expected = keeper.link().node().map(NodeId::new);
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
      loop.run(() -> running.get(link).introduced(NodeId.text(peer), seenFrom, metrics));
    }

    @Override
    public void carries(LinkRunner link, boolean up) {
      loop.run(
          () -> {
            if (up) {
              isUp(link);
            } else {
              isDown(link, "pings are not answered");
              endIfSilent(link);
            }
          });
    }

    @Override
    public void rtt(LinkRunner link, long micros) {
      loop.run(
          () -> {
            running.get(link).rtt(micros);
            listener.rtt(link, micros);
          });
    }

    @Override
    public void announced(LinkRunner link, List<RouteAnnouncement> all) {
      loop.run(() -> listener.announced(link, all));
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
            allEnded();
          });
    }

    /** A transport that may never notice itself that the other end is gone does not stay. */
    private void endIfSilent(LinkRunner link) {
      LinkEntry entry = running.get(link);
      long since = entry.since();
      var unused =
          loop.netty()
              .schedule(
                  () -> {
                    if (running.containsKey(link)
                        && entry.state() == LinkEntry.State.DOWN
                        && entry.since() == since) {
                      link.transport().close("silent for " + SILENT_SECONDS + " s");
                    }
                  },
                  SILENT_SECONDS,
                  TimeUnit.SECONDS);
    }

    private void isUp(LinkRunner link) {
      LinkEntry entry = running.get(link);
      listener.up(link);
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
        listener.down(link);
        observer.happened(
            new LinkDown(entry.id(), entry.kind(), entry.node(), entry.remote(), reason));
      }
      if (kept.containsKey(dialled.get(link)) && !closing) {
        observer.trouble(entry.id(), entry.remote(), reason);
      }
    }
  }
}
