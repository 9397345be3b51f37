package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.identity.CertificateAuthority;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.NodeProcess;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A member and an outpost whose hosts have no address of IPv4 but loopback. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.CURL, Need.PYTHON_GRPC})
@Timeout(240)
class Ipv6IT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String MEMBER = "fd00:29::1";
  private static final String OUTPOST = "fd00:29::2";

  @TempDir static Path directory;
  private static TestNetns memberHost;
  private static TestNetns outpostHost;
  private static NodeProcess member;
  private static NodeProcess outpost;

  @BeforeAll
  static void start() throws Exception {
    memberHost = TestNetns.create("six1");
    outpostHost = TestNetns.create("six2");
    memberHost.run(
        "ip", "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", outpostHost.name());
    up(memberHost, MEMBER);
    up(outpostHost, OUTPOST);
    CertificateAuthority ca =
        CertificateAuthority.create(directory.resolve("ca"), "test", 31, Clock.systemUTC());
    member =
        NodeProcess.prepare(
            directory.resolve("n1"),
            memberHost,
            ca,
            MEMBER,
            true,
            """
            cluster: { role: member }
            grpc: { host: "%1$s" }
            mesh: { listen: [ "udp://[%1$s]:7654" ] }
            proxy: { reverse: { target: "127.0.0.1:50062", utp: "[::]:7655" } }
            """
                .formatted(MEMBER));
    outpost =
        NodeProcess.prepare(
            directory.resolve("n2"),
            outpostHost,
            ca,
            OUTPOST,
            true,
            """
            mesh: { links: [ { to: "udp://[%1$s]:7654" } ] }
            proxy:
              forward: { port: 3128, token: yoasobi, utp: "[::]:7656" }
              connections:
                - { to: "[%1$s]:7654" }
                - { to: "[%1$s]:7655", transport: utp }
            """
                .formatted(MEMBER));
    member.start();
    outpost.start();
    Path files = Files.createDirectory(directory.resolve("www"));
    Files.writeString(files.resolve("hello"), "hello from n1 ");
    memberHost.start(
        directory.resolve("http").toFile(),
        "/usr/bin/python3",
        "-m",
        "http.server",
        "--bind",
        "127.0.0.1",
        "--directory",
        files.toString(),
        "50062");
    member.awaitReady();
    outpost.awaitReady();
  }

  private static void up(TestNetns host, String address) throws Exception {
    host.run("ip", "addr", "add", address + "/64", "dev", "eth0", "nodad");
    host.run("ip", "link", "set", "eth0", "up");
  }

  @AfterAll
  static void end() throws Exception {
    for (NodeProcess node : new NodeProcess[] {outpost, member}) {
      if (node != null) {
        node.close();
      }
    }
    memberHost.close();
    outpostHost.close();
  }

  @Test
  void shouldHaveAPathStraightToEachOther() {
    awaitPeer(outpost, member, "udp [fd00:29::1]:7654");
    awaitPeer(member, outpost, "udp [fd00:29::2]:");
  }

  @Test
  void shouldHaveTheMemberAsItsHome() {
    await("nodes that the outpost knows")
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(outpost.api().get("/api/v1/nodes").path("items")).hasSize(2));
  }

  private static void awaitPeer(NodeProcess at, NodeProcess other, String path) {
    await("path from " + at.name())
        .atMost(SOON)
        .untilAsserted(
            () -> {
              JsonNode peer = at.api().get("/api/v1/mesh/peers").path("items").path(0);
              assertThat(peer.path("peer").asText()).isEqualTo(other.id());
              assertThat(peer.path("path").asText()).startsWith(path);
              assertThat(peer.path("rttMicros").isNumber()).isTrue();
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"7654", "7655"})
  void shouldCarryAConnectOverEitherTransport(String port) {
    await("the server of n1")
        .atMost(SOON)
        .untilAsserted(
            () ->
                assertThat(
                        outpostHost.run(
                            "sh",
                            "-c",
                            "curl -g -s -m 30 -p -x http://yoasobi@127.0.0.1:3128 -w"
                                + " '%{http_connect}' 'http://["
                                + MEMBER
                                + "]:"
                                + port
                                + "/hello' || true"))
                    .isEqualTo("hello from n1 200"));
  }

  @Test
  void shouldKnowItsAddressByStunAndSayThatThereIsIpv6() {
    await("netcheck")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              JsonNode check = outpost.api().get("/api/v1/netcheck");
              assertThat(check.path("ipv6").asText()).as(check.toString()).isEqualTo("yes");
              assertThat(check.path("udp").asText()).as(check.toString()).isEqualTo("yes");
              assertThat(check.path("publicAddresses").toString()).contains("[fd00:29::2]:");
              assertThat(check.path("ways").path(0).path("kind").asText()).isEqualTo("direct");
            });
  }
}
