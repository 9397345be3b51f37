package dev.weft.mesh.route;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Routers on a graph, on a simulated clock. A link carries one set at a time each way, in half its
 * RTT; the newest takes the place of one that waits. A cut is noticed at each end on its own,
 * within 2 s; what was on its way then arrives when the link is restored.
 */
final class RouterMesh {
  private static final long NOTICED = TimeUnit.SECONDS.toNanos(2);

  /** Longer than any convergence that a test should wait for. */
  private static final int MAX_EVENTS = 2_000_000;

  private record Event(long at, long number, Runnable work) {}

  final class Node {
    final long id;
    final List<Edge> edges = new ArrayList<>();
    final Router<Edge> router;
    private long wakesAt = Long.MAX_VALUE;

    private Node(long id, boolean relay) {
      this.id = id;
      this.router =
          new Router<>(
              id,
              relay,
              new Router.Output<>() {
                @Override
                public void announce(Edge link, List<RouteAnnouncement> routes) {
                  announcements++;
                  link.end(Node.this).offer(routes);
                }

                @Override
                public void changed(ForwardingTable<Edge> table) {
                  // The router is asked for it.
                }

                @Override
                public void routeChanged(long destination, OptionalLong via) {
                  // Seen in the table.
                }

                @Override
                public void linkChanged(long destination) {
                  // Seen in the table.
                }
              });
    }

    private void wake() {
      long deadline = router.deadline();
      if (deadline < wakesAt) {
        wakesAt = deadline;
        at(
            deadline,
            () -> {
              wakesAt = Long.MAX_VALUE;
              router.expire(now);
              wake();
            });
      }
    }
  }

  /** A link. */
  final class Edge {
    final long rttMicros;
    private final End one;
    private final End other;
    private boolean open = true;

    private Edge(Node one, Node other, long rttMicros) {
      this.rttMicros = rttMicros;
      this.one = new End(this, one, other);
      this.other = new End(this, other, one);
    }

    private End end(Node node) {
      return one.node == node ? one : other;
    }

    Node peer(Node node) {
      return end(node).peer;
    }

    boolean open() {
      return open;
    }

    void cut() {
      open = false;
      at(now + random.nextLong(NOTICED), one::notice);
      at(now + random.nextLong(NOTICED), other::notice);
    }

    void restore() {
      open = true;
      at(now + random.nextLong(NOTICED), one::notice);
      at(now + random.nextLong(NOTICED), other::notice);
      one.send();
      other.send();
    }
  }

  private final class End {
    private final Edge edge;
    private final Node node;
    private final Node peer;
    private boolean up;
    private boolean sending;
    private List<RouteAnnouncement> waiting;
    private List<RouteAnnouncement> received;

    private End(Edge edge, Node node, Node peer) {
      this.edge = edge;
      this.node = node;
      this.peer = peer;
    }

    private void notice() {
      if (up != edge.open) {
        up = edge.open;
        if (up) {
          node.router.up(edge, peer.id, now);
          node.router.rtt(edge, edge.rttMicros, now);
          if (received != null) {
            node.router.announced(edge, received, now);
          }
        } else {
          node.router.down(edge, now);
        }
        node.wake();
      }
    }

    private void offer(List<RouteAnnouncement> all) {
      waiting = all;
      send();
    }

    private void send() {
      if (sending || waiting == null || !edge.open) {
        return;
      }
      List<RouteAnnouncement> all = waiting;
      waiting = null;
      sending = true;
      long halfway = TimeUnit.MICROSECONDS.toNanos(edge.rttMicros) / 2;
      at(
          now + halfway,
          () -> {
            if (edge.open) {
              edge.end(peer).receive(all);
            } else if (waiting == null) {
              waiting = all;
            }
            at(
                now + halfway,
                () -> {
                  sending = false;
                  send();
                });
          });
    }

    private void receive(List<RouteAnnouncement> all) {
      received = all;
      if (up) {
        node.router.announced(edge, all, now);
        node.wake();
      }
    }
  }

  private final RandomGenerator random;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::number));
  private final List<Edge> edges = new ArrayList<>();
  private final Map<Long, Node> nodes = new TreeMap<>();
  private long now;
  private long numbered;
  int announcements;

  RouterMesh(RandomGenerator random) {
    this.random = random;
  }

  Node node(boolean relay) {
    Node node = new Node(random.nextLong(), relay);
    nodes.put(node.id, node);
    return node;
  }

  Edge link(Node one, Node other, long rttMicros) {
    Edge edge = new Edge(one, other, rttMicros);
    edges.add(edge);
    one.edges.add(edge);
    other.edges.add(edge);
    edge.restore();
    return edge;
  }

  List<Node> nodes() {
    return List.copyOf(nodes.values());
  }

  List<Edge> edges() {
    return edges;
  }

  private void at(long time, Runnable work) {
    events.add(new Event(time, numbered++, work));
  }

  /** Lets time pass until nothing is to come. */
  void settle() {
    run(Long.MAX_VALUE);
  }

  void run(long until) {
    for (int i = 0; !events.isEmpty() && events.peek().at() <= until; i++) {
      if (i == MAX_EVENTS) {
        throw new AssertionError("no quiet after " + MAX_EVENTS + " events");
      }
      Event event = events.remove();
      now = event.at();
      event.work().run();
    }
    now = until == Long.MAX_VALUE ? now : until;
  }

  long now() {
    return now;
  }

  /** The nodes that a frame passes, both ends among them; ends early where there is no route. */
  List<Long> walk(Node from, long destination) {
    List<Long> passed = new ArrayList<>(List.of(from.id));
    Node at = from;
    while (at.id != destination) {
      Edge edge = at.router.table().linkTo(destination);
      if (edge == null || passed.size() > 40) {
        return passed;
      }
      at = edge.peer(at);
      passed.add(at.id);
    }
    return passed;
  }

  /** The nodes that a node could reach over links that are not cut. */
  Set<Long> connected(Node from) {
    Set<Long> found = new HashSet<>(Set.of(from.id));
    Deque<Node> next = new ArrayDeque<>(List.of(from));
    while (!next.isEmpty()) {
      Node node = next.remove();
      for (Edge edge : node.edges) {
        if (edge.open && found.add(edge.peer(node).id)) {
          next.add(edge.peer(node));
        }
      }
    }
    return found;
  }
}
