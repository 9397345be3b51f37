package dev.weft.nsm.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.config.NsmConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteLimitsTest {
  private final RouteLimits limits =
      new RouteLimits(
          new NsmConfig(
              Path.of("/run/nsm"),
              Cidr.parse("10.44.0.0/16"),
              Optional.of(Cidr.parse("fd44::/64")),
              List.of(),
              Map.of("archive", List.of("0", "default/a1", "10.60.0.0/16", "192.0.2.0/24")),
              List.of(),
              Duration.ofSeconds(10),
              Duration.ofSeconds(1),
              List.of(),
              Map.of()),
          List.of(Cidr.parse("10.42.0.0/16")));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1/32",
        "127.0.0.0/8",
        "169.254.169.254/32",
        "224.0.0.0/4",
        "255.255.255.255/32",
        "10.44.0.0/16",
        "10.44.3.4/30",
        "10.42.7.0/24",
        "::1/128",
        "fe80::/64",
        "ff02::/16",
        "::/96",
        "fd44::8/126"
      })
  void shouldRefuseWhatNoServiceHas(String route) {
    assertThatThrownBy(() -> limits.check("echo", List.of("10.60.0.0/16", route)))
        .hasMessageStartingWith("route: " + route + " (expected: none in ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.1/32", "::/0", "2001:db8::/32"})
  void shouldTakeARouteToAnywhereElseAndOneThatIsWider(String route) {
    assertThat(limits.check("echo", List.of(route))).containsExactly(route);
  }

  @Test
  void shouldTakeOnlyWhatItsServiceIsAllowed() {
    assertThat(limits.check("archive", List.of("10.60.1.0/24", "192.0.2.0/24"))).hasSize(2);
    assertThatThrownBy(() -> limits.check("archive", List.of("10.0.0.0/8")))
        .hasMessage(
            "route: 10.0.0.0/8 (expected: one in [10.60.0.0/16, 192.0.2.0/24], as nsm.allow says of"
                + " service archive)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.60.0.1/16", "fd00::1/64", "10.60.0.0", "all", ""})
  void shouldRefuseWhatIsNoPrefix(String route) {
    assertThatThrownBy(() -> limits.check("echo", List.of(route)))
        .hasMessage(
            "route: " + route + " (expected: a prefix as in 10.60.0.0/16 or 2001:db8::/32)");
  }

  @Test
  void shouldRefuseMoreRoutesThanAPodShouldHave() {
    assertThatThrownBy(() -> limits.check("echo", Collections.nCopies(65, "10.60.0.0/16")))
        .hasMessage("route: 65 routes (expected: at most 64)");
  }
}
