package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MacTableTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final MacTable<String> table = new MacTable<>();

  @Test
  void shouldFindAnAddressWhereItWasSeenLast() {
    table.learn(1, "p1", 0);
    table.learn(1, "p2", 1);

    assertThat(table.find(1, 2)).isEqualTo("p2");
    assertThat(table.find(2, 2)).isNull();
  }

  @Test
  void shouldForgetAnAddressThatWasNotSeenForFiveMinutes() {
    table.learn(1, "p1", 0);
    table.learn(2, "p1", 0);
    table.learn(2, "p1", 200 * SECOND);

    assertThat(table.find(1, 301 * SECOND)).isNull();
    assertThat(table.find(2, 301 * SECOND)).isEqualTo("p1");
  }

  @Test
  void shouldForgetAPortThatIsGone() {
    table.learn(1, "p1", 0);
    table.learn(2, "p2", 0);

    table.forget("p1");

    assertThat(table.find(1, 1)).isNull();
    assertThat(table.find(2, 1)).isEqualTo("p2");
  }

  @Test
  void shouldStayBoundedAndTakeNewAddressesInPlaceOfOldOnes() {
    for (long mac = 0; mac < 10_000; mac++) {
      table.learn(mac, "p1", 0);
    }
    assertThat(table.size()).isEqualTo(MacTable.MOST);
    assertThat(table.find(9_999, 1)).isNull();
    table.learn(7, "p2", 1);
    assertThat(table.find(7, 1)).as("one that is known").isEqualTo("p2");

    table.learn(9_999, "p2", 301 * SECOND);

    assertThat(table.find(9_999, 301 * SECOND)).isEqualTo("p2");
    assertThat(table.size()).isLessThan(MacTable.MOST);
  }
}
