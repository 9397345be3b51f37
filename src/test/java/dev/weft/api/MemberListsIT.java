package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.cli.ApiClient;
import dev.weft.pod.PodRef;
import dev.weft.pod.Pods;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestCluster;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lists and events of two nodes together. */
@Needs(Need.ROOT)
@Timeout(120)
final class MemberListsIT {
  private static final Duration WITHIN = Duration.ofSeconds(30);
  private static final String HERE = "pid:" + ProcessHandle.current().pid();

  @TempDir Path directory;

  @Test
  void shouldPutTheMembersPartsTogetherAndTellWhatHappensOnTheOther() throws Exception {
    try (TestCluster cluster = TestCluster.start(directory, 2)) {
      ApiClient api = ApiClient.of("unix:" + cluster.socket(1), null);
      await().atMost(WITHIN).until(() -> api.get("/api/v1/nodes").path("total").asInt() == 2);
      Queue<String> stream = new ConcurrentLinkedQueue<>();
      CompletableFuture<?> unused =
          HttpClient.newHttpClient()
              .sendAsync(
                  HttpRequest.newBuilder(
                          URI.create(cluster.node(1).url() + "/api/v1/events?scope=cluster"))
                      .build(),
                  BodyHandlers.fromLineSubscriber(new LineQueue(stream)));
      await().atMost(WITHIN).until(() -> !stream.isEmpty());

      for (int i = 0; i < 4; i++) {
        Pods pods = cluster.node(1 + i % 2).room(Pods.class);
        TestCluster.await(pods.put(PodRef.parse("both/p" + i), HERE));
      }

      JsonNode first = api.get("/api/v1/pods?scope=cluster&limit=3");
      assertThat(first.path("items").findValuesAsText("ref"))
          .containsExactly("both/p0", "both/p1", "both/p2");
      assertThat(first.path("total").asInt()).isEqualTo(4);
      assertThat(first.path("unanswered")).isEmpty();
      String other = cluster.node(2).id();
      await("an event of the other node")
          .atMost(WITHIN)
          .until(
              () ->
                  stream.stream()
                      .anyMatch(l -> l.contains("both/p3") && l.contains("\"node\":\"" + other)));

      cluster.stop(2);
      await("the other node's pods are away")
          .atMost(WITHIN)
          .untilAsserted(
              () ->
                  assertThat(
                          api.get("/api/v1/pods?scope=cluster&limit=2&after=both%20p1%20z")
                              .findValuesAsText("problem"))
                      .hasSize(1)
                      .allSatisfy(p -> assertThat(p).startsWith("node n2 has been away since")));
      JsonNode left = api.get("/api/v1/pods?scope=cluster");
      assertThat(left.path("total").asInt()).isEqualTo(4);
      assertThat(left.has("away")).isFalse();
      assertThat(api.get("/api/v1/wires?scope=cluster").at("/away/0/name").asText())
          .isEqualTo("n2");
    }
  }

  /** Takes every line as it comes. */
  private record LineQueue(Queue<String> lines)
      implements java.util.concurrent.Flow.Subscriber<String> {
    @Override
    public void onSubscribe(java.util.concurrent.Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(String line) {
      lines.add(line);
    }

    @Override
    public void onError(Throwable failure) {
      lines.add("error: " + failure);
    }

    @Override
    public void onComplete() {
      lines.add("end");
    }
  }
}
