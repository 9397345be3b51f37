package dev.weft.mesh;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.weft.mesh.link.LinkProtocol;
import dev.weft.mesh.link.SimulatedClock;
import dev.weft.mesh.route.ForwardingTable;
import dev.weft.mesh.route.RouteAnnouncement;
import dev.weft.mesh.route.Router;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;

/**
 * A mesh of nodes in a random graph on a simulated clock: the real routers and the real link
 * protocol, frames that are delayed and lost. All of it follows from the seed.
 */
public final class MeshSimulation {
  /** One-way delays of links, microseconds. */
  private static final int SHORTEST = 500;

  private static final int LONGEST = 50_000;

  /** A frame is late by at most this part of its link's delay. */
  private static final double JITTER = 0.05;

  /** Programs do not start in the same instant: within so many microseconds. */
  private static final int START = 1_000_000;

  /** What was announced, and is not known to be heard. */
  private record Unheard(long at, long sum) {}

  /** One node. */
  final class Node {
    final long id = random.nextLong();
    final int index;
    final Router<End> router = new Router<>(id, true, new Decisions());
    final List<End> ends = new ArrayList<>();
    ForwardingTable<End> table = router.table();
    private final Alarm alarm = new Alarm(this::expire);

    private Node(int index) {
      this.index = index;
    }

    private void expire() {
      router.expire(clock.now());
      wake();
    }

    private void wake() {
      alarm.set(router.deadline());
    }

    private final class Decisions implements Router.Output<End> {
      @Override
      public void announce(End link, List<RouteAnnouncement> routes) {
        announcements++;
        link.announce(routes);
      }

      @Override
      public void changed(ForwardingTable<End> changed) {
        table = changed;
      }

      @Override
      public void routeChanged(long destination, OptionalLong via) {
        routeChanges++;
      }

      @Override
      public void linkChanged(long destination) {
        // Seen in the tables.
      }
    }
  }

  /** One end of a link. */
  final class End {
    final Node node;
    final long delayMicros;
    boolean open = true;
    private final LinkProtocol protocol;
    private final Alarm alarm = new Alarm(this::expire);
    private final Deque<Unheard> unheard = new ArrayDeque<>();
    private End other;

    private End(Node node, long delayMicros) {
      this.node = node;
      this.delayMicros = delayMicros;
      byte[] fingerprint = ByteBuffer.allocate(32).putLong(node.id).array();
      this.protocol =
          new LinkProtocol(
              new LinkProtocol.Settings(
                  node.id, fingerprint, "", true, false, OptionalLong.empty()),
              random,
              new Told());
    }

    Node peer() {
      return other.node;
    }

    private void start() {
      protocol.start(clock.now());
      wake();
    }

    private void expire() {
      protocol.expire(clock.now());
      wake();
      node.wake();
    }

    private void wake() {
      alarm.set(protocol.deadline());
    }

    private void announce(List<RouteAnnouncement> routes) {
      unheard.add(new Unheard(clock.now(), sum(routes)));
      protocol.announce(routes, clock.now());
      wake();
    }

    private void receive(byte[] frame) {
      if (open) {
        protocol.receive(Unpooled.wrappedBuffer(frame), clock.now());
      }
      wake();
      node.wake();
    }

    private void heard(List<RouteAnnouncement> all) {
      long sum = sum(all);
      while (!unheard.isEmpty()) {
        Unheard next = unheard.remove();
        if (next.sum() == sum) {
          longestExchange = Math.max(longestExchange, clock.now() - next.at());
          return;
        }
      }
    }

    /** Of a set, whatever its order. */
    private static long sum(List<RouteAnnouncement> all) {
      long sum = 0;
      for (RouteAnnouncement announcement : all) {
        sum +=
            announcement.destination()
                * (announcement.rttMicros() * 64 + announcement.hops().size());
      }
      return sum;
    }

    private final class Told implements LinkProtocol.Output {
      private long peer;

      @Override
      public void transmit(ByteBuf frame) {
        frames++;
        bytes += frame.readableBytes();
        byte[] copy = ByteBufUtil.getBytes(frame);
        frame.release();
        if (open && random.nextDouble() >= loss) {
          long late = (long) (delayMicros * JITTER * random.nextDouble());
          clock.after(MICROSECONDS.toNanos(delayMicros + late), () -> other.receive(copy));
        }
      }

      @Override
      public void introduced(long node, boolean relays, String seenFrom) {
        peer = node;
      }

