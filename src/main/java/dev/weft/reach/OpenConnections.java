package dev.weft.reach;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.quic.QuicChannel;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A port's connections, each until it is closed. Safe for all threads. */
final class OpenConnections {
  private final Set<QuicChannel> open = ConcurrentHashMap.newKeySet();

  void keep(QuicChannel channel) {
    open.add(channel);
    channel.closeFuture().addListener(closed -> open.remove(channel));
  }

  int size() {
    return open.size();
  }

  /** Closes all, which tells their other ends the reason. */
  Future<?> close(String reason) {
    return Future.join(
        open.stream()
            .map(
                channel ->
                    Completions.of(
                        channel.close(
                            true, 0, Unpooled.copiedBuffer(reason, StandardCharsets.UTF_8))))
            .toList());
  }
}
