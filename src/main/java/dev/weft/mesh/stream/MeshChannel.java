package dev.weft.mesh.stream;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ObjectKind;
import io.vertx.core.Future;
import java.util.List;

/**
 * One end of a channel: messages both ways, in order, each of which may take other objects along.
 * What is not read waits; {@link #writeQueueFull} says when too much does.
 */
public final class MeshChannel extends MeshStream<ChannelMessage> {
  /** Both ends of a new channel. */
  public record Ends(MeshChannel one, MeshChannel other) {}

  MeshChannel(End end) {
    super(end, message -> message);
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
}
