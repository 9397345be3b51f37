package dev.weft.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.linux.IcmpEcho;
import dev.weft.linux.Netns;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.ProcessCluster;
import dev.weft.testkit.ProcessStatus;
import dev.weft.testkit.Snmp;
import dev.weft.testkit.TestNetns;
import dev.weft.testkit.Transfer;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Wires over an underlay of 200 Mbit/s: what is too much is dropped and not kept, and they share
 * it.
 */
@Tag("alone")
@Needs({Need.ROOT, Need.IPROUTE2})
class SlowUnderlayIT {
  private static final String TARGET = "12.12.12.2";

  /** The same pod, by the two other wires. */
  private static final String SPARSE_TARGET = "12.12.13.2";

  private static final String THIRD_TARGET = "12.12.14.2";
  private static final double UNDERLAY_MBITS = 200;
  private static final double OFFERED_MBITS = 600;
  private static final int DATAGRAM = 1400;

  /**
   * What waits in the underlay's own queue counts too, and with it how well the kernel's congestion
   * control knows the underlay. Socket buffers of the usual size would be 160 ms.
   */
  private static final double MOST_PING_MILLIS = 50;

  /**
   * What a ping of one wire may wait at the nodes while others are flooded: what the kernel and the
   * connection have taken, about 8 ms, on a machine that is busy with the flood.
   */
  private static final double MOST_ADDED_MILLIS = 15;

  @TempDir static Path directory;
  private static ProcessCluster cluster;
  private static TestNetns one;
  private static TestNetns two;

  @BeforeAll
  static void start() throws Exception {
    one = TestNetns.create("p1");
    two = TestNetns.create("p2");
    cluster = ProcessCluster.start(directory, 2, "");
    cluster.pod(1, "p1", one);
    cluster.pod(2, "p2", two);
    cluster.link(1, 1, "p1", "12.12.12.1/24", 2, "p2", TARGET + "/24", "");
    cluster.link(2, 1, "p1", "12.12.13.1/24", 2, "p2", SPARSE_TARGET + "/24", "");
    cluster.link(3, 1, "p1", "12.12.14.1/24", 2, "p2", THIRD_TARGET + "/24", "");
    Awaitility.await().until(() -> ping(Duration.ofSeconds(1)).isPresent());
    // As fast as the machine is, so that the JVMs are warm.
    Transfer.tcp(one, two, TARGET, 256 << 20);
    for (int node = 1; node <= 2; node++) {
      String[] tbf =
          "tc qdisc add dev eth0 root tbf rate 200mbit burst 128kb latency 50ms".split(" ");
      cluster.host(node).run(tbf);
    }
    Transfer.tcp(one, two, TARGET, 10 << 20);
  }

  @AfterAll
  static void end() throws Exception {
    cluster.close();
    one.close();
    two.close();
  }

  @Test
  void shouldKeepNothingOfThreeTimesWhatFits() throws Exception {
    // Given
    flood(TARGET, OFFERED_MBITS, Duration.ofSeconds(1));
    ProcessStatus before = ProcessStatus.of(cluster.process(1));

    // When
    double received = flood(TARGET, OFFERED_MBITS, Duration.ofSeconds(5));

    // Then: a queue would have grown by 250 MB.
    ProcessStatus after = ProcessStatus.of(cluster.process(1));
    System.out.printf(
        "600 Mbit/s offered, %.0f arrived, resident %d MB before, %d MB after%n",
        received, before.residentMegabytes(), after.residentMegabytes());
    assertThat(after.residentMegabytes() - before.residentMegabytes())
        .as("MB that the sending node grew by")
        .isLessThan(50);
    assertThat(received).as("Mbit/s that arrived").isBetween(150.0, UNDERLAY_MBITS);
  }

  @Test
  void shouldGiveTcpWhatTheUnderlayHas() throws Exception {
    long before = Snmp.read(one, "Tcp", "RetransSegs");

    Transfer.Result result = Transfer.tcp(one, two, TARGET, 100 << 20);

    System.out.printf(
        "TCP over 200 Mbit/s: %.0f Mbit/s, %d segments sent again%n",
        result.gigabitsPerSecond() * 1000, Snmp.read(one, "Tcp", "RetransSegs") - before);
    assertThat(result.received()).as("CRC").isEqualTo(result.sent());
    assertThat(result.gigabitsPerSecond() * 1000).as("Mbit/s").isGreaterThan(170);
  }

  @Test
  void shouldAnswerPingsSoonBesideABulkTransfer() throws Exception {
    // Given
    CompletableFuture<Transfer.Result> bulk = Transfer.start(one, two, TARGET, 128 << 20);
    List<Double> millis = new ArrayList<>();

    // When
    int lost = 0;
    try (Netns netns = one.open();
        IcmpEcho echo = IcmpEcho.open(netns, InetAddress.getByName(TARGET), 56, false)) {
      while (!bulk.isDone()) {
        Optional<Duration> answer = echo.ping(Duration.ofSeconds(1));
        answer.ifPresent(t -> millis.add(t.toNanos() / 1e6));
        lost += answer.isPresent() ? 0 : 1;
      }
    }

    // Then
    millis.sort(null);
    double p99 = millis.get((int) (millis.size() * 0.99));
    System.out.printf(
        "beside %.0f Mbit/s of TCP, %d pings: p50 %.1f ms, p99 %.1f ms, most %.1f ms, %d lost%n",
        bulk.get().gigabitsPerSecond() * 1000,
        millis.size(),
        millis.get(millis.size() / 2),
        p99,
        millis.get(millis.size() - 1),
        lost);
    assertThat(millis).as("answers").hasSizeGreaterThan(200);
    assertThat(millis.get(millis.size() / 2)).as("ms, half of the pings").isLessThan(15);
    assertThat(p99).as("ms, 99 of 100 pings").isLessThan(MOST_PING_MILLIS);
  }

