package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
  private final ChangeLog changes = new ChangeLog();

  private static ChangeLog.Row row(String key) {
    return new ChangeLog.Row("pods", key);
  }

  @Test
  void shouldTellEachRowOnceAtItsLastChange() {
    changes.changed("pods", "a");
    changes.changed("pods", "b");
    changes.changed("pods", "a");

    assertThat(changes.since(0, 10).rows()).containsExactly(row("b"), row("a"));
  }

  @Test
  void shouldTellOnlyWhatChangedSince() {
    changes.changed("pods", "a");
    long seen = changes.since(0, 10).upTo();
    changes.changed("pods", "b");

    ChangeLog.Part part = changes.since(seen, 10);

    assertThat(part.rows()).containsExactly(row("b"));
    assertThat(changes.since(part.upTo(), 10).rows()).isEmpty();
  }

  @Test
  void shouldTellInParts() {
    for (String key : List.of("a", "b", "c")) {
      changes.changed("pods", key);
    }

    ChangeLog.Part first = changes.since(0, 2);
    ChangeLog.Part second = changes.since(first.upTo(), 2);

    assertThat(first.rows()).containsExactly(row("a"), row("b"));
    assertThat(first.more()).isTrue();
    assertThat(second.rows()).containsExactly(row("c"));
    assertThat(second.more()).isFalse();
  }

  @Test
  void shouldForgetRowsThatAreGone() {
    changes.changed("pods", "a");
    changes.changed("pods", "b");

    changes.retain(row -> row.equals(row("b")));

    assertThat(changes.since(0, 10).rows()).containsExactly(row("b"));
  }
}
