package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.bus.Fact;
import dev.weft.config.SubnetsConfig;
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
        "vxlan100", null, 1450, problems, Set.of(), Map.of(), null, Map.of(), List.of(), null);
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
