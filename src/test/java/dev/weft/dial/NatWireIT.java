package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.testkit.EchoService;
import dev.weft.testkit.LabNodes;
import dev.weft.testkit.NatKind;
import dev.weft.testkit.NatRouter;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeProcess;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.Transfer;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two outposts, each behind a port-restricted NAT of its own, and a wire between pods of theirs.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.CONNTRACK, Need.PYTHON_GRPC})
class NatWireIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String ONE = "12.12.12.1";
  private static final String TWO = "12.12.12.2";

  @TempDir static Path directory;
  private static LabNodes nodes;
  private static NatRouter routerA;
  private static NatRouter routerB;
  private static NodeProcess a;
  private static NodeProcess b;
  private static TestNetns one;
  private static TestNetns two;

  @BeforeAll
  static void start() throws Exception {
    one = TestNetns.create("p1");
    two = TestNetns.create("p2");
    nodes = LabNodes.start(directory, 2, "");
    routerA = nodes.lab().router(NatKind.PORT_RESTRICTED);
    routerB = nodes.lab().router(NatKind.PORT_RESTRICTED);
    a = nodes.behind("a", routerA.host("a"), "udp", "");
    b = nodes.behind("b", routerB.host("b"), "udp", "");
    a.start();
    b.start();
    a.awaitReady();
    b.awaitReady();
    a.pod("p1", one);
    b.pod("p2", two);
    await("both pods known at a")
        .atMost(SOON)
        .until(() -> a.api().get("/api/v1/pods?scope=cluster").path("items").size() == 2);
    a.link(1, "p1", ONE + "/24", b, "p2", TWO + "/24", "");
  }

  @AfterAll
  static void end() throws Exception {
    nodes.close();
    one.close();
    two.close();
  }

  private static boolean ping(TestNetns from, String to, int bytes) throws Exception {
    try (Netns netns = from.open()) {
      return IcmpEcho.ping(netns, InetAddress.getByName(to), bytes, true, Duration.ofSeconds(2))
          .isPresent();
    }
  }

  @Test
  void shouldCarryFullFrames() throws Exception {
    assertThat(ping(one, TWO, 1472)).as("1500 bytes, not to be fragmented, p1 to p2").isTrue();
    assertThat(ping(two, ONE, 1472)).as("1500 bytes, not to be fragmented, p2 to p1").isTrue();

    Transfer.Result result = Transfer.tcp(one, two, TWO, 50 << 20);

    assertThat(result.received()).isEqualTo(result.sent());
    System.out.printf(
        "TCP over a wire between two NATs: %.2f Gbit/s%n", result.gigabitsPerSecond());
  }

  @Test
  void shouldAskForAServiceBehindTheOtherNat() throws Exception {
    try (TestNetns client = TestNetns.create("c1");
        TestNetns server = TestNetns.create("e2")) {
      a.pod("c1", client);
      b.pod("e2", server);
      try (EchoService echo = EchoService.start(b, "e2", server)) {
        JsonNode reply = echo.ask(a, "c1", client, "through two NATs");

        assertThat(reply.path("echo").asText()).isEqualTo("through two NATs");
        assertThat(client.run("ip", "-o", "link", "show", "echo")).contains("mtu 1500");
      }
    }
  }
}
