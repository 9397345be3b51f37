package dev.weft.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.LabNodes;
import dev.weft.testkit.NatKind;
import dev.weft.testkit.NatLab;
import dev.weft.testkit.NatRouter;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node behind a router that grants ports (miniupnpd), a member and a STUN server (coturn) on the
 * public network.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.COTURN, Need.MINIUPNPD})
class NetcheckIT {
  private static final Duration FOUND_WITHIN = Duration.ofSeconds(60);

  /** What the router says of itself: miniupnpd takes the lab's addresses for private ones. */
  private static final String ROUTERS_ADDRESS = "8.8.8.8";

  @TempDir static Path directory;

  private static LabNodes nodes;
  private static NatLab.Host server;
  private static NatRouter router;
  private static NodeProcess home;

  @BeforeAll
  static void start() throws Exception {
    nodes = LabNodes.start(directory, 1, "");
    server = nodes.lab().host("stun");
    server
        .netns()
        .start(
            directory.resolve("turnserver.log").toFile(),
            "turnserver",
            "-n",
            "--stun-only",
            "--no-tls",
            "--no-dtls",
            "--no-cli",
            "--log-file=stdout",
            "--pidfile=" + directory.resolve("turnserver.pid"),
            "--listening-ip=" + server.address(),
            "--listening-port=3478");
    router = nodes.lab().router(NatKind.PORT_RESTRICTED);
    NatLab.Host host = router.host("home");
    grantPorts();
    home =
        NodeProcess.prepare(
            directory.resolve("home"),
            host.netns(),
            nodes.ca(),
            host.address(),
            true,
            "mesh: { links: [ { to: 'udp://%s' } ], stun: [ '%s' ] }"
                .formatted(nodes.listener(1), server.address()));
    home.start();
    home.awaitReady();
  }

  private static void grantPorts() throws Exception {
    Path chains = directory.resolve("chains.nft");
    Files.writeString(
        chains,
        """
        table inet filter {
          chain forward { type filter hook forward priority 10; jump miniupnpd; }
          chain miniupnpd { }
          chain before { type nat hook prerouting priority -110; jump prerouting_miniupnpd; }
          chain prerouting_miniupnpd { }
          chain after { type nat hook postrouting priority 90; jump postrouting_miniupnpd; }
          chain postrouting_miniupnpd { }
        }
        """);
    router.netns().run("nft", "-f", chains.toString());
    Path configuration = directory.resolve("miniupnpd.conf");
    Files.writeString(
        configuration,
        """
        ext_ifname=wan
        ext_ip=%s
        listening_ip=lan
        enable_natpmp=yes
        enable_upnp=no
        uuid=00000000-0000-0000-0000-000000000001
        allow 1024-65535 0.0.0.0/0 1024-65535
        """
            .formatted(ROUTERS_ADDRESS));
    router
        .netns()
        .start(
            directory.resolve("miniupnpd.log").toFile(),
            "miniupnpd",
            "-d",
            "-f",
            configuration.toString(),
            "-P",
            directory.resolve("miniupnpd.pid").toString());
  }

  @AfterAll
  static void end() throws Exception {
    if (home != null) {
      home.close();
    }
    if (nodes != null) {
      nodes.close();
    }
  }

  private static JsonNode check() {
    return home.api().get("/api/v1/netcheck");
  }

  private static String port() {
    String text = check().path("port").asText();
    return text.substring(text.lastIndexOf(':') + 1);
  }

  private static void await(String what, ThrowingRunnable assertion) {
    Awaitility.await(what)
        .atMost(FOUND_WITHIN)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .untilAsserted(assertion);
  }

  @Test
  void shouldTellHowANodeBehindANatIsConnected() {
    await(
        "the NAT is found out",
        () -> {
          JsonNode check = check();
          assertThat(check.path("mapping").asText()).isEqualTo("endpoint-independent");
          assertThat(check.path("filtering").asText()).isEqualTo("address-and-port-dependent");
          assertThat(check.path("hairpin").asText()).isEqualTo("no");
          assertThat(check.path("seenBy").findValuesAsText("server"))
              .contains(server.address() + ":3478", nodes.listener(1));
          assertThat(check.path("seenBy").findValuesAsText("seen"))
              .hasSizeGreaterThanOrEqualTo(2)
              .allMatch((router.outside() + ":" + port())::equals);
        });
  }

  @Test
  void shouldHaveTheRouterMapThePortAsLongAsTheNodeRuns() throws Exception {
    await(
        "a mapping",
        () -> {
          JsonNode mapping = check().path("portMapping");
          assertThat(mapping.path("protocol").asText()).isEqualTo("PCP");
          assertThat(mapping.path("external").asText()).isEqualTo(ROUTERS_ADDRESS + ":" + port());
        });
    String port = port();
    // Nothing was ever sent from there to this port of the server, and yet it is let in.
    assertThat(server.netns().run("turnutils_stunclient", "-p", port, router.outside()))
        .contains("UDP reflexive addr: " + server.address());

    assertThat(home.stop()).isZero();

    await(
        "the mapping is released",
        () ->
            assertThat(router.netns().run("nft", "list", "chain", "inet", "filter", "miniupnpd"))
                .doesNotContain(port));
    home.start();
    home.awaitReady();
  }

  @Test
  void shouldAnswerTheClientOfCoturn() throws Exception {
    String listener = nodes.listener(1);
    String address = listener.substring(0, listener.indexOf(':'));

    assertThat(server.netns().run("turnutils_stunclient", "-p", "7654", address))
        .contains("UDP reflexive addr: " + server.address());
  }
}
