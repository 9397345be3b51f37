package dev.weft.dial;

import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.InStream;
import dev.weft.wire.proto.Meshnet;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.atomic.AtomicInteger;

/** Takes streams of frames, and counts their legs. */
record CountedLegs(InStream in) implements InStream.Reader {
  static final String PATH = "/meshnet.v1beta1.WireProtocol/SendToStream";

  /** Serves them; how many have come so far. */
  static AtomicInteger at(GrpcListener peer) {
    AtomicInteger legs = new AtomicInteger();
    peer.stream(
        Meshnet.getDescriptor().findServiceByName("WireProtocol"),
        "SendToStream",
        in -> {
          legs.incrementAndGet();
          in.read(new CountedLegs(in));
        });
    return legs;
  }

  @Override
  public void onData(ByteBuf data) {
    // Only legs are counted.
  }

  @Override
  public void onPause() {
    // Nothing is kept back.
  }

  @Override
  public void onEnd() {
    in.end(Buffer.buffer());
  }

  @Override
  public void onFailed(Throwable why) {
    // The stream's sender sees it.
  }
}
