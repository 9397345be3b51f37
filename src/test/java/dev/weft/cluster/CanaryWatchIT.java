package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.bus.Bus;
import dev.weft.telemetry.Health;
import dev.weft.testkit.TestSigner;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(VertxExtension.class)
class CanaryWatchIT {
  private static final Member SELF = member("a1");
  private static final Member SILENT = member("b2");

  private final Health health = new Health();
  private final List<Member> members = new CopyOnWriteArrayList<>(List.of(SELF, SILENT));

  @Test
  void shouldWarnOfAMemberThatDoesNotAnswerUntilItLeaves(Vertx vertx) {
    health.state("cluster", Health.State.READY);
    Bus bus = new Bus(vertx, SELF.id(), new TestSigner(SELF.id()));

    new CanaryWatch(vertx, bus, new Listed(members), health, Duration.ofMillis(100)).start();

    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () ->
                assertThat(warnings())
                    .singleElement()
                    .satisfies(
                        w -> {
                          assertThat(w.code()).isEqualTo("event-bus");
                          assertThat(w.text()).contains("node b2 ", "10.0.0.1:7");
                        }));
    members.remove(SILENT);
    await().atMost(Duration.ofSeconds(60)).until(() -> warnings().isEmpty());
  }

  private List<Health.Warning> warnings() {
    return health.rooms().stream().flatMap(room -> room.warnings().stream()).toList();
  }

  private static Member member(String id) {
    return new Member(id, id, "1", null, "10.0.0.1:7", "http://127.0.0.1:1", 1, 0);
  }

  private record Listed(List<Member> members) implements Cluster {
    @Override
    public String self() {
      return SELF.id();
    }

    @Override
    public Optional<Member> member(String id) {
      return members.stream().filter(m -> m.id().equals(id)).findFirst();
    }

    @Override
    public OwnedTable owned(String name) {
      throw new UnsupportedOperationException(name);
    }

    @Override
    public CommonTable common(String name) {
      throw new UnsupportedOperationException(name);
    }
  }
}
