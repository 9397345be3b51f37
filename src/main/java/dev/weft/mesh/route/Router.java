package dev.weft.mesh.route;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;

/**
 * Decides which link leads to which node, and what is told to others. Every destination is known by
 * its whole path, so no path is taken that comes back here, and none is announced to a node that
 * stands on it: a loop lasts only until the nodes in it have heard of each other's change. Paths of
 * more than 32 nodes are not followed, which also ends the search for a node that is gone.
 *
 * <p>The least RTT wins, where each node on the way counts for 5 ms besides: a detour has to be
 * worth it. A path is left for a better one only if that is better by more than noise, or has fewer
 * hops besides, so that traffic does not flap.
 *
 * <p>Pure: one thread calls, {@code now} is in nanoseconds and does not go back, and outputs are
 * given during calls. An output must not call the router.
 *
 * @param <L> whatever identifies a link, with equals and hashCode
 */
public final class Router<L> {
  /** So many destinations are known at most, besides the links' peers; further ones are ignored. */
  public static final int MAX_DESTINATIONS = 10_000;

  /** RTTs that are not clearly others are adopted this seldom. */
  private static final long CALM = TimeUnit.SECONDS.toNanos(5);

  private static final long NEVER = Long.MAX_VALUE;

  /** What a router decides. */
  public interface Output<L> {
    /**
     * To be told to the other end of a link; in place of all that was told before.
     *
     * @param routes sorted by destination, unsigned; immutable
     */
    void announce(L link, List<RouteAnnouncement> routes);

    /** Frames are to be forwarded by this table from now on. */
    void changed(ForwardingTable<L> table);

    /**
     * The next node on the way to a destination is another one.
     *
     * @param via empty if there is no way any more
     */
    void routeChanged(long destination, OptionalLong via);

    /** The next node on the way is the same as before, the link to it another. */
    void linkChanged(long destination);
  }

  private final long self;
  private final boolean relay;
  private final Output<L> output;
  private final Map<L, Adjacency<L>> links = new LinkedHashMap<>();
  private final NavigableMap<Long, Choice<L>> choices = new TreeMap<>(Long::compareUnsigned);
  private ForwardingTable<L> table = ForwardingTable.empty();
  private int linksBefore;
  private long adoptAt = NEVER;
  private long adopted = Long.MIN_VALUE;
  private long ignored;

  /**
   * @param self this node's id
   * @param relay whether this node forwards for others; if not, it announces nothing
   */
  public Router(long self, boolean relay, Output<L> output) {
    this.self = self;
    this.relay = relay;
    this.output = output;
  }

  /**
   * A link carries frames. What was known of it before is forgotten; nothing is offered over it.
   */
  public void up(L link, long peer, long now) {
    down(link, now);
    if (peer == self) {
      ignored++;
      return;
    }
    links.put(link, new Adjacency<>(link, peer, linksBefore++, now));
    settle(List.of(peer), now);
  }

  /** A link's round trip was measured, microseconds. */
  public void rtt(L link, long micros, long now) {
    Adjacency<L> adjacency = links.get(link);
    if (adjacency == null || micros < 0) {
      return;
    }
    long pause = adjacency.measured(micros) ? Announcer.PACE : CALM;
    adoptAt = Math.min(adoptAt, Math.max(now, adopted + pause));
    expire(now);
  }

  /** A link carries no frames any more. */
  public void down(L link, long now) {
    Adjacency<L> adjacency = links.remove(link);
    if (adjacency == null) {
      return;
    }
    List<Long> lost = new ArrayList<>();
    adjacency.destinations(lost::add);
    adjacency.end();
    settle(lost, now);
  }

  /**
   * The other end of a link has announced what it reaches, all of it. Left out and counted: this
   * node as destination or on the way, a second route to the same destination, what is not a path
   * of at most 32 nodes from that end, and destinations beyond {@link #MAX_DESTINATIONS}.
   */
  public void announced(L link, List<RouteAnnouncement> all, long now) {
    Adjacency<L> adjacency = links.get(link);
    if (adjacency == null) {
      return;
    }
    List<Long> changed = new ArrayList<>();
    ignored += adjacency.offered(all, self, new Admission(), changed::add);
    settle(changed, now);
  }

