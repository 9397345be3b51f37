package dev.weft.proxy.carrier;

import dev.weft.address.HostPort;
import dev.weft.identity.NodeId;
import dev.weft.rpc.Pipe;
import io.vertx.core.Future;
import java.util.Optional;

/**
 * A transport that one proxy of this node uses. Nodes prove their ids to each other in mutual TLS.
 * Any thread may call.
 */
public interface Carrier {
  /** What a carrier tells its proxy, on any thread. */
  interface Events {
    /** An attempt to reach a node that was added has begun. */
    void trying(HostPort at);

    /**
     * A node that was added can be reached: it was heard, and has heard this node. Again, when the
     * path has changed.
     *
     * @param node its id; empty as long as nothing has proved it
     * @param path for people: {@code direct}, {@code punched}, {@code via relay n3: why}
     */
    void reached(HostPort at, Optional<NodeId> node, String path);

    /**
     * A node that was added cannot be reached any more, or could not within its timeout. The
     * carrier goes on trying by itself, with pauses that grow.
     */
    void lost(HostPort at, String reason);

    /**
     * A node has opened a pipe, which is paused; called on an event loop on which the pipe's
     * handlers run.
     */
    void arrived(NodeId from, Pipe pipe);
  }

  /** The UDP port that others reach; 0 if there is none. */
  int port();

  /** Begins to reach a node, and keeps it reachable; the same again does nothing. */
  void add(Remote remote);

  /** Ends that; what runs over it is broken off. Does nothing for an unknown one. */
  void remove(HostPort at);

  /**
   * Opens a pipe to the reverse proxy of a node that was added, or of one that the carrier knows by
   * id.
   *
   * @return the pipe, paused. DENIED if another node than the one that is meant has answered,
   *     UNAVAILABLE if none can be reached, TIMEOUT
   */
  Future<Pipe> connect(Remote remote);

  /**
   * Opens a pipe to the reverse proxy of a node that nobody has added.
   *
   * @return as {@link #connect(Remote)}; PRECONDITION if the carrier knows nodes by address alone
   */
  Future<Pipe> connect(NodeId node);

  /** Ends all that was added, breaks off all pipes, and closes the socket. */
  Future<Void> close();
}
