package dev.weft.reach.portmap;

import dev.weft.reach.ProbeSocket;
import dev.weft.reach.RouterMapping;
import dev.weft.reach.Timers;
import io.netty.buffer.ByteBuf;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Keeps one mapping of one router. It is asked by PCP first, and by NAT-PMP if it knows no PCP or
 * is silent. Only what comes from the router's port and fits what was asked for counts. For one
 * event loop.
 */
final class PortMapper {
  static final int PORT = 5351;

  /** What is asked for; the router may grant less. */
  static final Duration LIFETIME = Duration.ofMinutes(10);

  /** A mapping is asked for again after half its lifetime, but so often at least. */
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(4);

  /** A router that refuses or is silent is asked again after so long. */
  static final Duration RETRY = Duration.ofMinutes(10);

  /** From one sending of a question to the next, and to the end; milliseconds. */
  private static final List<Long> REPEATED = List.of(250L, 500L, 1000L, 2000L);

  /**
   * What is mapped.
   *
   * @param router the default gateway
   * @param client this host's address on the way there
   * @param port the node's UDP port
   */
  record Wanted(Inet4Address router, Inet4Address client, int port) {}

  private enum Protocol {
    PCP,
    NAT_PMP
  }

  private final Wanted wanted;
  private final ProbeSocket socket;
  private final Timers timers;
  private final Runnable changed;
  private final MappingNonce nonce;
  private final InetSocketAddress server;
  private Protocol protocol = Protocol.PCP;
  private int sent;
  private Runnable cancel = () -> {};
  private boolean ended;

  /** NAT-PMP tells it apart from the mapping. */
  private Optional<InetAddress> outside = Optional.empty();

  private volatile Optional<RouterMapping> mapping = Optional.empty();
  private volatile String reason = "the router was not asked yet";

  /** By the router's clock, and by this node's when that was heard. */
  private long epoch = -1;

  private long epochAt;
  private long expiresAt;

  /**
   * @param changed after the mapping or the reason has changed
   */
  PortMapper(
      Wanted wanted, ProbeSocket socket, Timers timers, SecureRandom random, Runnable changed) {
    this.wanted = wanted;
    this.socket = socket;
    this.timers = timers;
    this.changed = changed;
    this.nonce = MappingNonce.random(random);
    this.server = new InetSocketAddress(wanted.router(), PORT);
  }

  Wanted wanted() {
    return wanted;
  }

  /** The mapping, as long as it stands. Any thread. */
  Optional<RouterMapping> mapping() {
    return mapping;
  }

  /** Why there is none. Any thread. */
  String reason() {
    return reason;
  }

  void start() {
    ask();
  }

  /** Asks now, whenever the next time would have been: the router may have lost the mapping. */
  void ask() {
    if (!ended) {
      sent = 0;
      send();
    }
  }

  private void send() {
    if (mapping.isPresent() && timers.nanos() - expiresAt >= 0) {
      lost("it was not renewed in time");
    }
    if (sent == REPEATED.size()) {
      silent();
      return;
    }
    next(Duration.ofMillis(REPEATED.get(sent++)), this::send);
    request(LIFETIME);
  }

  private void next(Duration pause, Runnable work) {
    cancel.run();
    cancel = timers.after(pause.toNanos(), work);
  }

  private void request(Duration lifetime) {
    int external = mapping.map(m -> m.external().getPort()).orElse(wanted.port());
    if (protocol == Protocol.PCP) {
      socket.send(server, PcpCodec.map(nonce, wanted.client(), wanted.port(), external, lifetime));
    } else {
      socket.send(server, NatPmpCodec.outside());
      int preferred = lifetime.isZero() ? 0 : external;
      socket.send(server, NatPmpCodec.map(wanted.port(), preferred, lifetime));
    }
  }

  private void silent() {
    if (mapping.isPresent()) {
      // It stands until its lifetime is over.
      next(SHORTEST_PAUSE, this::ask);
    } else if (protocol == Protocol.PCP) {
      protocol = Protocol.NAT_PMP;
      ask();
    } else {
      refused(wanted.router().getHostAddress() + " answers neither PCP nor NAT-PMP", RETRY);
    }
  }

  private void refused(String why, Duration retry) {
    protocol = Protocol.PCP;
    boolean news = !why.equals(reason) || mapping.isPresent();
    reason = why;
    mapping = Optional.empty();
    next(retry, this::ask);
    if (news) {
      changed.run();
    }
  }

