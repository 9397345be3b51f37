package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.mesh.proto.StreamControl;
import java.util.function.Consumer;

/** A stream of which one end or both have moved: only shutdown is still to come. */
final class RetiredStream implements Inlet.Owner {
  private final Proxies proxies;
  private final PeerStream stream;
  private final boolean finished;
  private final Consumer<String> failed;
  private final Runnable limit;

  /**
   * @param finished whether this side has said its last
   * @param failed is told that the move went wrong
   */
  RetiredStream(Proxies proxies, PeerStream stream, boolean finished, Consumer<String> failed) {
    this.proxies = proxies;
    this.stream = stream;
    this.finished = finished;
    this.failed = failed;
    this.limit = proxies.later(Proxies.PATIENCE_MILLIS, stream::reset);
  }

  @Override
  public void onControl(StreamControl control) {
    if (!control.hasShutdown()) {
      throw Fault.invalid("control after ack_transfer", control.getControlCase(), "SHUTDOWN");
    }
    finish("");
    if (!control.getShutdown().getError().isEmpty()) {
      failed.accept(control.getShutdown().getError());
    }
  }

  private void finish(String reason) {
    if (!finished) {
      stream.write(SmallFrames.shutdown(reason));
      stream.finish();
    }
  }

  @Override
  public void onEnd() {
    limit.run();
    if (!finished) {
      stream.finish();
    }
  }

  @Override
  public void onLost(String reason) {
    limit.run();
  }

  @Override
  public void onWrong(String reason) {
    proxies.wrong();
    finish(reason);
    failed.accept(reason);
  }
}
