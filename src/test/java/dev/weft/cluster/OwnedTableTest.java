package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Json;
import org.junit.jupiter.api.Test;

class OwnedTableTest {
  private static final Member N1 = new Member("n1", "one", "1", null, null, null, 1, 1);

  @Test
  void shouldReadARecordOfItsOwner() {
    assertThat(new OwnedTable.Row("n1", "", Json.write(N1)).read(Member.class, Member::id))
        .contains(N1);
  }

  @Test
  void shouldIgnoreARecordThatNamesAnotherOwner() {
    assertThat(new OwnedTable.Row("n2", "", Json.write(N1)).read(Member.class, Member::id))
        .isEmpty();
  }

  @Test
  void shouldIgnoreARecordThatCannotBeRead() {
    assertThat(new OwnedTable.Row("n1", "", "[]").read(Member.class, Member::id)).isEmpty();
  }
}
