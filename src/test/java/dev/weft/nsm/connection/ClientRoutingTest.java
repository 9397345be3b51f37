package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.bus.Json;
import dev.weft.nsm.Mechanism;
import dev.weft.nsm.UnsetRoute;
import dev.weft.pod.PodRef;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClientRoutingTest {
  private static final Connection CONNECTION =
      new Connection(
          "00000000000000c1",
          "uid-1",
          "vpn",
          List.of(),
          RequestedInterface.DEFAULT,
          Instant.parse("2026-01-01T00:00:00Z"),
          new Connection.Client(
              "a",
              PodRef.parse("c1"),
              "c1",
              17,
              "vpn",
              ClientRouting.of(50, List.of("10.44.8.0/24"))),
          new Connection.Target("a", "", "e1", "e1", 18, null, "nsm1"),
          new Connection.Link(
              Mechanism.VETH,
              "10.44.0.0/30",
              null,
              List.of("0.0.0.0/0", "10.60.0.0/16"),
              1500,
              0,
              null,
              null));

  @Test
  void shouldNotTellARouteThatIsNotSet() {
    Connection without =
        CONNECTION.without(List.of(new UnsetRoute("0.0.0.0/0", "the pod has one already")));

    assertThat(CONNECTION.allRoutes()).containsExactly("10.44.0.0/30", "0.0.0.0/0", "10.60.0.0/16");
    assertThat(without.allRoutes()).containsExactly("10.44.0.0/30", "10.60.0.0/16");
  }

  @Test
  void shouldBeTheSameRequestWhateverBecameOfItsRoutes() {
    Connection without =
        CONNECTION.without(List.of(new UnsetRoute("0.0.0.0/0", "the pod has one already")));
    ClientRouting routing = without.client().routing();

    assertThat(routing.asksFor(CONNECTION.client().routing())).isTrue();
    assertThat(routing.asksFor(ClientRouting.of(51, List.of("10.44.8.0/24")))).isFalse();
    assertThat(routing.asksFor(ClientRouting.of(50, List.of()))).isFalse();
  }

  @Test
  void shouldKeepOnDiskWhatWasAskedAndWhatBecameOfIt() {
    Connection without = CONNECTION.without(List.of(new UnsetRoute("0.0.0.0/0", "there is one")));

    assertThat(Json.read(Json.write(without), Connection.class)).isEqualTo(without);
  }

  @Test
  void shouldExcludeWhatOverlaps() {
    ClientRouting routing = CONNECTION.client().routing();

    assertThat(routing.excludes(Cidr.parse("10.44.8.4/30"))).isTrue();
    assertThat(routing.excludes(Cidr.parse("10.44.9.4/30"))).isFalse();
    assertThat(ClientRouting.of(0, List.of("10.44.8.5/32")).excludes(Cidr.parse("10.44.8.4/30")))
        .isTrue();
  }

  @Test
  void shouldExcludeAWholeFamilyOnlyByWhatHoldsAllOfIt() {
    Cidr network = Cidr.parse("fd44::/64");

    assertThat(ClientRouting.of(0, List.of("::/0")).excludesAll(network)).isTrue();
    assertThat(ClientRouting.of(0, List.of("fd44::/65")).excludesAll(network)).isFalse();
    assertThat(ClientRouting.of(0, List.of("0.0.0.0/0")).excludesAll(network)).isFalse();
  }

  @Test
  void shouldRefuseWhatMakesNoSense() {
    assertThatThrownBy(() -> ClientRouting.of(-1, List.of()))
        .hasMessage("route_metric: 4294967295 (expected: 0..2147483647)");
    assertThatThrownBy(() -> ClientRouting.of(0, List.of("10.44.8.0/24", "home")))
        .hasMessage("excluded_prefix: home (expected: a prefix as in 10.44.8.0/24)");
    assertThatThrownBy(() -> ClientRouting.of(0, Collections.nCopies(65, "10.0.0.0/8")))
        .hasMessage("excluded_prefix: 65 of them (expected: at most 64)");
  }
}
