package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fact;
import dev.weft.config.SubnetsConfig;
import dev.weft.subnet.wireguard.WireguardSeen;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Without tunnels, so that none is ever up. */
class PeerCarriersTest {
  private static final List<Cidr> OWN = List.of(Cidr.parse("10.42.1.0/24"));
  private static final Cidr SUBNET = Cidr.parse("10.42.2.0/24");
  private static final Wanted.Peer PLAIN =
      new Wanted.Peer(
          "2222222222222222",
          "n2",
          SUBNET,
          PacketCarrier.VXLAN,
          IpAddress.parse("192.0.2.2"),
          1450);
  private static final Wanted.Peer TUNNELLED = PLAIN.by(PacketCarrier.MESH);

  private static final Wanted.Peer GUARDED =
      new Wanted.Peer(
          PLAIN.node(),
          "n2",
          SUBNET,
          Optional.empty(),
          PacketCarrier.WIREGUARD,
          new Wanted.WireguardOffer(List.of(), 1, false),
          PLAIN.endpoint(),
          1440);

  private final List<Fact> events = new ArrayList<>();

  private PeerCarriers carriers(SubnetsConfig.Carrier asked) {
    PacketCarrier.Side self = new PacketCarrier.Side(asked, true, true);
    return new PeerCarriers(events::add, self, Optional.empty(), true);
  }

  private static void pass(PeerCarriers carriers, Wanted.Peer peer, String problem) {
    List<Wanted.Peer> now = carriers.begin(OWN, List.of(peer));
    carriers.end(List.of(peer), now, observed(problem));
  }

  private static Observed observed(String problem) {
    Map<Cidr, String> problems = problem == null ? Map.of() : Map.of(SUBNET, problem);
    return new Observed(
        "vxlan100",
        null,
        1450,
        problems,
        Set.of(),
        Map.of(),
        null,
        Map.of(),
        List.of(),
        WireguardSeen.NONE,
        null);
  }

  @Test
  void shouldKeepVxlanUntilTheTunnelIsUp() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.AUTO);
    pass(carriers, PLAIN, null);

    assertThat(carriers.begin(OWN, List.of(TUNNELLED))).containsExactly(PLAIN);
  }

  @Test
  void shouldSendNothingInPlainToAPeerThatHadATunnel() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.AUTO);
    pass(carriers, TUNNELLED, null);

    assertThat(carriers.begin(OWN, List.of(TUNNELLED))).containsExactly(TUNNELLED);
  }

  @Test
  void shouldSendNothingInPlainWhereThatIsNotWanted() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.MESH);
    pass(carriers, PLAIN, null);

    assertThat(carriers.begin(OWN, List.of(TUNNELLED))).containsExactly(TUNNELLED);
  }

  @Test
  void shouldKeepVxlanUntilWireguardHasMadeAHandshake() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.AUTO);
    pass(carriers, PLAIN, null);
    assertThat(carriers.begin(OWN, List.of(GUARDED))).containsExactly(GUARDED.by(PLAIN.carrier()));

    carriers.end(List.of(GUARDED), List.of(GUARDED.by(PLAIN.carrier())), guarded(GUARDED.node()));

    assertThat(carriers.begin(OWN, List.of(GUARDED))).containsExactly(GUARDED);
    assertThat(carriers.isEncrypted(GUARDED)).isTrue();
  }

  @Test
  void shouldLeaveWireguardAsAFormerProcessLeftIt() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.AUTO);

    assertThat(carriers.begin(OWN, List.of(GUARDED))).containsExactly(GUARDED);
  }

  @Test
  void shouldSayThatWireguardMakesNoHandshake() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.WIREGUARD);

    assertThat(carriers.problem(GUARDED, guarded("another"))).contains("no handshake");
    assertThat(carriers.problem(GUARDED, guarded(GUARDED.node()))).isNull();
  }

  private static Observed guarded(String up) {
    WireguardSeen seen = new WireguardSeen(List.of(), 1, Map.of(), Set.of(up), null);
    return new Observed(
        null, null, 1440, Map.of(), Set.of(), Map.of(), null, Map.of(), List.of(), seen, null);
  }

  @Test
  void shouldTellEachChangeOnce() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.VXLAN);
    pass(carriers, PLAIN, "no route yet");
    assertThat(events).isEmpty();

    pass(carriers, PLAIN, null);
    pass(carriers, PLAIN, null);
    pass(carriers, PLAIN, "somebody's route is there");
    pass(carriers, PLAIN, "somebody's route is there");

    assertThat(events.stream().map(Fact::text))
        .containsExactly(
            "Packets to 10.42.2.0/24 of node n2 by vxlan, not encrypted",
            "Packets to 10.42.2.0/24 of node n2 by vxlan, not encrypted: not now, somebody's route"
                + " is there");
  }

  @Test
  void shouldCallOnlyTunnelsEncrypted() {
    PeerCarriers carriers = carriers(SubnetsConfig.Carrier.VXLAN);

    assertThat(carriers.isEncrypted(TUNNELLED)).isTrue();
    assertThat(carriers.isEncrypted(PLAIN)).isFalse();
  }
}
