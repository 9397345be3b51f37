package dev.weft.rpc;

import java.nio.file.Path;
import java.util.List;

/**
 * Who makes a call.
 *
 * @param listener by which the call came in
 * @param node the node's id, proved by its certificate; null for any other program
 * @param address its IP address, or in words by what else it comes
 * @param authorities the files of the CAs that vouch for an external node; empty for others
 */
public record Caller(Listener listener, String node, String address, List<Path> authorities) {
  /** A program of this host. */
  public static Caller local(String address) {
    return new Caller(Listener.LOCAL, null, address, List.of());
  }

  /** A foreign meshnet daemon. */
  public static Caller meshnet(String address) {
    return new Caller(Listener.MESHNET, null, address, List.of());
  }

  public static Caller member(String node, String address) {
    return new Caller(Listener.MEMBERS, node, address, List.of());
  }

  /** Whether the call came in over the plain listener on 127.0.0.1. */
  public boolean local() {
    return listener == Listener.LOCAL;
  }

  /** Whether the caller is a node of another mesh. */
  public boolean external() {
    return listener == Listener.EXTERNAL;
  }

  /** Whether the caller is that node, of whichever mesh: a node's id is derived from its key. */
  public boolean isNode(String id) {
    return (listener == Listener.MEMBERS || external()) && node.equals(id);
  }

  /** Distinguishes the caller from all others, whichever connection the call came over. */
  String identity() {
    return node == null ? address : node;
  }

  @Override
  public String toString() {
    return node == null ? address : "node " + node + " at " + address;
  }
}