  @Test
  void shouldShareTheUnderlayBetweenWires() throws Exception {
    // Given
    Duration length = Duration.ofSeconds(4);
    CompletableFuture<Double> first = startFlood(TARGET, length);
    CompletableFuture<Double> third = startFlood(THIRD_TARGET, length);
    List<Double> underlay = new ArrayList<>();
    List<Double> sparse = new ArrayList<>();

    // When
    try (Netns host = cluster.host(1).open();
        Netns pod = one.open();
        IcmpEcho below = echo(host, ProcessCluster.addressOf(2));
        IcmpEcho above = echo(pod, SPARSE_TARGET)) {
      // Not before both floods run, and not after their end.
      LockSupport.parkNanos(length.toNanos() / 8);
      long end = System.nanoTime() + length.toNanos() * 3 / 4;
      while (System.nanoTime() < end) {
        below.ping(Duration.ofSeconds(1)).ifPresent(t -> underlay.add(t.toNanos() / 1e6));
        above.ping(Duration.ofSeconds(1)).ifPresent(t -> sparse.add(t.toNanos() / 1e6));
      }
    }

    // Then
    underlay.sort(null);
    sparse.sort(null);
    double below = underlay.get(underlay.size() / 2);
    double above = sparse.get(sparse.size() / 2);
    System.out.printf(
        "two floods of 300 Mbit/s: %.0f and %.0f arrived; %d pings beside them, p50 %.1f ms, p90"
            + " %.1f ms; p50 of the underlay %.1f ms%n",
        first.get(), third.get(), sparse.size(), above, sparse.get(sparse.size() * 9 / 10), below);
    assertThat(Math.min(first.get(), third.get()) / Math.max(first.get(), third.get()))
        .as("the smaller share by the larger")
        .isGreaterThan(0.7);
    assertThat(sparse).as("answers").hasSizeGreaterThan(40);
    assertThat(above).as("ms, half of the pings").isLessThan(2 * below + MOST_ADDED_MILLIS);
  }

  private static CompletableFuture<Double> startFlood(String target, Duration length) {
    CompletableFuture<Double> received = new CompletableFuture<>();
    Thread sender =
        new Thread(
            () -> {
              try {
                received.complete(flood(target, OFFERED_MBITS / 2, length));
              } catch (Exception e) {
                received.completeExceptionally(e);
              }
            },
            "flood-sender");
    sender.setDaemon(true);
    sender.start();
    return received;
  }

  private static IcmpEcho echo(Netns from, String target) throws Exception {
    return IcmpEcho.open(from, InetAddress.getByName(target), 56, false);
  }

  /** Sends datagrams to an address at a rate; the Mbit/s of UDP payload that arrived. */
  private static double flood(String address, double mbits, Duration length) throws Exception {
    InetSocketAddress target = new InetSocketAddress(InetAddress.getByName(address), 9);
    AtomicLong bytes = new AtomicLong();
    try (Netns inOne = one.open();
        Netns inTwo = two.open();
        DatagramSocket sender = inOne.call(() -> new DatagramSocket());
        DatagramSocket receiver = inTwo.call(() -> new DatagramSocket(target))) {
      receiver.setReceiveBufferSize(4 << 20);
      Thread reader = new Thread(() -> count(receiver, bytes), "flood-reader");
      reader.start();
      DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM], DATAGRAM, target);
      double perNano = mbits * 1e6 / 8 / DATAGRAM / 1e9;
      long begun = System.nanoTime();
      long end = begun + length.toNanos();
      long sent = 0;
      for (long now = begun; now < end; now = System.nanoTime()) {
        for (long due = (long) ((now - begun) * perNano); sent < due; sent++) {
          sender.send(packet);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      double received = bytes.get() * 8 / (length.toNanos() / 1e3);
      receiver.close();
      reader.join();
      // The queues are empty again: the next test's SYN would wait a second if it were dropped.
      Awaitility.await().until(() -> ping(Duration.ofSeconds(1)).isPresent());
      return received;
    }
  }

  private static void count(DatagramSocket receiver, AtomicLong bytes) {
    DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM], DATAGRAM);
    try {
      while (true) {
        receiver.receive(packet);
        bytes.addAndGet(packet.getLength());
      }
    } catch (SocketException closed) {
      // The flood is over.
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Optional<Duration> ping(Duration timeout) throws Exception {
    try (Netns netns = one.open()) {
      return IcmpEcho.ping(netns, InetAddress.getByName(TARGET), 56, false, timeout);
    }
  }
}
