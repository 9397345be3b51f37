package dev.weft.mesh;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.mesh.link.kind.UnixKind;
import dev.weft.mesh.peer.PeerList;
import dev.weft.mesh.peer.ServiceProvider;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.stream.MeshObject;
import dev.weft.reach.PeerPort;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program of this host as a node of the mesh, over the Unix socket on which the host's node
 * listens ({@code mesh.listen: [ "unix:PATH" ]}). It has a certificate of its own ({@code weft cert
 * node}) and forwards for nobody. The link is dialled again whenever it ends. Any thread may call;
 * futures complete on the leaf's one thread, where all objects of the mesh live: they must be used
 * there, and it must not be blocked.
 */
public final class Leaf implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Leaf.class);

  private final Vertx vertx;
  private final MeshNode mesh;
  private final String id;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Leaf(Vertx vertx, MeshNode mesh, String id) {
    this.vertx = vertx;
    this.mesh = mesh;
    this.id = id;
  }

  /**
   * Begins to link to the node of this host; {@link #routes} tells when that has happened.
   *
   * @param socket the node's Unix socket
   * @param ca the mesh's CA, PEM
   * @param certificate this program's, PEM
   * @param key PKCS#8, PEM, mode 0600
   * @throws dev.weft.bus.WeftException INVALID or UNAUTHENTICATED with the file and the reason
   */
  public static Leaf open(Path socket, Path ca, Path certificate, Path key) {
    SecurityConfig files =
        new SecurityConfig(Optional.of(ca), Optional.of(certificate), Optional.of(key), false);
    Identity identity = Identity.load(files, socket, Clock.systemUTC());
    Vertx vertx =
        Vertx.vertx(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1));
    MeshConfig.Link link =
        new MeshConfig.Link(
            new MeshConfig.LinkAddress("unix", socket.toString()),
            Optional.empty(),
            Optional.empty(),
            0);
    MeshConfig config = new MeshConfig(List.of(), List.of(link), false, 0, false);
    Loop loop = Loop.of(vertx);
    MeshNode mesh =
        new MeshNode(
            loop,
            new MeshNode.Settings(
                identity.nodeId(), identity.fingerprint(), config, Clock.systemUTC()),
            new LoggingObserver());
    await(
        PeerPort.open(List.of(loop), identity)
            .compose(mesh::join)
            .recover(
                e -> {
                  log.warn("no peers and no services: {}", e.getMessage());
                  return Future.succeededFuture();
                }));
    mesh.keep(new UnixKind(vertx, () -> loop), link, false);
    return new Leaf(vertx, mesh, identity.nodeId().value());
  }

  /** This program's node id, 16 hex digits. */
  public String id() {
    return id;
  }

  /** The nodes that can be reached now. */
  public Future<List<MeshRoute>> routes() {
    return mesh.routes();
  }

  /** Done when a node can be reached. */
  public Future<Void> awaitRoute(String node) {
    return mesh.awaitRoute(node);
  }

  /** Measures the way to a node, as {@link Mesh#ping} says. */
  public Future<List<MeshHop>> ping(String node) {
    return mesh.ping(node);
  }

  /**
   * Offers a service to all nodes and programs of the mesh.
   *
   * @param name 1 to 255 characters, no spaces
   * @param provider gets an end of each connection, a {@code MeshChannel}, {@code MeshSocket} or
   *     {@code EventPair} as the kind says; on the leaf's thread
   * @return fails with INVALID for another name, CONFLICT for one that is offered already
   */
  public Future<Void> export(String name, ObjectKind kind, ServiceProvider provider) {
    return mesh.withPeers(
        peers -> {
          peers.export(name, Set.of(), kind, provider);
          return Future.succeededFuture();
        });
  }

  /** Offers a service no longer; connections that stand go on. */
  public Future<Void> withdraw(String name) {
    return mesh.withPeers(
        peers -> {
          peers.withdraw(name);
          return Future.succeededFuture();
        });
  }

  /**
   * Connects to a service of another node or program, encrypted end to end.
   *
   * @return an end of the kind asked for, to be closed by the caller; fails with NOT_FOUND without
   *     such a service or a route, DENIED, UNAVAILABLE if the node does not answer within 5 s, or
   *     with what the service says
   */
  public Future<MeshObject> connect(String node, String service, ObjectKind kind) {
    return mesh.withPeers(peers -> peers.connect(node, service, kind));
  }

  /**
   * Who can be connected to, and what is offered.
   *
   * @param seen the version of the list that is known, 0 for none
   * @return at once if there is another, else when something changes
   */
  public Future<PeerList> peers(long seen) {
    return mesh.withPeers(peers -> peers.list(seen));
  }

  /**
   * Sends a datagram to a program at another node. Datagrams may be lost, repeated or reordered,
   * and the nodes on the way can read and change them.
   *
   * @param data at most {@link MeshNode#MAX_DATAGRAM} bytes
   * @return false if there is no route now
   */
  public boolean send(String node, byte[] data) {
    return mesh.send(node, data);
  }

  /**
   * Gives datagrams to the taker, with the id of the node that is said to have sent them; on one
   * thread, which the taker must not block. What it throws is logged.
   */
  public void onDatagram(BiConsumer<String, byte[]> taker) {
    mesh.takeDatagrams(logging(taker));
  }

  /** Any node of the mesh can send what a taker does not expect: that must not end the link. */
  static MeshNode.DatagramTaker logging(BiConsumer<String, byte[]> taker) {
    return (String node, ByteBuf data) -> {
      try {
        taker.accept(node, ByteBufUtil.getBytes(data));
      } catch (RuntimeException e) {
        log.warn("a datagram of node {} was not taken", node, e);
      }
    };
  }

  /**
   * Ends the link, and waits for it; futures that are not done fail. Again does nothing. Not from a
   * taker of datagrams, whose thread this waits for.
   */
  @Override
  public void close() {
    if (closed.getAndSet(true)) {
      return;
    }
    try {
      await(mesh.close());
    } finally {
      // Not composed with the former: its event loop ends here.
      await(vertx.close());
    }
  }

  private static void await(Future<Void> done) {
    done.toCompletionStage().toCompletableFuture().join();
  }

  private static final class LoggingObserver implements MeshNode.Observer {
    @Override
    public void happened(Fact fact) {
      log.debug("{}", fact.text());
    }

    @Override
    public void trouble(String link, String remote, String reason) {
      if (!reason.isEmpty()) {
        log.warn("link to {} is not up: {}", remote, reason);
      }
    }
  }
}
