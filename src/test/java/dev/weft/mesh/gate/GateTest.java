package dev.weft.mesh.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.address.StreamAddress;
import dev.weft.config.ForwardConfig;
import dev.weft.config.MeshConfig;
import dev.weft.config.ServiceConfig;
import dev.weft.telemetry.Health;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What may be exported and forwarded, and what stays. */
@Timeout(60)
class GateTest extends GateContract {
  private static final StreamAddress TARGET = StreamAddress.of(new HostPort("127.0.0.1", 80));
  private static final ServiceConfig WEB = new ServiceConfig("web", TARGET, List.of());

  @TempDir Path directory;

  @Test
  void shouldTellWhatItExportsAndOpens() throws Exception {
    result(gate.open(config(List.of(WEB), List.of())));
    StreamAddress at = forward("127.0.0.1:0", "any", "web");

    assertThat(export("web").now().origin()).isEqualTo("configured");
    assertThat(forward().now().origin()).isEqualTo("created");
    assertThat(facts)
        .containsExactly(
            new ServiceExported("web", "127.0.0.1:80"),
            new ForwardOpened(at.toString(), "any", "web"));
    assertThat(meters.get("weft_mesh_service_open").tag("at", at.toString()).gauge().value())
        .isZero();
  }

  @Test
  void shouldKeepWhatWasCreatedOverARestart() throws Exception {
    result(gate.export(new ServiceConfig("db", TARGET, List.of(MemoryServices.FAR))));
    StreamAddress at = forward("127.0.0.1:0", "far", "db");

    restart(config(List.of(WEB), List.of()));

    assertThat(result(gate.exports())).extracting(MeshExport::name).containsExactly("db", "web");
    assertThat(export("db").allow()).containsExactly(MemoryServices.FAR);
    assertThat(export("db").now().origin()).isEqualTo("created");
    assertThat(forward().listen()).isEqualTo(at.toString());
    assertThat(forward().to()).isEqualTo("far");
  }

  @Test
  void shouldForgetWhatWasRemoved() throws Exception {
    export("db", TARGET);
    StreamAddress at = forward("127.0.0.1:0", "any", "db");

    result(gate.withdraw("db"));
    result(gate.unforward(at));

    assertThat(facts).endsWith(new ServiceWithdrawn("db"), new ForwardClosed(at.toString(), "db"));
    assertThat(meters.getMeters()).isEmpty();
    restart(config(List.of(), List.of()));
    assertThat(result(gate.exports())).isEmpty();
    assertThat(result(gate.forwards())).isEmpty();
  }

  @Test
  void shouldLeaveTheConfigurationAlone() throws Exception {
    ForwardConfig forward =
        new ForwardConfig(StreamAddress.listener("127.0.0.1:0").orElseThrow(), "any", "web");
    result(gate.open(config(List.of(WEB), List.of(forward))));
    StreamAddress at = StreamAddress.listener(forward().listen()).orElseThrow();

    assertThatThrownBy(() -> result(gate.withdraw("web")))
        .hasMessageContaining(
            "service web is of the configuration (expected: one that was created; change"
                + " mesh.services there)");
    assertThatThrownBy(() -> result(gate.unforward(at)))
        .hasMessageContaining("forward " + at + " is of the configuration");
  }

  @Test
  void shouldTakeTheSameAgainAndRefuseAnotherOfTheName() throws Exception {
    result(gate.export(WEB));
    StreamAddress at = forward("127.0.0.1:0", "any", "web");

    assertThat(result(gate.export(WEB)).name()).isEqualTo("web");
    assertThat(forward(at.toString(), "any", "web")).isEqualTo(at);
    assertThatThrownBy(() -> result(gate.export(new ServiceConfig("web", at, List.of()))))
        .hasMessageContaining(
            "service: web is exported already, from 127.0.0.1:80 (expected: another name, or weft"
                + " unexpose first)");
    assertThatThrownBy(() -> forward(at.toString(), "far", "web"))
        .hasMessageContaining("listen: " + at + " is a forward to service web already");
  }

  @Test
  void shouldSayWhatIsNotThere() {
    assertThatThrownBy(() -> result(gate.withdraw("web")))
        .hasMessageContaining("service web is not exported by this node");
    assertThatThrownBy(() -> result(gate.unforward(TARGET)))
        .hasMessageContaining("forward 127.0.0.1:80: not on this node");
  }

  @Test
  void shouldRefuseAPlaceThatIsTakenAndKeepNothingOfIt() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String at = "127.0.0.1:" + taken.getLocalPort();

      assertThatThrownBy(() -> forward(at, "any", "web"))
          .hasMessageContaining("listen: " + at + " is taken");
      assertThatThrownBy(() -> forward("192.0.2.1:1", "any", "web"))
          .hasMessageContaining("listen: 192.0.2.1:1: ")
          .hasMessageContaining("(expected: an address of this host)");
      Path file = Files.writeString(directory.resolve("f"), "a file");
      assertThatThrownBy(() -> forward("unix:" + file, "any", "web"))
          .hasMessageContaining("it is another file");
    }
    restart(config(List.of(), List.of()));
    assertThat(result(gate.forwards())).isEmpty();
  }

  @Test
  void shouldListenOnceAPlaceIsFree() throws Exception {
    MeshConfig config;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String at = "127.0.0.1:" + taken.getLocalPort();
      config =
          config(
              List.of(),
              List.of(new ForwardConfig(StreamAddress.listener(at).orElseThrow(), "any", "web")));
      health.state("mesh", Health.State.READY);
      result(gate.open(config));

      assertThat(forward()).matches(f -> f.now().state().equals("down"));
      assertThat(forward().now().reason()).contains("is taken");
      assertThat(health.rooms().toString()).contains(at + " is taken");
    }
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(forward().now().state()).isEqualTo("up"));
    assertThat(health.rooms().toString()).doesNotContain("is taken");
  }
}
