package dev.weft.dial;

/**
 * Who makes a call.
 *
 * @param node the member's id, proved by its certificate; null for a program of this host
 * @param address its IP address
 */
public record Caller(String node, String address) {
  /** Whether it came over the plain listener on 127.0.0.1. */
  public boolean local() {
    return node == null;
  }

  @Override
  public String toString() {
    return node == null ? address : "node " + node + " at " + address;
  }
}
