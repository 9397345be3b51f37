package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecondRangeTest {
  @ParameterizedTest
  @CsvSource({
    "fd42::/48, 10.42.0.0/24, fd42::/64",
    "fd42::/48, 10.42.1.0/24, fd42:0:0:1::/64",
    "fd42::/48, 10.42.255.0/24, fd42:0:0:ff::/64",
    // As many bits longer where 64 are not enough.
    "fd42::/64, 10.42.1.0/24, fd42:0:0:0:100::/72",
    "fd42::/112, 10.42.1.0/24, fd42::100/120",
    // A /8 has room for more than there are nodes.
    "fd00::/8, 10.42.1.0/24, fd00:0:0:1::/64",
  })
  void shouldHaveAPartBesideEachPart(String cidr, String leased, String part) {
    assertThat(range(cidr).part(Cidr.parse(leased))).contains(Cidr.parse(part));
  }

  @ParameterizedTest
  @CsvSource({
    "fd42::/48, 10.42.1.10, fd42:0:0:1::a/64",
    "fd42::/112, 10.42.1.254, fd42::1fe/120",
  })
  void shouldHaveAnAddressBesideEachAddress(String cidr, String address, String beside) {
    assertThat(range(cidr).address(Cidr.parse("10.42.1.0/24"), IpAddress.parse(address)))
        .map(Cidr::toString)
        .contains(beside);
  }

  @Test
  void shouldHaveNothingBesideAPartOfAFormerRange() {
    assertThat(range("fd42::/48").part(Cidr.parse("10.41.1.0/24"))).isEmpty();
  }

  private static SecondRange range(String cidr) {
    return new SecondRange(new SubnetRange(Cidr.parse("10.42.0.0/16"), 24), Cidr.parse(cidr));
  }
}
