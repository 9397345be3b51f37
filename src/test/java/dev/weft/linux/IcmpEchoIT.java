package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Needs(Need.ROOT)
class IcmpEchoIT {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @AutoClose final TestNetns a = TestNetns.create("a");
  @AutoClose final TestNetns b = TestNetns.create("b");
  @AutoClose private Netns inA;
  @AutoClose private Netns inB;

  @BeforeEach
  void join() throws Exception {
    inA = a.open();
    inB = b.open();
    try (Netlink atA = Netlink.open(inA);
        Netlink atB = Netlink.open(inB)) {
      Link own =
          atA.createVeth(
              new VethSpec("eth1", 1500, "", true, false, new VethSpec.Peer(inB, "eth1", 1500)));
      Link peer = atB.require("eth1");
      for (String network : List.of("12.12.12.", "fd00:12::")) {
        String length = network.contains(":") ? "/64" : "/24";
        atA.addAddress(own.index(), Cidr.parse(network + "1" + length));
        atB.addAddress(peer.index(), Cidr.parse(network + "2" + length));
      }
      atB.setUp(peer.index());
    }
    // A link whose other end just came up drops what it sends for up to a second (linkwatch).
    for (String target : List.of("12.12.12.2", "fd00:12::2")) {
      await().until(() -> IcmpEcho.ping(inA, IpAddress.parse(target), 0, true, SECOND).isPresent());
    }
  }

  @ParameterizedTest
  @CsvSource({"12.12.12.2, 1472", "fd00:12::2, 1452"})
  void shouldFillTheMtuAndNoMore(String target, int payload) throws Exception {
    InetAddress address = IpAddress.parse(target);

    assertThat(IcmpEcho.ping(inA, address, payload, true, SECOND)).isPresent();
    assertThat(IcmpEcho.ping(inA, address, 0, true, SECOND)).isPresent();
    assertThat(IcmpEcho.ping(inA, address, 9000, false, SECOND)).as("fragments").isPresent();
    assertThatThrownBy(() -> IcmpEcho.ping(inA, address, payload + 1, true, SECOND))
        .hasMessage(
            "ping " + target + " with " + (payload + 1) + " bytes: Message too long (EMSGSIZE)");
  }

  @ParameterizedTest
  @CsvSource({"12.12.12.2, 12.12.12.77", "fd00:12::2, fd00:12::77"})
  void shouldGiveTheRoundTripOfEachOrNothing(String target, String nobody) throws Exception {
    try (IcmpEcho echo = IcmpEcho.open(inA, IpAddress.parse(target), 56, true)) {
      List<Optional<Duration>> roundTrips = echo.pings(100, SECOND);

      assertThat(roundTrips)
          .hasSize(100)
          .allSatisfy(trip -> assertThat(trip.orElseThrow()).isBetween(Duration.ZERO, SECOND));
    }
    assertThat(IcmpEcho.ping(inA, IpAddress.parse(nobody), 56, true, Duration.ofMillis(100)))
        .isEmpty();
  }
}
