package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pods with an address of the node's subnet, at a node whose kernel does not always do it. */
@Needs({Need.ROOT, Need.IPROUTE2})
class PodAddressIT {
  @TempDir Path directory;

  @Test
  void shouldSayThatAPodIsAttachedOnlyOnceTheKernelShowsIt() throws Exception {
    try (ProcessCluster nodes = ProcessCluster.prepare(directory, 1, "");
        TestNetns pod = TestNetns.create("pod")) {
      // Given: another program has the bridge's name
      nodes.host(1).run("ip", "link", "add", "weft0", "type", "bridge");
      nodes.host(1).run("ip", "link", "set", "weft0", "up");
      nodes.start(1);
      nodes.awaitReady(1);
      await().until(() -> !nodes.subnetOf(1).isEmpty());

      // When
      assertThatThrownBy(() -> add(nodes, pod)).hasMessageContaining("weft0", "p1");

      // Then
      assertThat(pod.run("ip", "-o", "link")).doesNotContain("eth0");
      assertThat(nodes.api(1).get("/api/v1/addresses").path("items")).isEmpty();
      nodes.host(1).run("ip", "link", "del", "weft0");
      assertThat(add(nodes, pod).path("address").asText()).isEqualTo("10.42.1.10/24");
      assertThat(pod.run("ip", "-o", "addr", "show", "eth0")).contains("10.42.1.10/24");
    }
  }

  private static JsonNode add(ProcessCluster nodes, TestNetns pod) {
    String body = "{\"netns\":\"" + pod.name() + "\",\"address\":\"auto\"}";
    return nodes.api(1).send("PUT", "/api/v1/pods/default/p1", "application/json", body);
  }
}
