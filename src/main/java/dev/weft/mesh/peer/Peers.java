package dev.weft.mesh.peer;

import com.google.protobuf.ByteString;
import dev.weft.address.HostPort;
import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import dev.weft.mesh.proto.ConnectToService;
import dev.weft.mesh.proto.ConnectionOptions;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.proto.OpenTransfer;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.stream.EventPair;
import dev.weft.mesh.stream.MeshChannel;
import dev.weft.mesh.stream.MeshObject;
import dev.weft.mesh.stream.MeshSocket;
import dev.weft.mesh.stream.PeerStream;
import dev.weft.mesh.stream.Proxies;
import dev.weft.mesh.stream.StreamPeers;
import dev.weft.mesh.stream.StreamTimers;
import dev.weft.reach.PeerPort;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongUnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * This node's peers: a connection to every node that can be reached, those that others have to this
 * one, and the services of both sides. On the mesh's loop, but for what says otherwise.
 */
public final class Peers {
  /** The application protocol (ALPN) of a connection between peers. */
  static final String PROTOCOL = "weft.peer/1";

  /** As in {@link MeshPeer#state}. */
  public static final List<String> STATES =
      Stream.of(PeerTable.Shown.values()).map(Words::of).toList();

  /** What peers tell, on the mesh's loop. */
  public interface Observer {
    void happened(Fact fact);
  }

  /**
   * What peers stand on.
   *
   * @param loop the mesh's, one of the port's
   * @param via which node is next on the way to another
   * @param random of a kind that nobody can guess
   */
  public record Ground(
      Loop loop,
      NodeId self,
      PeerPort port,
      LongUnaryOperator via,
      RandomGenerator random,
      Clock clock,
      Observer observer) {}

  private final Ground ground;
  private final long self;
  private final Services services = new Services();
  private final PeerWatch watch = new PeerWatch(this::present);
  private final Proxies proxies;
  private final PeerDialler dialler;
  private final PeerAcceptor acceptor;
  private final ScheduledFuture<?> counting;
  private volatile Proxies.Counters proxied;
  private boolean describing;

  /** Accepts peers from now on; dials those that {@link #reachable} names. */
  public Peers(Ground ground) {
    this.ground = ground;
    this.self = ground.self().number();
    this.proxies =
        new Proxies(new Transfers(), StreamTimers.of(ground.loop().netty()), ground.random());
    this.dialler = new PeerDialler(ground, new Dialled());
    this.acceptor = new PeerAcceptor(services, proxies, new Accepted());
    this.proxied = proxies.counters();
    this.counting =
        ground
            .loop()
            .netty()
            .scheduleWithFixedDelay(() -> proxied = proxies.counters(), 1, 1, TimeUnit.SECONDS);
    ground.port().accept(PROTOCOL, ground.loop(), (channel, loop) -> acceptor.begin(channel));
  }

  /** A route leads to a node, or none any more. */
  public void reachable(long node, boolean yes) {
    dialler.reachable(node, yes);
  }

  /**
   * Offers a service to other nodes, and to this one.
   *
   * @param name 1 to 255 characters, no spaces
   * @param allow ids of the nodes that may connect; empty for all of the mesh
   * @param kind what a connection is
   * @throws WeftException INVALID for another name, CONFLICT for one that is exported, EXHAUSTED if
   *     there are too many
   */
  public void export(String name, Set<String> allow, ObjectKind kind, ServiceProvider provider) {
    services.add(new Services.Export(name, Set.copyOf(allow), kind, provider));
    describe();
  }

  /** Offers a service no longer; connections that stand go on. An unknown one is no error. */
  public void withdraw(String name) {
    if (services.remove(name)) {
      describe();
    }
  }

  /** Several changes at once are told as one. */
  private void describe() {
    if (!describing) {
      describing = true;
      ground
          .loop()
          .run(
              () -> {
                describing = false;
                dialler.describe(services.names());
                watch.changed();
              });
    }
  }

  /**
   * Connects to a service.
   *
   * @param node the id of the one that exports it; may be this one
   * @return this end, to be closed by the caller; fails with INVALID for a name or kind that is
   *     wrong, NOT_FOUND without such a service or a route, DENIED, UNAVAILABLE if the node is not
   *     up within 5 s, or with what the provider says
   */
  public Future<MeshObject> connect(String node, String service, ObjectKind kind) {
    long to = new NodeId(node).number();
    Services.checkName(service);
    if (to == self) {
      Services.Export export = services.find(service, kind, node);
      Pair pair = Pair.of(kind);
      return export
          .provider()
          .connect(node, pair.other)
          .onFailure(e -> pair.one.close())
          .map(pair.one);
    }
    return dialler.to(to).compose(peer -> peer.turn().compose(v -> connect(peer, service, kind)));
  }

  private Future<MeshObject> connect(DialledPeer peer, String service, ObjectKind kind) {
    Pair pair = Pair.of(kind);
    ConnectToService wanted =
        ConnectToService.newBuilder()
            .setName(service)
            .setStream(proxies.open(pair.other, peer.connection()))
            .setOptions(ConnectionOptions.newBuilder().setKind(kind))
            .build();
    return peer.ask(PeerMessage.newBuilder().setConnectToService(wanted).build())
        .onFailure(e -> pair.one.close())
        .map(pair.one);
  }

