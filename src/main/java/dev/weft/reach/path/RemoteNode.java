package dev.weft.reach.path;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.identity.NodeId;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The path to one node: where it may be, what was heard from there, and which address is used. Time
 * comes in with each call, in nanoseconds.
 */
final class RemoteNode {
  /** A path whose probes are not answered for so long is let alone, if there is traffic. */
  static final long DOUBT = TimeUnit.MILLISECONDS.toNanos(700);

  static final long LOST = TimeUnit.SECONDS.toNanos(4);
  static final long LOST_IDLE = TimeUnit.SECONDS.toNanos(20);

  /** Of a node that nobody here wants a path to. */
  static final long FORGOTTEN = TimeUnit.SECONDS.toNanos(10);

  private static final long PROBES_OF_TRAFFIC = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long PROBES_UNANSWERED = TimeUnit.SECONDS.toNanos(1);
  private static final long TRAFFIC = TimeUnit.SECONDS.toNanos(2);
  private static final long HELLO_SILENCE = TimeUnit.SECONDS.toNanos(1);
  private static final long BETTER = TimeUnit.MICROSECONDS.toNanos(500);
  private static final int SURE = 3;
  private static final int MOST = 12;

  private final NodeId node;
  private final OwnSession own;
  private final PunchOutput output;
  private final LongSupplier keepalive;
  private final Map<InetSocketAddress, Candidate> candidates = new LinkedHashMap<>();
  private final Set<Want> wants = new LinkedHashSet<>();

  /** The session that has been confirmed last; null at first. */
  private PeerSession session;

  /** One that has begun since and was not confirmed yet; null without one. */
  private PeerSession next;

  private Candidate selected;
  private boolean doubtful;
  private boolean punching;
  private long punchingSince;
  private boolean heard;
  private long heardAt;
  private boolean hadTraffic;
  private long trafficAt;

  /** When the address that is used was probed last. */
  private long turnAt;

  /**
   * @param keepalive how often something must be sent so that a NAT's mapping stays, nanoseconds
   */
  RemoteNode(NodeId node, OwnSession own, PunchOutput output, LongSupplier keepalive, long now) {
    this.node = node;
    this.own = own;
    this.output = output;
    this.keepalive = keepalive;
    this.heardAt = now;
    this.turnAt = now;
  }

  NodeId node() {
    return node;
  }

  /** The sessions that still count. */
  List<PeerSession> sessions() {
    List<PeerSession> all = new ArrayList<>(2);
    if (session != null) {
      all.add(session);
    }
    if (next != null) {
      all.add(next);
    }
    return all;
  }

  /** Whether there is nothing to remember. */
  boolean idle(long now) {
    return wants.isEmpty() && selected == null && now - heardAt >= FORGOTTEN;
  }

  boolean wanted() {
    return !wants.isEmpty();
  }

  void want(Want want, long now) {
    wants.add(want);
    for (InetSocketAddress at : want.addresses()) {
      Candidate known = candidate(at, true, now);
      if (known != null) {
        known.give();
        if (!known.answered()) {
          known.again(now);
        }
      }
    }
    if (selected == null) {
      punch(now);
      want.punching();
    } else {
      want.established(selected.at(), selected.rtt(), "");
    }
  }

  void unwant(Want want) {
    wants.remove(want);
  }

  /** The path goes, whoever wants it; the other node will notice. */
  void drop(String why) {
    if (selected != null) {
      InetSocketAddress from = selected.at();
      selected = null;
      doubtful = false;
      output.path(node, null, false);
      output.changed(node, from, null, why);
    }
    removeAll();
  }

  private Candidate candidate(InetSocketAddress at, boolean given, long now) {
    Candidate known = candidates.get(at);
    if (known == null && (candidates.size() < MOST || evict(given))) {
      known = new Candidate(at, given, now);
      candidates.put(at, known);
    }
    return known;
  }

  private boolean evict(boolean evenGiven) {
    return candidates.values().stream()
        .filter(c -> c != selected && !c.answered() && (evenGiven || !c.given()))
        .findFirst()
        .map(this::remove)
        .orElse(false);
  }

  private boolean remove(Candidate gone) {
    if (gone.heard()) {
      output.source(gone.at(), null);
    }
    return candidates.remove(gone.at()) != null;
  }

  private void removeAll() {
    List.copyOf(candidates.values()).forEach(this::remove);
  }

  private void punch(long now) {
    punching = true;
    punchingSince = now;
    wants.forEach(want -> want.addresses().forEach(at -> candidate(at, true, now)));
    candidates.values().forEach(c -> c.again(now));
  }

