package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Clusters of voters in simulated time: partitions, views that lag behind them, newcomers, losses,
 * restarts, lost disks, merges. Rows arrive late, in any order, or never.
 */
class CharterSimulationTest {
  private static final int HISTORIES = 10_000;
  private static final int EVENTS = 60;
  private static final int PARTS = 7;
  private static final int MOST_NODES = 9;
  private static final long GRACE = 60_000;
  private static final long LAG = 10_000;

  @Test
  void shouldNeverHaveTwoLiveHoldersOfOnePartOfWhichNoneSaysSo() {
    int settled = 0;
    for (int seed = 0; seed < HISTORIES; seed++) {
      History history = new History(seed);
      history.run(EVENTS);
      if (seed % 20 == 0) {
        history.settle();
        settled++;
      }
    }

    assertThat(settled).isEqualTo(HISTORIES / 20);
  }

  @Test
  void shouldGiveAPartToOneOfTwoClustersThatBecomeOne() {
    for (int seed = 0; seed < 300; seed++) {
      History history = new History(seed, 0);
      history.foundApart(2 + seed % 3);
      history.settle();
      assertThat(history.lineages()).as("history %s", seed).isEqualTo(1);
    }
  }

  /** One cluster. */
  private static final class History {
    private final long seed;
    private final Random random;
    private final Map<String, Node> nodes = new TreeMap<>();
    private long now;
    private int made;
    private int disks;
    private boolean apart;

    /** Nobody crashes any more. */
    private boolean calm;

    private int disksLost;

    History(long seed) {
      this(seed, 1 + (int) (seed % 5));
    }

    History(long seed, int founders) {
      this.seed = seed;
      this.random = new Random(seed);
      for (int i = 0; i < founders; i++) {
        join().founders = founders;
      }
    }

    private Node join() {
      // Ids in no order.
      Node node = new Node(Integer.toHexString(random.nextInt(4096)) + "n" + made++);
      nodes.put(node.id, node);
      return node;
    }

    void run(int events) {
      for (int i = 0; i < events; i++) {
        event();
        check();
      }
    }

    void foundApart(int clusters) {
      apart = true;
      calm = true;
      for (int i = 0; i < clusters; i++) {
        Node node = join();
        node.component = i;
        node.founders = 1;
      }
      for (int round = 0; round < 100; round++) {
        now += 300;
        nodes.values().forEach(Node::turn);
      }
      assertThat(lineages()).isEqualTo(clusters);
    }

    int lineages() {
      Set<String> lineages = new HashSet<>();
      up().forEach(node -> lineages.add(node.voter.charter().map(Charter::lineage).orElse("")));
      return lineages.size();
    }

    /** With all there and whole, every node gets a part, as far as there are any. */
    void settle() {
      calm = true;
      for (Node node : nodes.values()) {
        node.component = 0;
        if (!node.dead && node.voter == null) {
          node.start();
        }
      }
      Set<String> gone = gone();
      for (int round = 0; round < 900 && !isSettled(); round++) {
        now += 500;
        if (round == 60) {
          up().forEach(node -> node.voter.forget(gone, node.view));
        }
        up().forEach(Node::turn);
        if (!apart || lineages() == 1) {
          check();
        }
      }
      // If all who knew who votes are gone for good, newcomers wait.
      boolean known = up().stream().anyMatch(node -> node.voter.charter().isPresent());
      assertThat(isSettled() || !known).as("history %s: %s", seed, nodes.values()).isTrue();
    }

    private boolean isSettled() {
      long sure = up().stream().filter(node -> node.holds() && !node.doubts()).count();
      return lineages() < 2 && sure == Math.min(up().size(), PARTS);
    }

    private List<Node> up() {
      return nodes.values().stream().filter(node -> node.voter != null).toList();
    }

    /**
     * Whether every founder knows the first charter. Before, one that has just joined, or has lost
     * its disk, cannot be told from a founder.
     */
    private boolean isFounded() {
      return nodes.values().stream().allMatch(n -> n.dead || n.founders == 1000 || n.knowsOne());
    }

    private Set<String> gone() {
      Set<String> gone = new TreeSet<>();
      nodes.values().stream().filter(node -> node.dead).forEach(node -> gone.add(node.id));
      return gone;
    }

    private Node any() {
      List<Node> all = List.copyOf(nodes.values());
      return all.get(random.nextInt(all.size()));
    }

    private void event() {
      int dice = random.nextInt(100);
      Node node = any();
      if (dice < 70) {
        now += random.nextInt(600);
        for (int i = 0; i < 4; i++) {
          Node other = any();
          if (other.voter != null) {
            other.turn();
          }
        }
      } else if (dice < 74) {
        int components = 1 + random.nextInt(3);
        nodes.values().forEach(n -> n.component = random.nextInt(components));
      } else if (dice < 77) {
        nodes.values().forEach(n -> n.component = 0);
      } else if (dice < 80) {
        node.component = random.nextInt(3);
      } else if (dice < 84) {
        now += random.nextInt((int) GRACE);
      } else if (dice < 88) {
        node.stop();
      } else if (dice < 93) {
        if (!node.dead && node.voter == null) {
          node.start();
        }
      } else if (dice < 94) {
        node.stop();
        node.loseDisk();
      } else if (dice < 95) {
        if (gone().size() < 3 && isFounded()) {
          node.stop();
          node.dead = true;
        }
      } else if (dice < 96) {
        if (node.voter != null) {
          node.voter.forget(gone(), node.view);
          node.keep();
        }
      } else if (dice < 97) {
        node.subnet = node.lost() ? null : node.subnet;
      } else if (nodes.size() < MOST_NODES && isFounded()) {
        join().component = node.component;
      }
    }

