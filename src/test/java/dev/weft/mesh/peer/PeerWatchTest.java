package dev.weft.mesh.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeerWatchTest {
  private final List<PeerList.Entry> peers = new ArrayList<>();
  private final PeerWatch watch =
      new PeerWatch(version -> new PeerList(version, List.copyOf(peers)));

  @Test
  void shouldAnswerTheFirstCallAtOnceAndLaterOnesWhenSomethingChanges() {
    Future<PeerList> first = watch.list(0);
    assertThat(first.result().peers()).isEmpty();

    Future<PeerList> next = watch.list(first.result().version());
    assertThat(next.isComplete()).isFalse();
    peers.add(new PeerList.Entry("0000000000000001", true, List.of("echo")));
    watch.changed();

    assertThat(next.result().peers()).isEqualTo(peers);
    assertThat(next.result().version()).isNotEqualTo(first.result().version());
  }

  @Test
  void shouldAnswerAtOnceWhoMissedAChange() {
    long seen = watch.list(0).result().version();
    watch.changed();

    assertThat(watch.list(seen).isComplete()).isTrue();
  }

  @Test
  void shouldBoundHowManyWait() {
    long seen = watch.list(0).result().version();
    for (int i = 0; i < PeerWatch.MOST_WAITING; i++) {
      assertThat(watch.list(seen).isComplete()).isFalse();
    }

    assertThat(WeftException.of(watch.list(seen).cause()).fault()).isEqualTo(Fault.EXHAUSTED);
    watch.changed();
    assertThat(watch.list(watch.list(0).result().version()).isComplete()).isFalse();
  }

  @Test
  void shouldFailWhatWaitsAtTheEnd() {
    Future<PeerList> waiting = watch.list(watch.list(0).result().version());

    watch.end(Fault.UNAVAILABLE.because("closing"));

    assertThat(waiting.cause()).hasMessage("closing");
    assertThat(watch.list(0).cause()).hasMessage("closing");
  }
}
