package dev.weft.nsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A client in Python asks for a chain of services whose endpoints are on both nodes. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.PYTHON_GRPC})
class ChainIT {
  private static final Duration SOON = Duration.ofSeconds(40);

  private static NsmNodes nodes;
  private static NsmNodes.Node home;
  private static NsmNodes.Node away;
  private static TestNetns client;

  @BeforeAll
  static void start() throws Exception {
    nodes =
        NsmNodes.start(2, "heal: 10s, cidr6: \"fd44::/64\", chains: { own: [firewall, nobody] }");
    home = nodes.node(1);
    away = nodes.node(2);
    client = home.pod("c1");
  }

  @AfterAll
  static void stop() throws Exception {
    if (nodes != null) {
      nodes.close();
    }
  }

  @Test
  void shouldLeadAClientThroughEachServiceAndHealEachHopAlone() throws Exception {
    // Given
    TestNetns fw1 = forwarding("fw1");
    TestNetns fw2 = forwarding("fw2");
    fw2.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
    TestNetns vpn1 = nodes.namespace("vpn1");
    reachable(vpn1, "2001:db8:77::1");
    TestNetns vpn2 = nodes.namespace("vpn2");
    reachable(vpn2, "2001:db8:78::1");
    Process firewall = away.echo("fw1", fw1, "--service", "firewall");
    Process vpn = vpn(home, "vpn1", vpn1, "77");
    home.http("PUT", "/api/v1/chains/secure", "{\"via\":[\"firewall\",\"vpn\"]}");
    await("endpoints are known").atMost(SOON).until(() -> services() == 2);

    // When
    JsonNode reply = ask("through both");

    // Then
    assertThat(reply.path("echo").asText()).isEqualTo("through both");
    assertThat(reply.path("interface").asText()).isEqualTo("secure");
    assertThat(reply.path("hops"))
        .extracting(hop -> hop.path("service").asText())
        .containsExactly("firewall", "vpn");
    assertThat(reply.path("routes")).extracting(JsonNode::asText).contains("10.77.0.0/16");
    assertThat(client.run("ip", "-N", "route")).contains("10.77.0.0/16 via", "dev secure");
    assertThat(client.run("ip", "-6", "-N", "route"))
        .contains("2001:db8:77::/48 via", "dev secure");
    String vpn6 = reply.path("hops").path(1).path("address6").asText();
    assertThat(vpn6).startsWith("fd44::");
    await("IPv6 through both").atMost(SOON).until(() -> pings(vpn6) && pings("2001:db8:77::1"));
    assertThat(fw1.run("ip", "-br", "link")).contains("nsm", "vpn");
    assertThat(home.metric("weft_nsm_chains_up")).isEqualTo(1);
    assertThat(chain().path("chain").path("hops").asInt()).isEqualTo(2);
    assertThat(chain().path("hops").path(1).path("client").asText()).startsWith("nsm-endpoints/");
    final String index = client.run("cat", "/sys/class/net/secure/ifindex");

    // When the last hop's endpoint dies
    vpn(away, "vpn2", vpn2, "78");
    await("both are known").atMost(SOON).until(() -> endpoints("vpn") == 2);
    vpn.destroyForcibly().onExit().join();

    // Then only that hop is another one, and the client's routes follow
    await("healed").atMost(SOON).until(() -> isUpBy(1, "vpn2"));
    assertThat(ask("by the other vpn").path("echo").asText()).isEqualTo("by the other vpn");
    assertThat(client.run("cat", "/sys/class/net/secure/ifindex")).isEqualTo(index);
    assertThat(client.run("ip", "-N", "route")).contains("10.78.0.0/16").doesNotContain("10.77.");
    await("IPv6 by the other vpn").atMost(SOON).until(() -> pings("2001:db8:78::1"));
    assertThat(client.run("ip", "-6", "-N", "route")).doesNotContain("2001:db8:77:");
    assertThat(home.metric("weft_nsm_chain_heal_seconds_count")).isEqualTo(1);

    // When the first hop's endpoint dies
    home.echo("fw2", fw2, "--service", "firewall");
    await("both are known").atMost(SOON).until(() -> endpoints("firewall") == 2);
    firewall.destroyForcibly().onExit().join();

    // Then the way leads through the other one, which has no IPv6
    await("healed").atMost(SOON).until(() -> isUpBy(0, "fw2") && isUpBy(1, "vpn2"));
    JsonNode four = ask("by the other firewall");
    assertThat(four.path("echo").asText()).isEqualTo("by the other firewall");
    assertThat(four.path("unset").path("2001:db8:78::/48").asText())
        .isEqualTo("hop 1 (firewall) has no IPv6 addresses");
    assertThat(client.run("ip", "-6", "-N", "route")).doesNotContain("2001:db8:78:");
    await("the former one is on no way any more")
        .atMost(SOON)
        .untilAsserted(() -> assertThat(fw1.run("ip", "-br", "link")).doesNotContain("nsm", "vpn"));

    // When both nodes are killed and start again
    home.kill();
    away.kill();
    home.start();
    away.start();
    home.awaitMembers(2);

    // Then
    await("up again").atMost(SOON).until(() -> isUpBy(0, "fw2") && isUpBy(1, "vpn2"));
    assertThat(ask("after a restart").path("echo").asText()).isEqualTo("after a restart");

    // When
    home.http("DELETE", "/api/v1/connections/" + reply.path("connection").asText(), "");

    // Then
    await("nothing is left")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(client.run("ip", "-br", "link")).doesNotContain("secure");
              assertThat(fw2.run("ip", "-br", "link")).doesNotContain("nsm", "vpn");
              assertThat(vpn2.run("ip", "-br", "link")).doesNotContain("nsm");
              assertThat(home.connections()).isEmpty();
              assertThat(away.connections()).isEmpty();
              assertThat(home.get("/api/v1/pods").toString()).doesNotContain("nsm-endpoints");
            });
  }

  @Test
  void shouldLeadThroughThreeServicesOfOneNodeAndLeaveNothingOfAChainThatFails() throws Exception {
    // Given
    TestNetns pod = away.pod("c3");
    away.echo("one", forwarding("one"), "--service", "one");
    away.echo("two", forwarding("two"), "--service", "two", "--route", "10.91.0.0/16");
    away.echo("three", nodes.namespace("three"), "--service", "three", "--route", "10.90.0.0/16");
    Process liar =
        pod.start(
            away.directory.resolve("liar.log").toFile(),
            NsmNodes.probeCommand(
                "liar", away.endpointSocket().toString(), away.directory.toString(), "other"));
    away.http("PUT", "/api/v1/chains/all", "{\"via\":[\"one\",\"rest\"]}");
    away.http("PUT", "/api/v1/chains/rest", "{\"via\":[\"two\",\"three\"]}");
    away.http("PUT", "/api/v1/chains/wrong", "{\"via\":[\"one\",\"two\",\"other\"]}");
    await("endpoints are known")
        .atMost(SOON)
        .until(() -> away.get("/api/v1/services").toString().contains("other"));

    // When
    JsonNode reply = away.ask("c3", pod, "uid-3", "--service", "all", "--say", "through three");
    String refused =
        NsmNodes.probe(pod, "ask", away.socketOf("c3").toString(), "wrong", "uid-4")
            .path("answer")
            .asText();
    liar.destroyForcibly().onExit().join();

    // Then
    assertThat(reply.path("echo").asText()).isEqualTo("through three");
    assertThat(reply.path("interface").asText()).isEqualTo("all1");
    assertThat(reply.path("routes"))
        .extracting(JsonNode::asText)
        .contains("10.91.0.0/16", "10.90.0.0/16");
    assertThat(refused).startsWith("REFUSED").contains("hop 3 (other)");
    await("nothing of the other is left")
        .atMost(SOON)
        .untilAsserted(() -> assertThat(away.connections().toString()).doesNotContain("wrong"));

    // When it ends
    NsmNodes.probe(pod, "close", away.socketOf("c3").toString(), reply.path("connection").asText());

    // Then
    await("nothing is left")
        .atMost(SOON)
        .untilAsserted(
            () -> {
              assertThat(away.connections().toString()).doesNotContain("three");
              assertThat(pod.run("ip", "-br", "link")).doesNotContain("all");
            });
  }

  @Test
  void shouldRefuseChainsThatLeadNowhere() throws Exception {
    home.http("PUT", "/api/v1/chains/a", "{\"via\":[\"b\"]}");

    assertThat(put("b", "a")).hasMessageContaining("chain b: a loop, b -> a -> b");
    assertThat(put("own", "vpn")).hasMessageContaining("nsm.chains");
    assertThat(refusal("own")).startsWith("NOT_FOUND service own: hop");
  }

  private static Throwable put(String name, String via) {
    String body = "{\"via\":[\"" + via + "\"]}";
    return catchThrowable(() -> home.http("PUT", "/api/v1/chains/" + name, body));
  }

  private static String refusal(String service) throws Exception {
    return NsmNodes.probe(client, "ask", home.socketOf("c1").toString(), service, "uid-9")
        .path("answer")
        .asText();
  }

  private static TestNetns forwarding(String name) throws Exception {
    TestNetns made = nodes.namespace(name);
    made.run(
        "sh",
        "-c",
        "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
    return made;
  }

  private static void reachable(TestNetns where, String address) throws Exception {
    where.run("ip", "link", "set", "lo", "up");
    where.run("ip", "address", "add", address + "/128", "dev", "lo");
  }

  /** It announces a prefix of each family that has this number. */
  private static Process vpn(NsmNodes.Node node, String name, TestNetns where, String number)
      throws Exception {
    return node.echo(
        name,
        where,
        "--service",
        "vpn",
        "--route",
        "10." + number + ".0.0/16",
        "--route",
        "2001:db8:" + number + "::/48");
  }

  private static boolean pings(String address) throws Exception {
    return client
        .run("sh", "-c", "ping -c 1 -W 1 -q " + address + " || true")
        .contains("1 received");
  }

  private static JsonNode ask(String words) throws Exception {
    return home.ask("c1", client, "uid-1", "--service", "secure", "--say", words);
  }

  private static int services() throws IOException {
    return home.get("/api/v1/services").path("items").size();
  }

  private static int endpoints(String service) throws IOException {
    return home.get("/api/v1/services/" + service).path("endpoints").size();
  }

  /** The client's connection. */
  private static JsonNode chain() throws IOException {
    for (JsonNode connection : home.connections()) {
      if (connection.path("service").asText().equals("secure")) {
        return connection;
      }
    }
    throw new AssertionError("no connection of the chain in " + home.connections());
  }

  private static boolean isUpBy(int hop, String provider) throws IOException {
    JsonNode chain = chain();
    return chain.path("state").asText().equals("up")
        && chain.path("hops").path(hop).path("provider").asText().endsWith(provider);
  }
}
