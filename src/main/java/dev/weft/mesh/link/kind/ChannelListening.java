package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.LinkKind;
import io.netty.channel.Channel;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** A listening channel. */
record ChannelListening(Channel channel, String address) implements LinkKind.Listening {
  @Override
  public Future<Void> close() {
    Promise<Void> closed = Promise.promise();
    channel.close().addListener(done -> closed.complete());
    return closed.future();
  }
}
