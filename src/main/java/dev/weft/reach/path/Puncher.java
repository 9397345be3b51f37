package dev.weft.reach.path;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.NodeId;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * Makes paths to other nodes and keeps them, by what arrives and by the time, in nanoseconds, that
 * comes in with each call. Knows no clock, thread or socket.
 */
final class Puncher {
  /** Nodes that there may be a path to, those that have only said hello among them. */
  static final int MOST_NODES = 1024;

  /** Wishes for paths. */
  static final int MOST_WANTS = 1024;

  /** Signatures checked in a second: of hellos from anywhere, and as many from where one is due. */
  static final int CHECKED = 64;

  private static final int ANSWERED = 256;

  /** What was counted since the beginning. */
  record Counters(long refused, long unknown, long limited) {}

  private final OwnSession own;
  private final PunchOutput output;
  private final LongSupplier keepalive;
  private final Map<NodeId, RemoteNode> nodes = new LinkedHashMap<>();
  private final Map<Long, PeerSession> sessions = new HashMap<>();

  /** Who is there is not known yet. */
  private final Map<Want, List<Candidate>> searches = new LinkedHashMap<>();

  private final TokenBucket anybody;
  private final TokenBucket expected;
  private final TokenBucket answers;
  private int wants;
  private volatile Counters counters = new Counters(0, 0, 0);

  /**
   * @param random of a kind that nobody can guess
   * @param keepalive as for {@link RemoteNode}
   */
  Puncher(
      NodeProof proof,
      RandomGenerator random,
      PunchOutput output,
      LongSupplier keepalive,
      long now) {
    this.own = new OwnSession(proof, random);
    this.output = output;
    this.keepalive = keepalive;
    this.anybody = new TokenBucket(CHECKED, now);
    this.expected = new TokenBucket(CHECKED, now);
    this.answers = new TokenBucket(ANSWERED, now);
  }

  /** Any thread may call. */
  Counters counters() {
    return counters;
  }

  // What is wanted.

  /** Begins to punch; the want's watcher is told what comes of it. */
  void want(Want want, long now) {
    if (wants >= MOST_WANTS) {
      throw Fault.EXHAUSTED.because("paths: more than " + MOST_WANTS);
    }
    wants++;
    if (want.node().isPresent()) {
      if (want.node().get().equals(own.self())) {
        want.lost(Fault.INVALID, "node " + own.self() + " is this one");
        return;
      }
      remote(want.node().get(), now).want(want, now);
      return;
    }
    List<Candidate> tried = new ArrayList<>();
    want.addresses().forEach(at -> tried.add(new Candidate(at, true, now)));
    searches.put(want, tried);
    want.punching();
  }

  /** Ends a want; a path that nobody wants any more goes with it, if so told. */
  void unwant(Want want, boolean drop) {
    wants--;
    searches.remove(want);
    RemoteNode remote = want.node().map(nodes::get).orElse(null);
    if (remote != null) {
      remote.unwant(want);
      if (drop && !remote.wanted()) {
        remote.drop("it is not wanted any more");
        forget(remote);
      }
    }
    want.removed();
  }

  /** A datagram was sent to a node by its path. */
  void traffic(NodeId node, long now) {
    RemoteNode remote = nodes.get(node);
    if (remote != null) {
      remote.traffic(now);
    }
  }

  private RemoteNode remote(NodeId node, long now) {
    return nodes.computeIfAbsent(node, n -> new RemoteNode(n, own, output, keepalive, now));
  }

  // What arrives.

  void arrived(InetSocketAddress from, byte[] datagram, long now) {
    Optional<PunchDatagram> decoded = PunchCodec.decode(datagram);
    if (decoded.isEmpty()) {
      refuse();
    } else if (decoded.get() instanceof PunchDatagram.Hello hello) {
      hello(from, hello, now);
    } else if (decoded.get() instanceof PunchDatagram.Sealed sealed) {
      PeerSession by = sessions.get(sealed.from());
      if (by == null) {
        counters = new Counters(counters.refused, counters.unknown + 1, counters.limited);
      } else if (by.takes(sealed, datagram)) {
        RemoteNode remote = nodes.get(by.node());
        remote.sealed(from, by, sealed, now).ifPresent(this::forget);
        if (remote.answersAt(from)) {
          met(from, by.node(), now);
        }
      } else {
        refuse();
      }
    }
  }

