package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.linux.RecvRing;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.Transfer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packets of TCP that are longer than an IPv4 header can tell. */
@Needs(Need.ROOT)
class BigTcpIT {
  private static final int LONGEST_TOLD = 14 + 65535;
  private static final long BYTES = 64 << 20;

  @TempDir Path directory;

  @Test
  void shouldCrossAWireWhoseEndsBothTakeThemAndBeCutForOneThatDoesNot() throws Exception {
    try (TestNetns one = TestNetns.create("b1");
        TestNetns two = TestNetns.create("b2");
        ProcessCluster cluster =
            ProcessCluster.start(directory, 2, "wires: { big-tcp: true, on-stop: keep }")) {
      cluster.pod(1, "b1", one);
      cluster.pod(2, "b2", two);
      String wire = cluster.link(1, 1, "b1", "12.12.12.1/24", 2, "b2", "12.12.12.2/24", "");
      assertThat(longestOnTheWay(one, two)).isBetween(LONGEST_TOLD + 1, 130_000 + 14);

      // The interfaces stay, and get the usual limit once the peer is back.
      cluster.stop(2);
      Path configuration = cluster.home(2).resolve("weft.yaml");
      String former = Files.readString(configuration);
      Files.writeString(configuration, former.replace("big-tcp: true", "big-tcp: false"));
      cluster.start(2);
      cluster.awaitUp(1, wire, Duration.ofSeconds(20));
      cluster.awaitUp(2, wire, Duration.ofSeconds(20));
      assertThat(longestOnTheWay(one, two)).isBetween(1515, LONGEST_TOLD);

      // As of a connection that began before.
      try (Netns pod = one.open();
          Netlink inPod = Netlink.open(pod)) {
        inPod.setIpv4GsoLimit(inPod.require("eth1").index(), 130_000);
      }
      assertThat(longestOnTheWay(one, two)).isBetween(1514, LONGEST_TOLD);
    }
  }

  /** Sends over TCP, and returns how long the longest frame was that arrived. */
  private static int longestOnTheWay(TestNetns from, TestNetns to) throws Exception {
    try (Netns pod = to.open();
        Netlink inPod = Netlink.open(pod);
        PacketSocket socket =
            PacketSocket.open(pod, inPod.require("eth1").index(), PacketOptions.DEFAULT)) {
      RecvRing ring = new RecvRing(16, 256 << 10);
      CompletableFuture<Transfer.Result> transfer = Transfer.start(from, to, "12.12.12.2", BYTES);
      int longest = 0;
      while (!transfer.isDone()) {
        int frames = socket.receive(ring);
        for (int i = 0; i < frames; i++) {
          longest = Math.max(longest, ring.length(i));
        }
        if (frames == 0) {
          Thread.onSpinWait();
        }
      }
      assertThat(transfer.get().received()).as("CRC").isEqualTo(transfer.get().sent());
      return longest;
    }
  }
}