  /** Does what is due. */
  public void expire(long now) {
    if (adoptAt <= now) {
      adoptAt = NEVER;
      adopted = now;
      settle(adoptMeasured(), now);
    }
    announce(now);
  }

  /** When {@link #expire} is due; {@link Long#MAX_VALUE} for never. */
  public long deadline() {
    long deadline = adoptAt;
    for (Adjacency<L> link : links.values()) {
      deadline = Math.min(deadline, link.announcer().due());
    }
    return deadline;
  }

  /** The forwarding table as it is now. */
  public ForwardingTable<L> table() {
    return table;
  }

  /** The nodes that can be reached and how, sorted by destination, unsigned. */
  public List<Path<L>> paths() {
    return choices.values().stream().map(Choice::path).toList();
  }

  /** The node next on the way to another; this node's own id without a way. */
  public long via(long destination) {
    Choice<L> choice = choices.get(destination);
    return choice == null ? self : choice.over().peer();
  }

  /** Announced routes that were left out, since the start. */
  public long ignored() {
    return ignored;
  }

  /** Whether there is room for a destination. */
  private final class Admission implements LongPredicate {
    private int room = MAX_DESTINATIONS - choices.size();

    @Override
    public boolean test(long destination) {
      return choices.containsKey(destination) || --room >= 0;
    }
  }

  private Iterable<Long> adoptMeasured() {
    TreeSet<Long> destinations = new TreeSet<>(Long::compareUnsigned);
    for (Adjacency<L> link : links.values()) {
      if (link.adoptMeasured()) {
        link.destinations(destinations::add);
      }
    }
    return destinations;
  }

  /** Chooses again for the destinations, and says what has changed by it. */
  private void settle(Iterable<Long> destinations, long now) {
    List<Long> elsewhere = new ArrayList<>();
    List<Long> overAnother = new ArrayList<>();
    for (long destination : destinations) {
      Choice<L> before = choices.get(destination);
      Choice<L> choice = choose(destination, before);
      if (choice == before) {
        continue;
      }
      if (choice == null) {
        choices.remove(destination);
      } else {
        choices.put(destination, choice);
      }
      if (choice == null || before == null || choice.over().peer() != before.over().peer()) {
        elsewhere.add(destination);
      } else if (choice.over() != before.over()) {
        overAnother.add(destination);
      }
      for (Adjacency<L> link : links.values()) {
        link.announcer().note(destination, announcement(choice, link.peer()), now);
      }
    }
    if (!elsewhere.isEmpty() || !overAnother.isEmpty()) {
      table = ForwardingTable.of(choices.values());
      output.changed(table);
    }
    for (long destination : elsewhere) {
      Choice<L> choice = choices.get(destination);
      output.routeChanged(
          destination,
          choice == null ? OptionalLong.empty() : OptionalLong.of(choice.over().peer()));
    }
    overAnother.forEach(output::linkChanged);
    announce(now);
  }

  private Choice<L> choose(long destination, Choice<L> before) {
    Choice<L> present = before == null ? null : before.now();
    Choice<L> best = null;
    for (Adjacency<L> link : links.values()) {
      Offer offer = link.to(destination);
      if (offer == null) {
        continue;
      }
      long rtt = link.rttBy(offer);
      if ((present == null || present.leftFor(offer, rtt))
          && (best == null || best.beatenBy(link, offer, rtt))) {
        best = new Choice<>(link, offer);
      }
    }
    return best == null ? present : best;
  }

  /**
   * What a peer is told of a path: nothing if it stands on it, be it as next node or at its end.
   */
  private RouteAnnouncement announcement(Choice<L> choice, long peer) {
    return relay && choice != null && !choice.passes(peer) ? choice.announcement(self) : null;
  }

  private void announce(long now) {
    for (Adjacency<L> link : links.values()) {
      if (link.announcer().due() <= now) {
        List<RouteAnnouncement> all = new ArrayList<>(choices.size());
        for (Choice<L> choice : choices.values()) {
          RouteAnnouncement announcement = announcement(choice, link.peer());
          if (announcement != null) {
            all.add(announcement);
          }
        }
        List<RouteAnnouncement> set = link.announcer().tell(all, now);
        if (set != null) {
          output.announce(link.link(), set);
        }
      }
    }
  }
}
