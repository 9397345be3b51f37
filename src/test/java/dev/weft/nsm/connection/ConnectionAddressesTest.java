package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ConnectionAddressesTest {
  private static final Cidr NETWORK = Cidr.parse("10.44.0.0/24");

  @Property(tries = 100)
  void shouldNeverGiveOneBlockTwiceAndAlwaysAllOfThem(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 9) int count) {
    ConnectionAddresses pool = new ConnectionAddresses(NETWORK, Optional.empty(), seed);
    Set<Cidr> given = new HashSet<>();

    for (List<Cidr> taken = pool.take(count, p -> true);
        !taken.isEmpty();
        taken = pool.take(count, p -> true)) {
      assertThat(taken).allMatch(given::add).allMatch(NETWORK::contains);
    }

    assertThat(given).hasSize(64).allMatch(c -> c.isNetwork() && c.prefixLength() == 30);
    given.forEach(pool::release);
    assertThat(pool.used()).isZero();
  }

  @Test
  void shouldHaveAnIpv6BlockOfTheSameNumberBesideEach() {
    ConnectionAddresses pool =
        new ConnectionAddresses(
            Cidr.parse("10.44.0.0/16"), Optional.of(Cidr.parse("fd44::/64")), 0);

    assertThat(pool.beside(Cidr.parse("10.44.0.0/30"))).contains(Cidr.parse("fd44::/126"));
    assertThat(pool.beside(Cidr.parse("10.44.0.4/30"))).contains(Cidr.parse("fd44::4/126"));
    assertThat(pool.beside(Cidr.parse("10.44.255.252/30"))).contains(Cidr.parse("fd44::fffc/126"));
    assertThat(pool.beside(Cidr.parse("10.45.0.0/30"))).isEmpty();
    ConnectionAddresses last =
        new ConnectionAddresses(
            Cidr.parse("10.44.0.0/28"), Optional.of(Cidr.parse("ffff:ff44:ffff::fff0/124")), 0);
    assertThat(last.beside(Cidr.parse("10.44.0.12/30")))
        .contains(Cidr.parse("ffff:ff44:ffff::fffc/126"));
  }

  @Test
  void shouldKnowItsBlocks() {
    ConnectionAddresses pool =
        new ConnectionAddresses(NETWORK, Optional.of(Cidr.parse("fd44::/64")), 0);

    assertThat(Stream.of("10.44.0.4/30", "fd44::4/126").map(Cidr::parse)).allMatch(pool::isBlock);
    assertThat(
            Stream.of("10.44.0.4/31", "10.44.0.5/30", "10.44.1.0/30", "fd44::4/127", "fd45::/126")
                .map(Cidr::parse))
        .noneMatch(pool::isBlock);
  }

  @Test
  void shouldGiveABlockAgainOnlyWhenItsLastUseEnds() {
    ConnectionAddresses pool =
        new ConnectionAddresses(Cidr.parse("10.44.0.0/30"), Optional.empty(), 0);
    Cidr only = pool.take(1, p -> true).get(0);
    pool.use(only);

    pool.release(only);
    assertThat(pool.take(1, p -> true)).isEmpty();
    pool.release(only);
    assertThat(pool.take(1, p -> true)).containsExactly(only);
  }

  @Test
  void shouldLeaveOutWhatIsNotUsable() {
    ConnectionAddresses pool = new ConnectionAddresses(NETWORK, Optional.empty(), 7);
    Cidr used = Cidr.parse("10.44.0.0/25");

    assertThat(pool.take(64, p -> !used.overlaps(p))).hasSize(32).noneMatch(used::overlaps);
  }

  @Test
  void shouldIgnoreBlocksOfOtherNetworks() {
    ConnectionAddresses pool = new ConnectionAddresses(NETWORK, Optional.empty(), 0);

    pool.use(Cidr.parse("192.0.2.0/30"));
    pool.release(Cidr.parse("192.0.2.0/30"));

    assertThat(pool.used()).isZero();
  }
}
