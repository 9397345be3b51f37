package dev.weft.mesh.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.mesh.peer.PeerList;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ServiceWatchTest {
  private final Deque<Runnable> later = new ArrayDeque<>();
  private final List<Fact> facts = new ArrayList<>();
  private final List<Long> asked = new ArrayList<>();
  private Promise<PeerList> next = Promise.promise();

  private Future<PeerList> list(long seen) {
    asked.add(seen);
    next = Promise.promise();
    return next.future();
  }

  private void watch() {
    new ServiceWatch(this::list, later::add, facts::add).begin();
  }

  /** A second later, the list of a version. */
  private void comes(long version, List<String> one, List<String> other) {
    next.complete(
        new PeerList(
            version,
            List.of(new PeerList.Entry("a1", true, one), new PeerList.Entry("b2", false, other))));
  }

  @Test
  void shouldTellWhatHasChanged() {
    watch();

    comes(1, List.of("db"), List.of("db", "web"));
    later.remove().run();
    comes(2, List.of("db"), List.of());

    assertThat(facts)
        .containsExactly(
            new MeshServicesChanged(2, "db at 2 nodes, web at 1 node"),
            new MeshServicesChanged(1, "db at 1 node, web gone"));
    assertThat(asked).containsExactly(0L, 1L);
  }

  @Test
  void shouldSayNothingIfOnlyPeersHaveChanged() {
    watch();

    comes(1, List.of(), List.of());

    assertThat(facts).isEmpty();
  }

  @Test
  void shouldNameAFewOfMany() {
    watch();

    comes(1, IntStream.range(0, 1000).mapToObj("s%03d"::formatted).toList(), List.of());

    assertThat(facts.get(0).text())
        .isEqualTo(
            "Services of the mesh: s000 at 1 node, s001 at 1 node, s002 at 1 node, s003 at 1 node,"
                + " s004 at 1 node and 995 more");
  }

  @Test
  void shouldEndWithThePeers() {
    watch();

    next.fail(Fault.UNAVAILABLE.because("this node closes"));

    assertThat(later).isEmpty();
    assertThat(asked).containsExactly(0L);
  }
}
