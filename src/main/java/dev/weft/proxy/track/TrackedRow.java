package dev.weft.proxy.track;

/**
 * A connection as lists show it.
 *
 * @param side {@code forward} or {@code reverse}
 * @param at host:port
 * @param peer id of the node that was reached, or else of the one that must answer; null for none
 * @param kind {@code direct} or {@code nat}
 * @param origin {@code configured} or {@code created}
 * @param path how the node is reached; null while it is not
 * @param reason why it is not; null while it is
 * @param streams that are open
 * @param timeoutMillis of an attempt
 */
public record TrackedRow(
    String side,
    String at,
    String peer,
    String kind,
    String transport,
    String origin,
    String state,
    String path,
    String reason,
    int streams,
    long timeoutMillis) {}
