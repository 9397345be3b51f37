package dev.weft.wire.path;

import dev.weft.dial.Dial;
import dev.weft.linux.LinuxException;
import dev.weft.linux.Nice;
import dev.weft.linux.RecvRing;
import dev.weft.rpc.Loop;
import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop's share of the data path: the streams of that loop. A wire stays on one lane, so
 * that its frames keep their order.
 */
public final class Lane extends AbstractVerticle {
  /** Bytes that the connection may hold before they are sent, at most: room for a batch. */
  private static final int UNSENT_BYTES = 160 << 10;

  private static final Logger log = LoggerFactory.getLogger(Lane.class);

  private final Dial dial;
  private Loop loop;
  private RecvRing ring;

  Lane(Dial dial) {
    this.dial = dial;
  }

  @Override
  public void start() {
    loop = Loop.of(context);
    try {
      Nice.batch();
    } catch (LinuxException e) {
      log.debug("{}", e.getMessage());
    }
  }

  /** The event loop of this lane's streams. */
  public Loop loop() {
    return loop;
  }

  /** Receives the frames of this loop's packet sockets; created when the first socket is read. */
  RecvRing ring() {
    if (ring == null) {
      ring = BatchReader.ring();
    }
    return ring;
  }

  /** Opens the outgoing stream of a wire; any thread may call. */
  public Future<FrameSink> open(String peerNode, PacketWriter writer) {
    return dial.stream(peerNode, FrameReceiver.STREAM, loop)
        .map(
            stream -> {
              stream.limitUnsent(UNSENT_BYTES);
              return new FrameSink(writer, stream);
            });
  }
}
