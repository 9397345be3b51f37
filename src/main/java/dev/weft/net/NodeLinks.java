package dev.weft.net;

import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** What the rooms of one node share to create, recognise and remove links. */
public record NodeLinks(String node, LinkThread thread, Vxlans vxlans) {
  public static NodeLinks start(Vertx vertx, String node) {
    return new NodeLinks(node, new LinkThread(vertx), new Vxlans());
  }

  /**
   * Recognises the node's links of one kind.
   *
   * @param kind as in the alias, such as {@code wire}
   */
  public LinkOwnership of(String kind) {
    return LinkOwnership.of(node, kind);
  }

  public Future<Void> close() {
    return thread.close();
  }
}
