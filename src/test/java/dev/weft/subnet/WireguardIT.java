package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.linux.Link;
import dev.weft.linux.LinuxException;
import dev.weft.net.NodeLinks;
import dev.weft.net.OpenNetns;
import dev.weft.pod.PodRef;
import dev.weft.subnet.wireguard.AnnouncedKey;
import dev.weft.subnet.wireguard.WireguardSeen;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Vertx;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two nodes' passes with WireGuard devices of wireguard-go, which another project wrote, in place
 * of the kernel's.
 */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.WIREGUARD_GO})
class WireguardIT {
  private static final Cidr RANGE = Cidr.parse("10.42.0.0/16");
  private static final Pattern LOSS =
      Pattern.compile("(\\d+) packets transmitted, (\\d+) received");
  private static final long DAY = 86_400;

  @TempDir static Path directory;

  private final Vertx vertx = Vertx.vertx();
  private final List<TestNetns> made = new ArrayList<>();
  private final List<Host> hosts = new ArrayList<>();

  /** A node, its host and its pod. */
  private final class Host {
    final TestNetns netns;
    final TestNetns pod;
    final String id;
    final int number;
    final GoDevices devices;
    SubnetKernel kernel;
    Observed seen = Observed.NOTHING;

    Host(int number) throws Exception {
      this.number = number;
      this.id = Integer.toString(number).repeat(16);
      this.netns = netns("host" + number);
      this.pod = netns("pod" + number);
      this.devices = new GoDevices(directory.resolve(netns.name()), netns);
      hosts.add(this);
    }

    void open() throws Exception {
      kernel =
          SubnetKernel.open(
              OpenNetns.open(netns.name()),
              NodeLinks.start(vertx, id),
              new OverlaySettings(
                  RANGE,
                  Optional.empty(),
                  Optional.of("vxlan100"),
                  false,
                  100,
                  4789,
                  51820,
                  true,
                  true,
                  Optional.empty()),
              Optional.of(devices));
    }

    String subnet() {
      return "10.42." + number + ".0/24";
    }

    Wanted.Peer asPeer() {
      WireguardSeen of = seen.wireguard();
      List<AnnouncedKey> keys = of.keys() == null ? List.of() : of.keys();
      return new Wanted.Peer(
          id,
          "n" + number,
          Cidr.parse(subnet()),
          Optional.empty(),
          PacketCarrier.WIREGUARD,
          new Wanted.WireguardOffer(keys, of.sendsBy(), false),
          IpAddress.parse("10.99.0." + number),
          0);
    }

    Wanted wanted(Host other) {
      return new Wanted(
          Optional.of(Cidr.parse(subnet())),
          List.of(IpAddress.parse("10.99.0." + other.number)),
          List.of(other.asPeer()),
          Map.of(),
          List.of(
              new Wanted.PodEnd(
                  PodRef.parse("p" + number),
                  pod.name(),
                  IpAddress.parse("10.42." + number + ".10"))));
    }

    void pass(Host other) throws Exception {
      seen = kernel.reconcile(wanted(other));
      assertThat(seen.troubles()).isEmpty();
    }

    boolean isUp(Host other) {
      return seen.wireguard().up().contains(other.id);
    }
  }

