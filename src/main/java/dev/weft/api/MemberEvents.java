package dev.weft.api;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;
import java.util.List;

/** What one node asks another about its event log. */
public interface MemberEvents {
  /**
   * A piece of a node's log.
   *
   * @param epoch of the node's present start
   * @param last number of the last event of the log
   * @param missed events that were asked for and are no longer kept
   */
  record Batch(long epoch, long last, long missed, List<StreamEvent> events) {}

  /**
   * What happened after an event, as soon as there is something; empty if nothing happens for 15 s.
   *
   * @param epoch the start of the node that the number belongs to; those of an earlier one are gone
   * @param number of the last event known; below 0 for none, which is answered at once
   */
  @ForMembers
  Future<Batch> after(long epoch, long number);
}
