package dev.weft.wire;

import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a pod sees of its interface while the other end is away, with wires.carrier: follow. */
@Needs({Need.ROOT, Need.IPROUTE2})
class WireCarrierIT {
  /** A peer that says nothing is given up after 4 s. */
  private static final Duration WITHIN = Duration.ofSeconds(15);

  @TempDir static Path directory;
  private static ProcessCluster cluster;
  private static TestNetns one;
  private static TestNetns two;

  @BeforeAll
  static void start() throws Exception {
    one = TestNetns.create("p1");
    two = TestNetns.create("p2");
    cluster = ProcessCluster.start(directory, 2, "wires: { carrier: follow }");
    cluster.pod(1, "p1", one);
    cluster.pod(2, "p2", two);
    cluster.link(1, 1, "p1", "12.12.12.1/24", 2, "p2", "12.12.12.2/24", "");
    awaitCarrier("of the wire that is up", true);
  }

  @AfterAll
  static void end() throws Exception {
    cluster.close();
    one.close();
    two.close();
  }

  @Test
  void shouldGoWithAPeerThatStandsStillAndComeBackWithIt() throws Exception {
    cluster.freeze(2);
    awaitCarrier("while the peer stands still", false);

    cluster.thaw(2);
    awaitCarrier("once it goes on", true);
  }

  @Test
  void shouldGoWithAPeerThatDiesAndComeBackWithIt() throws Exception {
    cluster.kill(2);
    awaitCarrier("while the peer is dead", false);

    restartWith("follow", "keep");
    awaitCarrier("of a node that keeps it now", true);

    cluster.start(2);
    cluster.awaitReady(2);
    restartWith("keep", "follow");
    awaitCarrier("once both are back", true);
  }

  private static void restartWith(String before, String now) throws Exception {
    cluster.kill(1);
    Path file = cluster.home(1).resolve("weft.yaml");
    Files.writeString(
        file, Files.readString(file).replace("carrier: " + before, "carrier: " + now));
    cluster.start(1);
    cluster.awaitReady(1);
  }

  private static void awaitCarrier(String when, boolean expected) {
    Awaitility.await("carrier " + when + " is " + expected)
        .atMost(WITHIN)
        .until(() -> hasCarrier(one), carrier -> carrier == expected);
  }

  private static boolean hasCarrier(TestNetns pod) throws Exception {
    try (Netns netns = pod.open();
        Netlink inPod = Netlink.open(netns)) {
      return inPod.require("eth1").carrier();
    }
  }
}
