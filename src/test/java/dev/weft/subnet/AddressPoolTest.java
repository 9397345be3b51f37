package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressPoolTest {
  private final AddressPool pool = new AddressPool(Cidr.parse("10.42.1.0/24"));

  @Test
  void shouldGiveEveryHostAddressOnceFromTenUpThenTheLowOnes() {
    List<String> given = exhaust(pool);

    assertThat(given).hasSize(253).hasSize(pool.capacity()).doesNotHaveDuplicates();
    assertThat(given).startsWith("10.42.1.10", "10.42.1.11");
    assertThat(given)
        .endsWith(
            "10.42.1.254",
            "10.42.1.2",
            "10.42.1.3",
            "10.42.1.4",
            "10.42.1.5",
            "10.42.1.6",
            "10.42.1.7",
            "10.42.1.8",
            "10.42.1.9");
    assertThat(given).doesNotContain("10.42.1.0", "10.42.1.1", "10.42.1.255");
  }

  @Test
  void shouldGiveTheLowestThatIsFreeAgain() {
    Set<InetAddress> used = new HashSet<>();
    used.add(IpAddress.parse("10.42.1.10"));
    used.add(IpAddress.parse("10.42.1.12"));

    assertThat(pool.lowest(used)).contains(IpAddress.parse("10.42.1.11"));
  }

  @Test
  void shouldHaveRoomForOnePodInASubnetOfFour() {
    assertThat(exhaust(new AddressPool(Cidr.parse("10.0.0.4/30")))).containsExactly("10.0.0.6");
  }

  @Test
  void shouldCountIpv6HostsAlike() {
    AddressPool six = new AddressPool(Cidr.parse("fd42:0:0:1::/64"));

    assertThat(six.lowest(Set.of())).contains(IpAddress.parse("fd42:0:0:1::a"));
    assertThat(six.gateway()).isEqualTo(IpAddress.parse("fd42:0:0:1::1"));
    assertThat(exhaust(new AddressPool(Cidr.parse("fd42::/125")))).hasSize(6);
  }

  @Test
  void shouldTakeAnAddressOfTheSubnet() {
    assertThat(pool.check("10.42.1.20/24")).isEqualTo(IpAddress.parse("10.42.1.20"));
    assertThat(pool.check("10.42.1.20")).isEqualTo(IpAddress.parse("10.42.1.20"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.42.1.0/24",
        "10.42.1.1/24",
        "10.42.1.255/24",
        "10.42.2.9/24",
        "10.42.1.20/16",
        "10.42.0.255",
        "automatic",
        "fd00::1/24"
      })
  void shouldRefuseAnAddressThatNoPodCanHave(String text) {
    assertThatThrownBy(() -> pool.check(text)).hasMessageContaining(text.split("/", 2)[0]);
  }

  private static List<String> exhaust(AddressPool pool) {
    List<String> given = new ArrayList<>();
    Set<InetAddress> used = new HashSet<>();
    for (Optional<InetAddress> next = pool.lowest(used); next.isPresent(); ) {
      used.add(next.get());
      given.add(IpAddress.format(next.get()));
      next = pool.lowest(used);
    }
    return given;
  }
}
