package dev.weft.nsm.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HealQueueTest {
  private final Map<String, Promise<Void>> underWay = new LinkedHashMap<>();
  private final HealQueue<String> queue = new HealQueue<>(2, this::attempt);

  private Future<?> attempt(String subject) {
    Promise<Void> promise = Promise.promise();
    assertThat(underWay.put(subject, promise)).isNull();
    return promise.future().onComplete(done -> underWay.remove(subject));
  }

  @Test
  void shouldMakeNoMoreAttemptsAtOnceThanItMay() {
    List.of("a", "b", "c", "d").forEach(queue::add);

    assertThat(underWay).containsOnlyKeys("a", "b");
  }

  @Test
  void shouldGoOnInOrderWhetherAttemptsSucceedOrFail() {
    List.of("a", "b", "c", "d").forEach(queue::add);

    underWay.get("b").fail("nobody answers");
    assertThat(underWay).containsOnlyKeys("a", "c");
    underWay.get("a").complete();
    assertThat(underWay).containsOnlyKeys("c", "d");
  }

  @Test
  void shouldNotQueueTwiceWhatWaits() {
    List.of("a", "b", "c", "c", "c").forEach(queue::add);

    underWay.get("a").complete();
    underWay.get("c").complete();

    assertThat(underWay).containsOnlyKeys("b");
  }

  @Test
  void shouldMakeAThousandAttemptsThatEndAtOnce() {
    List<Integer> made = new ArrayList<>();
    HealQueue<Integer> many =
        new HealQueue<>(
            2,
            i -> {
              made.add(i);
              return Future.succeededFuture();
            });

    for (int i = 0; i < 1000; i++) {
      many.add(i);
    }

    assertThat(made).hasSize(1000).isSorted();
  }
}
