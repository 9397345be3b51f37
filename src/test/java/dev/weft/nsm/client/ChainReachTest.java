package dev.weft.nsm.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.nsm.UnsetRoute;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChainReachTest {
  private static final List<String> VIA = List.of("firewall", "cache", "vpn");

  private final ChainReach reach =
      new ChainReach("00000000000000c1", VIA)
          .add("10.44.0.0/30", "fd44::/126", List.of("10.60.0.0/16", "2001:db8:1::/48"))
          .add("10.44.0.4/30", "fd44::4/126", List.of())
          .add(
              "10.44.0.8/30",
              "fd44::8/126",
              List.of("10.60.0.0/16", "0.0.0.0/0", "2001:db8:2::/48", "2001:db8:1::/48"));

  /** The second hop has no IPv6 addresses. */
  private final ChainReach broken =
      new ChainReach("00000000000000c1", VIA)
          .add("10.44.0.0/30", "fd44::/126", List.of("2001:db8:1::/48"))
          .add("10.44.0.4/30", "", List.of("2001:db8:2::/48"))
          .add("10.44.0.8/30", "fd44::8/126", List.of("10.60.0.0/16", "2001:db8:3::/48"));

  @Test
  void shouldLetEachHopsClientReachAllLaterHopsAndWhatTheyAnnounce() {
    assertThat(reach.ahead(2))
        .containsExactly(
            "10.44.0.8/30",
            "fd44::8/126",
            "10.60.0.0/16",
            "0.0.0.0/0",
            "2001:db8:2::/48",
            "2001:db8:1::/48");
    assertThat(reach.ahead(3)).isEmpty();
    assertThat(reach.unreached()).isEmpty();
  }

  @Test
  void shouldPreferWhatAHopAnnouncesItself() {
    assertThat(reach.ahead(1))
        .containsExactly(
            "10.44.0.4/30",
            "fd44::4/126",
            "10.44.0.8/30",
            "fd44::8/126",
            "0.0.0.0/0",
            "2001:db8:2::/48");
  }

  @Test
  void shouldLetEachHopsEndpointReachAllEarlierHops() {
    assertThat(reach.back(1)).isEmpty();
    assertThat(reach.back(3))
        .containsExactly("10.44.0.0/30", "fd44::/126", "10.44.0.4/30", "fd44::4/126");
  }

  @Test
  void shouldLeadIpv6NoFurtherThanToAHopWithout() {
    assertThat(broken.ahead(1)).containsExactly("10.44.0.4/30", "10.44.0.8/30", "10.60.0.0/16");
    assertThat(broken.ahead(2)).containsExactly("10.44.0.8/30", "10.60.0.0/16");
    assertThat(broken.back(3)).containsExactly("10.44.0.0/30", "10.44.0.4/30");
    assertThat(broken.unreached())
        .containsExactly(
            new UnsetRoute("2001:db8:2::/48", "hop 2 (cache) has no IPv6 addresses"),
            new UnsetRoute("2001:db8:3::/48", "hop 2 (cache) has no IPv6 addresses"));
  }
}
