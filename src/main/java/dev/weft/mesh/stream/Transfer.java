package dev.weft.mesh.stream;

import com.google.protobuf.ByteString;
import dev.weft.mesh.proto.ObjectKind;
import dev.weft.mesh.proto.ObjectRef;
import dev.weft.mesh.proto.StreamRef;
import dev.weft.mesh.proto.TransferAwaiter;
import dev.weft.mesh.proto.TransferInitiator;
import io.vertx.core.Future;
import io.vertx.core.Promise;

/** The move of an end that was proxied here to another node. */
final class Transfer {
  final long destination;
  final ByteString key;
  private final ObjectKind kind;
  private final boolean ended;
  private final DrainSender drain;
  private final Promise<Departure> promise = Promise.promise();
  private final Runnable timer;

  /**
   * @param ended whether the end writes no more
   * @param timer stops the clock
   */
  Transfer(
      long destination,
      ByteString key,
      ObjectKind kind,
      boolean ended,
      DrainSender drain,
      Runnable timer) {
    this.destination = destination;
    this.key = key;
    this.kind = kind;
    this.ended = ended;
    this.drain = drain;
    this.timer = timer;
  }

  Future<Departure> departure() {
    return promise.future();
  }

  /**
   * The end goes on with a transfer that is opened to a node, or awaited there.
   *
   * @param meeting where the two ends find each other
   */
  void initiates(long meeting, ByteString meetingKey) {
    resolve(
        StreamRef.newBuilder()
            .setTransferInitiator(
                TransferInitiator.newBuilder()
                    .setDrainStream(drain.id())
                    .setNewDestination(meeting)
                    .setTransferKey(meetingKey))
            .build());
  }

  /** The end waits at its new node for the other one, which moves to another node. */
  void awaits(long other) {
    resolve(
        StreamRef.newBuilder()
            .setTransferAwaiter(
                TransferAwaiter.newBuilder()
                    .setDrainStream(drain.id())
                    .setNewDestination(other)
                    .setTransferKey(key))
            .build());
  }

  private void resolve(StreamRef stream) {
    timer.run();
    ObjectRef ref = ObjectRef.newBuilder().setKind(kind).setStream(stream).setEnded(ended).build();
    promise.tryComplete(new Moved(ref, drain));
  }

  /** An end on its way to another node. */
  private record Moved(ObjectRef ref, DrainSender drain) implements Departure {
    @Override
    public boolean arrived() {
      return drain.done();
    }

    @Override
    public void lost() {
      drain.breakOff();
    }

    @Override
    public void doubt() {
      drain.watch();
    }
  }
}
