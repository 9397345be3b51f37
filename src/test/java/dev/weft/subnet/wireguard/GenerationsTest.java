package dev.weft.subnet.wireguard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.IpAddress;
import dev.weft.linux.WireguardKey;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes with a simulated clock, whose records reach the others late and whose passes differ. */
class GenerationsTest {
  private static final long HOUR = 3600;
  private static final AtomicInteger MADE = new AtomicInteger();

  private final List<Node> nodes = new ArrayList<>();
  private Random random = new Random(1);
  private long now = 1_000_000;

  /** A node, its devices as the last pass left them, and what it has heard. */
  private final class Node {
    final String id;
    Generations generations = new Generations(GenerationsTest::pair);
    final Map<String, WireguardMember> heard = new HashMap<>();

    /** By generation, the public keys of the device's peers. */
    Map<Generation, Set<String>> devices = new HashMap<>();

    boolean away;
    boolean cut;

    Node(String id) {
      this.id = id;
    }

    void pass() {
      if (away) {
        return;
      }
      List<WireguardMember> members = List.copyOf(heard.values());
      generations.step(now, members, (by, node) -> handshake(by, node));
      Map<Generation, Set<String>> after = new HashMap<>();
      for (Generation own : generations.own()) {
        Set<String> keys = new HashSet<>();
        WireguardOverlay.peers(own, members).keySet().forEach(key -> keys.add(key.base64()));
        after.put(own, keys);
      }
      devices = after;
    }

    /** Both devices exist and know each other's key: then the handshake takes no time here. */
    boolean handshake(Generation by, String node) {
      Node other = node(node);
      return connected(this, by, other);
    }

    WireguardMember record() {
      return new WireguardMember(
          id,
          IpAddress.parse("192.0.2.1"),
          List.of(),
          generations.own().stream()
              .map(g -> new AnnouncedKey(g.number(), g.keys().open().base64(), 51820 + g.slot()))
              .toList(),
          generations.sendsBy());
    }

    /** The routes of the last pass, which the kernel keeps while the node is away. */
    boolean reaches(Node other) {
      return generations.sendsTo(other.id).filter(by -> connected(this, by, other)).isPresent();
    }

    /** A new process, which takes over the devices of the last one. */
    void restart() {
      Generations next = new Generations(GenerationsTest::pair);
      generations.own().forEach(next::adopt);
      generations = next;
    }
  }

  private static boolean connected(Node one, Generation by, Node other) {
    Optional<Generation> there =
        other.devices.keySet().stream().filter(g -> g.number() == by.number()).findFirst();
    return there.isPresent()
        && one.devices.getOrDefault(by, Set.of()).contains(there.get().keys().open().base64())
        && other.devices.get(there.get()).contains(by.keys().open().base64());
  }

  private static KeyPair pair() {
    byte[] bytes = ByteBuffer.allocate(32).putInt(MADE.incrementAndGet()).array();
    return new KeyPair(WireguardKey.of(bytes), WireguardKey.of(bytes));
  }

  private Node node(String id) {
    return nodes.stream().filter(n -> n.id.equals(id)).findFirst().orElseThrow();
  }

  private void cluster(int size) {
    for (int i = 0; i < size; i++) {
      nodes.add(new Node("n" + i));
    }
    run(Duration.ofMinutes(2), false);
  }

  /** Seconds, in each of which some nodes have a pass and some hear others' records. */
  private void run(Duration time, boolean watched) {
    for (long end = now + time.toSeconds(); now < end; now++) {
      for (Node node : nodes) {
        if (random.nextInt(5) == 0) {
          node.pass();
        }
        for (Node other : nodes) {
          if (other != node && !node.away && !other.away && !node.cut && random.nextInt(3) == 0) {
            node.heard.put(other.id, other.record());
          }
        }
      }
      if (watched) {
        checkAll();
      }
    }
  }

  private void checkAll() {
    for (Node one : nodes) {
      for (Node other : nodes) {
        if (one != other && !one.reaches(other)) {
          throw new AssertionError(
              one.id + " does not reach " + other.id + " at " + now + ": " + one.record().keys());
        }
      }
    }
  }