      @Override
      public void message(long source, long destination, ByteBuf payload) {
        throw new AssertionError("nobody sends messages");
      }

      @Override
      public void announced(List<RouteAnnouncement> all) {
        other.heard(all);
        node.router.announced(End.this, all, clock.now());
      }

      @Override
      public void carries(boolean up) {
        if (up) {
          node.router.up(End.this, peer, clock.now());
        } else {
          downs++;
          node.router.down(End.this, clock.now());
        }
      }

      @Override
      public void rtt(long micros) {
        node.router.rtt(End.this, micros, clock.now());
      }

      @Override
      public void failed(String reason) {
        node.router.down(End.this, clock.now());
      }
    }
  }

  /** Calls at a time that may be moved forward. */
  private final class Alarm {
    private final Runnable work;
    private long set = Long.MAX_VALUE;

    private Alarm(Runnable work) {
      this.work = work;
    }

    private void set(long time) {
      long then = Math.max(time, clock.now());
      if (time == Long.MAX_VALUE || then >= set) {
        return;
      }
      set = then;
      clock.after(
          then - clock.now(),
          () -> {
            if (set == then) {
              set = Long.MAX_VALUE;
              work.run();
            }
          });
    }
  }

  private final SimulatedClock clock = new SimulatedClock();
  private final Random random;
  private final double loss;
  private final List<Node> nodes = new ArrayList<>();
  private long longestExchange;
  private long frames;
  private long bytes;
  private long announcements;
  private long routeChanges;
  private long downs;

  /**
   * @param degree links of each node, even
   * @param loss the part of frames that is lost
   */
  public MeshSimulation(long seed, int size, int degree, double loss) {
    this.random = new Random(seed);
    this.loss = loss;
    for (int i = 0; i < size; i++) {
      nodes.add(new Node(i));
    }
    // Cycles through all nodes: connected, each node with as many links.
    Set<Set<Integer>> linked = new HashSet<>();
    for (int i = 0; i < degree / 2; i++) {
      List<Node> cycle = new ArrayList<>(nodes);
      Collections.shuffle(cycle, random);
      for (int j = 0; j < size; j++) {
        Node one = cycle.get(j);
        Node next = cycle.get((j + 1) % size);
        if (linked.add(Set.of(one.index, next.index))) {
          link(one, next);
        }
      }
    }
  }

  private void link(Node one, Node other) {
    long delay = random.nextInt(SHORTEST, LONGEST);
    End near = new End(one, delay);
    End far = new End(other, delay);
    near.other = far;
    far.other = near;
    one.ends.add(near);
    other.ends.add(far);
    clock.after(MICROSECONDS.toNanos(random.nextInt(START)), near::start);
    clock.after(MICROSECONDS.toNanos(random.nextInt(START)), far::start);
  }

  /** Lets simulated time pass. */
  public void run(long nanos) {
    clock.pass(nanos);
  }

  /**
   * Lets time pass until every node reaches every other one.
   *
   * @return whether that came to pass before the limit, nanoseconds
   */
  public boolean converge(long limit) {
    long end = clock.now() + limit;
    MeshWalks walks = new MeshWalks(this);
    while (clock.now() < end) {
      run(MILLISECONDS.toNanos(100));
      if (walks.complete()) {
        return true;
      }
    }
    return false;
  }

  /** Cuts a link; its ends must notice it. */
  void cut(End end) {
    end.open = false;
    end.other.open = false;
  }

  /** Cuts a link of some node. */
  public void cutALink() {
    Node node = nodes.get(random.nextInt(nodes.size()));
    cut(node.ends.get(random.nextInt(node.ends.size())));
  }

  /** Cuts all links of some node. */
  public void cutANode() {
    nodes.get(random.nextInt(nodes.size())).ends.forEach(this::cut);
  }

  List<Node> nodes() {
    return nodes;
  }

  /** Simulated nanoseconds. */
  public long now() {
    return clock.now();
  }

  /** The longest time that an announcement took to be heard, nanoseconds. */
  public long longestExchange() {
    return longestExchange;
  }

  /** Frames that were sent. */
  public long frames() {
    return frames;
  }

  /** Bytes of frames that were sent. */
  public long bytes() {
    return bytes;
  }

  /** Sets that routers gave to links. */
  public long announcements() {
    return announcements;
  }

  /** How often a node's way to another one began with another node than before, or ended. */
  public long routeChanges() {
    return routeChanges;
  }

  /** How often an end of a link was silent. */
  public long downs() {
    return downs;
  }
}
