package dev.weft.reach.stun;

import dev.weft.reach.Timers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Hosts with UDP sockets, NATs before some of them, and a clock that stands until it is turned. */
public final class SimulatedNetwork implements Timers {
  private static final long DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Takes what arrives. */
  interface Receiver {
    void arrived(InetSocketAddress from, byte[] datagram);
  }

  /** On what something of a NAT depends. */
  enum By {
    NOTHING,
    ADDRESS,
    PORT
  }

  private static final class Task {
    final long at;
    final long number;
    final Runnable work;
    boolean cancelled;

    Task(long at, long number, Runnable work) {
      this.at = at;
      this.number = number;
      this.work = work;
    }
  }

  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.<Task>comparingLong(t -> t.at).thenComparing(t -> t.number));
  private final Map<InetSocketAddress, Receiver> sockets = new HashMap<>();
  private final Map<InetAddress, Nat> natOf = new HashMap<>();
  private final List<Nat> nats = new ArrayList<>();

  /** Addresses whose datagrams do not arrive anywhere. */
  final Set<InetAddress> mute = new HashSet<>();

  private long now = 1;
  private long numbers;

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public Runnable after(long nanos, Runnable work) {
    Task task = new Task(now + nanos, numbers++, work);
    tasks.add(task);
    return () -> task.cancelled = true;
  }

  /** Lets time pass. */
  public void turn(long seconds) {
    long until = now + TimeUnit.SECONDS.toNanos(seconds);
    while (!tasks.isEmpty() && tasks.peek().at <= until) {
      Task next = tasks.remove();
      now = next.at;
      if (!next.cancelled) {
        next.work.run();
      }
    }
    now = until;
  }

  void bind(InetSocketAddress at, Receiver receiver) {
    sockets.put(at, receiver);
  }

  void unbind(InetSocketAddress at) {
    sockets.remove(at);
  }

  Nat nat(InetAddress outside, By mapping, By filtering, boolean hairpin, long lifetimeSeconds) {
    Nat nat = new Nat(outside, mapping, filtering, hairpin, lifetimeSeconds);
    nats.add(nat);
    return nat;
  }

  void send(InetSocketAddress from, InetSocketAddress to, byte[] datagram) {
    after(DELAY_NANOS, () -> deliver(from, to, datagram));
  }

  private void deliver(InetSocketAddress from, InetSocketAddress to, byte[] datagram) {
    if (mute.contains(from.getAddress())) {
      return;
    }
    Nat before = natOf.get(from.getAddress());
    InetSocketAddress source = from;
    if (before != null && natOf.get(to.getAddress()) != before) {
      source = before.out(from, to);
    }
    Optional<Nat> behind = nats.stream().filter(n -> n.outside.equals(to.getAddress())).findAny();
    InetSocketAddress target = to;
    if (behind.isPresent()) {
      target = behind.get() == before && !before.hairpin ? null : behind.get().in(source, to);
    }
    Receiver receiver = sockets.get(target);
    if (receiver != null) {
      receiver.arrived(source, datagram);
    }
  }

  /** A router with one outside address. */
  final class Nat {
    final InetAddress outside;
    private final By mapping;
    private final By filtering;
    private final boolean hairpin;
    private final long lifetime;
    private final List<Mapping> mappings = new ArrayList<>();
    private int nextPort = 20_000;

    private static final class Mapping {
      final InetSocketAddress inside;
      final InetSocketAddress outside;
      final Object key;
      final Set<InetSocketAddress> sentTo = new HashSet<>();
      long used;

      Mapping(InetSocketAddress inside, InetSocketAddress outside, Object key) {
        this.inside = inside;
        this.outside = outside;
        this.key = key;
      }
    }

    private Nat(
        InetAddress outside, By mapping, By filtering, boolean hairpin, long lifetimeSeconds) {
      this.outside = outside;
      this.mapping = mapping;
      this.filtering = filtering;
      this.hairpin = hairpin;
      this.lifetime = TimeUnit.SECONDS.toNanos(lifetimeSeconds);
    }

    Nat before(InetAddress host) {
      natOf.put(host, this);
      return this;
    }

    private Object key(InetSocketAddress to) {
      return switch (mapping) {
        case NOTHING -> "any";
        case ADDRESS -> to.getAddress();
        case PORT -> to;
      };
    }

    private void expire() {
      mappings.removeIf(m -> now - m.used > lifetime);
    }

    private InetSocketAddress out(InetSocketAddress from, InetSocketAddress to) {
      expire();
      Mapping used =
          mappings.stream()
              .filter(m -> m.inside.equals(from) && m.key.equals(key(to)))
              .findAny()
              .orElseGet(
                  () -> {
                    Mapping made =
                        new Mapping(from, new InetSocketAddress(outside, nextPort++), key(to));
                    mappings.add(made);
                    return made;
                  });
      used.used = now;
      used.sentTo.add(to);
      return used.outside;
    }

    /** Null if nobody inside gets it. */
    private InetSocketAddress in(InetSocketAddress from, InetSocketAddress to) {
      expire();
      return mappings.stream()
          .filter(m -> m.outside.equals(to))
          .filter(
              m ->
                  switch (filtering) {
                    case NOTHING -> true;
                    case ADDRESS ->
                        m.sentTo.stream().anyMatch(s -> s.getAddress().equals(from.getAddress()));
                    case PORT -> m.sentTo.contains(from);
                  })
          .map(m -> m.inside)
          .findAny()
          .orElse(null);
    }
  }
}
