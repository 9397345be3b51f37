package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ObjectKind;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.streams.ReadStream;
import io.vertx.core.streams.WriteStream;
import java.util.List;

/**
 * One end of a channel: messages both ways, in order, each of which may take other objects along.
 * What is not read waits; {@link #writeQueueFull} says when too much does.
 */
public final class MeshChannel extends MeshObject
    implements ReadStream<ChannelMessage>, WriteStream<ChannelMessage> {
  /** Both ends of a new channel. */
  public record Ends(MeshChannel one, MeshChannel other) {}

  private final Intake<ChannelMessage> intake = new Intake<>(message -> message);
  private Handler<Void> drained;

  MeshChannel(End end) {
    super(end);
  }

  public static Ends pair() {
    End one = End.pair(ObjectKind.CHANNEL);
    return new Ends(new MeshChannel(one), new MeshChannel(one.partner));
  }

  /**
   * Sends a message. Its objects are taken whatever becomes of it.
   *
   * @return completed; fails with PRECONDITION if this end is closed or an object of the message
   *     was given away before, INVALID for an object that is this end itself, or is there twice,
   *     UNAVAILABLE if the other end is closed, EXHAUSTED if too much waits for the other end
   */
  @Override
  public Future<Void> write(ChannelMessage message) {
    for (MeshObject object : message.objects()) {
      if (object == this) {
        return Future.failedFuture(
            Fault.invalid("object", "the channel's own end", "another object"));
      }
      if (object.closed()) {
        return Future.failedFuture(
            Fault.PRECONDITION.because("object: closed or given away (expected: an open one)"));
      }
    }
    if (message.objects().isEmpty()) {
      return send(message);
    }
    if (message.objects().stream().distinct().count() < message.objects().size()) {
      return Future.failedFuture(Fault.invalid("objects", "one of them twice", "each once"));
    }
    try {
      List<MeshObject> taken = message.objects().stream().map(MeshObject::moved).toList();
      return send(new ChannelMessage(message.bytes(), taken));
    } catch (WeftException e) {
      return Future.failedFuture(e);
    }
  }

  /** Closes this end. */
  @Override
  public Future<Void> end() {
    close();
    return Future.succeededFuture();
  }

  /** Has no effect: how much may wait is fixed. */
  @Override
  public MeshChannel setWriteQueueMaxSize(int maxSize) {
    return this;
  }

  @Override
  public boolean writeQueueFull() {
    return full();
  }

  @Override
  public MeshChannel drainHandler(Handler<Void> handler) {
    drained = handler;
    return this;
  }

  @Override
  public MeshChannel exceptionHandler(Handler<Throwable> handler) {
    intake.exceptionHandler(handler);
    look();
    return this;
  }

  @Override
  public MeshChannel handler(Handler<ChannelMessage> handler) {
    intake.handler(handler);
    look();
    return this;
  }

  @Override
  public MeshChannel pause() {
    intake.pause();
    return this;
  }

  @Override
  public MeshChannel resume() {
    return fetch(Long.MAX_VALUE);
  }

  @Override
  public MeshChannel fetch(long amount) {
    intake.fetch(amount);
    look();
    return this;
  }

  @Override
  public MeshChannel endHandler(Handler<Void> handler) {
    intake.endHandler(handler);
    look();
    return this;
  }

  @Override
  void deliver(Flow from) {
    intake.deliver(from);
  }

  @Override
  void writable() {
    Intake.tell(drained, null);
  }
}
