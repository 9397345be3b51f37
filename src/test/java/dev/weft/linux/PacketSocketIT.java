package dev.weft.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.address.Cidr;
import dev.weft.address.IpAddress;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two pods, and between them a node that has the other ends of their links. */
@Needs({Need.ROOT, Need.IPROUTE2})
class PacketSocketIT {
  private static final String HEADER = "ffffffffffff" + "020000000001";

  @AutoClose final TestNetns node = TestNetns.create("node");
  @AutoClose final TestNetns podA = TestNetns.create("a");
  @AutoClose final TestNetns podB = TestNetns.create("b");
  @AutoClose private Netns inNode;
  @AutoClose private Netns inA;
  @AutoClose private Netns inB;
  @AutoClose private PacketSocket endA;
  @AutoClose private PacketSocket endB;
  private Link linkA;

  @BeforeEach
  void join() throws Exception {
    inNode = node.open();
    inA = podA.open();
    inB = podB.open();
    Sysctl.write(inNode, "net/ipv6/conf/default/disable_ipv6", "1");
    linkA = join(inA, "wa", "12.12.12.1/24");
    Link linkB = join(inB, "wb", "12.12.12.2/24");
    endA = PacketSocket.open(inNode, linkA.index(), PacketOptions.DEFAULT);
    endB = PacketSocket.open(inNode, linkB.index(), PacketOptions.DEFAULT);
  }

  private Link join(Netns pod, String name, String address) throws Exception {
    // The pods' own IPv6 traffic would mix with the frames that the tests look for.
    Sysctl.write(pod, "net/ipv6/conf/default/disable_ipv6", "1");
    try (Netlink netlink = Netlink.open(inNode);
        Netlink inPod = Netlink.open(pod)) {
      // 65535 here: what is too long for the pod, VLAN tags counted, the pod's own end refuses.
      Link link =
          netlink.createVeth(
              new VethSpec(
                  name, 65535, "weft:test", true, true, new VethSpec.Peer(pod, "eth1", 1500)));
      Link peer = inPod.require("eth1");
      inPod.addAddress(peer.index(), Cidr.parse(address));
      inPod.setUp(peer.index());
      return link;
    }
  }

  @AfterEach
  void noFrameWasLost() throws Exception {
    assertThat(endA.statistics().dropped()).as("dropped by the receive buffer").isZero();
  }

  @Test
  void shouldReceiveTheFrameThatThePeerSends() throws Exception {
    // Given
    byte[] frame = frame("88b5" + "0102030405", 60);

    // When
    sendFromPodA(frame);

    // Then
    RecvRing ring = receive(endA);
    assertThat(bytes(ring, 0)).isEqualTo(frame);
    assertThat(ring.vnetWord(0)).isEqualTo(VnetHeader.NONE);
    assertThat(ring.truncated(0)).isFalse();
    assertThat(endA.receive(ring)).as("a second frame").isZero();
  }

  @Test
  void shouldSendAFrameToThePeerAndNotReceiveItItself() throws Exception {
    // Given
    byte[] frame = frame("88b5" + "0908", 1514);
    SendRing out = new SendRing(4, 4096);
    try (PacketSocket pod = inPodA()) {
      // When
      assertThat(out.addCopy(frame)).isTrue();
      assertThat(out.addCopy(frame)).isTrue();
      assertThat(endA.send(out, 0, out.size())).isEqualTo(2);

      // Then
      assertThat(bytes(receive(pod), 0)).isEqualTo(frame);
      assertThat(endA.receive(new RecvRing(4, 2048))).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"8100, 2007", "88a8, 0064"})
  void shouldPutBackTheVlanTagThatTheKernelTookOut(String tpid, String tci) throws Exception {
    // Given
    byte[] frame = frame(tpid + tci + "0800" + "45", 80);

    // When
    sendFromPodA(frame);

    // Then
    assertThat(bytes(receive(endA), 0)).isEqualTo(frame);
  }

  @Test
  void shouldKeepBothTagsOfADoublyTaggedFrame() throws Exception {
    byte[] frame = frame("88a80064" + "81000007" + "0800", 80);

    sendFromPodA(frame);

    assertThat(bytes(receive(endA), 0)).isEqualTo(frame);
  }

