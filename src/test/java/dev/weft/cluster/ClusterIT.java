package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.map.IMap;
import dev.weft.bus.Json;
import dev.weft.cli.ApiClient;
import dev.weft.config.ConfigFile;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.Identity;
import dev.weft.pod.Pod;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestCluster;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes in one cluster, as their API shows it. */
@Needs(Need.ROOT)
class ClusterIT {
  private static final Duration WITHIN = Duration.ofSeconds(60);
  private static final String HERE = "pid:" + ProcessHandle.current().pid();

  @TempDir static Path directory;
  private static TestCluster cluster;

  @BeforeAll
  static void startNodes() throws Exception {
    cluster = TestCluster.start(directory, 3);
    awaitMembers("n1", "n2", "n3");
  }

  @AfterAll
  static void stopNodes() throws Exception {
    cluster.close();
  }

  @Test
  void shouldAnswerForEveryMember() throws Exception {
    for (int i = 1; i <= 3; i++) {
      PodRef pod = PodRef.parse("everywhere/p" + i);
      TestCluster.await(cluster.node(i).room(Pods.class).put(pod, HERE));
    }

    // A member is listed a moment before it can be asked.
    awaitAnswers(1, "nodes");
    awaitAnswers(2, "pods");
    JsonNode nodes = api(1).get("/api/v1/nodes?scope=cluster");
    JsonNode here = api(2).get("/api/v1/pods");
    JsonNode pods = api(2).get("/api/v1/pods?scope=cluster");

    assertThat(nodes.path("unanswered")).isEmpty();
    // One namespace has one node's subnet: the others are degraded here.
    assertThat(texts(nodes, "/state")).hasSize(3).isSubsetOf("ready", "degraded");
    assertThat(texts(here, "/ref")).containsExactly("everywhere/p2");
    assertThat(pods.path("unanswered")).isEmpty();
    assertThat(texts(pods, "/ref"))
        .containsExactlyInAnyOrder("everywhere/p1", "everywhere/p2", "everywhere/p3");
  }

  @Test
  void shouldListAMemberThatLeftUntilItReturnsOrIsForgotten() throws Exception {
    String id = cluster.node(3).id();
    PodRef pod = PodRef.parse("away/p3");
    TestCluster.await(cluster.node(3).room(Pods.class).put(pod, HERE));
    await().atMost(WITHIN).until(() -> pods(1).stream().anyMatch(p -> p.ref().equals(pod)));

    cluster.stop(3);

    try {
      await().atMost(WITHIN).untilAsserted(() -> assertThat(away(1)).containsExactly("n3"));
      JsonNode left = find(api(1).get("/api/v1/nodes"), id);
      assertThat(names(1)).as("who is away comes first").startsWith("n3");
      assertThat(left.path("lastSeen").asText()).isNotEmpty();
      assertThat(left.at("/hangs/pods").toString()).contains("away/p3");
      await()
          .atMost(WITHIN)
          .untilAsserted(
              () ->
                  assertThat(api(1).get("/api/v1/node").toString())
                      .contains("member-away", "node n3 has been away since"));
      assertThatThrownBy(() -> api(1).delete("/api/v1/nodes/" + cluster.node(2).id()))
          .hasMessageContaining("is a live member");

      api(1).delete("/api/v1/nodes/" + id);

      assertThat(away(1)).isEmpty();
      assertThat(api(1).get("/api/v1/subnets").toString()).doesNotContain(id);
      assertThat(api(1).get("/api/v1/node").toString()).doesNotContain("member-away");
      await().atMost(WITHIN).untilAsserted(() -> assertThat(away(2)).isEmpty());
      assertThatThrownBy(() -> api(1).delete("/api/v1/nodes/" + id))
          .hasMessageContaining("never was a member, or is forgotten already");
    } finally {
      cluster.restart(3);
    }
    awaitMembers("n1", "n2", "n3");
    assertThat(cluster.node(3).id()).as("node id after a restart").isEqualTo(id);
    awaitAnswers(1, "nodes");
  }

  private static void awaitAnswers(int node, String list) {
    String path = "/api/v1/" + list + "?scope=cluster";
    await()
        .atMost(WITHIN)
        .untilAsserted(() -> assertThat(api(node).get(path).path("unanswered")).isEmpty());
  }

