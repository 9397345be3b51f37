package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.bus.WeftException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SubnetRangeTest {
  private final SubnetRange range = new SubnetRange(Cidr.parse("10.42.0.0/16"), 24);

  @Test
  void shouldGiveOutEveryPartOnceTheOddOnesLast() {
    List<String> parts =
        IntStream.range(0, range.size()).mapToObj(i -> range.part(i).toString()).toList();

    assertThat(parts).hasSize(256).doesNotHaveDuplicates();
    assertThat(parts).startsWith("10.42.1.0/24", "10.42.2.0/24");
    assertThat(parts).endsWith("10.42.254.0/24", "10.42.0.0/24", "10.42.255.0/24");
  }

  @Test
  void shouldCutIpv6Alike() {
    SubnetRange six = new SubnetRange(Cidr.parse("fd42::/48"), 64);

    assertThat(six.size()).isEqualTo(65536);
    assertThat(six.part(0)).hasToString("fd42:0:0:1::/64");
    assertThat(six.part(65535)).hasToString("fd42:0:0:ffff::/64");
  }

  @Test
  void shouldHaveTwoPartsWhereThereIsOneBit() {
    SubnetRange two = new SubnetRange(Cidr.parse("10.0.0.0/23"), 24);

    assertThat(List.of(two.part(0), two.part(1)))
        .containsExactly(Cidr.parse("10.0.0.0/24"), Cidr.parse("10.0.1.0/24"));
  }

  @Test
  void shouldTakeAPartOfTheRange() {
    assertThat(range.check("10.42.7.0/24")).isEqualTo(Cidr.parse("10.42.7.0/24"));
  }

  @ParameterizedTest
  @CsvSource({
    "10.42.0.0/16, 'subnet: 10.42.0.0/16 (expected: prefix length 24, not 16)'",
    "10.42.1.0/16, 'subnet: 10.42.1.0/16 (expected: no host bits, 10.42.0.0/16)'",
    "10.42.1.5/24, 'subnet: 10.42.1.5/24 (expected: no host bits, 10.42.1.0/24)'",
    "192.168.1.0/24, 'a part of the cluster''s range 10.42.0.0/16'",
    "10.42.300.0/24, 'subnet: 10.42.300.0/24 (expected: an address and a prefix length'",
    "'', 'subnet: '''' (expected: an address and a prefix length'",
    "10.42.1.0, 'subnet: 10.42.1.0 (expected: a prefix length too'",
    "fd00::/24, 'subnet: fd00::/24 (expected: a part of the cluster''s range'",
  })
  void shouldSayWhatIsWrong(String text, String expected) {
    assertThatThrownBy(() -> range.check(text))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0/0, 'not the default route'",
    "::/0, 'not the default route'",
    "127.0.0.0/8, 'unicast addresses that are routed'",
    "224.0.0.0/4, 'unicast addresses that are routed'",
    "fe80::/64, 'unicast addresses that are routed'",
    "10.9.0.1/16, 'no host bits, 10.9.0.0/16'",
    "host.example/24, 'destination: host.example/24 (expected: an address and a prefix'",
    "128.0.0.0/1, 'unicast addresses that are routed'",
    "255.255.255.255/32, 'unicast addresses that are routed'",
  })
  void shouldRefuseDestinationsThatAreNone(String text, String expected) {
    assertThatThrownBy(() -> Prefixes.destination(text))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining(text)
        .hasMessageContaining(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::1", "h1"})
  void shouldRefuseAddressesThatNoHostHas(String text) {
    assertThatThrownBy(() -> Prefixes.host("host_ip", text)).hasMessageContaining(text);
  }

  @Test
  void shouldRepeatOneLineOfWhatACallerWrote() {
    assertThatThrownBy(() -> Prefixes.destination("a\nb/" + "9".repeat(1_000_000)))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400).doesNotContain("\n"))
        .hasMessageStartingWith("destination: a?b/999");
  }

  @Test
  void shouldRefuseADeviceNameThatTheKernelHasNot() {
    assertThatThrownBy(() -> Prefixes.device("sixteen-letters-"))
        .hasMessage(
            "interface: sixteen-letters- (expected: 1 to 15 ASCII characters without '/', ':',"
                + " '%' or white space, not all or default)");
  }
}