  @Test
  void shouldTellThatAFrameWasTruncated() throws Exception {
    // Given
    sendFromPodA(frame("88b5", 1000));
    RecvRing ring = new RecvRing(2, 128);

    // When
    await(endA);
    assertThat(endA.receive(ring)).isEqualTo(1);

    // Then
    assertThat(ring.truncated(0)).isTrue();
    assertThat(ring.length(0)).isEqualTo(128);
    assertThat(endA.statistics()).isEqualTo(new PacketStats(1, 0));
    assertThat(endA.statistics()).as("after reading").isEqualTo(new PacketStats(0, 0));
  }

  @Test
  void shouldTellWhichFrameWasRefused() throws Exception {
    // Given: a frame that is complete, one with an offset beyond its end, a complete one
    SendRing out = new SendRing(3, 4096);
    ByteBuffer frame = ByteBuffer.wrap(frame("88b5", 60));
    long broken = VnetHeader.word(VnetHeader.NEEDS_CHECKSUM, VnetHeader.GSO_NONE, 0, 0, 4000);
    out.addCopy(frame, VnetHeader.NONE, 0);
    out.addCopy(frame, broken, 6);
    out.addCopy(frame, VnetHeader.NONE, 0);

    // Then
    assertThat(endA.send(out, 0, 3)).as("sent before it").isEqualTo(1);
    assertThat(endA.send(out, 1, 2)).as("refused").isEqualTo(-Errno.EINVAL.number());
    assertThat(endA.send(out, 2, 1)).as("sent after it").isEqualTo(1);
  }

  @Test
  void shouldSayThatTheLinkIsGone() throws Exception {
    // Given
    RecvRing ring = new RecvRing(2, 128);

    // When
    try (Netlink netlink = Netlink.open(inNode)) {
      netlink.delete(linkA.index());
    }

    // Then
    List<Integer> told = new ArrayList<>();
    try (Poller<PacketSocket> poller = new Poller<>()) {
      poller.add(endA.fd(), endA);
      poller.poll(5000, (socket, events) -> told.add(events & Poller.ERROR));
    }
    assertThat(told).containsExactly(Poller.ERROR);
    assertThatThrownBy(() -> endA.receive(ring))
        .hasMessageEndingWith("receive: Network is down (ENETDOWN)");
    assertThatThrownBy(() -> PacketSocket.open(inNode, 4711, PacketOptions.DEFAULT))
        .hasMessage("packet socket on link 4711: bind: No such device (ENODEV)");
  }

  @Test
  void shouldCarryTcpInSuperFrames() throws Exception {
    // Given
    long before = System.nanoTime();
    Forwarder.Way forth;

    // When
    try (Forwarder forwarder = Forwarder.join(endA, endB)) {
      forth = forwarder.forth();
      transfer("12.12.12.2", 1_000 << 20);
    }

    // Then
    double seconds = (System.nanoTime() - before) / 1e9;
    System.out.printf(
        "forwarder: 1000 MiB in %.2f s, %.1f Gbit/s; %s%n",
        seconds, (1_000L << 20) * 8 / seconds / 1e9, forth);
    assertThat(forth.superFrames()).isPositive();
    assertThat(forth.longest()).as("longest frame").isGreaterThan(10_000);
    assertThat(forth.refused()).isZero();
    assertThat(forth.allocatedPerFrame()).as("heap bytes per frame").isZero();
  }

  @ParameterizedTest
  @CsvSource({"8100, 0007", "88a8, 0064"})
  void shouldCarryTcpInTaggedSuperFrames(String tpid, String tci) throws Exception {
    // Given: a trunk between two forwarders, where every frame has a VLAN tag
    int tag = (int) Long.parseLong(tpid + tci, 16);
    Forwarder.Way trunk;
    try (Netlink netlink = Netlink.open(inNode)) {
      VethSpec.Peer peer = new VethSpec.Peer(Optional.empty(), "t2", 65535, Optional.empty());
      Link t1 = netlink.createVeth(new VethSpec("t1", 65535, "", true, true, peer));
      Link t2 = netlink.require("t2");
      netlink.setUp(t2.index());

      // When
      try (PacketSocket near = PacketSocket.open(inNode, t1.index(), PacketOptions.DEFAULT);
          PacketSocket far = PacketSocket.open(inNode, t2.index(), PacketOptions.DEFAULT);
          Forwarder a = Forwarder.tag(endA, near, tag);
          Forwarder b = Forwarder.tag(endB, far, tag)) {
        trunk = b.back();
        transfer("12.12.12.2", 100 << 20);
        assertThat(IcmpEcho.ping(inA, ip("12.12.12.2"), 1472, true, Duration.ofSeconds(5)))
            .as("ping that fills the MTU")
            .isPresent();
      }
    }

    // Then
    System.out.println("forwarder, tagged " + tpid + ": " + trunk);
    assertThat(trunk.superFrames()).isPositive();
    assertThat(trunk.longest()).as("longest frame").isGreaterThan(10_000);
    assertThat(trunk.refused()).isZero();
  }

