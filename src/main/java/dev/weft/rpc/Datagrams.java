package dev.weft.rpc;

import io.netty.channel.Channel;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** Netty's channels of datagrams. */
public final class Datagrams {
  private Datagrams() {}

  /**
   * Closes a channel when all that it reads at the moment has been handled. Closed by the handler
   * of a datagram, epoll's would read on from a descriptor whose number can be another's by then:
   * if that one blocks, so does the event loop.
   */
  public static Future<Void> close(Channel channel) {
    Promise<Void> closed = Promise.promise();
    channel.closeFuture().addListener(done -> closed.complete());
    channel
        .eventLoop()
        .execute(
            () -> {
              var unused = channel.close();
            });
    return closed.future();
  }
}