  private record Pair(MeshObject one, MeshObject other) {
    static Pair of(ObjectKind kind) {
      switch (kind) {
        case CHANNEL -> {
          MeshChannel.Ends ends = MeshChannel.pair();
          return new Pair(ends.one(), ends.other());
        }
        case STREAM_SOCKET -> {
          MeshSocket.Ends ends = MeshSocket.streams();
          return new Pair(ends.one(), ends.other());
        }
        case DATAGRAM_SOCKET -> {
          MeshSocket.Ends ends = MeshSocket.datagrams();
          return new Pair(ends.one(), ends.other());
        }
        case EVENT_PAIR -> {
          EventPair.Ends ends = EventPair.pair();
          return new Pair(ends.one(), ends.other());
        }
        default -> throw Fault.invalid("kind", kind, "one that this version knows");
      }
    }
  }

  /** The peers and their services, as {@link PeerWatch#list} says: a hanging get. */
  public Future<PeerList> list(long seen) {
    return watch.list(seen);
  }

  private PeerList present(long version) {
    return new PeerList(
        version,
        Stream.concat(
                Stream.of(new PeerList.Entry(NodeId.text(self), true, services.names())),
                dialler.up().stream()
                    .map(
                        node ->
                            new PeerList.Entry(NodeId.text(node), false, acceptor.services(node))))
            .sorted(Comparator.comparing(PeerList.Entry::node))
            .toList());
  }

  /** All names that are exported, this node's among them. */
  public List<MeshService> services() {
    Map<String, TreeSet<String>> nodes = new TreeMap<>();
    for (PeerList.Entry peer : present(0).peers()) {
      peer.services().forEach(s -> nodes.computeIfAbsent(s, n -> new TreeSet<>()).add(peer.node()));
    }
    return nodes.entrySet().stream()
        .map(e -> new MeshService(e.getKey(), List.copyOf(e.getValue())))
        .toList();
  }

  /** The nodes that a route leads to, or has led to within the last 5 s, sorted by id. */
  public List<MeshPeer> rows() {
    return dialler.table().rows().stream()
        .map(this::row)
        .sorted(Comparator.comparing(MeshPeer::node))
        .toList();
  }

  private MeshPeer row(PeerTable.Row row) {
    DialledPeer dialled = dialler.peer(row.node());
    AcceptedPeer accepted = acceptor.peer(row.node());
    long age = (System.nanoTime() - row.since()) / 1_000_000;
    return new MeshPeer(
        NodeId.text(row.node()),
        Words.of(row.shown()),
        row.reason(),
        accepted != null,
        row.reachable() ? NodeId.text(ground.via().applyAsLong(row.node())) : "",
        row.reachable() ? path(row.node()) : "",
        dialled == null ? null : dialled.connection().rttMicros(),
        (dialled == null ? 0 : dialled.connection().objects())
            + (accepted == null ? 0 : accepted.connection().objects()),
        acceptor.services(row.node()),
        ground.clock().millis() - age);
  }

  private String path(long node) {
    return ground.port().straightTo(node).map(at -> "udp " + HostPort.of(at)).orElse("mesh");
  }

  /**
   * How many nodes there are of a state; any thread may call.
   *
   * @param state as in {@link MeshPeer#state}
   */
  public long count(String state) {
    return dialler.table().rows().stream()
        .filter(row -> Words.of(row.shown()).equals(state))
        .count();
  }

  /** What is proxied, as of the last second; any thread may call. */
  public Proxies.Counters proxied() {
    return proxied;
  }

  /** Closes all connections, whose other ends are told the reason. */
  public void close(String reason) {
    WeftException why = Fault.UNAVAILABLE.because(reason);
    dialler.end(why);
    acceptor.end(why);
    watch.end(why);
    counting.cancel(false);
  }

  /** What this node's own connections tell. */
  private final class Dialled implements PeerDialler.Watcher {
    @Override
    public void up(long node) {
      ground.observer().happened(new PeerUp(NodeId.text(node)));
      watch.changed();
    }

    @Override
    public void down(long node, String reason) {
      ground.observer().happened(new PeerDown(NodeId.text(node), reason));
      watch.changed();
    }

    @Override
    public void forgotten(long node, String reason) {
      acceptor.close(node, reason);
    }
  }

  /** What the connections of others tell. */
  private final class Accepted implements PeerAcceptor.Watcher {
    @Override
    public void heard(long node) {
      dialler.heard(node);
    }

    @Override
    public void replaced(long node) {
      dialler.suspect(node);
    }

    @Override
    public void described(long node) {
      if (dialler.peer(node) != null) {
        watch.changed();
      }
    }
  }

  /** What transfers need. */
  private final class Transfers implements StreamPeers {
    @Override
    public long self() {
      return self;
    }

    @Override
    public Future<PeerStream> openTransfer(long node, byte[] key) {
      return dialler
          .to(node)
          .compose(
              peer -> {
                PeerStream stream = peer.connection().open();
                OpenTransfer transfer =
                    OpenTransfer.newBuilder()
                        .setStream(stream.id())
                        .setTransferKey(ByteString.copyFrom(key))
                        .build();
                return peer.ask(PeerMessage.newBuilder().setOpenTransfer(transfer).build())
                    .onFailure(e -> stream.reset())
                    .map(stream);
              });
    }
  }
}
