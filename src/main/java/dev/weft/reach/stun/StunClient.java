package dev.weft.reach.stun;

import dev.weft.reach.ProbeSocket;
import dev.weft.reach.Timers;
import dev.weft.reach.stun.StunMessage.Kind;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Asks STUN servers. An answer counts only with the transaction id of a question that waits for
 * one, at the socket and from the address where that one is expected. For one event loop; only
 * {@link #expects} is for any.
 */
final class StunClient {
  /** At once; the tests of a NAT need two dozen. */
  static final int MOST_QUESTIONS = 100;

  /** So that no answer of a node is longer than its question: 104 bytes with all else. */
  private static final ByteBuffer ROOM = ByteBuffer.allocate(72).asReadOnlyBuffer();

  /** From where the answer has to come. */
  enum Source {
    /** The address that was asked. */
    SERVER,
    /** Another port of the same host. */
    OTHER_PORT,
    /** Another host. */
    OTHER_HOST
  }

  /**
   * A question.
   *
   * @param at the socket where the answer is expected, mostly the one that asks
   */
  record Question(
      ProbeSocket from,
      ProbeSocket at,
      InetSocketAddress server,
      Source source,
      List<StunAttribute> attributes) {
    static Question plain(ProbeSocket from, InetSocketAddress server) {
      return new Question(from, from, server, Source.SERVER, List.of());
    }

    /** For an answer from elsewhere. */
    static Question change(ProbeSocket from, InetSocketAddress server, Source source) {
      StunAttribute change =
          new StunAttribute.ChangeRequest(source == Source.OTHER_HOST, source != Source.SERVER);
      return new Question(from, from, server, source, List.of(change));
    }

    private boolean expects(InetSocketAddress from) {
      boolean sameHost = from.getAddress().equals(server.getAddress());
      return switch (source) {
        case SERVER -> from.equals(server);
        case OTHER_PORT -> sameHost && from.getPort() != server.getPort();
        case OTHER_HOST -> !sameHost;
      };
    }
  }

  private final class Transaction {
    final Question question;
    final Retransmission schedule;
    final byte[] datagram;
    final TransactionId id;
    final Promise<StunResult> result = Promise.promise();
    int sent;
    long sentAt;
    Runnable cancel = () -> {};

    Transaction(Question question, Retransmission schedule, TransactionId id) {
      this.question = question;
      this.schedule = schedule;
      this.id = id;
      List<StunAttribute> attributes = new ArrayList<>(question.attributes());
      attributes.add(new StunAttribute.Other(StunAttribute.ROOM, ROOM));
      this.datagram = StunCodec.write(StunMessage.binding(Kind.REQUEST, id, attributes));
    }

    void send() {
      if (sent == schedule.sends()) {
        end(new StunResult.Silent());
        return;
      }
      sentAt = timers.nanos();
      cancel = timers.after(schedule.wait(sent++), this::send);
      question.from().send(question.server(), datagram);
    }

    void end(StunResult with) {
      cancel.run();
      waiting.remove(id, this);
      result.tryComplete(with);
    }
  }

  private final Timers timers;
  private final SecureRandom random;
  private final Map<TransactionId, Transaction> waiting = new ConcurrentHashMap<>();

  StunClient(Timers timers, SecureRandom random) {
    this.timers = timers;
    this.random = random;
  }

  /** Never fails. */
  Future<StunResult> ask(Question question, Retransmission schedule) {
    if (waiting.size() >= MOST_QUESTIONS) {
      return Future.succeededFuture(new StunResult.Silent());
    }
    TransactionId id = TransactionId.random(random);
    Transaction asked = new Transaction(question, schedule, id);
    waiting.put(id, asked);
    asked.send();
    return asked.result.future();
  }

  /** Whether a question with this id waits for an answer. */
  boolean expects(TransactionId id) {
    return waiting.containsKey(id);
  }

  /** Takes an answer; false if nobody waits for it. */
  boolean arrived(ProbeSocket at, InetSocketAddress from, StunMessage message) {
    Transaction asked = waiting.get(message.id());
    if (asked == null || asked.question.at() != at || message.method() != StunMessage.BINDING) {
      return false;
    }
    Optional<StunResult> result = result(asked, from, message);
    result.ifPresent(asked::end);
    return result.isPresent();
  }

  private Optional<StunResult> result(
      Transaction asked, InetSocketAddress from, StunMessage message) {
    // A refusal comes from who was asked, whoever should have answered.
    boolean fromServer = from.equals(asked.question.server());
    if (message.kind() == Kind.ERROR && (fromServer || asked.question.expects(from))) {
      return message.error().map(e -> new StunResult.Refused(e.code(), e.reason()));
    }
    if (message.kind() != Kind.SUCCESS || !asked.question.expects(from)) {
      return Optional.empty();
    }
    Duration rtt = Duration.ofNanos(timers.nanos() - asked.sentAt);
    return message.mapped().map(at -> new StunResult.Answered(at, from, message, rtt));
  }

  /** Ends all questions, as if nobody had answered. */
  void close() {
    List.copyOf(waiting.values()).forEach(asked -> asked.end(new StunResult.Silent()));
  }
}
