package dev.weft.nsm.peer;

import dev.weft.bus.Reason;
import dev.weft.dial.Dial;
import dev.weft.nsm.Calls;
import dev.weft.nsm.proto.ConnectionEnd;
import dev.weft.nsm.proto.LeaseRenewal;
import dev.weft.nsm.proto.LeaseState;
import dev.weft.nsm.proto.ProxyConnectionReply;
import dev.weft.nsm.proto.ProxyConnectionRequest;
import dev.weft.room.RoomThread;
import io.vertx.core.Future;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls other nodes about connections. */
public final class PeerClient {
  private static final Logger log = LoggerFactory.getLogger(PeerClient.class);

  /** Longer than the deadline within which the other node's endpoint must answer. */
  static final Duration PROXY_DEADLINE = Duration.ofSeconds(20);

  private static final Duration DEADLINE = Duration.ofSeconds(4);

  private final Dial dial;
  private final RoomThread thread;

  /** What a node is told about a connection is told in order. */
  private record About(String node, String connectionId) {}

  public PeerClient(Dial dial, RoomThread thread) {
    this.dial = dial;
    this.thread = thread;
  }

  /** Asks once all earlier {@link #end}s of that connection are told, which would end this one. */
  public Future<ProxyConnectionReply> proxy(String node, ProxyConnectionRequest request) {
    return thread
        .after(new About(node, request.getConnectionId()))
        .compose(v -> dial.call(node, Calls.PROXY, request, PROXY_DEADLINE));
  }

  public Future<LeaseState> renew(String node, LeaseRenewal halves) {
    return dial.call(node, Calls.RENEW, halves, DEADLINE);
  }

  /**
   * Tells a node that this node's half ended. Always succeeds: a node that cannot be told finds out
   * when the leases are compared.
   */
  public Future<Void> end(String node, String connectionId, String reason, boolean heal) {
    ConnectionEnd end =
        ConnectionEnd.newBuilder()
            .setConnectionId(connectionId)
            .setReason(reason)
            .setHeal(heal)
            .build();
    return thread
        .inOrder(new About(node, connectionId), () -> dial.call(node, Calls.END, end, DEADLINE))
        .onFailure(
            e -> log.debug("connection {}: node {} not told: {}", connectionId, node, Reason.of(e)))
        .transform(done -> Future.succeededFuture());
  }
}