  @Test
  void shouldSayBothValuesWhereMembersDifferAndGiveNoSubnetOfTheRarer() throws Exception {
    cluster.stop(3);
    cluster.restart(3, "subnets: { cidr: 10.43.0.0/16, vni: 7 }\n");

    try {
      await()
          .atMost(WITHIN)
          .untilAsserted(
              () ->
                  assertThat(warnings(3))
                      .contains(
                          "subnets.cidr: 10.43.0.0/16 here, 10.42.0.0/16 on n1, n2",
                          "subnets.vni: 7 here, 100 on n1, n2"));
      await()
          .atMost(WITHIN)
          .untilAsserted(
              () ->
                  assertThat(warnings(1))
                      .contains("subnets.cidr: 10.42.0.0/16 here, 10.43.0.0/16 on n3"));
      assertThat(api(1).get("/api/v1/subnets").toString()).doesNotContain("10.43.");
    } finally {
      cluster.stop(3);
      cluster.restart(3);
    }
    await()
        .atMost(WITHIN)
        .untilAsserted(() -> assertThat(warnings(1)).doesNotContain("subnets.cidr"));
    awaitMembers("n1", "n2", "n3");
  }

  @Test
  void shouldNotBelieveARecordThatItsNodeDidNotSign() throws Exception {
    String key = cluster.node(2).id() + "/";
    IMap<String, String> records = records();
    String genuine = records.get(key);
    Envelope known = Json.read(genuine, Envelope.class);
    String evil = known.body().replace("\"n2\"", "\"evil\"");
    Envelope altered =
        new Envelope(
            known.v(),
            known.table(),
            known.key(),
            known.node(),
            known.epoch() + 1,
            1,
            known.at(),
            evil,
            known.cert(),
            known.sig());
    Envelope ofAnother =
        Envelope.sign(signer(1), "members", key, known.node(), known.epoch() + 1, 1, 0, evil);

    for (String forged : List.of("{}", "nonsense", Json.write(altered), Json.write(ofAnother))) {
      records.set(key, forged);
    }

    await()
        .during(Duration.ofSeconds(1))
        .atMost(WITHIN)
        .untilAsserted(() -> assertThat(names(1)).containsExactly("n1", "n2", "n3"));
    records.set(key, genuine);
  }

  @Test
  void shouldRefuseASecondNodeWithTheIdOfAMember() {
    assertThatThrownBy(() -> cluster.startTwin(2))
        .rootCause()
        .hasMessageContaining("node id " + cluster.node(2).id() + " is a member already");

    awaitMembers("n1", "n2", "n3");
  }

  private static void awaitMembers(String... names) {
    for (int i = 1; i <= names.length; i++) {
      int number = i;
      await().atMost(WITHIN).untilAsserted(() -> assertThat(names(number)).containsExactly(names));
    }
  }

  private static String warnings(int node) {
    return api(node).get("/api/v1/node").path("rooms").toString();
  }

  private static List<Pod> pods(int node) throws Exception {
    return TestCluster.await(cluster.node(node).room(Pods.class).all());
  }

  private static List<String> away(int node) {
    return StreamSupport.stream(api(node).get("/api/v1/nodes").path("items").spliterator(), false)
        .filter(item -> item.path("state").asText().equals("away"))
        .map(item -> item.path("name").asText())
        .toList();
  }

  private static JsonNode find(JsonNode page, String id) {
    return StreamSupport.stream(page.path("items").spliterator(), false)
        .filter(item -> item.path("id").asText().equals(id))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> names(int node) {
    return texts(api(node).get("/api/v1/nodes"), "/name");
  }

  private static List<String> texts(JsonNode page, String pointer) {
    return StreamSupport.stream(page.path("items").spliterator(), false)
        .map(item -> item.at(pointer).asText())
        .toList();
  }

  private static IdentitySigner signer(int node) throws Exception {
    Path home = cluster.home(node);
    String files = "security: { ca: %1$s/ca.pem, cert: %1$s/n%2$d.pem, key: %1$s/n%2$d.key }";
    SecurityConfig security = ConfigFile.parse(files.formatted(home, node), Map.of()).security();
    return new IdentitySigner(Identity.load(security, home, Clock.systemUTC()));
  }

  private static ApiClient api(int node) {
    return ApiClient.of("unix:" + cluster.socket(node), null);
  }

  private static IMap<String, String> records() {
    return Hazelcast.getAllHazelcastInstances().stream()
        .filter(h -> h.getName().startsWith("weft-" + cluster.node(1).id()))
        .findFirst()
        .orElseThrow()
        .getMap(ClusterNode.MAP_PREFIX + "members");
  }
}
