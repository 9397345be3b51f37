package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.subnet.OverlayProbe.Request;
import dev.weft.subnet.PeerReach.Lack;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PeerReachTest {
  private static final String NODE = "2222222222222222";
  private static final InetAddress ROUTER = IpAddress.parse("10.42.2.0");
  private static final InetAddress POD = IpAddress.parse("10.42.2.10");
  private static final InetAddress OWN = IpAddress.parse("10.42.1.10");
  private static final InetAddress OTHER = IpAddress.parse("10.42.1.11");

  private final PeerReach reach = new PeerReach();

  @BeforeEach
  void want() {
    want(1450, Map.of(NODE, POD), List.of());
  }

  @Test
  void shouldAskForTheHostForPacketsOfFullLengthAndForAPod() {
    assertThat(reach.requests())
        .containsExactlyInAnyOrder(
            new Request(ROUTER, 0), new Request(ROUTER, 1422), new Request(POD, 0));
  }

  @Test
  void shouldAskForNoLongerPacketsThanTheMemberTakes() {
    want(1350, Map.of(), List.of());
    assertThat(reach.requests()).contains(new Request(ROUTER, 1322));

    want(20, Map.of(), List.of());
    assertThat(reach.requests()).contains(new Request(ROUTER, 1252));
  }

  @Test
  void shouldFindNothingWhileAllIsAnswered() {
    rounds(10, request -> true);

    assertThat(reach.problem(NODE)).isNull();
  }

  @Test
  void shouldFindAHostThatDoesNotAnswerOnlyAfterSomeRounds() {
    rounds(PeerReach.SILENT_ROUNDS - 1, request -> false);
    assertThat(reach.problem(NODE)).isNull();

    assertThat(reach.heard(Set.of())).isTrue();

    assertThat(reach.lacking(Lack.HOST)).containsExactly("n2");
    assertThat(reach.lacking(Lack.LENGTH)).isEmpty();
    assertThat(reach.problem(NODE)).contains("does not answer over the overlay, 10.42.2.0");
  }

  @Test
  void shouldFindThatOnlyShortPacketsArrive() {
    rounds(PeerReach.SILENT_ROUNDS, request -> request.payload() == 0);

    assertThat(reach.lacking(Lack.LENGTH)).containsExactly("n2");
    assertThat(reach.problem(NODE)).contains("ping with 1422 bytes to 10.42.2.0");
  }

  @Test
  void shouldFindAHostThatDoesNotPassPacketsOn() {
    rounds(PeerReach.SILENT_ROUNDS, request -> !request.to().equals(POD));

    assertThat(reach.lacking(Lack.POD)).containsExactly("n2");
    assertThat(reach.problem(NODE)).contains("does not pass packets on", "10.42.2.10");
  }

  @Test
  void shouldFindThatItIsWellAgainWithTheNextAnswer() {
    rounds(PeerReach.SILENT_ROUNDS, request -> false);

    assertThat(reach.heard(reach.requests())).isTrue();

    assertThat(reach.problem(NODE)).isNull();
  }

  @Test
  void shouldCountAnewForAnotherPod() {
    rounds(PeerReach.SILENT_ROUNDS - 1, request -> !request.to().equals(POD));
    want(1450, Map.of(NODE, IpAddress.parse("10.42.2.11")), List.of());

    rounds(1, request -> request.to().equals(ROUTER));

    assertThat(reach.problem(NODE)).isNull();
  }

  @Test
  void shouldForgetAMemberThatIsNotHere() {
    rounds(PeerReach.SILENT_ROUNDS, request -> false);

    reach.want(List.of(), Map.of(), 1450, List.of(OWN));

    assertThat(reach.problem(NODE)).isNull();
    assertThat(reach.requests()).isEmpty();
  }

  @Test
  void shouldTellAPodOfItsOwnOnlyIfItAnswers() {
    want(1450, Map.of(), List.of(OWN, OTHER));
    assertThat(reach.witness()).isEmpty();

    rounds(PeerReach.SILENT_ROUNDS + 1, request -> !request.to().equals(OWN));
    assertThat(reach.witness()).contains(OTHER);

    rounds(PeerReach.SILENT_ROUNDS, request -> !request.to().equals(OTHER));
    assertThat(reach.witness()).isEmpty();
  }

  @Test
  void shouldKeepItsPodWhileOthersComeAndGo() {
    want(1450, Map.of(), List.of(OWN));
    rounds(1, request -> true);

    want(1450, Map.of(), List.of(OTHER, OWN));
    assertThat(reach.witness()).contains(OWN);

    want(1450, Map.of(), List.of(OTHER));
    assertThat(reach.witness()).isEmpty();
  }

  private void want(int mtu, Map<String, InetAddress> witnesses, List<InetAddress> own) {
    Wanted.Peer peer =
        new Wanted.Peer(
            NODE,
            "n2",
            Cidr.parse("10.42.2.0/24"),
            Optional.empty(),
            PacketCarrier.VXLAN,
            IpAddress.parse("192.0.2.2"),
            mtu);
    reach.want(List.of(peer), witnesses, 1450, own);
  }

  private void rounds(int count, Predicate<Request> answered) {
    for (int i = 0; i < count; i++) {
      reach.heard(reach.requests().stream().filter(answered).collect(Collectors.toSet()));
    }
  }
}
