package dev.weft.cluster;

/**
 * A live member of the cluster, as it describes itself in a record signed by its key.
 *
 * @param id node id, 16 hex digits
 * @param grpc where other members dial it, host:port; null if it serves loopback only
 * @param bus host:port of its event bus; null for an outpost
 * @param http URL of its API as seen on its own host
 * @param epoch how often this node has started; a record of an older epoch is stale
 * @param startedAt Unix seconds
 * @param home of an outpost, the member that speaks for it, or its own id while there is none; null
 *     for a member of the cluster itself
 */
public record Member(
    String id,
    String name,
    String version,
    String grpc,
    String bus,
    String http,
    long epoch,
    long startedAt,
    String home) {

  /** A member of the cluster itself. */
  public Member(
      String id,
      String name,
      String version,
      String grpc,
      String bus,
      String http,
      long epoch,
      long startedAt) {
    this(id, name, version, grpc, bus, http, epoch, startedAt, null);
  }

  /** Whether another member speaks for it, because it is outside of the cluster's own network. */
  public boolean outpost() {
    return home != null;
  }
}
