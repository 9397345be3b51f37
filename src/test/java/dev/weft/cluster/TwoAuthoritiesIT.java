package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.hazelcast.core.Hazelcast;
import dev.weft.cli.ApiClient;
import dev.weft.identity.CertificateInfo;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes in one Hazelcast cluster whose certificates are of two CAs. */
@Needs(Need.ROOT)
class TwoAuthoritiesIT {
  private static final Duration WITHIN = Duration.ofSeconds(30);

  @TempDir Path directory;
  private TestCluster cluster;

  @BeforeEach
  void startNodes() throws Exception {
    cluster = TestCluster.start(directory, TestCluster.Shape.of(2).withOwnAuthorities());
  }

  @AfterEach
  void stopNodes() throws Exception {
    cluster.close();
  }

  @Test
  void shouldBeSaidByBothNodes() {
    for (int node = 1; node <= 2; node++) {
      int here = node;
      int there = 3 - node;
      await()
          .atMost(WITHIN)
          .untilAsserted(
              () ->
                  assertThat(warning(here, "foreign-member").path("text").asText())
                      .contains("node " + cluster.node(there).id() + " at 127.0.0.1:")
                      .endsWith(
                          "is in the cluster with a certificate of another CA, %s (expected: this mesh's, %s)"
                              .formatted(fingerprint(there), fingerprint(here))));
      assertThat(warning(here, "foreign-member").path("affects").asText()).contains("quorum");
      assertThat(warning(here, "foreign-member").path("action").asText()).contains("cert node");
    }
  }

  @Test
  void shouldGiveNoLeaseOnAForeignMembersWord() {
    await()
        .during(Duration.ofSeconds(3))
        .atMost(WITHIN)
        .untilAsserted(() -> assertThat(leases()).as("leases of two nodes, each alone").isZero());
  }

  @Test
  void shouldBeSaidByTheDoctorOfWhomWasToBeJoined() {
    await()
        .atMost(WITHIN)
        .untilAsserted(
            () ->
                assertThat(api(2).get("/api/v1/doctor").path("items"))
                    .filteredOn(found -> found.path("check").asText().equals("join"))
                    .extracting(found -> found.path("text").asText())
                    .singleElement()
                    .asString()
                    .startsWith("node " + cluster.node(1).id() + " at 127.0.0.1:")
                    .endsWith(
                        "with a certificate of another CA, %s (expected: this mesh's, %s)"
                            .formatted(fingerprint(1), fingerprint(2))));
  }

  private int leases() {
    return Hazelcast.getAllHazelcastInstances().stream()
        .filter(h -> h.getName().startsWith("weft-" + cluster.node(1).id()))
        .findFirst()
        .orElseThrow()
        .getMap(ClusterNode.MAP_PREFIX + ClusterNode.LEASE_PREFIX + "subnets")
        .size();
  }

  private JsonNode warning(int node, String code) {
    JsonNode rooms = api(node).get("/api/v1/node").path("rooms");
    return StreamSupport.stream(rooms.spliterator(), false)
        .flatMap(room -> StreamSupport.stream(room.path("warnings").spliterator(), false))
        .filter(warning -> warning.path("code").asText().equals(code))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no warning " + code + " in " + rooms));
  }

  private ApiClient api(int node) {
    return ApiClient.of("unix:" + cluster.socket(node), null);
  }

  private String fingerprint(int node) {
    return CertificateInfo.read(cluster.home(node).resolve("ca.pem"))
        .fingerprint()
        .substring(0, 16);
  }
}