  private void lost(String why) {
    mapping = Optional.empty();
    reason = wanted.router().getHostAddress() + ": the mapping is gone: " + why;
    changed.run();
  }

  /**
   * Takes what has arrived at the socket.
   *
   * @param datagram borrowed
   */
  void arrived(InetSocketAddress from, ByteBuf datagram) {
    if (ended || !from.equals(server)) {
      return;
    }
    // A router without PCP refuses it in its own protocol.
    PcpCodec.read(datagram).or(() -> NatPmpCodec.read(datagram)).ifPresent(this::take);
  }

  private void take(MapAnswer answer) {
    if (answer instanceof MapAnswer.Refused no) {
      takeRefusal(no);
    } else if (answer instanceof MapAnswer.Outside at && protocol == Protocol.NAT_PMP) {
      outside = Optional.of(at.address());
    } else if (answer instanceof MapAnswer.Mapped yes && fits(yes)) {
      takeMapping(yes);
    }
  }

  private boolean fits(MapAnswer.Mapped answer) {
    boolean pcp = protocol == Protocol.PCP;
    return sent > 0
        && answer.internalPort() == wanted.port()
        && answer.externalPort() != 0
        && !answer.lifetime().isZero()
        && (pcp ? answer.nonce().filter(nonce::equals).isPresent() : answer.nonce().isEmpty());
  }

  private void takeMapping(MapAnswer.Mapped answer) {
    Optional<InetAddress> address = answer.external().or(() -> outside);
    if (address.isEmpty()) {
      // NAT-PMP's other answer is not here yet; both are asked for again.
      return;
    }
    InetSocketAddress external = new InetSocketAddress(address.get(), answer.externalPort());
    RouterMapping granted =
        new RouterMapping(
            protocol == Protocol.PCP ? "PCP" : "NAT-PMP",
            wanted.router(),
            wanted.port(),
            external,
            answer.lifetime());
    boolean news = mapping.filter(granted::equals).isEmpty();
    boolean again = restarted(answer.epoch());
    mapping = Optional.of(granted);
    expiresAt = timers.nanos() + answer.lifetime().toNanos();
    sent = 0;
    // After a restart the address may not be what it was when this was answered.
    next(again ? SHORTEST_PAUSE : pause(answer.lifetime()), this::ask);
    if (news) {
      changed.run();
    }
  }

  private static Duration pause(Duration lifetime) {
    Duration half = lifetime.dividedBy(2);
    Duration atMost = half.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : half;
    return atMost.compareTo(SHORTEST_PAUSE) < 0 ? SHORTEST_PAUSE : atMost;
  }

  /** Whether the router has lost its mappings meanwhile, RFC 6886 section 3.6. */
  private boolean restarted(long now) {
    long passed = TimeUnit.NANOSECONDS.toSeconds(timers.nanos() - epochAt);
    boolean restarted = epoch >= 0 && now + 2 < epoch + passed * 7 / 8;
    epoch = now;
    epochAt = timers.nanos();
    return restarted;
  }

  private void takeRefusal(MapAnswer.Refused answer) {
    boolean another = answer.nonce().filter(n -> !n.equals(nonce)).isPresent();
    if (sent == 0 || another) {
      return;
    }
    boolean ofPmp = answer.version() == NatPmpCodec.VERSION;
    if (protocol == Protocol.PCP && answer.code() == MapAnswer.Refused.UNSUPPORTED_VERSION) {
      protocol = Protocol.NAT_PMP;
      ask();
    } else if (ofPmp == (protocol == Protocol.NAT_PMP)) {
      String name = ofPmp ? "NAT-PMP" : "PCP";
      Duration retry =
          answer.retryAfter().compareTo(SHORTEST_PAUSE) < 0
                  || answer.retryAfter().compareTo(RETRY) > 0
              ? RETRY
              : answer.retryAfter();
      refused(
          wanted.router().getHostAddress() + " refuses " + name + ": " + answer.reason(), retry);
    }
  }

  /** Releases the mapping, best effort, and asks no more. */
  void close() {
    if (ended) {
      return;
    }
    ended = true;
    cancel.run();
    if (mapping.isPresent()) {
      // The first of the two may be lost.
      request(Duration.ZERO);
      request(Duration.ZERO);
    }
    mapping = Optional.empty();
  }
}
