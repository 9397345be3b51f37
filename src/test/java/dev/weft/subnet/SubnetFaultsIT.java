package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.testkit.AddressedPod;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.PingStream;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A hundred echo requests a second between pods of two of three nodes through one fault after the
 * other; prints what each lost, in both directions together.
 */
@Tag("long")
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.IPTABLES})
class SubnetFaultsIT {
  private static final Duration LONG = Duration.ofMinutes(2);

  @TempDir static Path directory;

  private ProcessCluster nodes;
  private TestNetns host;
  private AddressedPod here;
  private AddressedPod there;

  private interface Act {
    void run() throws Exception;
  }

  @Test
  void shouldLoseNoMorePacketsThanEachFaultItselfTakes() throws Exception {
    try (ProcessCluster cluster = ProcessCluster.start(directory, 3, "");
        AddressedPod one = AddressedPod.create(cluster.node(1), "p1");
        AddressedPod three = AddressedPod.create(cluster.node(3), "p3")) {
      nodes = cluster;
      host = cluster.host(3);
      here = one;
      there = three;
      await().atMost(LONG).until(() -> one.pings(three, 1450) && three.pings(one, 1450));

      restarts();
      ofTheHost();
      betweenTheHosts();
    }
  }

  private void restarts() throws Exception {
    assertThat(lost("SIGTERM, and started again", () -> again(() -> nodes.stop(3)))).isZero();
    assertThat(lost("SIGKILL, and started again", () -> again(() -> nodes.kill(3)))).isZero();
    assertThat(
            lost(
                "control traffic cut until each takes the other for gone, and back",
                () -> {
                  table("hook input", "iifname eth0 ip protocol tcp drop");
                  members(2);
                  noTable();
                  members(3);
                }))
        .isZero();
  }

  private void again(Act end) throws Exception {
    end.run();
    members(2);
    nodes.start(3);
    nodes.awaitReady(3);
    members(3);
  }

  private void ofTheHost() throws Exception {
    // What the node sets right is noticed within a pass, every 5 s.
    assertThat(lost("ip_forward = 0", () -> set("net.ipv4.ip_forward=0"))).isLessThan(2000);
    assertThat(lost("forwarding = 0 on vxlan100", () -> set("net.ipv4.conf.vxlan100.forwarding=0")))
        .isLessThan(2000);
    assertThat(lost("rp_filter = 1 on all", () -> set("net.ipv4.conf.all.rp_filter=1"))).isZero();
    assertThat(
            lost(
                "iptables -P FORWARD DROP",
                () -> {
                  host.run("iptables", "-F", "FORWARD");
                  host.run("iptables", "-P", "FORWARD", "DROP");
                }))
        .isLessThan(2000);
    host.run("iptables", "-P", "FORWARD", "ACCEPT");
    assertThat(lost("route deleted", () -> host.run("ip", "route", "del", nodes.subnetOf(1))))
        .isLessThan(2000);
    assertThat(lost("table inet weft deleted", () -> host.run("nft", "delete table inet weft")))
        .isZero();
    lost(
        "every forwarded packet dropped by a rule, until named",
        () -> {
          table("hook forward", "drop");
          named("a pod there that answers its own node does not");
          noTable();
        });
  }

  private void betweenTheHosts() throws Exception {
    lost(
        "UDP port 4789 dropped, until named",
        () -> {
          table("hook input", "udp dport 4789 drop");
          named("does not answer over the overlay");
          noTable();
        });
    assertThat(
            lost(
                "MTU 1400 on one side",
                () -> {
                  host.run("ip", "link", "set", "eth0", "mtu", "1400");
                  await().atMost(LONG).until(this::least);
                }))
        .isZero();
    host.run("ip", "link", "set", "eth0", "mtu", "1500");
    lost(
        "host gone until its node is, and back",
        () -> {
          nodes.partition(3);
          members(2);
          nodes.heal();
          members(3);
        });
  }

  /** Whether the other host knows that packets there must be shorter. */
  private boolean least() throws Exception {
    return nodes.host(1).run("ip", "route").contains("mtu 1350");
  }

  private int lost(String fault, Act act) throws Exception {
    try (PingStream to = PingStream.start(here.netns(), there.address());
        PingStream from = PingStream.start(there.netns(), here.address())) {
      assertThat(to.lost() + from.lost()).isZero();
      long begun = System.nanoTime();
      act.run();
      double seconds = (System.nanoTime() - begun) / 1e9;
      int lost = to.lost() + from.lost();
      System.out.printf("| %s | %.1f s | %d |%n", fault, seconds, lost);
      return lost;
    }
  }

  private void set(String value) throws Exception {
    host.run("sysctl", "-qw", value);
  }

  private void table(String hook, String rule) throws Exception {
    String rules =
        "table inet cut { chain c { type filter %s priority -300; %s; }; }".formatted(hook, rule);
    host.run("nft", "-f", Files.writeString(directory.resolve("rules"), rules).toString());
  }

  private void noTable() throws Exception {
    host.run("nft", "delete", "table", "inet", "cut");
  }

  private void named(String warning) {
    await()
        .atMost(LONG)
        .until(() -> nodes.api(1).get("/api/v1/node").path("rooms").toString().contains(warning));
  }

  private void members(int count) {
    await().atMost(LONG).until(() -> nodes.members(1) == count);
  }
}
