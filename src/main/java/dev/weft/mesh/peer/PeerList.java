package dev.weft.mesh.peer;

import java.util.List;

/**
 * Who is in the mesh and what is offered there.
 *
 * @param version of the list: another one when something has changed; never 0
 * @param peers this node among them, sorted by id
 */
public record PeerList(long version, List<Entry> peers) {
  /**
   * A node that can be connected to.
   *
   * @param node its id
   * @param services the names of those that it exports, sorted
   */
  public record Entry(String node, boolean self, List<String> services) {}
}
