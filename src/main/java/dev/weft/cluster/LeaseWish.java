package dev.weft.cluster;

import java.util.Map;
import java.util.Objects;

/**
 * What a node wants decided: that a name goes from one holder to another.
 *
 * @param holder null for a name that is to be free
 * @param from who has it before, null for nobody; if another one has it, nothing changes
 */
record LeaseWish(String key, String holder, String from) {

  /** Whether it would change something. */
  boolean applies(Map<String, String> leases) {
    return Objects.equals(leases.get(key), from) && !Objects.equals(holder, from);
  }

  boolean isMet(Map<String, String> leases) {
    return Objects.equals(leases.get(key), holder);
  }
}
