package dev.weft.mesh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PeerTableTest {
  private static final long SECOND = 1_000_000_000L;

  private final List<Long> dialled = new ArrayList<>();
  private final List<Long> probed = new ArrayList<>();
  private final List<String> forgotten = new ArrayList<>();
  private final PeerTable table = new PeerTable(new Random(1), new Recorder());
  private long now = 7 * SECOND;

  private final class Recorder implements PeerTable.Output {
    @Override
    public void dial(long node) {
      dialled.add(node);
    }

    @Override
    public void probe(long node) {
      probed.add(node);
    }

    @Override
    public void forget(long node, String reason) {
      forgotten.add(node + " " + reason);
    }
  }

  /** Lets time pass, and does what is due on the way. */
  private void pass(Duration time) {
    long end = now + time.toNanos();
    while (table.deadline() <= end) {
      now = Math.max(now, table.deadline());
      table.expire(now);
    }
    now = end;
  }

  private void up(long node) {
    table.reachable(node, true, now);
    assertThat(table.connected(node, now)).isTrue();
  }

  @Test
  void shouldDialWhomARouteLeadsTo() {
    table.reachable(5, true, now);
    table.reachable(5, true, now);

    assertThat(dialled).containsExactly(5L);
    assertThat(table.row(5).shown()).isEqualTo(PeerTable.Shown.CONNECTING);

    table.connected(5, now);
    assertThat(table.row(5).shown()).isEqualTo(PeerTable.Shown.UP);
  }

  @Test
  void shouldDialOnlySoManyAtOnce() {
    for (long node = 0; node < 40; node++) {
      table.reachable(node, true, now);
    }
    assertThat(dialled).hasSize(PeerTable.MOST_DIALLING);

    table.connected(0, now);
    table.failed(1, "silent", now);

    assertThat(dialled).hasSize(PeerTable.MOST_DIALLING + 2).doesNotHaveDuplicates();
  }

  @Test
  void shouldDialFirstWhomSomebodyAsksFor() {
    for (long node = 0; node < 40; node++) {
      table.reachable(node, true, now);
    }
    table.wanted(39);

    table.connected(0, now);

    assertThat(dialled).last().isEqualTo(39L);
  }

  @Test
  void shouldTryASilentNodeEverMoreRarely() {
    table.reachable(5, true, now);
    for (int i = 0; i < 20; i++) {
      table.failed(5, "node 5: no answer", now);
      assertThat(table.row(5).reason()).isEqualTo("node 5: no answer");
      assertThat(table.row(5).shown()).isEqualTo(PeerTable.Shown.DOWN);
      pass(Duration.ofMinutes(1));
    }

    assertThat(dialled).hasSize(21);
    table.failed(5, "no answer", now);
    pass(Duration.ofSeconds(40));
    assertThat(dialled).hasSize(21);
  }

  @Test
  void shouldTryAtOnceANodeThatIsHeard() {
    table.reachable(5, true, now);
    for (int i = 0; i < 20; i++) {
      table.failed(5, "silent", now);
      pass(Duration.ofMinutes(1));
    }
    table.failed(5, "silent", now);
    dialled.clear();

    table.heard(5, now);

    assertThat(dialled).containsExactly(5L);
  }

  @Test
  void shouldDialAgainWhatEnded() {
    up(5);
    now += 60 * SECOND;
    table.ended(5, "closed by the other end", now);
    assertThat(table.row(5).shown()).isEqualTo(PeerTable.Shown.DOWN);

    pass(Duration.ofMillis(150));

    assertThat(dialled).containsExactly(5L, 5L);
  }

  @Test
  void shouldNotDialInHasteWhatEndsAgainAndAgain() {
    up(5);
    for (int i = 0; i < 10; i++) {
      table.ended(5, "header", now);
      pass(Duration.ofMinutes(2));
      table.connected(5, now);
    }
    table.ended(5, "header", now);
    dialled.clear();

    pass(Duration.ofSeconds(20));

    assertThat(dialled).isEmpty();
  }

  @Test
  void shouldProbeWhatStoodThroughAnOutage() {
    up(5);
    table.reachable(5, false, now);
    pass(Duration.ofSeconds(4));
    assertThat(table.row(5).shown()).isEqualTo(PeerTable.Shown.UP);

    table.reachable(5, true, now);
    pass(Duration.ofSeconds(10));

    assertThat(probed).containsExactly(5L);
    assertThat(dialled).containsExactly(5L);
    assertThat(forgotten).isEmpty();
    assertThat(table.row(5).reason()).isEmpty();
  }

  @Test
  void shouldForgetANodeWithoutARouteAndDialItWhenOneIsBack() {
    up(5);
    table.reachable(5, false, now);
    pass(Duration.ofSeconds(5));

    assertThat(forgotten).containsExactly("5 no route for 5 s");
    assertThat(table.rows()).isEmpty();
    table.ended(5, "no route for 5 s", now);

    table.reachable(5, true, now);
    assertThat(dialled).containsExactly(5L, 5L);
  }

  @Test
  void shouldNotDialWithoutARoute() {
    table.reachable(5, true, now);
    table.failed(5, "silent", now);
    table.reachable(5, false, now);
    pass(Duration.ofSeconds(4));

    assertThat(dialled).containsExactly(5L);
    assertThat(table.row(5).reason()).isEqualTo("no route");

    table.reachable(5, true, now);
    assertThat(dialled).containsExactly(5L, 5L);
  }

  @Test
  void shouldRefuseAConnectionToANodeThatIsForgotten() {
    table.reachable(5, true, now);
    table.reachable(5, false, now);
    pass(Duration.ofSeconds(6));

    assertThat(table.connected(5, now)).isFalse();
    for (long node = 10; node < 40; node++) {
      table.reachable(node, true, now);
    }
    assertThat(dialled).hasSize(1 + PeerTable.MOST_DIALLING);
  }
}
