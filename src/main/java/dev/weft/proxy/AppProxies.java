package dev.weft.proxy;

import dev.weft.proxy.track.TrackedRow;
import io.vertx.core.Future;
import java.util.List;

/** The proxies of this node. */
public interface AppProxies {
  Future<ProxyStatus> status();

  /**
   * Starts the forward proxy, in place of one that runs with other settings, and keeps that over
   * restarts.
   *
   * @param host address for clients; null for that of the configuration
   * @param port 0 for any free one; null for that of the configuration
   * @param token which clients have to know; null for that of the configuration
   * @param members whether members need not be added; null as in the configuration
   * @return INVALID; PRECONDITION without a token; CONFLICT if the address is taken
   */
  Future<ProxyStatus> startForward(String host, Integer port, String token, Boolean members);

  /** Stops the forward proxy: its clients are broken off, and its sockets closed. */
  Future<ProxyStatus> stopForward();

  /**
   * Starts the reverse proxy, in place of one that runs with other settings, and keeps that over
   * restarts.
   *
   * @param target {@code host:port}, {@code tcp://host:port} or {@code unix:PATH}
   * @param allow ids of the nodes that may connect; empty for all
   * @return INVALID
   */
  Future<ProxyStatus> startReverse(String target, List<String> allow);

  /** Stops the reverse proxy: its connections are broken off, and its sockets closed. */
  Future<ProxyStatus> stopReverse();

  /** The connections of both proxies. */
  Future<List<TrackedRow>> connections();

  /**
   * Adds a connection and keeps that over restarts; the same again is success.
   *
   * @param side {@code forward} or {@code reverse}
   * @param to host:port
   * @param node id of the node that must answer; null for any
   * @param transport {@code quic} or {@code utp}; null for the standard one
   * @param timeoutMillis of an attempt; null for 20 s
   * @return INVALID, also for a direct connection of the reverse proxy; CONFLICT if it was added
   *     with other settings; EXHAUSTED
   */
  Future<TrackedRow> add(
      String side, String to, String node, boolean nat, String transport, Long timeoutMillis);

  /**
   * Removes a connection; its streams are reset.
   *
   * @return NOT_FOUND; PRECONDITION for one of the configuration
   */
  Future<Void> remove(String side, String to);
}
