package dev.weft.reach.stun;

import dev.weft.reach.ProbeSocket;
import dev.weft.reach.Timers;
import dev.weft.reach.stun.StunMessage.Kind;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Answers Binding requests of anybody, at a bounded rate. What would make an answer longer than its
 * question is left out, except for the address that was asked for: 12 bytes, 24 over IPv6.
 *
 * <p>Only what comes from another member's address is answered in its place, so that nobody can
 * have a datagram sent to a third one without forging his own address, and that he could have at
 * any STUN server. Any thread may call.
 */
final class StunResponder {
  static final int UNKNOWN_ATTRIBUTE = 420;

  /** Credentials are not needed here, and not looked at. */
  private static final Set<Integer> UNDERSTOOD =
      Set.of(
          StunAttribute.CHANGE_REQUEST,
          0x0006, // USERNAME
          StunAttribute.MESSAGE_INTEGRITY,
          0x0014, // REALM
          0x0015, // NONCE
          StunAttribute.MESSAGE_INTEGRITY_SHA256,
          0x001D, // PASSWORD-ALGORITHM
          0x001E, // USERHASH
          StunAttribute.PADDING,
          StunAttribute.RESPONSE_PORT);

  /**
   * The sockets that answer.
   *
   * @param second empty, or another port of the same address
   * @param secondPort its number
   */
  record Ports(ProbeSocket first, Optional<ProbeSocket> second, OptionalInt secondPort) {}

  /** What has come and was not answered as asked. */
  record Counters(long answered, long refused, long limited) {}

  private final Ports ports;
  private final Supplier<List<InetSocketAddress>> members;
  private final Timers timers;
  private final AnswerRate rate;
  private final LongAdder answered = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder limited = new LongAdder();

  /**
   * @param members the ports of other members, which answer in this node's place, and it in theirs
   */
  StunResponder(Ports ports, Supplier<List<InetSocketAddress>> members, Timers timers) {
    this.ports = ports;
    this.members = members;
    this.timers = timers;
    this.rate = new AnswerRate(timers.nanos());
  }

  /**
   * Takes a request, or what another member passes on; ignores all else.
   *
   * @param at the socket where it arrived, one of the ports
   * @param bytes its length
   */
  void arrived(ProbeSocket at, InetSocketAddress from, StunMessage message, int bytes) {
    boolean request = message.kind() == Kind.REQUEST;
    if (message.method() != StunMessage.BINDING
        || (!request && message.kind() != Kind.INDICATION)) {
      return;
    }
    Optional<InetSocketAddress> inPlace = message.address(StunAttribute.Place.ANSWER_TO);
    if (!request && (inPlace.isEmpty() || !members.get().contains(from))) {
      return;
    }
    InetSocketAddress to = request ? from : inPlace.get();
    if (to.getPort() == 0 || !rate.allows(to.getAddress(), timers.nanos())) {
      limited.increment();
    } else if (request) {
      answer(at, from, message, bytes);
    } else {
      reply(ports.first(), to, to, message, bytes);
    }
  }

  private void answer(ProbeSocket at, InetSocketAddress from, StunMessage request, int bytes) {
    StunAttribute.ChangeRequest change = request.change();
    Optional<InetSocketAddress> other = other(from);
    List<Integer> unknown =
        new ArrayList<>(
            request.attributes().stream()
                .map(StunAttribute::type)
                .filter(type -> type < StunAttribute.FIRST_OPTIONAL && !UNDERSTOOD.contains(type))
                .distinct()
                .toList());
    if (change.address() ? other.isEmpty() : change.port() && ports.second().isEmpty()) {
      unknown.add(StunAttribute.CHANGE_REQUEST);
    }
    OptionalInt port = request.port(StunAttribute.RESPONSE_PORT);
    InetSocketAddress to =
        port.isPresent() ? new InetSocketAddress(from.getAddress(), port.getAsInt()) : from;
    if (!unknown.isEmpty()) {
      refuse(at, from, request, unknown);
    } else if (change.address()) {
      passOn(other.get(), to, request);
    } else if (change.port()) {
      reply(at == ports.first() ? ports.second().get() : ports.first(), to, from, request, bytes);
    } else {
      reply(at, to, from, request, bytes);
    }
  }

  /** Another member, on another host than who asks; the same one as long as nothing changes. */
  private Optional<InetSocketAddress> other(InetSocketAddress than) {
    return members.get().stream()
        .filter(m -> m.getAddress().getClass() == than.getAddress().getClass())
        .filter(m -> !m.getAddress().equals(than.getAddress()))
        .findFirst();
  }

  private void passOn(InetSocketAddress member, InetSocketAddress to, StunMessage request) {
    var answerTo = new StunAttribute.Address(StunAttribute.Place.ANSWER_TO, to);
    ports
        .first()
        .send(
            member,
            StunCodec.write(StunMessage.binding(Kind.INDICATION, request.id(), List.of(answerTo))));
  }

  private void reply(
      ProbeSocket from,
      InetSocketAddress to,
      InetSocketAddress seen,
      StunMessage request,
      int room) {
    List<StunAttribute> attributes = new ArrayList<>();
    attributes.add(new StunAttribute.Address(StunAttribute.Place.XOR_MAPPED, seen));
    byte[] shortest = success(request, attributes);
    Stream.concat(
            ports.secondPort().stream()
                .mapToObj(port -> new StunAttribute.Port(StunAttribute.SECOND_PORT, port)),
            other(seen).stream()
                .map(at -> new StunAttribute.Address(StunAttribute.Place.OTHER, at)))
        .forEach(attributes::add);
    byte[] whole = success(request, attributes);
    answered.increment();
    from.send(to, whole.length <= room ? whole : shortest);
  }

  private static byte[] success(StunMessage request, List<StunAttribute> attributes) {
    return StunCodec.write(
        new StunMessage(
            Kind.SUCCESS,
            StunMessage.BINDING,
            request.id(),
            List.copyOf(attributes),
            request.fingerprint()));
  }

  private void refuse(
      ProbeSocket at, InetSocketAddress to, StunMessage request, List<Integer> unknown) {
    refused.increment();
    List<StunAttribute> attributes =
        List.of(
            new StunAttribute.ErrorCode(UNKNOWN_ATTRIBUTE, ""),
            new StunAttribute.UnknownTypes(unknown));
    at.send(
        to,
        StunCodec.write(
            new StunMessage(
                Kind.ERROR, StunMessage.BINDING, request.id(), attributes, request.fingerprint())));
  }

  /** Closes the second port. */
  void close() {
    ports.second().ifPresent(ProbeSocket::close);
  }

  Counters counters() {
    return new Counters(answered.sum(), refused.sum(), limited.sum());
  }
}
