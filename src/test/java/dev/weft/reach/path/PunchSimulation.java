package dev.weft.reach.path;

import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.identity.NodeId;
import dev.weft.reach.PeerPorts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** Nodes that punch through NATs, in simulated time. */
final class PunchSimulation {
  private record Event(long at, long order, Runnable what) {}

  /** A datagram that has arrived. */
  record Arrived(InetSocketAddress from, ByteBuf content) {
    byte[] bytes() {
      return ByteBufUtil.getBytes(content);
    }
  }

  private final Random random = new Random(42);
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.order, b.order));
  private final Map<InetSocketAddress, Host> hosts = new HashMap<>();
  private final Map<String, NatModel> nats = new HashMap<>();
  private final Set<Set<String>> cuts = new HashSet<>();
  private final Map<String, Duration> far = new HashMap<>();
  private final Path directory;
  private final CertificateAuthority mesh;
  private long order;
  long now = 1_000_000_000_000L;
  double loss;
  int longest = 10_000;

  PunchSimulation(Path directory) {
    this.directory = directory;
    this.mesh = CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, Clock.systemUTC());
  }

  /** One node. */
  final class Host implements PunchOutput {
    final Identity identity;
    final InetSocketAddress local;
    final Optional<NatModel> nat;
    final List<Arrived> arrived = new ArrayList<>();
    final List<String> changes = new ArrayList<>();
    final List<String> refusals = new ArrayList<>();
    final List<PathStatus> told = new ArrayList<>();
    final Map<NodeId, InetSocketAddress> paths = new HashMap<>();
    final Map<InetSocketAddress, NodeId> sources = new HashMap<>();
    final Set<NodeId> doubtful = new HashSet<>();
    InetSocketAddress seenAs;
    int sent;
    Puncher puncher;
    boolean down;

    Host(Identity identity, InetSocketAddress local, Optional<NatModel> nat) {
      this.identity = identity;
      this.local = local;
      this.nat = nat;
      start();
    }

    void start() {
      Map<NodeId, InetSocketAddress> before = Map.copyOf(paths);
      paths.clear();
      changes.add("start " + before.size());
      puncher =
          new Puncher(
              NodeProof.of(identity), random, this, () -> Duration.ofSeconds(3).toNanos(), now);
    }

    NodeId id() {
      return identity.nodeId();
    }

    Want want(Host to, boolean known, InetSocketAddress... at) {
      return want(known ? Optional.of(to.id()) : Optional.empty(), true, at);
    }

    Want want(Optional<NodeId> node, boolean forever, InetSocketAddress... at) {
      Want want = new Want(List.of(at), node, Duration.ofSeconds(10).toNanos(), forever, told::add);
      puncher.want(want, now);
      return want;
    }

    boolean reaches(Host other) {
      return paths.containsKey(other.id()) && !doubtful.contains(other.id());
    }

    @Override
    public void refused(InetSocketAddress from, String why) {
      refusals.add(why);
    }

    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      sent++;
      if (datagram.length <= longest) {
        transmit(this, to, datagram);
      }
    }

    @Override
    public void path(NodeId node, InetSocketAddress at, boolean isDoubtful) {
      if (at == null) {
        paths.remove(node);
      } else {
        paths.put(node, at);
      }
      doubtful.remove(node);
      if (isDoubtful) {
        doubtful.add(node);
      }
    }

    @Override
    public void source(InetSocketAddress address, NodeId node) {
      if (node == null) {
        sources.remove(address);
      } else {
        sources.put(address, node);
      }
    }

    @Override
    public void seen(NodeId by, InetSocketAddress at) {
      seenAs = at;
    }

    @Override
    public void measured(NodeId node, long rtt) {
      // The statuses tell.
    }

    @Override
    public void watchTraffic(NodeId node) {
      // The test says when there is traffic.
    }

    @Override
    public void changed(NodeId node, InetSocketAddress from, InetSocketAddress to, String why) {
      changes.add(from + " -> " + to + ": " + why);
    }
  }

  Host host(String name, String address, Optional<NatModel> nat) {
    return host(PeerPorts.identity(directory, mesh, name), address, nat);
  }

  Host host(Identity identity, String address, Optional<NatModel> nat) {
    Host host = new Host(identity, new InetSocketAddress(address, 7654), nat);
    hosts.put(host.local, host);
    nat.ifPresent(n -> nats.put(n.outside(), n));
    return host;
  }

  /** Where a host would be seen from an address. */
  static InetSocketAddress seen(Host host, InetSocketAddress from) {
    return host.nat.map(n -> n.out(host.local, from)).orElse(host.local);
  }

  /** Where a STUN server sees a host. */
  static InetSocketAddress seen(Host host) {
    return seen(host, new InetSocketAddress("192.0.2.1", 3478));
  }

  void cut(String one, String other) {
    cuts.add(Set.of(one, other));
  }

  void join(String one, String other) {
    cuts.remove(Set.of(one, other));
  }

  void delay(String address, Duration delay) {
    far.put(address, delay);
  }

  void transmit(Host from, InetSocketAddress to, byte[] datagram) {
    boolean inside =
        from.nat.isPresent() && hosts.containsKey(to) && hosts.get(to).nat.equals(from.nat);
    InetSocketAddress source =
        inside || from.nat.isEmpty() ? from.local : from.nat.get().out(from.local, to);
    inject(source, to, datagram);
  }

  /** A datagram appears on the network, wherever it comes from. */
  void inject(InetSocketAddress source, InetSocketAddress to, byte[] datagram) {
    String there = to.getHostString();
    if (random.nextDouble() < loss
        || cuts.contains(Set.copyOf(List.of(source.getHostString(), there)))) {
      return;
    }
    long takes =
        far.getOrDefault(there, Duration.ofMillis(10))
            .plus(far.getOrDefault(source.getHostString(), Duration.ofMillis(10)))
            .toNanos();
    at(
        now + takes,
        () -> {
          NatModel nat = nats.get(there);
          InetSocketAddress local = nat == null ? to : nat.in(to.getPort(), source);
          Host host = local == null ? null : hosts.get(local);
          boolean reachable =
              host != null
                  && (nat != null || host.nat.isEmpty() || isInside(host, source))
                  && !host.down;
          if (reachable) {
            host.arrived.add(new Arrived(source, Unpooled.wrappedBuffer(datagram)));
            host.puncher.arrived(source, datagram.clone(), now);
          }
        });
  }

  private boolean isInside(Host host, InetSocketAddress source) {
    return hosts.containsKey(source) && hosts.get(source).nat.equals(host.nat);
  }

  private void at(long time, Runnable what) {
    events.add(new Event(time, order++, what));
  }

  /** Datagrams are sent all the time from now on, 100 a second. */
  void traffic(Host from, Host to) {
    at(
        now + Duration.ofMillis(10).toNanos(),
        () -> {
          if (from.paths.containsKey(to.id())) {
            from.puncher.traffic(to.id(), now);
          }
          traffic(from, to);
        });
  }

  void run(Duration time) {
    runUntil(time, () -> false);
  }

  /** Whether something has become true within a time. */
  boolean runUntil(Duration most, BooleanSupplier done) {
    long end = now + most.toNanos();
    while (!done.getAsBoolean()) {
      long next = events.isEmpty() ? end : events.peek().at;
      for (Host host : hosts.values()) {
        next = host.down ? next : Math.min(next, host.puncher.deadline(now));
      }
      if (next > end) {
        now = end;
        return done.getAsBoolean();
      }
      now = Math.max(now, next);
      while (!events.isEmpty() && events.peek().at <= now) {
        events.poll().what.run();
      }
      for (Host host : hosts.values()) {
        if (!host.down && host.puncher.deadline(now) <= now) {
          host.puncher.expire(now);
        }
      }
      if (now >= end) {
        return done.getAsBoolean();
      }
    }
    return true;
  }
}
