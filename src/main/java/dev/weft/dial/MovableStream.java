package dev.weft.dial;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.rpc.Leg;
import dev.weft.rpc.Loop;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.RpcConnection;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * A stream that can move to another connection. A move opens the next leg and finishes the present
 * one; from then on batches go to the next leg. The receiver reads the legs one after the other
 * ({@link Leg}), so nothing is lost or reordered, and the writer notices nothing.
 *
 * <p>A stream whose connection is lost goes on over another one, if there is one, with a leg that
 * takes over from all earlier ones. What was under way is lost, and so are batches that are written
 * meanwhile; the stream is full until it goes on. A leg that the peer does not take whole for
 * another reason fails the stream.
 */
final class MovableStream implements OutStream {
  /** What a stream fails with when its connection is lost; a peer's answer may be the same. */
  private static final Set<Fault> LOSSES = EnumSet.of(Fault.UNAVAILABLE, Fault.INTERNAL);

  private static final long LOSS_MILLIS = 100;

  private final String path;
  private final Loop loop;
  private final Promise<Void> ended = Promise.promise();
  private final String name;
  private final Supplier<Future<RpcConnection>> rescue;

  /** Null while the stream has lost its connection and has no other. */
  private OutStream present;

  /** That of the present leg, or of the last one. */
  private RpcConnection connection;

  private int presentLeg;
  private int legs = 1;

  /** The last leg that took over after a loss; what becomes of those before it does not matter. */
  private int firstLeg;

  private boolean rescuing;

  /** Runs when the present leg takes more; null while the leg is not full. */
  private Runnable waiting;

  private Future<Void> move = Future.succeededFuture();
  private int unsent;
  private boolean finished;

  private MovableStream(
      String path,
      String name,
      RpcConnection over,
      OutStream first,
      Supplier<Future<RpcConnection>> rescue) {
    this.path = path;
    this.name = name;
    this.loop = first.loop();
    this.rescue = rescue;
    goOn(over, first, 0);
  }

  /**
   * Opens a stream.
   *
   * @param name 16 hex digits that distinguish the stream from all others of this node
   * @param rescue finds another connection of the same loop when the stream's is lost; the stream
   *     fails if there is none
   */
  static Future<MovableStream> open(
      RpcConnection connection, String path, String name, Supplier<Future<RpcConnection>> rescue) {
    return connection.stream(path, Optional.of(Leg.first(name)))
        .map(opened -> new MovableStream(path, name, connection, opened, rescue));
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
    if (isOver() || better == connection || connection.lost().isComplete()) {
      // After a loss the stream goes on by itself.
      return Future.succeededFuture();
    }
    Leg next = new Leg(name, legs++, presentLeg);
    return better.stream(path, Optional.of(next))
        .map(
            opened -> {
              goOver(better, opened, next);
              return null;
            });
  }

  /** Goes over to a leg that was opened, and finishes the present one. */
  private void goOver(RpcConnection over, OutStream opened, Leg leg) {
    if (isOver()) {
      opened.finish();
      return;
    }
    OutStream before = present;
    goOn(over, opened, leg.number());
    if (before != null) {
      before.finish();
    }
    Runnable drained = waiting;
    waiting = null;
    if (drained != null) {
      drained.run();
    }
  }

  /** A leg that fails, the present one or an earlier one, fails the stream or has it rescued. */
  private void goOn(RpcConnection over, OutStream next, int number) {
    connection = over;
    present = next;
    presentLeg = number;
    if (unsent > 0) {
      next.limitUnsent(unsent);
    }
    // The connection outlives its streams, and must not hold one that has ended.
    AtomicReference<Runnable> onLoss = new AtomicReference<>(() -> onLost(over, next, number));
    Loop home = loop;
    over.lost()
        .onComplete(
            v -> home.run(() -> Optional.ofNullable(onLoss.get()).ifPresent(Runnable::run)));
    next.ended().onComplete(done -> onLoss.set(null));
    next.ended()
        .onFailure(
            why ->
                lossOf(over, why)
                    .onComplete(v -> loop.run(() -> onFailed(over, next, number, why))))
        .onSuccess(
            taken -> {
              if (present == next) {
                ended.tryComplete();
              }
            });
  }

  /** A connection may be lost some time before its streams are told. */
  private void onLost(RpcConnection over, OutStream leg, int number) {
    if (!leg.ended().isComplete()) {
      onFailed(over, leg, number, Fault.UNAVAILABLE.because("the connection was lost"));
    }
  }

  /** Of a loss, a stream may be told a moment before its connection is. */
  private static Future<Void> lossOf(RpcConnection over, Throwable why) {
    return LOSSES.contains(WeftException.of(why).fault())
        ? over.lost().timeout(LOSS_MILLIS, TimeUnit.MILLISECONDS)
        : Future.succeededFuture();
  }

  private void onFailed(RpcConnection over, OutStream leg, int number, Throwable why) {
    if (number < firstLeg) {
      return;
    }
    if (finished || !over.lost().isComplete()) {
      ended.tryFail(why);
      return;
    }
    if (present == leg) {
      present = null;
    }
    if (!rescuing) {
      rescuing = true;
      move = move.transform(before -> goOnAfterLoss(why));
    }
  }

  private Future<Void> goOnAfterLoss(Throwable why) {
    return rescue
        .get()
        .compose(other -> loop.call(() -> takeOver(other)))
        .onFailure(e -> ended.tryFail(why));
  }

  private Future<Void> takeOver(RpcConnection other) {
    Leg next = Leg.afterLoss(name, legs++);
    return other.stream(path, Optional.of(next))
        .map(
            opened -> {
              rescuing = false;
              firstLeg = next.number();
              goOver(other, opened, next);
              return null;
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
    if (to == null) {
      batch.release();
      waiting = drained;
      return isOver();
    }
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
    if (present != null) {
      present.limitUnsent(bytes);
    }
  }

  @Override
  public Future<Void> finish() {
    finished = true;
    if (present == null) {
      ended.tryFail(Fault.UNAVAILABLE.because("the stream's connection was lost"));
    } else {
      present.finish();
    }
    return ended();
  }

  @Override
  public Future<Void> ended() {
    return ended.future();
  }
}
