package dev.weft.dial;

/**
 * Who makes a call.
 *
 * @param door what it came in by
 * @param node the member's id, proved by its certificate; null for any other program
 * @param address its IP address
 */
public record Caller(Door door, String node, String address) {
  /** Whether it came over the plain listener on 127.0.0.1. */
  public boolean local() {
    return door == Door.LOCAL;
  }

  /** Whether it is that member. */
  public boolean isNode(String id) {
    return door == Door.MEMBERS && node.equals(id);
  }

  @Override
  public String toString() {
    return node == null ? address : "node " + node + " at " + address;
  }
}
