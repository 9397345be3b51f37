package dev.weft.node;

import io.vertx.core.Future;
import java.time.Duration;

/**
 * A part of a node that is being closed.
 *
 * @param part its name
 * @param atMost after which there is something wrong with it
 * @param done never fails: what went wrong is in the log
 */
public record Closing(String part, Duration atMost, Future<Void> done) {}
