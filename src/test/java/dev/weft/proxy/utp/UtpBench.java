package dev.weft.proxy.utp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weft.bus.Json;
import dev.weft.rpc.Loop;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One uTP connection between two namespaces with a router between them, without TLS: how fast it
 * is, against TCP, and what it leaves to TCP in one bottleneck of 20 Mbit/s with a queue of 300 ms.
 * The bottleneck is the router's: in a queue of its own host TCP holds nearly nothing.
 */
@Needs({Need.ROOT, Need.IPROUTE2})
class UtpBench {
  private static final String FROM = "10.29.1.1";
  private static final String TO = "10.29.2.1";
  private static final int SECONDS = 4;
  private static final int LONG_SECONDS = 15;

  @TempDir Path directory;
  private final List<BulkEnd> accepted = new CopyOnWriteArrayList<>();
  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(2));
  private final Loop loop = Loop.of(vertx);
  private TestNetns one;
  private TestNetns router;
  private TestNetns two;
  private BulkEnd sender;

  @BeforeEach
  void open() throws Exception {
    one = TestNetns.create("utp1");
    router = TestNetns.create("utpr");
    two = TestNetns.create("utp2");
    join(one, "eth1", FROM, "10.29.1.254");
    join(two, "eth2", TO, "10.29.2.254");
    router.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1");
    two.start(directory.resolve("iperf").toFile(), "iperf3", "-s");
    UtpSocket from = socket(one, loop, FROM);
    UtpSocket to = socket(two, Loop.of(vertx), TO);
    sender = new BulkEnd();
    get(
        loop.call(
            () -> {
              from.connect(to.address(), channel -> channel.pipeline().addLast(sender));
              return Future.succeededFuture();
            }));
    Awaitility.await().until(() -> sender.active);
  }

  private void join(TestNetns host, String device, String address, String gateway)
      throws Exception {
    host.run("ip", "link", "add", "eth0", "type", "veth", "peer", device, "netns", router.name());
    host.run("ip", "addr", "add", address + "/24", "dev", "eth0");
    host.run("ip", "link", "set", "eth0", "up");
    router.run("ip", "addr", "add", gateway + "/24", "dev", device);
    router.run("ip", "link", "set", device, "up");
    host.run("ip", "route", "add", "default", "via", gateway);
  }

  private UtpSocket socket(TestNetns in, Loop on, String address) throws Exception {
    return BulkEnd.socket(in, on, new InetSocketAddress(address, 0), accepted::add);
  }

  @AfterEach
  void close() throws Exception {
    get(vertx.close());
    one.close();
    router.close();
    two.close();
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private double tcp(String congestion, int seconds) throws Exception {
    String said =
        one.run("iperf3", "-c", TO, "-J", "-C", congestion, "-t", Integer.toString(seconds));
    JsonNode end = Json.mapper().readTree(said).path("end");
    return end.path("sum_received").path("bits_per_second").asDouble() / 8e6;
  }

  private long got() {
    return accepted.isEmpty() ? 0 : accepted.get(0).got;
  }

  private double utp(int seconds) throws InterruptedException {
    long before = got();
    TimeUnit.SECONDS.sleep(seconds);
    return (got() - before) / 1e6 / seconds;
  }

  @Test
  void shouldPrintThroughputAgainstTcp() throws Exception {
    sender.send(Long.MAX_VALUE);
    utp(SECONDS);
    double utp = utp(SECONDS);
    sender.channel.close().await();
    double tcp = tcp("cubic", SECONDS);
    System.out.printf(
        Locale.ROOT,
        "clean path: uTP %.0f MB/s, TCP (with the kernel's offloads) %.0f MB/s: %.3f%n",
        utp,
        tcp,
        utp / tcp);
  }

  @Test
  void shouldPrintSharesOfOneBottleneck() throws Exception {
    router.run("tc qdisc add dev eth2 root tbf rate 20mbit burst 10kb latency 300ms".split(" "));
    sender.send(Long.MAX_VALUE);
    utp(SECONDS);
    System.out.printf(Locale.ROOT, "alone: uTP %.2f MB/s of 2.5 MB/s%n", utp(SECONDS));
    for (String congestion : List.of("reno", "cubic")) {
      long before = got();
      double tcp = tcp(congestion, LONG_SECONDS);
      double utp = (got() - before) / 1e6 / LONG_SECONDS;
      System.out.printf(
          Locale.ROOT,
          "beside TCP %s: uTP %.2f MB/s, TCP %.2f MB/s: uTP has %.1f %%%n",
          congestion,
          utp,
          tcp,
          100 * utp / (utp + tcp));
    }
    utp(SECONDS);
    System.out.printf(Locale.ROOT, "alone again: uTP %.2f MB/s%n", utp(SECONDS));
  }
}
