package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Json;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GuestsTest {
  private static final Cidr SUBNET = Cidr.parse("10.42.3.0/24");

  @Test
  void shouldTakeAddressesOfItsSubnetThatNoneOfItsPodsHas() {
    Map<String, String> guests =
        Guests.accept(
            "holder",
            SUBNET,
            addresses("10.42.3.11"),
            Map.of("loser", strays("10.42.3.10", "10.42.3.11", "10.42.4.10", "x")),
            Map.of());

    assertThat(guests)
        .containsExactly(Map.entry("10.42.3.10", "loser"), Map.entry("10.42.3.11", "holder"));
  }

  @Test
  void shouldGiveNobodyTheRoutersTheGatewaysOrTheBroadcastAddress() {
    Map<String, MemberRow> liar = Map.of("liar", strays("10.42.3.0", "10.42.3.1", "10.42.3.255"));

    assertThat(Guests.accept("holder", SUBNET, Set.of(), liar, Map.of())).isEmpty();
  }

  @Test
  void shouldSayNothingWithoutGuests() {
    assertThat(
            Guests.accept(
                "holder",
                SUBNET,
                addresses("10.42.3.10"),
                Map.of("holder", strays("10.42.3.12"), "loser", strays("10.42.3.10")),
                Map.of()))
        .isEmpty();
  }

  @Test
  void shouldStayWithTheGuestThatCameFirst() {
    Map<String, MemberRow> both = Map.of("a", strays("10.42.3.10"), "b", strays("10.42.3.10"));

    assertThat(Guests.accept("h", SUBNET, Set.of(), both, Map.of("10.42.3.10", "b")))
        .containsExactly(Map.entry("10.42.3.10", "b"));
    assertThat(Guests.accept("h", SUBNET, Set.of(), both, Map.of()))
        .containsExactly(Map.entry("10.42.3.10", "a"));
  }

  @Test
  void shouldRouteWhatTheHolderSaysAndNothingElse() {
    List<Guests.Said> said =
        List.of(
            new Guests.Said(
                "holder",
                SUBNET,
                Map.of("10.42.3.10", "loser", "10.42.3.11", "holder", "10.42.9.1", "loser")));

    assertThat(Guests.routes("third", said, List.of(Cidr.parse("10.42.1.0/24")), Set.of()))
        .containsExactly(Map.entry("loser", List.of(Cidr.parse("10.42.3.10/32"))));
  }

  @Test
  void shouldLeadTheLosersPodsToThoseOfTheHolder() {
    List<Guests.Said> said =
        List.of(
            new Guests.Said(
                "holder",
                SUBNET,
                Map.of("10.42.3.10", "loser", "10.42.3.11", "holder", "10.42.3.12", "holder")));

    assertThat(Guests.routes("loser", said, List.of(SUBNET), addresses("10.42.3.10", "10.42.3.12")))
        .containsExactly(Map.entry("holder", List.of(Cidr.parse("10.42.3.11/32"))));
  }

  private static MemberRow strays(String... addresses) {
    return Json.read("{\"strays\":[\"" + String.join("\",\"", addresses) + "\"]}", MemberRow.class);
  }

  private static Set<InetAddress> addresses(String... texts) {
    return Arrays.stream(texts).map(IpAddress::parse).collect(Collectors.toSet());
  }
}
