package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.telemetry.Metrics;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class MeshMetricsTest {
  private final Metrics metrics = new Metrics();
  private final MeshMetrics mesh = new MeshMetrics(metrics.registry());

  @AfterEach
  void close() {
    metrics.close();
  }

  @Test
  void shouldCallItsMetersAsTheManualDoes() {
    AtomicLong frames = new AtomicLong(7);
    mesh.links("udp", "up", () -> 2);
    mesh.destinations(() -> 5);
    mesh.traffic("forwarded", frames::get, () -> 9800);
    mesh.dropped("no-route", () -> 3);
    frames.incrementAndGet();

    assertThat(mine())
        .containsExactlyInAnyOrder(
            "weft_mesh_links{kind=\"udp\",state=\"up\"} 2.0",
            "weft_mesh_destinations 5.0",
            "weft_mesh_frames_total{direction=\"forwarded\"} 8.0",
            "weft_mesh_bytes_total{direction=\"forwarded\"} 9800.0",
            "weft_mesh_dropped_total{reason=\"no-route\"} 3.0");
  }

  @Test
  void shouldShowALinksRttInSecondsWhileTheLinkIsThere() {
    AtomicReference<Long> rtt = new AtomicReference<>();
    Runnable gone = mesh.rtt(link("udp-b2"), rtt::get);
    String series =
        "weft_mesh_link_rtt_seconds{kind=\"udp\",link=\"udp-b2\",node=\"00000000000000b2\"} ";

    assertThat(mine()).containsExactly(series + "NaN");
    rtt.set(1500L);
    assertThat(mine()).containsExactly(series + "0.0015");
    gone.run();
    assertThat(mine()).isEmpty();
  }

  @Test
  void shouldShowTheRttOfSoManyLinksAtOnce() {
    List<Runnable> links = new ArrayList<>();
    for (int i = 0; i < MeshMetrics.MAX_LINKS + 10; i++) {
      links.add(mesh.rtt(link("udp-" + i), () -> 1L));
    }
    assertThat(mine()).hasSize(MeshMetrics.MAX_LINKS);

    links.forEach(Runnable::run);
    links.forEach(Runnable::run);
    for (int i = 0; i < MeshMetrics.MAX_LINKS + 10; i++) {
      mesh.rtt(link("later-" + i), () -> 1L);
    }

    assertThat(mine()).hasSize(MeshMetrics.MAX_LINKS);
  }

  @Test
  void shouldLeaveNothingBehind() {
    mesh.links("udp", "up", () -> 2);
    mesh.traffic("sent", () -> 1, () -> 1);

    mesh.close();

    assertThat(mine()).isEmpty();
  }

  private List<String> mine() {
    return metrics.scrape().lines().filter(l -> l.startsWith("weft_mesh_")).toList();
  }

  private static MeshLink link(String id) {
    String peer = "00000000000000b2";
    return new MeshLink(
        id, "udp", "x", peer, "up", "", "member", "key", "", null, 0, 0, 0, 0, 0, 0);
  }
}
