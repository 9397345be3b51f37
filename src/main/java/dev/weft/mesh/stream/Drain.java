package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.mesh.proto.StreamControl;
import io.vertx.core.Future;
import java.util.function.Consumer;

/**
 * The one-way stream with what had come for an end before it moved here: it precedes all that comes
 * by the end's own stream.
 */
final class Drain implements Inlet.Owner {
  private final Proxies proxies;
  private final End end;
  private final Runnable drained;
  private final Consumer<String> lost;
  private PeerStream from;
  private Inlet in;
  private boolean over;

  /**
   * @param end whose partner gets what comes
   * @param drained runs when all of it has come
   * @param lost is told why it did not all come, or that the other end was closed behind it
   */
  Drain(Proxies proxies, End end, Runnable drained, Consumer<String> lost) {
    this.proxies = proxies;
    this.end = end;
    this.drained = drained;
    this.lost = lost;
  }

  /** Reads the stream once it is here. */
  void await(Future<PeerStream> coming) {
    Runnable limit = proxies.later(Proxies.PATIENCE_MILLIS, () -> over("drain: did not come"));
    coming.onComplete(
        come -> {
          limit.run();
          if (come.failed()) {
            over("drain: " + come.cause().getMessage());
          } else {
            read(come.result());
          }
        });
  }

  private void read(PeerStream come) {
    from = come;
    in = new Inlet(proxies, end, come, true, this);
    in.hold();
    if (over) {
      drop();
    } else {
      in.start();
    }
  }

  /** Nobody needs it any more. */
  void drop() {
    over = true;
    if (in != null) {
      in.drop(new Lingering(proxies, from));
    }
  }

  @Override
  public void onControl(StreamControl control) {
    if (!control.hasShutdown()) {
      throw Fault.invalid("control", control.getControlCase(), "SHUTDOWN on a drain stream");
    }
    over(control.getShutdown().getError());
    in.drop(new Lingering(proxies, from));
  }

  @Override
  public void onEnd() {
    if (!over) {
      over = true;
      drained.run();
    }
  }

  @Override
  public void onLost(String reason) {
    over("drain: " + reason);
  }

  @Override
  public void onWrong(String reason) {
    proxies.wrong();
    from.reset();
    over("drain: " + reason);
  }

  private void over(String reason) {
    if (!over) {
      over = true;
      lost.accept(reason);
    }
  }
}
