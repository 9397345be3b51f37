package dev.weft.proxy.utp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.rpc.Loop;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bytes to and from libutp in another namespace, without TLS. */
@Needs({Need.ROOT, Need.IPROUTE2, Need.NFT, Need.UTP_NATIVE})
@Timeout(240)
class UtpInteropIT {
  private static final int PORT = 6881;
  private static final int MB = 1 << 20;
  private static final Duration LONG = Duration.ofSeconds(150);

  @TempDir Path directory;
  private final List<BulkEnd> accepted = new CopyOnWriteArrayList<>();
  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
  private final Loop loop = Loop.of(vertx);
  private TestNetns ours;
  private TestNetns theirs;
  private UtpSocket socket;
  private File said;

  @BeforeEach
  void open() throws Exception {
    ours = TestNetns.create("utp1");
    theirs = TestNetns.create("utp2");
    ours.run("ip", "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", theirs.name());
    ours.run("ip", "addr", "add", "10.29.0.1/24", "dev", "eth0");
    theirs.run("ip", "addr", "add", "10.29.0.2/24", "dev", "eth0");
    ours.run("ip", "link", "set", "eth0", "up");
    theirs.run("ip", "link", "set", "eth0", "up");
    said = directory.resolve("peer").toFile();
    socket = BulkEnd.socket(ours, loop, new InetSocketAddress("10.29.0.1", PORT), accepted::add);
  }

  @AfterEach
  void close() throws Exception {
    get(vertx.close());
    ours.close();
    theirs.close();
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private void peer(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("env", "NODE_PATH=" + Need.NODE_MODULES, "node"));
    command.add(Path.of("src/test/interop/utp/peer.js").toAbsolutePath().toString());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    theirs.start(said, command.toArray(new String[0]));
  }

  private List<String> peerSaid() throws IOException {
    return Files.readAllLines(said.toPath());
  }

  private List<BulkEnd> connect(int count) throws Exception {
    await().atMost(Duration.ofSeconds(20)).until(() -> peerSaid().contains("listening"));
    List<BulkEnd> ends = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      BulkEnd end = new BulkEnd();
      ends.add(end);
      get(
          loop.call(
              () -> {
                socket.connect(
                    new InetSocketAddress("10.29.0.2", PORT),
                    channel -> channel.pipeline().addLast(end));
                return Future.succeededFuture();
              }));
    }
    await().atMost(Duration.ofSeconds(20)).until(() -> ends.stream().allMatch(end -> end.active));
    return ends;
  }

  private void transferred(List<BulkEnd> ends, long bytes) throws IOException {
    await()
        .atMost(LONG)
        .until(() -> ends.stream().allMatch(end -> end.got == bytes || end.inactive));
    await()
        .atMost(LONG)
        .until(
            () ->
                peerSaid().stream().filter(line -> line.startsWith("right")).count() == ends.size()
                    || peerSaid().stream().anyMatch(line -> line.startsWith("error")));
    assertThat(ends)
        .allSatisfy(
            end -> {
              assertThat(end.failure).isNull();
              assertThat(end.got).isEqualTo(bytes);
              assertThat(end.wrong).isFalse();
            });
    assertThat(peerSaid().stream().filter(line -> !line.equals("listening")))
        .containsOnly("right " + bytes);
  }

  @Test
  void shouldExchangeMegabytesWithLibutp() throws Exception {
    exchangeOverOne(20 * MB);
  }

  @Tag("long")
  @Test
  void shouldExchange100MegabytesWithLibutp() throws Exception {
    exchangeOverOne(100 * MB);
  }

  private void exchangeOverOne(int bytes) throws Exception {
    peer("listen", PORT, bytes);
    List<BulkEnd> ends = connect(1);

    ends.get(0).send(bytes);

    transferred(ends, bytes);
  }

  @Test
  void shouldExchangeBytesWithLibutpThatDials() throws Exception {
    peer("connect", "10.29.0.1", PORT, 3 * MB, 4);
    await().atMost(Duration.ofSeconds(20)).until(() -> accepted.size() == 4);

    accepted.forEach(end -> end.send(3 * MB));

    transferred(accepted, 3 * MB);
  }

  @Test
  void shouldExchangeMegabytesWithLibutpInSpiteOfLossAndReordering() throws Exception {
    exchangeInSpiteOfLossAndReordering(MB);
  }

  @Tag("long")
  @Test
  void shouldExchange100MegabytesWithLibutpInSpiteOfLossAndReordering() throws Exception {
    exchangeInSpiteOfLossAndReordering(5 * MB);
  }

  /** libutp waits a second or more for a packet that is lost twice, so many connections at once. */
  private void exchangeInSpiteOfLossAndReordering(int bytes) throws Exception {
    peer("listen", PORT, bytes);
    List<BulkEnd> ends = connect(20);
    String rules =
        "table ip loss { chain in { type filter hook input priority 0; "
            + "meta l4proto udp numgen random mod 100 < 5 drop; }; }";
    ours.run("nft", rules);
    theirs.run("nft", rules);
    ends.get(0).channel.parent().pipeline().addFirst(new LateDatagrams(loop.netty()));

    ends.forEach(end -> end.send(bytes));

    transferred(ends, bytes);
  }
}
