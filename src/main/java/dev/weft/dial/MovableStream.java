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
 * A stream that can move to another connection. A move opens the next leg and finishes the present
 * one; from then on batches go to the next leg. The receiver reads the legs one after the other
 * ({@link Leg}), so nothing is lost or reordered, and the writer notices nothing. A leg that the
 * peer does not take whole fails the stream.
 */
final class MovableStream implements OutStream {
  private final String path;
  private final Loop loop;
  private final Promise<Void> ended = Promise.promise();
  private final String name;
  private OutStream present;
  private int presentLeg;
  private int legs = 1;

  /** Runs when the present leg takes more; null while the leg is not full. */
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
   * @param name 16 hex digits that distinguish the stream from all others of this node
   */
  static Future<MovableStream> open(RpcConnection connection, String path, String name) {
    return connection.stream(path, Optional.of(Leg.first(name)))
        .map(opened -> new MovableStream(path, name, opened));
  }

  /**
   * Moves to another connection of the same loop; done when batches go there. A move that fails
   * leaves the stream where it is. Moves of one stream run one after the other.
   */
  Future<Void> moveTo(RpcConnection better) {
    return loop.call(
        () -> {
          move = move.transform(before -> begin(better));
          return move;
        });
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

  /** A leg that fails, the present one or an earlier one, fails the stream. */
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
