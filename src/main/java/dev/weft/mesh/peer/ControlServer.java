package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ConfigRequest;
import dev.weft.mesh.proto.ConfigResponse;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.proto.PeerReply;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The accepting end of stream 0: answers each message, in their order, however long one takes.
 * Knows no stream: bytes go in and out. For one thread.
 */
final class ControlServer {
  /** No more is read while so many messages are worked on; QUIC then holds back the sender. */
  static final int MOST_AT_WORK = 64;

  private final Consumer<ByteBuf> out;
  private final Function<PeerMessage, Future<Void>> work;
  private final Runnable less;
  private final ControlReader reader = new ControlReader();
  private final Queue<Future<Void>> atWork = new ArrayDeque<>();
  private boolean configured;
  private boolean ended;

  /**
   * @param out takes the bytes to send
   * @param work does what a message asks for; what it fails with is the reply
   * @param less told when {@link #full} is not so any more
   */
  ControlServer(Consumer<ByteBuf> out, Function<PeerMessage, Future<Void>> work, Runnable less) {
    this.out = out;
    this.work = work;
    this.less = less;
  }

  void start() {
    out.accept(ControlReader.header());
  }

  /**
   * Bytes have arrived.
   *
   * @param bytes borrowed
   * @throws WeftException INVALID for what does not belong there: the connection is over
   */
  void received(ByteBuf bytes) {
    reader.read(bytes, this::message);
  }

  private void message(ByteBuf payload) {
    if (ended) {
      return;
    }
    if (!configured) {
      ConfigRequest unused = ControlReader.parse(ConfigRequest.parser(), payload);
      configured = true;
      out.accept(ControlReader.frame(ConfigResponse.getDefaultInstance()));
      return;
    }
    PeerMessage message = ControlReader.parse(PeerMessage.parser(), payload);
    // compose() also catches what the work throws.
    Future<Void> done = Future.<Void>succeededFuture().compose(v -> work.apply(message));
    atWork.add(done);
    done.onComplete(result -> reply());
  }

  private void reply() {
    boolean wasFull = full();
    while (!atWork.isEmpty() && atWork.peek().isComplete()) {
      Future<Void> done = atWork.poll();
      if (!ended) {
        out.accept(ControlReader.frame(done.failed() ? no(done.cause()) : yes()));
      }
    }
    if (wasFull && !full() && !ended) {
      less.run();
    }
  }

  private static PeerReply yes() {
    return PeerReply.getDefaultInstance();
  }

  private static PeerReply no(Throwable cause) {
    WeftException why = WeftException.of(cause);
    Fault fault = why.fault();
    return PeerReply.newBuilder()
        .setError(why.getMessage().isEmpty() ? fault.name() : Words.printable(why.getMessage()))
        .setFault(fault.name())
        .build();
  }

  /** Whether no more should be read for now. */
  boolean full() {
    return atWork.size() >= MOST_AT_WORK;
  }

  /** The connection is over: nobody waits for replies. */
  void end() {
    ended = true;
  }
}
