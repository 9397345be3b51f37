package dev.weft.nsm.client;

import dev.weft.bus.Fault;
import dev.weft.nsm.Calls;
import dev.weft.nsm.ConnectionChanged;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.ConnectionEntry;
import dev.weft.nsm.connection.Connections;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.endpoint.Admission;
import dev.weft.nsm.peer.Halves;
import dev.weft.nsm.proto.MonitorProto;
import dev.weft.nsm.proto.MonitorProto.ConnectionEvent;
import dev.weft.nsm.proto.MonitorProto.ConnectionEventType;
import dev.weft.nsm.proto.MonitorProto.MonitorScopeSelector;
import dev.weft.nsm.proto.MonitorProto.PathSegment;
import dev.weft.nsm.proto.NetworkServiceProto;
import dev.weft.pod.PodRef;
import dev.weft.rpc.ReplyStream;
import dev.weft.rpc.UnixListener;
import dev.weft.rpc.UnixPeer;
import io.vertx.core.Future;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Serves {@code connection.MonitorConnection} and {@code networkservice.NetworkService/Close} on
 * the pods' sockets: a pod follows what becomes of its own connections, and ends them.
 */
public final class ConnectionMonitor {
  /** Streams of one pod at once. */
  private static final int MAX_STREAMS = 16;

  private static final int MAX_SEGMENTS = 16;

  private final String self;
  private final Connections connections;
  private final Halves halves;
  private final Admission admission;
  private final Function<PodRef, ClientPod> pods;
  private final Map<PodRef, Set<Reader>> readers = new HashMap<>();

  /** A stream and what its reader wants to know. */
  private record Reader(List<PathSegment> selector, ReplyStream<ConnectionEvent> stream) {
    void tell(ConnectionEventType type, MonitorProto.Connection connection) {
      if (ConnectionMessages.selects(selector, connection)) {
        stream.send(
            ConnectionEvent.newBuilder()
                .setType(type)
                .putConnections(connection.getId(), connection)
                .build());
      }
    }
  }

  /**
   * @param pods finds a pod of this node; fails for one that cannot be a client
   */
  public ConnectionMonitor(
      String self,
      Connections connections,
      Halves halves,
      Admission admission,
      Function<PodRef, ClientPod> pods) {
    this.self = self;
    this.connections = connections;
    this.halves = halves;
    this.admission = admission;
    this.pods = pods;
    connections.onNews(this::onNews);
  }

  public void serve(PodRef pod, UnixListener listener) {
    listener
        .<MonitorScopeSelector, ConnectionEvent>serveStream(
            Calls.MONITOR, (peer, selector, replies) -> onMonitor(pod, peer, selector, replies))
        .serve(Calls.CLOSE, (peer, named) -> onClose(pod, peer, named.getId()));
  }

  private void onMonitor(
      PodRef pod,
      UnixPeer peer,
      MonitorScopeSelector selector,
      Supplier<ReplyStream<ConnectionEvent>> replies) {
    admission.checkClient(peer, pods.apply(pod));
    if (selector.getPathSegmentsCount() > MAX_SEGMENTS) {
      throw Fault.invalid(
          "path_segments", selector.getPathSegmentsCount() + " of them", "at most " + MAX_SEGMENTS);
    }
    Set<Reader> ofPod = readers.computeIfAbsent(pod, p -> new LinkedHashSet<>());
    if (ofPod.size() >= MAX_STREAMS) {
      throw Fault.EXHAUSTED.because(
          "pod " + pod + ": " + MAX_STREAMS + " monitors (expected: fewer)");
    }
    Reader reader = new Reader(selector.getPathSegmentsList(), replies.get());
    ofPod.add(reader);
    reader.stream().send(initial(pod, reader));
    reader.stream().onGone(() -> forget(pod, reader));
  }

  private ConnectionEvent initial(PodRef pod, Reader reader) {
    ConnectionEvent.Builder all =
        ConnectionEvent.newBuilder().setType(ConnectionEventType.INITIAL_STATE_TRANSFER);
    for (ConnectionEntry entry : connections.where(c -> isOf(pod, c))) {
      if (entry.life().state() != null) {
        MonitorProto.Connection connection =
            ConnectionMessages.of(entry.status(), entry.life().state().toString());
        if (ConnectionMessages.selects(reader.selector(), connection)) {
          all.putConnections(connection.getId(), connection);
        }
      }
    }
    return all.build();
  }

  private void forget(PodRef pod, Reader reader) {
    readers.computeIfPresent(
        pod,
        (p, all) -> {
          all.remove(reader);
          return all.isEmpty() ? null : all;
        });
  }

  private void onNews(ConnectionEntry entry, ConnectionChanged change) {
    Connection c = entry.connection();
    Set<Reader> interested =
        c.clientAt(self) ? readers.getOrDefault(c.client().pod(), Set.of()) : Set.of();
    if (interested.isEmpty()) {
      return;
    }
    ConnectionEventType type =
        change.state() == null ? ConnectionEventType.DELETE : ConnectionEventType.UPDATE;
    MonitorProto.Connection connection = ConnectionMessages.of(entry.status(), change.happened());
    List.copyOf(interested).forEach(reader -> reader.tell(type, connection));
  }

  private Future<NetworkServiceProto.Empty> onClose(PodRef pod, UnixPeer peer, String named) {
    admission.checkClient(peer, pods.apply(pod));
    return connections
        .find(Names.connectionId(named))
        .filter(entry -> isOf(pod, entry.connection()))
        .map(entry -> halves.end(entry, "closed by its client"))
        .orElse(Future.succeededFuture())
        .map(NetworkServiceProto.Empty.getDefaultInstance());
  }

  private boolean isOf(PodRef pod, Connection c) {
    return c.clientAt(self) && c.client().pod().equals(pod);
  }
}
