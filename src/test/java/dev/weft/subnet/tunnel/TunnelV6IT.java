package dev.weft.subnet.tunnel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.testkit.AddressedPod;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.Transfer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tunnels between IPv6 pods of two node processes. */
@Needs({Need.ROOT, Need.IPROUTE2})
class TunnelV6IT {
  private static final String SUBNETS =
      "subnets: { cidr: \"fd42::/48\", prefix: 64, carrier: mesh }";

  @TempDir static Path directory;

  @Test
  void shouldCarryWholePackets() throws Exception {
    try (ProcessCluster nodes = ProcessCluster.start(directory, 2, SUBNETS);
        AddressedPod one = AddressedPod.create(nodes.node(1), "p1");
        AddressedPod two = AddressedPod.create(nodes.node(2), "p2")) {
      await("pods reach each other")
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(100))
          .until(() -> one.pings(two, 1500) && two.pings(one, 1500));

      Transfer.Result result = Transfer.tcp(one.netns(), two.netns(), two.address(), 20 << 20);

      assertThat(result.received()).isEqualTo(result.sent());
    }
  }
}
