package dev.weft.mesh.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.mesh.proto.ObjectKind;
import io.vertx.core.Future;
import java.util.Collections;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ServicesTest {
  private static final String NODE = "0000000000000001";
  private static final String OTHER = "0000000000000002";

  private final Services services = new Services();

  private void add(String name, Set<String> allow) {
    services.add(
        new Services.Export(
            name, allow, ObjectKind.CHANNEL, (from, end) -> Future.succeededFuture()));
  }

  private Fault fault(String name, ObjectKind kind, String node) {
    try {
      services.find(name, kind, node);
      return null;
    } catch (WeftException e) {
      return e.fault();
    }
  }

  @Test
  void shouldFindWhatIsExported() {
    add("b", Set.of());
    add("a", Set.of());

    assertThat(services.names()).containsExactly("a", "b");
    assertThat(services.find("a", ObjectKind.CHANNEL, NODE).name()).isEqualTo("a");
    assertThat(services.remove("a")).isTrue();
    assertThat(services.remove("a")).isFalse();
    assertThat(fault("a", ObjectKind.CHANNEL, NODE)).isEqualTo(Fault.NOT_FOUND);
  }

  @Test
  void shouldAskWhoMayConnect() {
    add("a", Set.of(OTHER));

    assertThat(fault("a", ObjectKind.CHANNEL, NODE)).isEqualTo(Fault.DENIED);
    assertThat(fault("a", ObjectKind.CHANNEL, OTHER)).isNull();
    assertThatThrownBy(() -> services.find("a", ObjectKind.CHANNEL, NODE))
        .hasMessage("service: a: not allowed for node " + NODE);
  }

  @Test
  void shouldRefuseAnotherKind() {
    add("a", Set.of());

    assertThatThrownBy(() -> services.find("a", ObjectKind.STREAM_SOCKET, NODE))
        .hasMessage("service a: kind: stream_socket (expected: channel)");
  }

  @Test
  void shouldTakeNamesOf255CharactersAndNoLonger() {
    add("n".repeat(255), Set.of());
    String longer = "n".repeat(256);

    assertThatThrownBy(() -> add(longer, Set.of()))
        .hasMessageStartingWith("service: nnn")
        .extracting(e -> WeftException.of(e).fault())
        .isEqualTo(Fault.INVALID);
    assertThat(fault(longer, ObjectKind.CHANNEL, NODE)).isEqualTo(Fault.INVALID);
    assertThat(fault("", ObjectKind.CHANNEL, NODE)).isEqualTo(Fault.INVALID);
  }

  @Test
  void shouldRefuseANameTwice() {
    add("a", Set.of());

    assertThatThrownBy(() -> add("a", Set.of()))
        .extracting(e -> WeftException.of(e).fault())
        .isEqualTo(Fault.CONFLICT);
  }

  @Test
  void shouldBoundHowManyThereAre() {
    for (int i = 0; i < Services.MOST; i++) {
      add("s" + i, Set.of());
    }

    assertThatThrownBy(() -> add("one more", Set.of())).isInstanceOf(WeftException.class);
    assertThatThrownBy(() -> Services.checkList(Collections.nCopies(1001, "s")))
        .hasMessage("services: 1001 (expected: at most 1000)");
  }

  @Test
  void shouldBoundTheirNames() {
    String euros = "€".repeat(252);
    int fitting = Services.MOST_BYTES / (3 * 252 + 3);
    for (int i = 0; i < fitting; i++) {
      add("%03d".formatted(i) + euros, Set.of());
    }

    assertThatThrownBy(() -> add("more" + "€".repeat(251), Set.of()))
        .extracting(e -> WeftException.of(e).fault())
        .isEqualTo(Fault.EXHAUSTED);
  }
}
