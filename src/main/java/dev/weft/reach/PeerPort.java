package dev.weft.reach;

import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Future;
import java.util.List;

/**
 * QUIC connections to nodes instead of addresses. Below them stands one channel for each loop,
 * which gives each datagram to the path that leads to its node at that moment. Any thread may call.
 */
public final class PeerPort {
  /** The longest datagram that a path has to carry, bytes. */
  public static final int MAX_DATAGRAM = 1350;

  /** A way on which datagrams reach nodes; any loop may call. */
  public interface DatagramPath {
    boolean reaches(long node);

    /**
     * Sends a datagram, which may be lost.
     *
     * @param datagram borrowed
     */
    void send(long node, ByteBuf datagram);
  }

  private PeerPort() {}

  /**
   * Opens the port; no socket is needed.
   *
   * @param loops on which connections may live
   * @return fails with UNAVAILABLE if the QUIC library cannot be loaded
   */
  public static Future<PeerPort> open(List<Loop> loops, Identity identity) {
    throw new UnsupportedOperationException();
  }

  /** The path below all connections from now on; without one, nothing reaches anybody. */
  public void path(DatagramPath path) {
    throw new UnsupportedOperationException();
  }

  /**
   * A datagram has arrived.
   *
   * @param datagram borrowed
   */
  public void arrived(long node, ByteBuf datagram) {
    throw new UnsupportedOperationException();
  }

  /** Whether there is a path to the node now. */
  public boolean reaches(NodeId node) {
    throw new UnsupportedOperationException();
  }

  /** Connections that speak this protocol (ALPN) are accepted, on this loop, from now on. */
  public void accept(String protocol, Loop on, UdpPort.Connected accepted) {
    throw new UnsupportedOperationException();
  }

  /**
   * Dials a node, which must prove its id. Its certificate has been checked when the future is
   * done, this node's has perhaps not: the first answer tells.
   *
   * @param protocol for ALPN
   * @param on the connection's loop, one of the port's
   * @return fails with UNAUTHENTICATED, or UNAVAILABLE without a path or an answer within 5 s
   */
  public Future<QuicChannel> dial(
      NodeId to, String protocol, Loop on, UdpPort.Connected connected) {
    throw new UnsupportedOperationException();
  }

  /** Closes all connections, which tells their other ends the reason. */
  public Future<Void> close(String reason) {
    throw new UnsupportedOperationException();
  }
}
