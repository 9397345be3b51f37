package dev.weft.api;

import java.time.Instant;

/**
 * This node, as it introduces itself.
 *
 * @param id 16 hex digits
 * @param epoch how often this node has started; the first part of every event's id
 */
public record NodeInfo(String id, String name, String version, long epoch, Instant startedAt) {}
