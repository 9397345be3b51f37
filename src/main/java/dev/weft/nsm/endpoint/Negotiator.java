package dev.weft.nsm.endpoint;

import dev.weft.nsm.connection.Connection;
import dev.weft.nsm.connection.PendingConnection;
import io.vertx.core.Future;

/** Agrees with an endpoint on a connection. */
public interface Negotiator {
  /** The connection as it should be; nothing of the client's half stands. */
  Future<Connection> agree(PendingConnection pending, CandidatePlanner.Candidate candidate);
}