    private void check() {
      Map<String, Node> holders = new HashMap<>();
      for (Node node : up()) {
        if (node.holds() && !node.doubts()) {
          Node other = holders.put(node.subnet, node);
          assertThat(other)
              .as("history %s: %s has %s, as %s", seed, node, node.subnet, other)
              .isNull();
        }
      }
    }

    private final class Node {
      private final String id;
      private Voter.Kept kept;
      private Voter voter;
      private VoteRow published;
      private String subnet;
      private int component;
      private boolean dead;
      private long booted;
      private Set<String> view = new TreeSet<>();
      private long viewed;
      private long withMajority = Long.MIN_VALUE;

      /** A newcomer looks for those who founded the cluster, and founds none. */
      private int founders = 1000;

      private final Map<String, Long> away = new HashMap<>();
      private LeaseWish wish;

      Node(String id) {
        this.id = id;
        start();
      }

      void start() {
        voter = new Voter(id, kept, () -> "d" + disks++);
        booted = now - random.nextInt(100_000);
        view = new TreeSet<>(Set.of(id));
        viewed = now - LAG;
        withMajority = Long.MIN_VALUE;
        away.clear();
        wish = null;
      }

      void stop() {
        voter = null;
      }

      void loseDisk() {
        if (isFounded() && disksLost < 2) {
          kept = null;
          subnet = null;
          published = null;
          founders = 1000;
          disksLost++;
        }
      }

      boolean knowsOne() {
        return kept != null && kept.charter() != null;
      }

      boolean lost() {
        return subnet != null && voter != null && voter.charter().isPresent() && !holds();
      }

      boolean holds() {
        return subnet != null
            && voter.charter().filter(c -> id.equals(c.leases().get(subnet))).isPresent();
      }

      /** Without a majority for so long, the part may be somebody else's. */
      boolean doubts() {
        return withMajority == Long.MIN_VALUE || now - withMajority > GRACE / 2;
      }

      void turn() {
        if (random.nextInt(3) == 0 || now - viewed >= LAG) {
          view = new TreeSet<>();
          up().stream().filter(n -> n.component == component).forEach(n -> view.add(n.id));
          viewed = now;
        }
        for (Node other : up()) {
          if (other.component == component && other.published != null && random.nextInt(4) > 0) {
            voter.onRow(other.id, other.published);
          }
        }
        voter.step(new Voter.View(now - booted, view, founders, Map.of()));
        if (voter.canDecide()) {
          withMajority = now;
        } else {
          away.clear();
        }
        claim();
        int luck = calm ? 2 : random.nextInt(200);
        if (luck == 0) {
          stop();
          return;
        }
        keep();
        if (luck == 1) {
          stop();
          return;
        }
        publish();
      }

      void keep() {
        kept = voter.kept();
      }

      private void publish() {
        published = voter.row();
      }

      private void claim() {
        Charter charter = voter.charter().orElse(null);
        if (charter == null) {
          return;
        }
        if (voter.canDecide()) {
          for (String holder : charter.leases().values()) {
            if (view.contains(holder)) {
              away.remove(holder);
            } else {
              away.putIfAbsent(holder, now);
            }
          }
        }
        if (wish != null && !wish.applies(charter.leases())) {
          voter.drop(wish);
          wish = null;
        }
        if (subnet == null) {
          charter
              .leases()
              .forEach(
                  (part, holder) -> {
                    if (holder.equals(id)) {
                      subnet = part;
                    }
                  });
        }
        if (wish == null && !holds()) {
          wish = subnet == null ? next(charter) : new LeaseWish(subnet, id, null);
          if (wish != null && wish.applies(charter.leases())) {
            voter.wish(wish);
          } else {
            // It is somebody else's: the pods move, and another part is taken.
            wish = null;
            subnet = random.nextInt(10) == 0 ? null : subnet;
          }
        }
      }

      private LeaseWish next(Charter charter) {
        List<String> mine = new ArrayList<>();
        for (int i = 0; i < PARTS; i++) {
          String part = "p" + i;
          String holder = charter.leases().get(part);
          Long since = holder == null ? null : away.get(holder);
          if (holder == null) {
            return new LeaseWish(part, id, null);
          }
          if (since != null && now - since > GRACE) {
            mine.add(part);
          }
        }
        return mine.isEmpty()
            ? null
            : new LeaseWish(mine.get(0), id, charter.leases().get(mine.get(0)));
      }

      @Override
      public String toString() {
        return id
            + "@"
            + component
            + (voter == null ? " down" : " " + voter.charter().map(Charter::base).orElse("-"))
            + " "
            + Objects.toString(subnet)
            + (voter == null ? "" : " " + voter.charter().map(Charter::voters).orElse(null));
      }
    }
  }
}
