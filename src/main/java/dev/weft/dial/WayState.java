package dev.weft.dial;

/**
 * The way by which a node is reached.
 *
 * @param kind {@code direct}, {@code external} or {@code mesh}
 * @param reason why it is not a better one, that of the last attempt; null if there is none better
 */
public record WayState(String kind, String reason) {}
