package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.subnet.OverlayProbe.Request;
import dev.weft.subnet.wireguard.AnnouncedKey;
import dev.weft.testkit.MemoryStore;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KnownPeersTest {
  private static final Wanted.Peer TWO =
      new Wanted.Peer(
          "2222222222222222",
          "n2",
          Cidr.parse("10.42.2.0/24"),
          Optional.of(Cidr.parse("fd42:0:0:2::/64")),
          PacketCarrier.VXLAN,
          IpAddress.parse("192.0.2.2"),
          1450);
  private static final Request ASKED = new Request(IpAddress.parse("10.42.2.0"), 0);

  private final MemoryStore store = new MemoryStore();
  private final KnownPeers known = new KnownPeers(store);

  @Test
  void shouldKeepAMemberThatLeftAndAskItsKernel() {
    meet();

    assertThat(left()).containsExactly(TWO);
    assertThat(known.isAway(TWO.node())).isTrue();
    assertThat(known.away()).containsExactly(ASKED);
  }

  @Test
  void shouldKeepAMemberByWireguardWithItsKeysOverARestart() {
    Wanted.Peer two =
        new Wanted.Peer(
            TWO.node(),
            "n2",
            TWO.subnet(),
            Optional.empty(),
            PacketCarrier.WIREGUARD,
            new Wanted.WireguardOffer(List.of(new AnnouncedKey(3, "key", 51821)), 3, true),
            TWO.endpoint(),
            1440);
    known.with(List.of(two), peer -> true);
    KnownPeers next = new KnownPeers(store);
    next.load();

    assertThat(next.with(List.of(), peer -> true)).containsExactly(two);
  }

  @Test
  void shouldAskNobodyWhoIsHere() {
    meet();

    assertThat(known.away()).isEmpty();
    assertThat(known.isAway(TWO.node())).isFalse();
  }

  @Test
  void shouldSendNothingAfterThreeRequestsWithoutAnAnswer() {
    meet();
    left();

    assertThat(known.heard(Set.of())).isFalse();
    assertThat(known.heard(Set.of())).isFalse();
    assertThat(left()).containsExactly(TWO);
    assertThat(known.heard(Set.of())).isTrue();

    assertThat(left()).containsExactly(TWO.by(PacketCarrier.NONE));
    assertThat(known.away()).containsExactly(ASKED);
  }

  @Test
  void shouldSendAgainWithTheNextAnswer() {
    meet();
    left();
    for (int i = 0; i < 5; i++) {
      known.heard(Set.of());
    }

    assertThat(known.heard(Set.of(ASKED))).isTrue();

    assertThat(left()).containsExactly(TWO);
  }

  @Test
  void shouldStartCountingAnewWithEachAnswer() {
    meet();
    left();
    for (int i = 0; i < 10; i++) {
      known.heard(i % 3 == 2 ? Set.of(ASKED) : Set.of());
    }

    assertThat(left()).containsExactly(TWO);
  }

  @Test
  void shouldForgetAMemberWhoseSubnetIsAnothersNow() {
    meet();

    assertThat(known.with(List.of(), peer -> false)).isEmpty();

    assertThat(known.away()).isEmpty();
    assertThat(left()).isEmpty();
  }

  @Test
  void shouldForgetAMemberThatHasATunnelNow() {
    meet();

    Wanted.Peer tunnelled = TWO.by(PacketCarrier.MESH);
    assertThat(known.with(List.of(tunnelled), peer -> false)).containsExactly(tunnelled);

    assertThat(left()).isEmpty();
  }

  @Test
  void shouldKnowMembersAfterARestart() {
    meet();

    KnownPeers again = new KnownPeers(store);
    again.load().toCompletionStage().toCompletableFuture().join();

    assertThat(again.with(List.of(), peer -> true)).containsExactly(TWO);
  }

  private void meet() {
    assertThat(known.with(List.of(TWO), peer -> true)).containsExactly(TWO);
  }

  private List<Wanted.Peer> left() {
    return known.with(List.of(), peer -> true);
  }
}
