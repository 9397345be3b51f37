package dev.weft.testkit;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import java.net.InetAddress;
import java.time.Duration;
import org.awaitility.Awaitility;

/** A pod each on two nodes, p1 and p2, with a wire of 1500 bytes between them. */
public final class WiredPods implements AutoCloseable {
  private static final String ONE = "12.12.12.1";
  public static final String TWO = "12.12.12.2";

  /** The payload of an echo request that fills a frame. */
  private static final int FULL = 1472;

  private final TestNetns one = TestNetns.create("p1");
  private final TestNetns two = TestNetns.create("p2");
  private String wire;

  /** Registers both, and waits until the wire is up at both nodes. */
  public void join(NodeProcess a, NodeProcess b) {
    a.pod("p1", one);
    b.pod("p2", two);
    Awaitility.await("both pods known at " + a.name())
        .atMost(Duration.ofSeconds(60))
        .until(() -> a.api().get("/api/v1/pods?scope=cluster").path("items").size() == 2);
    wire = a.link(1, "p1", ONE + "/24", b, "p2", TWO + "/24", "");
  }

  /** The wire's id, once joined. */
  public String wire() {
    return wire;
  }

  public TestNetns one() {
    return one;
  }

  public TestNetns two() {
    return two;
  }

  /** Whether whole frames, not to be fragmented, cross both ways. */
  public boolean carryFullFrames() throws Exception {
    return ping(one, TWO) && ping(two, ONE);
  }

  /** Whether an address answers a full frame of a namespace. */
  public static boolean ping(TestNetns from, String to) throws Exception {
    try (Netns netns = from.open()) {
      return IcmpEcho.ping(netns, InetAddress.getByName(to), FULL, true, Duration.ofSeconds(2))
          .isPresent();
    }
  }

  /** How often the carrier of either interface has changed; the same text if it has not since. */
  public String carrierChanges() throws Exception {
    String file = "/sys/class/net/eth1/carrier_changes";
    return one.run("ip", "netns", "exec", one.name(), "cat", file)
        + two.run("ip", "netns", "exec", two.name(), "cat", file);
  }

  @Override
  public void close() {
    one.close();
    two.close();
  }
}
