package dev.weft.dial;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.Reason;
import dev.weft.cluster.Cluster;
import dev.weft.identity.NodeId;
import dev.weft.reach.DirectPath;
import dev.weft.reach.PeerPort;
import dev.weft.reach.path.PunchedPaths;
import dev.weft.rpc.Loop;
import dev.weft.rpc.QuicConnection;
import dev.weft.rpc.RpcConnection;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The way to nodes through the mesh: QUIC whose datagrams other nodes carry, and cannot read. */
final class PeerWay implements Way {
  private final Cluster cluster;
  private final UnaryOperator<String> whyNot;

  /** Empty until the mesh runs. */
  private volatile Optional<PeerPort> port = Optional.empty();

  private volatile Optional<PunchedPaths> paths = Optional.empty();

  /**
   * Leads nowhere until {@link #open}.
   *
   * @param whyNot why there is no path by UDP to a node; empty if that is not known
   */
  PeerWay(Cluster cluster, UnaryOperator<String> whyNot) {
    this.cluster = cluster;
    this.whyNot = whyNot;
  }

  /** Paths by UDP, once there are some. */
  void straight(PunchedPaths opened) {
    paths = Optional.of(opened);
  }

  void open(PeerPort opened) {
    port = Optional.of(opened);
  }

  @Override
  public String kind() {
    return "mesh";
  }

  @Override
  public WayState state(String nodeId, String problem) {
    Optional<DirectPath> straight = paths.flatMap(p -> p.to(new NodeId(nodeId)));
    if (straight.filter(path -> !path.doubtful()).isPresent()) {
      DirectPath path = straight.get();
      return new WayState(
          "punched",
          "udp " + HostPort.of(path.at()),
          path.rttMicros(),
          PeerPort.MAX_DATAGRAM,
          problem);
    }
    String noPath =
        straight.isPresent()
            ? "udp " + HostPort.of(straight.get().at()) + " does not answer"
            : whyNot.apply(nodeId);
    String why =
        Stream.of(problem, noPath)
            .filter(reason -> reason != null && !reason.isEmpty())
            .collect(Collectors.joining("; "));
    return new WayState(kind(), why.isEmpty() ? null : why);
  }

  @Override
  public boolean leadsTo(String nodeId) {
    return port.filter(p -> p.reaches(new NodeId(nodeId))).isPresent();
  }

  @Override
  public Future<? extends RpcConnection> connect(String nodeId, Loop on) {
    String name = cluster.name(nodeId);
    Optional<PeerPort> from = port;
    if (from.isEmpty()) {
      return Future.failedFuture(
          Fault.UNAVAILABLE.because("node " + name + ": this node is in no mesh"));
    }
    return from.get()
        .dial(new NodeId(nodeId), QuicConnection.PROTOCOL, on, (channel, loop) -> {})
        .map(channel -> new QuicConnection(channel, on).watch())
        .recover(
            e ->
                Future.failedFuture(
                    Fault.UNAVAILABLE.because(
                        "node " + name + " through the mesh: " + Reason.of(e), e)));
  }
}
