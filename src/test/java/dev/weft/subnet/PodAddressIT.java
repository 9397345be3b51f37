package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pods with an address of the node's subnet, at a node whose kernel does not always do it. */
@Needs({Need.ROOT, Need.IPROUTE2})
class PodAddressIT {
  @TempDir Path directory;

  @Test
  void shouldKeepAPodWaitingUntilTheKernelShowsItsInterface() throws Exception {
    try (ProcessCluster nodes = ProcessCluster.prepare(directory, 2, "");
        TestNetns pod = TestNetns.create("pod")) {
      // Given: another program has the bridge's name, and too few members for a subnet
      nodes.host(1).run("ip", "link", "add", "weft0", "type", "bridge");
      nodes.host(1).run("ip", "link", "set", "weft0", "up");
      nodes.start(1);
      nodes.awaitReady(1);

      // When
      JsonNode early = add(nodes, pod);

      // Then
      assertThat(early.path("waiting").asText()).startsWith("this node has no subnet yet: ");
      assertThat(early.has("address")).isFalse();
      assertThat(addresses(nodes).path("problem").asText()).contains("no subnet yet");

      // When
      nodes.start(2);
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> addresses(nodes).path("problem").asText().contains("weft0"));

      // Then
      assertThat(addresses(nodes).path("address").asText()).endsWith(".10/24");
      assertThat(add(nodes, pod).path("waiting").asText()).contains("weft0");
      assertThat(pod.run("ip", "-o", "link")).doesNotContain("eth0");
      nodes.host(1).run("ip", "link", "del", "weft0");
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> pod.run("ip", "-o", "link").contains("eth0"));
      await().until(() -> !add(nodes, pod).has("waiting"));
    }
  }

  private static JsonNode addresses(ProcessCluster nodes) {
    return nodes.api(1).get("/api/v1/addresses").path("items").path(0);
  }

  private static JsonNode add(ProcessCluster nodes, TestNetns pod) {
    String body = "{\"netns\":\"" + pod.name() + "\",\"address\":\"auto\"}";
    return nodes.api(1).send("PUT", "/api/v1/pods/default/p1", "application/json", body);
  }
}
