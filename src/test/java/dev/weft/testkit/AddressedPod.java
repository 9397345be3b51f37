package dev.weft.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.time.Duration;
import org.awaitility.Awaitility;

/** A pod with an address of its node's subnet, in a namespace of its own. */
public final class AddressedPod implements AutoCloseable {
  private final TestNetns netns;
  private final String address;

  private AddressedPod(TestNetns netns, String address) {
    this.netns = netns;
    this.address = address;
  }

  /** Makes one, once the node has a subnet. */
  public static AddressedPod create(NodeProcess node, String name) {
    TestNetns netns = TestNetns.create(name);
    try {
      return new AddressedPod(netns, join(node, name, netns));
    } catch (RuntimeException | AssertionError e) {
      netns.close();
      throw e;
    }
  }

  private static String join(NodeProcess node, String name, TestNetns netns) {
    String body = "{\"netns\":\"" + netns.name() + "\",\"address\":\"auto\"}";
    JsonNode added =
        Awaitility.await("an address of " + name + " at " + node.name())
            .atMost(Duration.ofSeconds(60))
            .ignoreExceptions()
            .until(
                () ->
                    node.api()
                        .send("PUT", "/api/v1/pods/default/" + name, "application/json", body),
                answer -> !answer.path("address").asText().isEmpty());
    return added.path("address").asText().replaceAll("/.*", "");
  }

  public TestNetns netns() {
    return netns;
  }

  public String address() {
    return address;
  }

  /** Whether the other pod answers a packet of that length, which may not be fragmented. */
  public boolean pings(AddressedPod other, int bytes) throws IOException {
    try (Netns open = netns.open()) {
      InetAddress to = InetAddress.getByName(other.address);
      return IcmpEcho.ping(open, to, IcmpEcho.payload(to, bytes), true, Duration.ofSeconds(2))
          .isPresent();
    }
  }

  /** Sends datagrams to the discard port of an address from another source than the pod's own. */
  public void forge(String source, String to, int datagrams) throws Exception {
    netns.run("ip", "address", "replace", source + "/32", "dev", "eth0");
    try (Netns open = netns.open();
        DatagramSocket out =
            open.call(() -> new DatagramSocket(new InetSocketAddress(source, 0)))) {
      for (int i = 0; i < datagrams; i++) {
        send(out, new InetSocketAddress(to, 9));
      }
    } finally {
      netns.run("ip", "address", "del", source + "/32", "dev", "eth0");
    }
  }

  private static void send(DatagramSocket out, InetSocketAddress to) throws IOException {
    try {
      out.send(new DatagramPacket(new byte[100], 100, to));
    } catch (SocketException refused) {
      // An ICMP error of an earlier datagram: this one was not sent.
    }
  }

  @Override
  public void close() {
    netns.close();
  }
}
