package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class VoterTest {
  private final Map<String, Voter> nodes = new TreeMap<>();
  private final Map<String, VoteRow> rows = new TreeMap<>();
  private final Set<String> away = new TreeSet<>();
  private int founders = 1;
  private int disks;
  private long millis;

  @Test
  void shouldDecideAloneAtOnceAndKeepWhatWasHeldBefore() {
    start("a");

    rounds(5);

    assertThat(voters("a")).containsExactly("a");
    assertThat(charter("a").leases()).containsEntry("before", "x");
  }

  @Test
  void shouldFoundNothingBelowAMajorityOfTheFounders() {
    founders = 5;
    start("a", "b");
    rounds(20);
    boolean two = nodes.get("a").charter().isPresent();

    start("c");
    rounds(20);

    assertThat(two).isFalse();
    assertThat(charter("a").lineage()).isEqualTo(charter("c").lineage());
  }

  @Test
  void shouldHaveAnOddNumberOfVoters() {
    List<Integer> sizes = new ArrayList<>();
    for (String node : List.of("a", "b", "c", "d", "e", "f", "g", "h", "i")) {
      start(node);
      rounds(100);
      sizes.add(voters("a").size());
    }

    assertThat(sizes).containsExactly(1, 1, 3, 3, 5, 5, 7, 7, 7);
  }

  @Test
  void shouldNotCountNewcomersOfAMinority() {
    start("a", "b", "c");
    rounds(50);
    away.addAll(Set.of("a", "b"));
    start("d", "e", "f");

    rounds(500);

    assertThat(nodes.get("d").canDecide()).isFalse();
    assertThat(nodes.get("c").canDecide()).isFalse();
    assertThat(voters("f")).containsExactly("a", "b", "c");
  }

  @Test
  void shouldGoOnWhileNodesComeAndGoForEver() {
    start("a", "b", "c");
    rounds(50);

    for (int i = 0; i < 20; i++) {
      start("x" + i, "y" + i);
      rounds(100);
      boolean joined = voters("a").size() == 5;
      away.addAll(Set.of("x" + i, "y" + i));
      rounds(300);
      assertThat(joined).isTrue();
      assertThat(nodes.get("a").canDecide()).isTrue();
    }

    assertThat(voters("a")).hasSize(3);
  }

  @Test
  void shouldReplaceAVoterThatIsAway() {
    start("a", "b", "c");
    rounds(50);
    away.add("b");
    rounds(50);
    start("d");

    rounds(300);

    assertThat(voters("a")).containsExactly("a", "c", "d");
  }

  @Test
  void shouldKeepThreeVotersOfWhichOneIsOff() {
    start("a", "b", "c");
    rounds(50);
    away.add("a");
    rounds(1000);

    assertThat(voters("b")).containsExactly("a", "b", "c");
    assertThat(nodes.get("b").canDecide()).isTrue();
  }

  @Test
  void shouldForgetVotersThatAreGoneOnceAllOthersAreThere() {
    start("a", "b", "c");
    rounds(50);
    away.addAll(Set.of("a", "b"));
    rounds(50);

    Set<String> missing = nodes.get("c").forget(Set.of("a"), Set.of("c"));
    rounds(50);
    boolean withOne = nodes.get("c").canDecide();
    nodes.get("c").forget(Set.of("a", "b"), Set.of("c"));
    rounds(50);

    assertThat(missing).singleElement().asString().startsWith("b/");
    assertThat(withOne).isFalse();
    assertThat(voters("c")).containsExactly("c");
    assertThat(charter("c").leases()).containsEntry("before", "x");
  }

  @Test
  void shouldGoOnWithoutTheDiskOfTheOnlyVoter() {
    start("a", "b");
    rounds(50);
    nodes.get("b").wish(new LeaseWish("p", "b", null));
    rounds(50);

    // Its key alone comes back.
    start("a");
    rounds(50);

    assertThat(nodes.get("a").canDecide()).isTrue();
    assertThat(charter("a").leases()).containsEntry("p", "b");
  }

  @Test
  void shouldGiveANameToOneOfTwoThatWishForIt() {
    start("a", "b", "c");
    rounds(50);
    nodes.get("b").wish(new LeaseWish("p", "b", null));
    nodes.get("c").wish(new LeaseWish("p", "c", null));

    rounds(50);

    assertThat(charter("a").leases()).containsEntry("p", "b");
    assertThat(charter("c")).isEqualTo(charter("a"));
  }

  private void start(String... ids) {
    for (String id : ids) {
      nodes.put(id, new Voter(id, null, () -> "d" + disks++));
      rows.remove(id);
    }
  }

  private Charter charter(String node) {
    return nodes.get(node).charter().orElseThrow();
  }

  private List<String> voters(String node) {
    return charter(node).voters().stream().map(Charter::nodeOf).toList();
  }

  /** Half a second each. */
  private void rounds(int count) {
    Set<String> live = new TreeSet<>(nodes.keySet());
    live.removeAll(away);
    for (int i = 0; i < count; i++) {
      millis += 500;
      for (String id : live) {
        Voter voter = nodes.get(id);
        live.stream()
            .filter(rows::containsKey)
            .forEach(other -> voter.onRow(other, rows.get(other)));
        voter.step(new Voter.View(millis, live, founders, Map.of("before", "x")));
        rows.put(id, voter.row());
      }
    }
  }
}