  @AfterEach
  void remove() throws Exception {
    hosts.forEach(host -> host.devices.end());
    made.forEach(TestNetns::close);
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  @Test
  void shouldChangeTheKeysOfARealWireguardAndLoseNoPacket() throws Exception {
    Host one = new Host(1);
    Host two = new Host(2);
    join(one, two);
    one.open();
    two.open();
    passUntil(one, two, () -> one.isUp(two) && two.isUp(one));
    assertThat(one.netns.run("ip", "route"))
        .contains("10.42.2.0/24 via 10.42.2.0 dev weft-wg0")
        .doesNotContain("vxlan");
    assertThat(one.pod.run("ip", "link", "show", "eth0")).contains("mtu 1440");
    one.pod.run("ping", "-c1", "-W5", "-M", "do", "-s", "1412", "10.42.2.10");
    assertThat(one.netns.run("nft", "list", "table", "inet", "weft"))
        .contains("udp dport 51820 ip saddr @senders4 accept")
        .doesNotContain("51821");
    var before = one.devices.get("weft-wg0").orElseThrow();

    // A process that begins a day later, with the devices of the one before.
    File output = directory.resolve("ping.txt").toFile();
    Process ping = one.pod.start(output, "ping", "-q", "-i", "0.01", "10.42.2.10");
    one.kernel.close();
    String alias =
        "weft:" + one.id + ":subnet:wireguard:1:" + (Instant.now().getEpochSecond() - DAY);
    one.netns.run("ip", "link", "set", "weft-wg0", "alias", alias);
    one.open();
    passUntil(one, two, () -> sendsByTheSecond(one) && sendsByTheSecond(two));

    one.pod.run("ping", "-c3", "-i", "0.1", "10.42.2.10");
    new ProcessBuilder("kill", "-INT", Long.toString(ping.pid())).start().waitFor();
    assertThat(ping.waitFor(10, TimeUnit.SECONDS)).isTrue();
    Matcher loss = LOSS.matcher(Files.readString(output.toPath()));
    assertThat(loss.find()).isTrue();
    int sent = Integer.parseInt(loss.group(1));
    // The last one may have been under way.
    assertThat(Integer.parseInt(loss.group(2))).isGreaterThanOrEqualTo(sent - 1);
    assertThat(sent).isGreaterThan(50);
    assertThat(one.netns.run("ip", "route")).contains("10.42.2.0/24 via 10.42.2.0 dev weft-wg1");
    assertThat(one.devices.get("weft-wg0").orElseThrow().privateKey())
        .isEqualTo(before.privateKey());

    one.kernel.removeAll(Set.of());
    assertThat(one.netns.run("ip", "link")).doesNotContain("weft-wg");
    one.kernel.close();
    two.kernel.close();
  }

  @Test
  void shouldLeaveAnotherProgramsDeviceAndSayWhoHasThePort() throws Exception {
    Host one = new Host(1);
    Host two = new Host(2);
    join(one, two);
    one.open();
    one.netns.run("ip", "link", "add", "weft-wg0", "type", "bridge");

    one.seen = one.kernel.reconcile(one.wanted(two));

    assertThat(one.seen.troubles().get(Trouble.WIREGUARD))
        .contains("interface weft-wg0 is there already");
    assertThat(one.seen.problem(Cidr.parse("10.42.2.0/24"))).isNotNull();
    one.kernel.removeAll(Set.of());
    assertThat(one.netns.run("ip", "link")).contains("weft-wg0");
    one.kernel.close();
  }

  @Test
  void shouldSayThatAKernelHasNoWireguard() throws Exception {
    TestNetns netns = netns("bare");
    try (OpenNetns host = OpenNetns.open(netns.name())) {
      String errno;
      try {
        Link made = host.netlink().createWireguard("wg0", 1420);
        errno = made.kind();
      } catch (LinuxException e) {
        errno = e.errnoName();
      }
      Assumptions.assumeFalse(errno.equals("wireguard"), "this kernel has WireGuard");
      assertThat(errno).isEqualTo("EOPNOTSUPP");

      WireguardPart part =
          WireguardPart.open(
              host, NodeLinks.start(vertx, "1".repeat(16)).of("subnet"), null, 51820);

      assertThat(part.refusal().orElseThrow())
          .startsWith("this kernel has no WireGuard (expected: the module wireguard");
    }
  }

  private static boolean sendsByTheSecond(Host host) {
    return host.seen.wireguard().sendsBy() == 2 && host.seen.wireguard().up().size() == 1;
  }

  private static void passUntil(Host one, Host two, Callable<Boolean> done) {
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              one.pass(two);
              two.pass(one);
              return done.call();
            });
  }

  private void join(Host one, Host two) throws Exception {
    one.netns.run(
        "ip", "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", two.netns.name());
    for (Host host : List.of(one, two)) {
      host.netns.run("ip", "addr", "add", "10.99.0." + host.number + "/24", "dev", "eth0");
      host.netns.run("ip", "link", "set", "eth0", "up");
    }
  }

  private TestNetns netns(String label) {
    TestNetns netns = TestNetns.create(label);
    made.add(netns);
    return netns;
  }
}
