package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.cluster.Cluster;
import dev.weft.testkit.MemoryStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeaseKeeperTest {
  private static final Duration GRACE = Duration.ofHours(1);

  private final MemoryLeases leases = new MemoryLeases();
  private final AtomicLong nanos = new AtomicLong();

  @Test
  void shouldGiveEveryNodeItsOwnAndTheNextAClearError() {
    List<String> given = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      given.add(settled("node" + i).keeper.subnet().orElseThrow().toString());
    }

    Node last = new Node("node256");

    assertThat(given).doesNotHaveDuplicates().hasSize(256);
    assertThatThrownBy(() -> settled(last, 0))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.fault()).isEqualTo(Fault.EXHAUSTED))
        .hasMessageContaining("all 256 of 10.42.0.0/16 are leased");
    assertThat(last.keeper.subnet()).isEmpty();
  }

  @Test
  void shouldKeepItsSubnetOverARestartAlsoBelowTheQuorum() {
    Node node = settled("a");
    leases.refusal = Optional.of("members: 1 (expected: at least 2 of 3)");

    node.restart();
    settled(node, 0);

    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.1.0/24"));
    assertThat(node.keeper.held()).isTrue();
  }

  @Test
  void shouldTakeNoPartThatOverlapsOneOfAnotherLength() {
    leases.give("10.42.0.0/22", "b");
    Node node = new Node("a");

    settled(node, 0);

    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.4.0/24"));
    assertThatThrownBy(() -> done(node.keeper.change(Cidr.parse("10.42.2.0/24"))))
        .hasMessageContaining("10.42.2.0/24 overlaps 10.42.0.0/22 of node b");
  }

  @Test
  void shouldTakeNoneWhileMembersDifferAboutTheRange() {
    Node node = new Node("a");
    node.dispute = Optional.of("subnets.cidr: two values");

    assertThatThrownBy(() -> settled(node, 0)).hasMessage("subnets.cidr: two values");
    assertThat(node.keeper.subnet()).isEmpty();
    assertThat(node.keeper.refusal()).contains("subnets.cidr: two values");

    node.dispute = Optional.empty();
    settled(node, 0);
    assertThat(node.keeper.held()).isTrue();
  }

  @Test
  void shouldGiveUpAPartThatOverlapsWhenItsRangeIsNotTheOne() {
    Node node = settled("a");
    leases.give("10.42.1.128/25", "b");
    settled(node, 1);
    assertThat(node.keeper.held()).as("its range is the one").isTrue();

    node.dispute = Optional.of("subnets.prefix: two values");
    settled(node, 1);

    assertThat(node.keeper.held()).isFalse();
  }

  @Test
  void shouldSayWhyThereIsNoneBelowTheQuorum() {
    leases.refusal = Optional.of("members: 1 (expected: at least 2 of 3)");
    Node node = new Node("a");

    assertThatThrownBy(() -> settled(node, 0)).hasMessageContaining("at least 2 of 3");
    assertThat(node.keeper.subnet()).isEmpty();
  }

  @Test
  void shouldFindItsSubnetAgainWithoutItsDisk() {
    Node node = settled("a");
    settled("b");

    Node again = settled("a");

    assertThat(again.keeper.subnet()).isEqualTo(node.keeper.subnet());
  }

  @Test
  void shouldSayThatItsSubnetMayBeAnothersWithoutAMajorityForHalfTheGrace() {
    Node node = settled("a");
    leases.refusal = Optional.of("voters: 1 of 3 are here");
    settled(node, 0);

    nanos.addAndGet(GRACE.toNanos() / 2);
    Optional<String> before = node.keeper.doubt();
    nanos.addAndGet(1);
    Optional<String> after = node.keeper.doubt();
    leases.refusal = Optional.empty();
    settled(node, 0);

    assertThat(before).isEmpty();
    assertThat(after).contains("voters: 1 of 3 are here");
    assertThat(node.keeper.doubt()).isEmpty();
  }

  @Test
  void shouldTakeNothingFromANodeThatWasAwayWhileThisOneWasWithoutAMajority() {
    leaseAllTo("gone");
    Node node = new Node("a");
    assertAllLeased(node);
    leases.refusal = Optional.of("voters: 1 of 3 are here");
    nanos.addAndGet(2 * GRACE.toNanos());
    assertAllLeased(node);
    leases.refusal = Optional.empty();

    assertAllLeased(node);
  }

  @Test
  void shouldClaimNothingBeforeTheLeasesAreKnown() {
    Promise<Void> read = Promise.promise();
    leases.ready = read.future();
    Node node = new Node("a");
    Future<Void> settled = node.keeper.settle(0);

    leases.give("10.42.9.0/24", "a");
    read.complete();

    assertThat(settled.succeeded()).isTrue();
    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.9.0/24"));
  }

  @Test
  void shouldDrainASubnetThatAnotherNodeWonAndThenTakeAnother() {
    Node node = settled("b");
    leases.give("10.42.1.0/24", "a");

    settled(node, 2);
    boolean heldWithPods = node.keeper.held();
    Optional<Cidr> withPods = node.keeper.subnet();
    settled(node, 0);

    assertThat(heldWithPods).isFalse();
    assertThat(withPods).contains(Cidr.parse("10.42.1.0/24"));
    assertThat(node.keeper.held()).isTrue();
    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.2.0/24"));
    assertThat(leases.holder("10.42.1.0/24")).contains("a");
  }

  @Test
  void shouldHaveOneSubnetAfterAMergeThatLeftItTwo() {
    Node node = settled("a");
    leases.give("10.42.9.0/24", "a");

    settled(node, 3);

    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.1.0/24"));
    assertThat(leases.holder("10.42.9.0/24")).isEmpty();
  }

  @Test
  void shouldGiveOnAnAbsentNodesSubnetOnlyAfterTheGraceAndWhenNoneIsFree() {
    leaseAllTo("gone");
    Node node = new Node("a");
    assertAllLeased(node);
    nanos.addAndGet(GRACE.toNanos() - 1);
    assertAllLeased(node);
    nanos.addAndGet(2);

    settled(node, 0);

    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.1.0/24"));
  }

  @Test
  void shouldGiveOnTheSubnetOfAnAgentThatIsDownAndOfNoneThatIsUp() {
    leaseAllTo("agent/");
    Node node = new Node("a");
    for (int i = 0; i < 256; i++) {
      node.absences.tell("agent/" + i, i != 7);
    }
    assertAllLeased(node);
    nanos.addAndGet(GRACE.toNanos() + 1);

    settled(node, 0);

    assertThat(node.keeper.subnet()).contains(leases.range.part(7));
  }

  @Test
  void shouldNotTakeASubnetFromANodeThatIsThere() {
    leaseAllTo("there").forEach(leases.members::add);
    Node node = new Node("a");
    assertAllLeased(node);
    nanos.addAndGet(2 * GRACE.toNanos());

    assertAllLeased(node);
  }

  @Test
  void shouldFreeTheSubnetOfANodeThatIsGoneAndOfNoOther() {
    leases.give("10.42.1.0/24", "gone");
    leases.give("10.42.2.0/24", "there");
    leases.members.add("there");
    Node node = new Node("a");

    done(node.keeper.free("gone"));

    assertThat(leases.holder("10.42.1.0/24")).isEmpty();
    assertThatThrownBy(() -> done(node.keeper.free("there")))
        .hasMessageContaining("there is a member and keeps its subnet");
  }

  @Test
  void shouldFreeTheSubnetOfAForgottenNodeOnceThatCanBeDecided() {
    leases.give("10.42.1.0/24", "gone");
    leases.give("10.42.2.0/24", "away");
    Node node = settled("a");
    leases.refusal = Optional.of("voters: 1 of 3 are here");
    node.keeper.forget("gone");

    settled(node, 0);
    Optional<String> before = leases.holder("10.42.1.0/24");
    leases.refusal = Optional.empty();
    settled(node, 0);

    assertThat(before).contains("gone");
    assertThat(leases.holder("10.42.1.0/24")).isEmpty();
    assertThat(leases.holder("10.42.2.0/24")).contains("away");

    leases.give("10.42.9.0/24", "gone");
    settled(node, 0);
    assertThat(leases.holder("10.42.9.0/24")).as("that shows up later").isEmpty();
  }

  @Test
  void shouldKeepTheSubnetOfAForgottenNodeThatJoinedAgain() {
    Node node = settled("a");
    node.keeper.forget("b");
    node.keeper.joined("b");
    leases.give("10.42.7.0/24", "b");

    settled(node, 0);

    assertThat(leases.holder("10.42.7.0/24")).contains("b");
  }

  @Test
  void shouldTakeTheSubnetThatIsAskedForAndFreeTheOldOne() {
    Node node = settled("a");

    done(node.keeper.change(Cidr.parse("10.42.7.0/24")));

    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.7.0/24"));
    assertThat(leases.holder("10.42.1.0/24")).isEmpty();
  }

  @Test
  void shouldNotTakeAnotherNodesSubnetWhenAskedTo() {
    leases.give("10.42.7.0/24", "b");
    Node node = settled("a");

    assertThatThrownBy(() -> done(node.keeper.change(Cidr.parse("10.42.7.0/24"))))
        .hasMessageContaining("10.42.7.0/24 belongs to node b");
    assertThat(node.keeper.subnet()).contains(Cidr.parse("10.42.1.0/24"));
  }

  /** Leases every part of the range, each to a holder of its own; the holders. */
  private List<String> leaseAllTo(String prefix) {
    List<String> holders = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      holders.add(prefix + i);
      leases.give(leases.range.part(i).toString(), prefix + i);
    }
    return holders;
  }

  private static void assertAllLeased(Node node) {
    assertThatThrownBy(() -> settled(node, 0)).hasMessageContaining("are leased");
  }

  /** A node without pods that has looked for a subnet. */
  private Node settled(String id) {
    Node node = new Node(id);
    settled(node, 0);
    return node;
  }

  private static void settled(Node node, int used) {
    done(node.keeper.settle(used));
  }

  private static <T> T done(Future<T> future) {
    assertThat(future.isComplete()).isTrue();
    if (future.failed()) {
      throw WeftException.of(future.cause());
    }
    return future.result();
  }

  private final class Node {
    private final String id;
    private final MemoryStore store = new MemoryStore();
    private Absences absences;
    private LeaseKeeper keeper;
    private Optional<String> dispute = Optional.empty();

    Node(String id) {
      this.id = id;
      restart();
    }

    void restart() {
      Cluster cluster = leases.seenBy(id);
      absences = new Absences(cluster, GRACE, nanos::get);
      keeper = new LeaseKeeper(cluster, leases, store, leases.range, absences, () -> dispute);
      done(keeper.load());
    }
  }
}
