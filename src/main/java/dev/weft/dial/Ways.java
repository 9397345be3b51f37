package dev.weft.dial;

import dev.weft.cluster.Cluster;
import dev.weft.config.GrpcConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Authorities;
import dev.weft.identity.Identity;
import dev.weft.reach.PeerPort;
import dev.weft.reach.path.PunchedPaths;
import dev.weft.rpc.GrpcListener;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;

/** All ways from this node to others, and the listeners for calls from others. */
public final class Ways {
  /** Through the mesh: one for each of its loops, and more while it renews them. */
  private static final int CONNECTIONS_OF_A_NODE = 128;

  private final GrpcListener listener;
  private final NodeListeners listeners;
  private final DirectWay direct;
  private final ExternalWay external;
  private final MeshnetDial meshnet;
  private final NodeDial dial;
  private final PeerWay mesh;
  private final Rendezvous rendezvous;
  private final Promise<Void> opened = Promise.promise();

  /** Null until {@link #through}. */
  private volatile PeerPort port;

  /**
   * @param externals the CAs of other meshes
   */
  public Ways(
      Vertx vertx,
      Cluster cluster,
      GrpcConfig config,
      SecurityConfig security,
      Identity identity,
      Authorities externals) {
    this.listener = new GrpcListener(vertx);
    this.listeners = new NodeListeners(listener, config, security, identity, externals);
    this.direct = new DirectWay(vertx, cluster, security, identity);
    this.external = new ExternalWay(vertx, config, identity, externals);
    this.meshnet = new MeshnetDial(vertx, config);
    this.mesh = new PeerWay(cluster, this::whyNot);
    this.dial = new NodeDial(vertx, List.of(direct, external, mesh));
    this.rendezvous = new Rendezvous(vertx, cluster.self(), dial, cluster::name);
    rendezvous.serve(listener);
  }

  /** Rooms add what they serve to it, before {@link #open}. */
  public GrpcListener listener() {
    return listener;
  }

  public NodeDial dial() {
    return dial;
  }

  public ExternalWay external() {
    return external;
  }

  public MeshnetDial meshnet() {
    return meshnet;
  }

  /** Makes paths by UDP straight to other nodes, once there is a port for them. */
  public Rendezvous rendezvous() {
    return rendezvous;
  }

  private String whyNot(String node) {
    return rendezvous.whyNot(node);
  }

  /** Peers are reached straight by UDP where that is possible, from now on. */
  public void straight(PunchedPaths paths, Rendezvous.Place place) {
    mesh.straight(paths);
    rendezvous.open(paths, place);
  }

  /** Opens the listeners; UNAVAILABLE names the address, for example one that is taken. */
  public Future<Void> open() {
    return listeners
        .open()
        .onSuccess(
            v -> {
              acceptFromMesh();
              opened.complete();
            });
  }

  /** Succeeds once other nodes can call this one. */
  public Future<Void> opened() {
    return opened.future();
  }

  private void acceptFromMesh() {
    if (port != null) {
      new MeshListener(listener, CONNECTIONS_OF_A_NODE).open(port);
    }
  }

  /** Members that cannot be dialled are reached through the mesh from now on. */
  public void through(PeerPort opened) {
    port = opened;
    mesh.open(opened);
  }

  /** The way of what goes through the mesh to a node, whether anything does or not. */
  public WayState throughMesh(String nodeId) {
    return mesh.state(nodeId, null);
  }

  /** Whether members can reach this node: {@code grpc.host} is not 127.0.0.1. */
  public boolean serveMembers() {
    return listeners.serveMembers();
  }

  /** The port on 127.0.0.1 and on {@code grpc.host}. */
  public int port() {
    return listeners.port();
  }

  /** Why meshnet's plugin on this host is not served where it looks; empty if it is. */
  public Optional<String> unserved() {
    return listeners.unserved();
  }

  public Future<Void> close() {
    return Future.join(listener.close(), direct.close(), external.close(), meshnet.close())
        .mapEmpty();
  }
}