  // What arrives.

  /** Whether the node may be at this address. */
  boolean expects(InetSocketAddress from) {
    return candidates.containsKey(from);
  }

  /** Whether the node has echoed what was sent to this address. */
  boolean answersAt(InetSocketAddress from) {
    Candidate at = candidates.get(from);
    return at != null && at.answered();
  }

  /** Who says hello from an address is of no node of this mesh. */
  void refused(InetSocketAddress from, String why) {
    for (Want want : wants) {
      if (selected == null && want.addresses().contains(from)) {
        want.refused(why);
      }
    }
  }

  /** Another node answers at an address. */
  void isOther(InetSocketAddress from, NodeId other) {
    for (Want want : wants) {
      if (selected == null && want.addresses().contains(from)) {
        want.lost(
            Fault.DENIED,
            HostPort.of(from) + " is node " + other + " (expected: node " + node + ")");
      }
    }
  }

  /** The node says hello, with a session that is not known yet; the one that this replaces. */
  Optional<PeerSession> begun(PeerSession with) {
    PeerSession before = next;
    next = with;
    return Optional.ofNullable(before);
  }

  /** An answer to a hello: what the other node needs to go on. */
  void answer(InetSocketAddress to, long now) {
    if (needsHello(now)) {
      output.send(to, own.hello());
    }
    for (PeerSession each : sessions()) {
      output.send(to, each.probe(own.count(), PunchCodec.SHORTEST_PROBE));
    }
  }

  private boolean needsHello(long now) {
    return !heard || next != null || now - heardAt > HELLO_SILENCE;
  }

  /** Something sealed has come, for the first time; the session that is over with that. */
  Optional<PeerSession> sealed(
      InetSocketAddress from, PeerSession by, PunchDatagram.Sealed what, long now) {
    PeerSession over = null;
    if (by == next) {
      over = session;
      session = next;
      next = null;
    }
    heard = true;
    heardAt = now;
    Candidate at = candidate(from, false, now);
    if (at != null && at.hear()) {
      output.source(from, node);
      at.hasten(now);
    }
    if (what instanceof PunchDatagram.Probe probe) {
      output.send(from, by.echo(probe, from));
    } else if (what instanceof PunchDatagram.Echo echo
        && at != null
        && at.echoed(echo.probe(), now)) {
      output.seen(node, echo.seen());
      echoed(at, now);
    }
    return Optional.ofNullable(over);
  }

  private void echoed(Candidate at, long now) {
    if (!at.carriesWhole()) {
      at.hasten(now);
      return;
    }
    if (at == selected) {
      output.measured(node, at.rtt());
      if (doubtful && at.unansweredWhole(now) == 0) {
        doubtful = false;
        output.path(node, at.at(), false);
      }
      return;
    }
    if (selected == null) {
      select(at, "node " + node + " answers");
    } else if (doubtful || selected.unanswered(now) >= PROBES_UNANSWERED) {
      select(at, HostPort.of(selected.at()) + " does not answer");
    } else if (isBetter(at)) {
      select(
          at,
          "round trip "
              + TimeUnit.NANOSECONDS.toMicros(at.rtt())
              + " us instead of "
              + TimeUnit.NANOSECONDS.toMicros(selected.rtt()));
    }
  }

  private boolean isBetter(Candidate than) {
    return than.echoes() >= SURE
        && selected.echoes() >= SURE
        && than.rtt() < selected.rtt() - selected.rtt() / 5
        && selected.rtt() - than.rtt() > BETTER;
  }

  private void select(Candidate at, String why) {
    InetSocketAddress before = selected == null ? null : selected.at();
    selected = at;
    doubtful = false;
    punching = false;
    output.path(node, at.at(), false);
    output.watchTraffic(node);
    output.changed(node, before, at.at(), why);
    for (Want want : List.copyOf(wants)) {
      want.established(at.at(), at.rtt(), before == null ? "" : why);
    }
  }

  /** A datagram was sent to the node. */
  void traffic(long now) {
    hadTraffic = true;
    trafficAt = now;
    if (selected != null) {
      selected.hasten(now + PROBES_OF_TRAFFIC);
    }
  }

  private boolean hasTraffic(long now) {
    return hadTraffic && now - trafficAt < TRAFFIC;
  }

  // Time.

  /** When {@link #expire} has something to do, at the latest. */
  long deadline(long now) {
    long first = now + LOST;
    for (Candidate each : candidates.values()) {
      first = earlier(first, each.nextAt());
    }
    if (punching) {
      for (Want want : wants) {
        first = earlier(first, punchingSince + want.timeout());
      }
    }
    return first;
  }

