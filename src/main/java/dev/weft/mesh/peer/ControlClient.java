package dev.weft.mesh.peer;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ConfigRequest;
import dev.weft.mesh.proto.ConfigResponse;
import dev.weft.mesh.proto.PeerMessage;
import dev.weft.mesh.proto.PeerReply;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * The dialling end of stream 0: header and {@code ConfigRequest} at once, then messages, each of
 * which has one reply. Knows no stream: bytes go in and out. For one thread.
 */
final class ControlClient {
  /** Messages without a reply beyond so many fail. */
  static final int MOST_UNANSWERED = 256;

  /** Whoever asks for {@link #turn} gets one while so many are unanswered: others ask, too. */
  static final int TURNS = MOST_UNANSWERED / 2;

  /** Those who wait for their turn; beyond so many it fails. */
  static final int MOST_WAITING = 10_000;

  private final Consumer<ByteBuf> out;
  private final ControlReader reader = new ControlReader();
  private final Promise<Void> ready = Promise.promise();
  private final Queue<Promise<Void>> unanswered = new ArrayDeque<>();
  private final Queue<Promise<Void>> waiting = new ArrayDeque<>();

  /** Why nothing can be asked any more. */
  private WeftException ended;

  /**
   * @param out takes the bytes to send
   */
  ControlClient(Consumer<ByteBuf> out) {
    this.out = out;
  }

  /**
   * Begins.
   *
   * @return done when the other end has answered with its configuration
   */
  Future<Void> start() {
    out.accept(ControlReader.header());
    out.accept(ControlReader.frame(ConfigRequest.getDefaultInstance()));
    return ready.future();
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
    if (!ready.future().isComplete()) {
      ConfigResponse unused = ControlReader.parse(ConfigResponse.parser(), payload);
      ready.complete();
      return;
    }
    PeerReply reply = ControlReader.parse(PeerReply.parser(), payload);
    Promise<Void> asked = unanswered.poll();
    if (asked == null) {
      throw Fault.INVALID.because("stream 0: a reply (expected: none, nothing was asked)");
    }
    if (reply.getError().isEmpty()) {
      asked.complete();
    } else {
      asked.fail(fault(reply.getFault()).because(Words.printable(reply.getError())));
    }
    while (unanswered.size() < TURNS && !waiting.isEmpty()) {
      waiting.poll().complete();
    }
  }

  private static Fault fault(String name) {
    for (Fault fault : Fault.values()) {
      if (fault.name().equals(name)) {
        return fault;
      }
    }
    return Fault.UNAVAILABLE;
  }

  /**
   * Waits for a turn to open a stream and ask for what it is: the other end keeps few streams of
   * which it was not told, and its replies come one after the other.
   *
   * @return fails with EXHAUSTED if too many wait, or with the connection's end
   */
  Future<Void> turn() {
    if (ended != null) {
      return Future.failedFuture(ended);
    }
    if (unanswered.size() < TURNS && waiting.isEmpty()) {
      return Future.succeededFuture();
    }
    if (waiting.size() >= MOST_WAITING) {
      return Future.failedFuture(
          Fault.EXHAUSTED.because("waiting for the peer: more than " + MOST_WAITING));
    }
    Promise<Void> turn = Promise.promise();
    waiting.add(turn);
    return turn.future();
  }

  /**
   * Asks the other end; only once {@link #start} is done.
   *
   * @return fails with what the other end answers, EXHAUSTED if too much is unanswered, or with the
   *     connection's end
   */
  Future<Void> ask(PeerMessage message) {
    if (ended != null) {
      return Future.failedFuture(ended);
    }
    if (unanswered.size() >= MOST_UNANSWERED) {
      return Future.failedFuture(
          Fault.EXHAUSTED.because("unanswered messages: more than " + MOST_UNANSWERED));
    }
    Promise<Void> answer = Promise.promise();
    unanswered.add(answer);
    out.accept(ControlReader.frame(message));
    return answer.future();
  }

  /** Messages that wait for their reply. */
  int unanswered() {
    return unanswered.size();
  }

  /** The connection is over; what waits fails. */
  void end(WeftException why) {
    ended = why;
    ready.tryFail(why);
    while (!unanswered.isEmpty()) {
      unanswered.poll().fail(why);
    }
    while (!waiting.isEmpty()) {
      waiting.poll().fail(why);
    }
  }
}
