package dev.weft.dial;

import dev.weft.rpc.Leg;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.RpcConnection;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Optional;

/**
 * A stream that can go on over another connection. The next leg is opened, the present one is
 * finished, and from then on batches go to the next; the receiver reads the legs one after the
 * other ({@link Leg}), so nothing is lost, nothing changes its place, and the writer notices
 * nothing. A leg that the peer does not take whole fails the stream.
 */
final class MovableStream implements OutStream {
  private final String path;
  private final Loop loop;
  private final Promise<Void> ended = Promise.promise();
  private final String name;
  private OutStream present;
  private int presentLeg;
  private int legs = 1;

  /** Told when the present leg takes more; null while it is not full. */
  private Runnable waiting;

  private Future<Void> move = Future.succeededFuture();
  private int unsent;
  private boolean finished;

  private MovableStream(String path, String name, OutStream first) {
    this.path = path;
    this.name = name;
    this.loop = first.loop();
    goOn(first);
  }

  /**
   * Opens a stream.
   *
   * @param name 16 hex digits that tell it from all others of this node
   */
  static Future<MovableStream> open(RpcConnection connection, String path, String name) {
    return connection.stream(path, Optional.of(Leg.first(name)))
        .map(opened -> new MovableStream(path, name, opened));
  }

  /**
   * Goes on over another connection of the same loop; done when that carries, failed if it cannot,
   * and then the stream stays where it is. Moves of one stream follow each other.
   */
  Future<Void> moveTo(RpcConnection better) {
    Promise<Void> moved = Promise.promise();
    loop.run(
        () -> {
          move = move.transform(before -> begin(better));
          move.onComplete(moved);
        });
    return moved.future();
  }

  private Future<Void> begin(RpcConnection better) {
    if (isOver()) {
      return Future.succeededFuture();
    }
    Leg next = new Leg(name, legs++, presentLeg);
    return better.stream(path, Optional.of(next))
        .map(
            opened -> {
              if (isOver()) {
                opened.finish();
                return null;
              }
              presentLeg = next.number();
              OutStream before = present;
              goOn(opened);
              before.finish();
              Runnable drained = waiting;
              waiting = null;
              if (drained != null) {
                drained.run();
              }
              return null;
            });
  }

  /** A leg that has failed fails the stream, also when it is not the present one any more. */
  private void goOn(OutStream next) {
    present = next;
    if (unsent > 0) {
      next.limitUnsent(unsent);
    }
    next.ended()
        .onFailure(ended::tryFail)
        .onSuccess(
            taken -> {
              if (present == next) {
                ended.tryComplete();
              }
            });
  }

  private boolean isOver() {
    return finished || ended.future().isComplete();
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public boolean write(ByteBuf batch, Runnable drained) {
    OutStream to = present;
    if (to.write(batch, () -> onDrained(to))) {
      return true;
    }
    waiting = drained;
    return false;
  }

  private void onDrained(OutStream leg) {
    if (leg == present && waiting != null) {
      Runnable drained = waiting;
      waiting = null;
      drained.run();
    }
  }

  @Override
  public void limitUnsent(int bytes) {
    unsent = bytes;
    present.limitUnsent(bytes);
  }

  @Override
  public Future<Void> finish() {
    finished = true;
    present.finish();
    return ended();
  }

  @Override
  public Future<Void> ended() {
    return ended.future();
  }
}