  private static long earlier(long one, long other) {
    return one - other <= 0 ? one : other;
  }

  void expire(long now) {
    judge(now);
    for (Candidate each : List.copyOf(candidates.values())) {
      if (each.nextAt() - now <= 0) {
        turn(each, now);
      }
    }
    timeOut(now);
  }

  private void judge(long now) {
    if (selected == null) {
      return;
    }
    long unanswered = selected.unansweredWhole(now);
    boolean traffic = hasTraffic(now);
    if (traffic ? unanswered >= LOST : selected.silent(now) >= LOST_IDLE) {
      lose(
          "no answer for " + TimeUnit.NANOSECONDS.toSeconds(traffic ? LOST : LOST_IDLE) + " s",
          now);
    } else if (traffic && !doubtful && unanswered >= Math.max(DOUBT, 3 * selected.rtt())) {
      doubtful = true;
      output.path(node, selected.at(), true);
      for (Candidate each : candidates.values()) {
        if (each != selected) {
          each.again(now);
        }
      }
    }
  }

  private void lose(String why, long now) {
    InetSocketAddress from = selected.at();
    selected = null;
    doubtful = false;
    output.path(node, null, false);
    output.changed(node, from, null, why);
    String told = HostPort.of(from) + ": " + why;
    List.copyOf(wants).forEach(want -> want.lost(Fault.UNAVAILABLE, told));
    if (wants.isEmpty()) {
      removeAll();
    } else {
      punch(now);
      List.copyOf(wants).forEach(Want::punching);
    }
  }

  private void turn(Candidate at, long now) {
    if (at.answered() && (selected != null || at.silent(now) < PROBES_UNANSWERED)) {
      boolean traffic = at == selected && hasTraffic(now);
      boolean waits = at.unanswered(now) > 0;
      if (waits && at == selected && wanted() && needsHello(now)) {
        output.send(at.at(), own.hello());
      }
      if (at != selected && at.unanswered(now) >= LOST_IDLE) {
        remove(at);
        return;
      }
      probe(at, traffic || !at.carriesWhole() || waits, now);
      boolean busy = traffic && (waits || trafficAt - turnAt >= 0);
      long wait = busy ? PROBES_OF_TRAFFIC : waits ? PROBES_UNANSWERED : keepalive.getAsLong();
      at.next(now + (at.carriesWhole() ? wait : PROBES_OF_TRAFFIC));
      if (at == selected) {
        turnAt = now;
        output.watchTraffic(node);
      }
      return;
    }
    boolean quick = punching || doubtful;
    long tried = now - at.begunAt();
    if (!at.given() && tried >= FORGOTTEN) {
      remove(at);
      return;
    }
    if (selected != null && !doubtful && tried >= FORGOTTEN) {
      // It is tried again when there is need.
      at.next(now + TimeUnit.HOURS.toNanos(1));
      return;
    }
    if (needsHello(now)) {
      output.send(at.at(), own.hello());
    }
    probe(at, false, now);
    if (at.given() || at.answered()) {
      probe(at, true, now);
    }
    at.tried(now, quick);
  }

  private void probe(Candidate to, boolean whole, long now) {
    for (PeerSession each : sessions()) {
      long counter = own.count();
      to.probed(counter, whole, now);
      output.send(
          to.at(), each.probe(counter, whole ? PunchCodec.LONGEST : PunchCodec.SHORTEST_PROBE));
    }
  }

  private void timeOut(long now) {
    if (!punching) {
      return;
    }
    boolean tried = true;
    for (Want want : List.copyOf(wants)) {
      if (now - punchingSince < want.timeout()) {
        tried = false;
      } else {
        if (!want.forever()) {
          wants.remove(want);
        }
        if (want.status().state() == PathState.PUNCHING) {
          want.lost(Fault.TIMEOUT, silence(want));
        }
      }
    }
    punching = !tried;
    if (wants.isEmpty()) {
      removeAll();
    }
  }

  private String silence(Want want) {
    if (candidates.values().stream().anyMatch(Candidate::answered)) {
      return "node "
          + node
          + " answers, but not to datagrams of "
          + PunchCodec.LONGEST
          + " bytes, which the path has to carry";
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(want.timeout());
    return "node "
        + node
        + ": no answer from "
        + want.addresses().stream().map(at -> HostPort.of(at).toString()).toList()
        + " within "
        + seconds
        + " s"
        + want.refusal();
  }
}
