package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.Link;
import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Nodes that are to leave nothing behind when they stop. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class StopIT {
  private static final Duration WITHIN = Duration.ofSeconds(20);

  @Test
  void shouldTakeTheInterfacesOfConnectionsAwayAndMakeThemAgain() throws Exception {
    try (NsmNodes nodes =
        NsmNodes.start(
            2, "tunnels: [vxlan]", "wires: { on-stop: remove }\nsubnets: { on-stop: remove }")) {
      // Given clients on both nodes, one joined by VXLAN, one by a veth pair
      NsmNodes.Node far = nodes.node(1);
      NsmNodes.Node near = nodes.node(2);
      TestNetns farClient = far.pod("c1");
      TestNetns nearClient = near.pod("c2");
      TestNetns endpoint = nodes.namespace("e2");
      near.echo("e2", endpoint);
      await().atMost(WITHIN).until(() -> far.get("/api/v1/services").path("items").size() == 1);
      far.ask("c1", farClient, "uid-1");
      near.ask("c2", nearClient, "uid-2");
      assertThat(linksIn(endpoint)).hasSize(3);

      // When
      int exit = near.stop();

      // Then
      assertThat(exit).isZero();
      assertThat(linksIn(endpoint)).containsExactly("lo");
      assertThat(linksIn(nearClient)).containsExactly("lo");
      assertThat(linksIn(near.netns)).containsExactlyInAnyOrder("lo", "eth0");
      assertThat(Netns.list()).doesNotContain("weft-" + near.id);

      // When
      near.start();
      near.awaitMembers(2);

      // Then
      await("the interface of the same node's client")
          .atMost(WITHIN)
          .until(() -> linksIn(nearClient).contains("echo") && isUp(near));
      assertThat(near.ask("c2", nearClient, "uid-2", "--say", "back").path("echo").asText())
          .isEqualTo("back");

      // When
      far.stop();

      // Then
      assertThat(linksIn(farClient)).containsExactly("lo");
    }
  }

  /** Whether the connection of the node's own client is. */
  private static boolean isUp(NsmNodes.Node node) throws Exception {
    for (JsonNode connection : node.get("/api/v1/connections").path("items")) {
      if (connection.path("clientPod").asText().equals("default/c2")) {
        return connection.path("state").asText().equals("up");
      }
    }
    return false;
  }

  private static List<String> linksIn(TestNetns netns) throws Exception {
    try (Netns open = netns.open();
        Netlink inside = Netlink.open(open)) {
      return inside.links().stream().map(Link::name).toList();
    }
  }
}
