package dev.weft.rpc;

import java.nio.file.Path;
import java.util.List;

/**
 * Who makes a call.
 *
 * @param door what it came in by
 * @param node the node's id, proved by its certificate; null for any other program
 * @param address its IP address
 * @param authorities the files of the CAs that vouch for an external node; empty for others
 */
public record Caller(Listener door, String node, String address, List<Path> authorities) {
  public Caller(Listener door, String node, String address) {
    this(door, node, address, List.of());
  }

  /** Whether it came over the plain listener on 127.0.0.1. */
  public boolean local() {
    return door == Listener.LOCAL;
  }

  /** Whether it is a node of another mesh. */
  public boolean external() {
    return door == Listener.EXTERNAL;
  }

  /** Whether it is that node, of this mesh or another one: the id is the key's. */
  public boolean isNode(String id) {
    return (door == Listener.MEMBERS || external()) && node.equals(id);
  }

  @Override
  public String toString() {
    return node == null ? address : "node " + node + " at " + address;
  }
}
