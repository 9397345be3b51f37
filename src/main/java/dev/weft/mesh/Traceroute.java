package dev.weft.mesh;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Measures the way to another node, node by node: an echo request whose hop limit is n is answered
 * by the n-th node, as "hop limit exceeded" or, by the destination, with an echo reply.
 *
 * <pre>
 *   kind 1 | id 8, little-endian        kind: 0 request, 1 reply, 2 hop limit exceeded
 * </pre>
 *
 * These frames are neither encrypted nor signed: they measure, and prove nothing.
 */
final class Traceroute {
  static final byte REQUEST = 0;
  static final byte REPLY = 1;
  static final byte EXCEEDED = 2;

  private static final int LENGTH = 1 + Long.BYTES;
  private static final int TRIES = 4;
  private static final long TRY_MILLIS = 500;

  /** At most so many answers a second: a flood of requests is not doubled. */
  private static final int ANSWERS_A_SECOND = 1000;

  private static final long SECOND = 1_000_000_000L;

  /** Sends a payload of this node; false without a route. The reference is taken. */
  interface Sender {
    boolean send(long destination, ByteBuf payload);
  }

  /** An answer that is waited for. */
  private record Waiting(long sentAt, Promise<Answer> answer) {}

  private record Answer(long node, boolean destination, long rttMicros) {}

  private final EventLoop loop;
  private final RandomGenerator random;
  private final Sender sender;
  private final Map<Long, Waiting> waiting = new ConcurrentHashMap<>();
  private final AtomicLong answersSecond = new AtomicLong();
  private final AtomicLong answers = new AtomicLong();

  /**
   * @param loop whose timer is used
   */
  Traceroute(EventLoop loop, RandomGenerator random, Sender sender) {
    this.loop = loop;
    this.random = random;
    this.sender = sender;
  }

  /** The nodes on the way, in order; on the loop. */
  Future<List<MeshHop>> trace(long destination) {
    return next(destination, new ArrayList<>());
  }

  private Future<List<MeshHop>> next(long destination, List<MeshHop> hops) {
    int hop = hops.size() + 1;
    return ask(destination, hop, 1)
        .recover(e -> Future.failedFuture(explained(e, destination, hops)))
        .compose(
            answer -> {
              hops.add(new MeshHop(hop, NodeId.text(answer.node()), answer.rttMicros()));
              if (answer.destination()) {
                return Future.succeededFuture(hops);
              }
              return hop == MeshSwitch.HOP_LIMIT
                  ? Future.failedFuture(
                      Fault.UNAVAILABLE.because(
                          NodeId.text(destination)
                              + ": farther than "
                              + MeshSwitch.HOP_LIMIT
                              + " hops"))
                  : next(destination, hops);
            });
  }

  private static Throwable explained(Throwable e, long destination, List<MeshHop> hops) {
    String last = hops.isEmpty() ? "no node" : "node " + hops.get(hops.size() - 1).node();
    return WeftException.of(e).fault() == Fault.TIMEOUT
        ? Fault.TIMEOUT.because(
            NodeId.text(destination)
                + ": no answer within "
                + TRIES * TRY_MILLIS
                + " ms; "
                + last
                + " was the last to answer")
        : e;
  }

  private Future<Answer> ask(long destination, int hop, int attempt) {
    long id = random.nextLong();
    Promise<Answer> answer = Promise.promise();
    waiting.put(id, new Waiting(System.nanoTime(), answer));
    ByteBuf request = message(hop, REQUEST, id);
    if (!sender.send(destination, request)) {
      waiting.remove(id);
      return Future.failedFuture(
          Fault.NOT_FOUND.because(NodeId.text(destination) + ": no route to it"));
    }
    var timer =
        loop.schedule(
            () -> answer.tryFail(Fault.TIMEOUT.because("no answer")),
            TRY_MILLIS,
            TimeUnit.MILLISECONDS);
    return answer
        .future()
        .onComplete(
            done -> {
              timer.cancel(false);
              waiting.remove(id);
            })
        .recover(
            e ->
                attempt < TRIES && WeftException.of(e).fault() == Fault.TIMEOUT
                    ? ask(destination, hop, attempt + 1)
                    : Future.failedFuture(e));
  }

  /**
   * A probe for this node.
   *
   * @param message borrowed
   * @return whether it was one
   */
  boolean arrived(long source, ByteBuf message) {
    if (message.readableBytes() != LENGTH
        || message.getUnsignedByte(message.readerIndex()) > EXCEEDED) {
      return false;
    }
    byte kind = message.readByte();
    long id = message.readLongLE();
    if (kind == REQUEST) {
      answer(source, REPLY, id);
      return true;
    }
    Waiting asked = waiting.get(id);
    if (asked != null) {
      long micros = (System.nanoTime() - asked.sentAt()) / 1000;
      loop.execute(() -> asked.answer().tryComplete(new Answer(source, kind == REPLY, micros)));
    }
    return true;
  }

  /** Nothing is waited for any more; on the loop. */
  void close() {
    waiting.values().forEach(asked -> asked.answer().tryFail(MeshNode.closing()));
  }

  /** A payload of another node whose hop limit ended here; only requests are answered. */
  void expired(long source, ByteBuf payload) {
    int at = payload.readerIndex();
    if (payload.readableBytes() == LENGTH && payload.getByte(at) == REQUEST) {
      answer(source, EXCEEDED, payload.getLongLE(at + 1));
    }
  }

  private void answer(long to, byte kind, long id) {
    long second = System.nanoTime() / SECOND;
    if (answersSecond.getAndSet(second) != second) {
      answers.set(0);
    }
    if (answers.incrementAndGet() <= ANSWERS_A_SECOND) {
      sender.send(to, message(MeshSwitch.HOP_LIMIT, kind, id));
    }
  }

  private static ByteBuf message(int hopLimit, byte kind, long id) {
    return MeshNode.payload(ByteBufAllocator.DEFAULT, hopLimit).writeByte(kind).writeLongLE(id);
  }
}
