package dev.weft.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.HostPort;
import dev.weft.address.IpAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
  @Property
  void shouldReadBackEveryIpv4Endpoint(
      @ForAll @Size(4) byte[] octets, @ForAll @IntRange(max = 65535) int port) {
    String host =
        (octets[0] & 255)
            + "."
            + (octets[1] & 255)
            + "."
            + (octets[2] & 255)
            + "."
            + (octets[3] & 255);

    HostPort endpoint = new HostPort(host, port);

    assertThat(HostPort.parse(endpoint.toString(), -1)).contains(endpoint);
    assertThat(IpAddress.find(host))
        .hasValueSatisfying(a -> assertThat(a.getAddress()).isEqualTo(octets));
  }

  @Property
  void shouldReadBackEveryIpv6Endpoint(
      @ForAll @Size(8) short[] words, @ForAll @IntRange(max = 65535) int port) {
    String host =
        String.join(
            ":",
            IntStream.range(0, 8).mapToObj(i -> Integer.toHexString(words[i] & 0xffff)).toList());

    HostPort endpoint = new HostPort(host, port);

    assertThat(HostPort.parse(endpoint.toString(), -1)).contains(endpoint);
    assertThat(HostPort.parse(host, port)).contains(endpoint);
  }

  @Property
  void shouldNeverThrowOnAnyText(@ForAll String text) {
    HostPort.parse(text, 1);
    IpAddress.find(text);
    Quantity.bytes(text);
    Quantity.duration(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "n1:",
        ":80",
        "n1:65536",
        "n1:1:2",
        "[n1]:80",
        "[10.0.0.1]:80",
        "[::1",
        "::1]:80",
        "-n1",
        "n1-",
        "n..1",
        "10.0.0",
        "10.0.0.256",
        "n 1"
      })
  void shouldRefuseAnEndpointThatIsNone(String text) {
    assertThat(HostPort.parse(text, 1)).isEmpty();
  }

  @Test
  void shouldReadDurationsAndSizesWithTheirUnit() {
    assertThat(Quantity.duration("100ms")).contains(Duration.ofMillis(100));
    assertThat(Quantity.duration("5s")).contains(Duration.ofSeconds(5));
    assertThat(Quantity.duration("2m")).contains(Duration.ofMinutes(2));
    assertThat(Quantity.duration("1h")).contains(Duration.ofHours(1));
    assertThat(Quantity.bytes("64KiB")).contains(65536L);
    assertThat(Quantity.bytes("8MiB")).contains(8L << 20);
    assertThat(Quantity.bytes("999999999999GiB")).isEmpty();
    for (String wrong : new String[] {"5", "5 s", "-1s", "1d", "5S", "64KB", ""}) {
      assertThat(Quantity.duration(wrong)).as(wrong).isEmpty();
      assertThat(Quantity.bytes(wrong)).as(wrong).isEmpty();
    }
  }

  @Test
  void shouldKeepQuantitiesInTheirRange() {
    Kind<Duration> deadline = Kind.duration(Duration.ofMillis(100), Duration.ofMinutes(1));
    Kind<Long> buffer = Kind.size(4096, 1 << 20);

    assertThat(deadline.parse("99ms")).isEmpty();
    assertThat(deadline.parse("60s")).contains(Duration.ofMinutes(1));
    assertThat(deadline.expected()).endsWith("from 100ms to 1m");
    assertThat(buffer.parse("4KiB")).contains(4096L);
    assertThat(buffer.parse("2MiB")).isEmpty();
    assertThat(buffer.expected()).endsWith("from 4KiB to 1MiB");
    assertThat(Kind.size(0, 1).expected()).endsWith("from 0B to 1B");
  }

  @Test
  void shouldFindTheWordThatWasMeant() {
    Set<String> known = Set.of("host", "port", "token-file", "read-token-file");

    assertThat(Nearest.to("prot", known)).contains("port");
    assertThat(Nearest.to("token_file", known)).contains("token-file");
    assertThat(Nearest.to("x", known)).isEqualTo(Optional.empty());
    assertThat(Nearest.to("listen", known)).isEmpty();
  }
}
