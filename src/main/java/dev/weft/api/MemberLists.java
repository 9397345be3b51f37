package dev.weft.api;

import dev.weft.bus.ForMembers;
import io.vertx.core.Future;
import java.util.Map;

/** What one node asks another about its lists: a part at a time, never the whole list. */
public interface MemberLists {
  /**
   * A part of this node's own list.
   *
   * @param list its name, as in the API's path
   * @param after the key that the part begins behind; null for the list's beginning
   * @param limit rows at most, 1..{@value Lists#MAX_LIMIT}
   */
  @ForMembers
  Future<ListRows> rows(String list, String after, int limit);

  /** How many connections the endpoints of this node have, by {@code SERVICE PROVIDER}. */
  @ForMembers
  Future<Map<String, Integer>> connectionsByEndpoint();
}