  @Test
  void shouldCarryPlainFramesWhereOffloadsAreOff() throws Exception {
    // Given
    for (Ethtool.Offload offload : Ethtool.Offload.values()) {
      Ethtool.setOffload(inA, "eth1", offload, false);
    }
    Forwarder.Way forth;

    // When
    try (Forwarder forwarder = Forwarder.join(endA, endB)) {
      forth = forwarder.forth();
      transfer("12.12.12.2", 50 << 20);
    }

    // Then
    assertThat(forth.superFrames()).isZero();
    assertThat(forth.longest()).isEqualTo(1514);
  }

  /** From pod A to a listener of pod B; both ends must see the same bytes. */
  private void transfer(String to, int bytes) throws Exception {
    byte[] block = new byte[1 << 16];
    new Random(7).nextBytes(block);
    CRC32C sent = new CRC32C();
    try (ServerSocket server = inB.call(() -> new ServerSocket(0, 1, IpAddress.parse(to)))) {
      CompletableFuture<Long> received = CompletableFuture.supplyAsync(() -> drain(server, bytes));
      try (Socket client = inA.call(Socket::new)) {
        inA.call(
            () -> {
              client.connect(new InetSocketAddress(IpAddress.parse(to), server.getLocalPort()));
              return client;
            });
        OutputStream out = client.getOutputStream();
        for (int left = bytes; left > 0; left -= block.length) {
          block[left % 251]++;
          int length = Math.min(left, block.length);
          sent.update(block, 0, length);
          out.write(block, 0, length);
        }
        assertThat(received.get(60, TimeUnit.SECONDS)).as("CRC").isEqualTo(sent.getValue());
      }
    }
  }

  private static long drain(ServerSocket server, int bytes) {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[1 << 18];
    try (Socket socket = server.accept();
        InputStream in = socket.getInputStream()) {
      int left = bytes;
      int length;
      while (left > 0 && (length = in.read(buffer)) > 0) {
        crc.update(buffer, 0, length);
        left -= length;
      }
      return crc.getValue();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private PacketSocket inPodA() throws Exception {
    try (Netlink netlink = Netlink.open(inA)) {
      return PacketSocket.open(inA, netlink.require("eth1").index(), PacketOptions.DEFAULT);
    }
  }

  private void sendFromPodA(byte[] frame) throws Exception {
    SendRing out = new SendRing(1, 2048);
    out.addCopy(frame);
    try (PacketSocket pod = inPodA()) {
      assertThat(pod.send(out, 0, 1)).isEqualTo(1);
    }
  }

  private static RecvRing receive(PacketSocket socket) throws Exception {
    RecvRing ring = new RecvRing(8, 2048);
    await(socket);
    assertThat(socket.receive(ring)).isPositive();
    return ring;
  }

  private static void await(PacketSocket socket) throws Exception {
    try (Poller<PacketSocket> poller = new Poller<>()) {
      poller.add(socket.fd(), socket);
      assertThat(poller.poll(5000, (ready, events) -> {})).as("readable").isEqualTo(1);
    }
  }

  private static byte[] bytes(RecvRing ring, int slot) {
    byte[] bytes = new byte[ring.length(slot)];
    ring.frame(slot).get(bytes);
    return bytes;
  }

  private static byte[] frame(String afterAddresses, int length) {
    return Arrays.copyOf(HexFormat.of().parseHex(HEADER + afterAddresses), length);
  }

  private static java.net.InetAddress ip(String text) {
    return IpAddress.parse(text);
  }
}
