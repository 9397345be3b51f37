package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code weft doctor} says where hosts and the network between them are not as they should.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.FAKETIME})
class DoctorIT {
  /** The dynamic linker puts the architecture's directory in. */
  private static final Map<String, String> CLOCK_AHEAD =
      Map.of(
          "LD_PRELOAD",
          "/usr/$LIB/faketime/libfaketimeMT.so.1",
          "FAKETIME",
          "+90s",
          "FAKETIME_DONT_FAKE_MONOTONIC",
          "1",
          // Else the JVM's threads wait for ever.
          "FAKETIME_FORCE_MONOTONIC_FIX",
          "0");

  @TempDir Path directory;

  @Test
  void shouldNameTheClockAndTheMtuThatAreWrong() throws Exception {
    try (ProcessCluster cluster = ProcessCluster.prepare(directory, 2, "")) {
      // Given
      cluster.start(1);
      cluster.node(2).start(CLOCK_AHEAD);
      cluster.awaitReady(1);
      cluster.awaitReady(2);
      cluster.awaitMembers(2);
      cluster.host(2).run("ip", "link", "set", "eth0", "mtu", "1400");

      // Then
      await()
          .ignoreExceptions()
          .untilAsserted(
              () -> {
                List<String> problems = problems(cluster);
                assertThat(problems)
                    .as("the clock, at n1")
                    .anyMatch(
                        p ->
                            p.matches(
                                "clock: node n2's clock is (89|90)\\.\\d s ahead of this node's;"
                                    + " run a time service.*"));
                assertThat(problems)
                    .as("the clock, at n2")
                    .anyMatch(p -> p.contains("node n1's clock is ") && p.contains(" s behind"));
                // A veth end takes four bytes more than its MTU.
                assertThat(problems)
                    .as("the MTU")
                    .anyMatch(
                        p ->
                            p.startsWith(
                                    "mtu: packets of 1500 bytes, the device's MTU, do not reach"
                                        + " node n2; those of 1404 bytes do; set the MTU")
                                && p.contains("VXLAN"));
              });
    }
  }

  /** What all nodes say, and what to do. */
  private static List<String> problems(ProcessCluster cluster) {
    List<String> problems = new ArrayList<>();
    for (JsonNode found : cluster.api(1).get("/api/v1/doctor?scope=cluster").path("items")) {
      if (!found.path("state").asText().equals("ok")) {
        problems.add(
            "%s: %s; %s"
                .formatted(
                    found.path("check").asText(),
                    found.path("text").asText(),
                    found.path("action").asText()));
      }
    }
    return problems;
  }
}