  private Set<Long> numbers() {
    Set<Long> all = new HashSet<>();
    nodes.forEach(node -> node.generations.own().forEach(g -> all.add(g.number())));
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void shouldChangeAllKeysEveryDayAndLoseNoPacket(int seed) {
    random = new Random(seed);
    cluster(4);
    assertThat(numbers()).containsExactly(1L);

    for (int day = 0; day < 3; day++) {
      run(Duration.ofHours(1), true);
      now += 22 * HOUR;
      run(Duration.ofHours(2), true);
    }

    assertThat(numbers()).containsExactly(4L);
  }

  @Test
  void shouldLetANewMemberIn() {
    cluster(3);
    now += 25 * HOUR;
    run(Duration.ofMinutes(5), true);

    nodes.add(new Node("late"));
    run(Duration.ofMinutes(2), false);

    run(Duration.ofMinutes(5), true);
    assertThat(numbers()).containsExactly(2L);
  }

  @Test
  void shouldKeepTheOldKeyForAMemberWhoseNodeIsAway() {
    cluster(3);
    nodes.get(2).away = true;
    now += 24 * HOUR;

    run(Duration.ofHours(2), true);

    assertThat(nodes.get(0).generations.own())
        .extracting(Generation::number)
        .containsExactly(1L, 2L);
    nodes.get(2).away = false;
    run(Duration.ofMinutes(10), true);
    assertThat(numbers()).containsExactly(2L);
  }

  @Test
  void shouldNotWaitLongerThanADayForAMemberThatIsAway() {
    cluster(3);
    nodes.get(2).away = true;
    now += 24 * HOUR;
    run(Duration.ofMinutes(5), true);

    now += 24 * HOUR;
    run(Duration.ofMinutes(10), false);

    assertThat(nodes.get(0).generations.own()).extracting(Generation::number).doesNotContain(1L);
    assertThat(nodes.get(0).reaches(nodes.get(1))).isTrue();
  }

  @Test
  void shouldGoOnWithTheKeysOfTheProcessBefore() {
    cluster(3);
    now += 24 * HOUR - 60;
    for (int i = 0; i < 20; i++) {
      run(Duration.ofSeconds(20), true);
      Node restarted = nodes.get(i % 3);
      restarted.restart();
      restarted.pass();
    }

    run(Duration.ofMinutes(5), true);
    assertThat(numbers()).containsExactly(2L);
  }

  @Test
  void shouldComeTogetherAfterDaysApart() {
    cluster(4);
    for (int day = 0; day < 5; day++) {
      nodes.get(3).heard.clear();
      nodes.get(3).cut = true;
      now += 24 * HOUR;
      run(Duration.ofMinutes(30), false);
    }
    nodes.forEach(node -> node.cut = false);
    run(Duration.ofMinutes(30), false);

    run(Duration.ofMinutes(5), true);
    assertThat(numbers()).hasSize(1);
  }

  @Test
  void shouldIgnoreAnnouncementsThatCountNoDays() {
    Generations generations = new Generations(GenerationsTest::pair);
    generations.adopt(new Generation(3, 0, now, pair()));
    List<AnnouncedKey> odd = new ArrayList<>();
    for (long number : new long[] {Long.MAX_VALUE, 0, -1, 2, 100_000}) {
      odd.add(new AnnouncedKey(number, "x", 1));
    }

    generations.step(
        now,
        List.of(new WireguardMember("m", IpAddress.parse("192.0.2.1"), List.of(), odd, 0)),
        (by, node) -> false);

    assertThat(generations.own()).extracting(Generation::number).containsExactly(3L);
  }

  @Test
  void shouldMakeKeysThatWireguardTakes() {
    KeyPair pair = KeyPair.make();

    byte[] secret = pair.secret().bytes();
    assertThat(secret[0] & 7).isZero();
    assertThat(secret[31] & 0xc0).isEqualTo(0x40);
    assertThat(KeyPair.make().open()).isNotEqualTo(pair.open());
  }
}
