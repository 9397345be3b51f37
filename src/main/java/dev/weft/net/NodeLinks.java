package dev.weft.net;

import io.vertx.core.Future;
import io.vertx.core.Vertx;

/** The links of one node, as its rooms share them. */
public record NodeLinks(String node, LinkThread thread, Vxlans vxlans) {
  public static NodeLinks start(Vertx vertx, String node) {
    return new NodeLinks(node, new LinkThread(vertx), new Vxlans());
  }

  /**
   * Those of one kind.
   *
   * @param kind {@code wire}, as the alias has it
   */
  public LinkOwnership of(String kind) {
    return LinkOwnership.of(node, kind);
  }

  public Future<Void> close() {
    return thread.close();
  }
}
