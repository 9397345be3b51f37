package dev.weft.nsm.connection;

import dev.weft.address.Cidr;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * A connection whose endpoint is not chosen yet.
 *
 * @param client its end, with the interface's name, which is reserved
 * @param prefixes addresses that are reserved for it, to choose one of
 * @param hop its place in a chain of services; null for a service of its own
 * @param six whether the client's namespace can have the IPv6 addresses beside them
 * @param endpointNanos how long endpoints of this node took to answer, ns; grows meanwhile
 */
public record PendingConnection(
    String id,
    String requestId,
    String service,
    List<RequestedInterface> asked,
    Instant since,
    Connection.Client client,
    List<Cidr> prefixes,
    ChainHop hop,
    boolean six,
    AtomicLong endpointNanos) {

  /**
   * A standing connection that needs another endpoint: its name stays, and its addresses if the
   * endpoint can have them.
   *
   * @param others addresses that are reserved for it otherwise
   * @param six whether the client's namespace can have the IPv6 addresses beside them
   */
  public static PendingConnection of(Connection c, List<Cidr> others, boolean six) {
    return new PendingConnection(
        c.id(),
        c.requestId(),
        c.service(),
        c.asked(),
        c.since(),
        c.client(),
        Stream.concat(Stream.of(c.prefix()), others.stream()).toList(),
        c.hop(),
        six,
        new AtomicLong());
  }

  public Connection joined(
      RequestedInterface agreed, Connection.Target target, Connection.Link link) {
    return new Connection(id, requestId, service, asked, agreed, since, client, target, link, hop);
  }
}