  private void refuse() {
    counters = new Counters(counters.refused + 1, counters.unknown, counters.limited);
  }

  /** For people: nothing else changes, for anybody can send this with any address on it. */
  private void refused(InetSocketAddress from, String why) {
    output.refused(from, why);
    String told = HostPort.of(from) + " was refused: " + why;
    for (Want want : searches.keySet()) {
      if (want.addresses().contains(from)) {
        want.refused(told);
      }
    }
    nodes.values().forEach(remote -> remote.refused(from, told));
  }

  private void limit() {
    counters = new Counters(counters.refused, counters.unknown, counters.limited + 1);
  }

  private void hello(InetSocketAddress from, PunchDatagram.Hello hello, long now) {
    PeerSession known = sessions.get(hello.session());
    if (known == null || !known.beganWith(hello)) {
      if (known != null) {
        // Whoever has seen a session's number could spoil it.
        refuse();
        return;
      }
      if (!(isDue(from) ? expected : anybody).take(now)) {
        limit();
        return;
      }
      try {
        known = own.with(hello);
      } catch (WeftException notOurs) {
        refuse();
        refused(from, notOurs.getMessage());
        return;
      }
      if (known.node().equals(own.self())) {
        return;
      }
      if (!nodes.containsKey(known.node()) && nodes.size() >= MOST_NODES) {
        limit();
        return;
      }
      remote(known.node(), now).begun(known).ifPresent(this::forget);
      sessions.put(known.id(), known);
    }
    if (answers.take(now)) {
      nodes.get(known.node()).answer(from, now);
    } else {
      limit();
    }
  }

  private void forget(RemoteNode remote) {
    nodes.remove(remote.node());
    remote.sessions().forEach(this::forget);
  }

  private void forget(PeerSession over) {
    sessions.remove(over.id(), over);
  }

  /** Whether somebody is sought at this address. */
  private boolean isDue(InetSocketAddress from) {
    return searches.keySet().stream().anyMatch(want -> want.addresses().contains(from))
        || nodes.values().stream().anyMatch(remote -> remote.expects(from));
  }

  /**
   * A node answers at an address: those who look for whoever is there have found it. A hello does
   * not say so, for somebody else can send it again with any address on it.
   */
  private void met(InetSocketAddress from, NodeId node, long now) {
    for (Want want : List.copyOf(searches.keySet())) {
      if (want.addresses().contains(from) || sameHost(want, from)) {
        searches.remove(want);
        want.met(node);
        nodes.get(node).want(want, now);
      }
    }
    for (RemoteNode remote : nodes.values()) {
      if (!remote.node().equals(node)) {
        remote.isOther(from, node);
      }
    }
  }

  /** A NAT may give another port than the one that was named. */
  private static boolean sameHost(Want want, InetSocketAddress from) {
    return want.addresses().stream().anyMatch(at -> at.getAddress().equals(from.getAddress()))
        && want.addresses().stream().noneMatch(at -> at.getAddress().isLoopbackAddress());
  }

  // Time.

  /** When {@link #expire} has something to do, at the latest. */
  long deadline(long now) {
    long first = now + TimeUnit.HOURS.toNanos(1);
    for (RemoteNode remote : nodes.values()) {
      first = Math.min(first - now, remote.deadline(now) - now) + now;
    }
    for (List<Candidate> tried : searches.values()) {
      for (Candidate each : tried) {
        first = Math.min(first - now, each.nextAt() - now) + now;
      }
    }
    return first;
  }

  void expire(long now) {
    for (RemoteNode remote : List.copyOf(nodes.values())) {
      remote.expire(now);
      if (remote.idle(now)) {
        forget(remote);
      }
    }
    searches.forEach((want, tried) -> search(want, tried, now));
  }

  private void search(Want want, List<Candidate> tried, long now) {
    for (Candidate each : tried) {
      boolean quick = now - each.begunAt() < want.timeout();
      if (each.nextAt() - now <= 0) {
        output.send(each.at(), own.hello());
        each.tried(now, quick);
      }
      if (!quick && want.status().state() == PathState.PUNCHING) {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(want.timeout());
        want.lost(
            Fault.TIMEOUT,
            HostPort.of(each.at()) + ": no answer within " + seconds + " s" + want.refusal());
      }
    }
  }
}
