package dev.weft.cluster;

/**
 * A live member of the cluster, as it describes itself in a record signed by its key.
 *
 * @param id node id, 16 hex digits
 * @param grpc where other members dial it, host:port; null if it serves loopback only
 * @param bus host:port of its event bus
 * @param http URL of its API as seen on its own host
 * @param epoch how often this node has started; a record of an older epoch is stale
 * @param startedAt Unix seconds
 */
public record Member(
    String id,
    String name,
    String version,
    String grpc,
    String bus,
    String http,
    long epoch,
    long startedAt) {}
