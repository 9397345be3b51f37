package dev.weft.bus;

import io.vertx.core.Future;
import java.time.Duration;

/** The way of calls to nodes that the event bus does not connect to this one. */
public interface Beyond {
  /** Whether calls to that node go this way. */
  boolean leadsTo(String node);

  /**
   * Calls a contract of another node.
   *
   * @param contract its name
   * @param call the call as JSON, as members write it on the event bus
   * @return the answer as JSON, signed by that node; {@link Bus#answer} makes it
   */
  Future<String> ask(String node, String contract, String call, Duration deadline);
}
