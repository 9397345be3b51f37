package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import java.net.InetAddress;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/24",
        "10.0.0/24",
        "10.0.0.256/8",
        "010.0.0.1/8",
        "localhost/32",
        "a.b.c.d/8",
        "10.0.0.1/33",
        "10.0.0.1/-1",
        "10.0.0.1/ 8",
        "10.0.0.1/08",
        "fd00::/129",
        "fd00::%1/64",
        ".::/1",
        "1:2:3/64",
        "[::1]/128",
        "10.0.0.1/24/1"
      })
  void shouldRefuseWhatIsNone(String text) {
    assertThatThrownBy(() -> Cidr.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("cidr: " + text + ": ")
        .hasMessageContaining("(expected: ");
  }

  @ParameterizedTest
  @CsvSource({
    "10.42.1.77/24, 10.42.1.77/24, 10.42.1.0/24",
    "10.42.1.77, 10.42.1.77/32, 10.42.1.77/32",
    "255.255.255.255/0, 255.255.255.255/0, 0.0.0.0/0",
    "FD00:0:0:0:1:0:0:1/65, fd00::1:0:0:1/65, fd00::/65",
    "::/0, ::/0, ::/0",
    "1:0:2:3:4:5:6:7/128, 1:0:2:3:4:5:6:7/128, 1:0:2:3:4:5:6:7/128"
  })
  void shouldTellItsNetwork(String text, String canonical, String network) {
    Cidr cidr = Cidr.parse(text);

    assertThat(cidr).hasToString(canonical);
    assertThat(cidr.network()).hasToString(network);
  }

  @Test
  void shouldContainItsNetworkOnly() {
    Cidr range = Cidr.parse("10.42.0.0/16");

    assertThat(range.contains(IpAddress.parse("10.42.255.255"))).isTrue();
    assertThat(range.contains(IpAddress.parse("10.43.0.0"))).isFalse();
    assertThat(range.contains(IpAddress.parse("::a2a:1"))).isFalse();
    assertThat(range.contains(Cidr.parse("10.42.7.0/24"))).isTrue();
    assertThat(Cidr.parse("10.42.7.0/24").contains(range)).isFalse();
    assertThat(Cidr.parse("10.42.7.0/24").overlaps(range)).isTrue();
  }

  @Property
  void shouldComeBackFromItsText(
      @ForAll @Size(16) byte[] bytes, @ForAll boolean four, @ForAll @IntRange(max = 128) int length)
      throws Exception {
    InetAddress address = InetAddress.getByAddress(four ? Arrays.copyOf(bytes, 4) : bytes);
    Cidr cidr = new Cidr(address, four ? length / 4 : length);

    assertThat(Cidr.parse(cidr.toString())).isEqualTo(cidr);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "eth0/1",
        "eth0:1",
        "eth 0",
        "eth0123456789abc",
        "a\tb",
        "e%d",
        "all",
        "default",
        "\u00e9",
        "a\u007f"
      })
  void shouldRefuseInterfaceNames(String name) {
    assertThatThrownBy(() -> InterfaceName.check(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "interface: "
                + name
                + " (expected: 1 to 15 ASCII characters without '/', ':', '%' or white space, not"
                + " all or default)");
  }

  @Test
  void shouldTakeInterfaceNames() {
    assertThat(InterfaceName.check("eth0123456789ab")).isEqualTo("eth0123456789ab");
  }
}
