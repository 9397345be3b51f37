package dev.weft.nsm.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.VethSpec;
import dev.weft.nsm.connection.PathProbes.Heard;
import dev.weft.nsm.connection.PathProbes.Path;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@Needs({Need.ROOT, Need.IPROUTE2})
class PathProbesIT {
  @AutoClose private final TestNetns client = TestNetns.create("client");
  @AutoClose private final TestNetns endpoint = TestNetns.create("endpoint");
  @AutoClose private final PathProbes probes = new PathProbes();
  private Path path;

  @BeforeEach
  void join() throws Exception {
    try (Netns inClient = client.open();
        Netns inEndpoint = endpoint.open();
        Netlink atClient = Netlink.open(inClient);
        Netlink atEndpoint = Netlink.open(inEndpoint)) {
      Link own =
          atClient.createVeth(
              new VethSpec(
                  "echo", 1500, "", true, false, new VethSpec.Peer(inEndpoint, "nsm0", 1500)));
      Link other = atEndpoint.require("nsm0");
      atClient.addAddress(own.index(), Cidr.parse("10.44.0.2/30"));
      atEndpoint.addAddress(other.index(), Cidr.parse("10.44.0.1/30"));
      atEndpoint.setUp(other.index());
      path = new Path("1", client.name(), inClient.cookie(), "echo", IpAddress.parse("10.44.0.1"));
    }
    await("an answer").until(() -> hear() == Heard.ANSWER);
  }

  @Test
  void shouldHearNothingOnceTheOtherEndIsDown() throws Exception {
    endpoint.run("ip", "link", "set", "nsm0", "down");

    await().until(() -> hear() == Heard.NOTHING);
    endpoint.run("ip", "link", "set", "nsm0", "up");
    await().until(() -> hear() == Heard.ANSWER);
  }

  @Test
  void shouldTellFramesFromSilence() throws Exception {
    endpoint.run("ip", "link", "set", "nsm0", "arp", "off");
    await().until(() -> hear() == Heard.NOTHING);

    // Its request arrives; its reply goes nowhere.
    endpoint.run("sh", "-c", "ping -c 1 -W 0.1 -q -I nsm0 10.44.0.2 || true");

    assertThat(hear()).isEqualTo(Heard.FRAMES);
    assertThat(hear()).isEqualTo(Heard.NOTHING);
  }

  @Test
  void shouldNotAskThroughAnInterfaceThatTheClientSetDown() throws Exception {
    client.run("ip", "link", "set", "echo", "down");

    await().until(() -> hear() == Heard.UNASKED);
    assertThat(hear()).isEqualTo(Heard.UNASKED);
  }

  @Test
  void shouldLeaveNoNeighboursBehind() throws Exception {
    assertThat(client.run("ip", "-4", "neigh")).isEmpty();
    assertThat(endpoint.run("ip", "-4", "neigh")).isEmpty();
  }

  @Test
  void shouldAskAgainOnlyWhereThereWasNoAnswerUntilAllAreAskedAgain() throws Exception {
    await("it has answered").until(() -> probes.round(List.of(path), false).isEmpty());
    endpoint.run("ip", "link", "set", "nsm0", "down");
    assertThat(probes.round(List.of(path), false)).isEmpty();

    // It had answered the last question.
    assertThat(hear()).isNull();
    await("nothing").until(() -> probes.round(List.of(path), false).get("1") == Heard.NOTHING);
    endpoint.run("ip", "link", "set", "nsm0", "up");
    await("an answer").until(() -> probes.round(List.of(path), false).get("1") == Heard.ANSWER);
  }

  @Test
  void shouldKeepTheAnswersOfPathsThatARoundDoesNotLookAt() throws Exception {
    client.run("ip", "link", "add", "other", "type", "bridge");
    client.run("ip", "link", "set", "other", "up");
    Path other =
        new Path("2", path.netns(), path.identity(), "other", IpAddress.parse("10.44.0.9"));
    await("both are asked").until(() -> all(other).get("2") == Heard.NOTHING);

    // When only the other one is looked at while the answer comes
    await("its answer was received")
        .pollDelay(Duration.ofMillis(200))
        .until(() -> probes.round(List.of(other), false).get("2") == Heard.NOTHING);

    // Then
    assertThat(all(other)).containsEntry("1", Heard.ANSWER).containsEntry("2", Heard.NOTHING);
  }

  private Map<String, Heard> all(Path other) {
    return probes.round(List.of(path, other), true);
  }

  private Heard hear() {
    return probes.round(List.of(path), true).get("1");
  }
}
