package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.rpc.Caller;
import org.junit.jupiter.api.Test;

class WireEndsTest {
  private static final int INDEX = 17;

  private final WireEnds ends = new WireEnds();
  private final WireEnd first = add(1001, "10.0.0.1");
  private final WireEnd second = add(1002, "10.0.0.2");

  private WireEnd add(long id, String peer) {
    WireEnd end =
        new WireEnd(
            id,
            caller -> caller.address().equals(peer),
            INDEX,
            null,
            new TrafficCounter(),
            new TrafficCounter());
    ends.add(end);
    return end;
  }

  private static Caller at(String address) {
    return Caller.local(address);
  }

  @Test
  void shouldFindAnEndByItsId() {
    assertThat(ends.find(1001, at("10.0.0.1"))).isSameAs(first);
    assertThat(ends.find(1003, at("10.0.0.1"))).isNull();
  }

  @Test
  void shouldFindEachPeersEndByTheAliasThatBothHave() {
    ends.alias(first, INDEX);
    ends.alias(second, INDEX);

    assertThat(ends.find(INDEX, at("10.0.0.1"))).isSameAs(first);
    assertThat(ends.find(INDEX, at("10.0.0.2"))).isSameAs(second);
    assertThat(ends.find(INDEX, at("10.0.0.3"))).isNull();
  }

  @Test
  void shouldFindTheNewestOfAPeersEndsByAnAlias() {
    WireEnd newer = add(1003, "10.0.0.1");
    ends.alias(first, INDEX);
    ends.alias(newer, INDEX);

    assertThat(ends.find(INDEX, at("10.0.0.1"))).isSameAs(newer);
  }

  @Test
  void shouldForgetAnEndWithItsAliases() {
    ends.alias(first, INDEX);
    ends.alias(second, INDEX);

    ends.remove(first);

    assertThat(ends.find(1001, at("10.0.0.1"))).isNull();
    assertThat(ends.find(INDEX, at("10.0.0.1"))).isNull();
    assertThat(ends.find(INDEX, at("10.0.0.2"))).isSameAs(second);
  }
}
