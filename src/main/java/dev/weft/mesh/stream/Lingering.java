package dev.weft.mesh.stream;

import dev.weft.mesh.proto.StreamControl;
import io.netty.buffer.ByteBuf;

/**
 * The end of a stream of which this side has said its last: what comes is dropped, so that the
 * other side gets to read it, until it ends too or time is up.
 */
final class Lingering implements Inlet.Owner, PeerStream.Reader {
  private final Runnable limit;

  Lingering(Proxies proxies, PeerStream stream) {
    limit = proxies.later(Proxies.PATIENCE_MILLIS / 6, stream::reset);
  }

  @Override
  public void onBytes(ByteBuf bytes) {}

  @Override
  public void onControl(StreamControl control) {}

  @Override
  public void onEnd() {
    limit.run();
  }

  @Override
  public void onReset(String reason) {
    limit.run();
  }

  @Override
  public void onLost(String reason) {
    limit.run();
  }

  @Override
  public void onWrong(String reason) {}

  @Override
  public void onWritable() {}
}
