package dev.weft.proxy.utp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.rpc.Loop;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two sockets on loopback, without TLS. */
class UtpSocketTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(2));
  private final List<BulkEnd> accepted = new CopyOnWriteArrayList<>();
  private Loop loopA;
  private UtpSocket a;
  private UtpSocket b;

  @BeforeEach
  void open() throws Exception {
    loopA = Loop.of(vertx);
    a = get(UtpSocket.open(loopA, ANY, Optional.empty(), new UtpCounters()));
    b = get(BulkEnd.socket(Loop.of(vertx), ANY, accepted::add));
  }

  @AfterEach
  void close() throws Exception {
    get(vertx.close());
  }

  private static <T> T get(io.vertx.core.Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private BulkEnd connect() throws Exception {
    BulkEnd end = new BulkEnd();
    get(
        loopA.call(
            () -> {
              a.connect(b.address(), channel -> channel.pipeline().addLast(end));
              return io.vertx.core.Future.succeededFuture();
            }));
    await().until(() -> end.active);
    return end;
  }

  @Test
  void shouldTransferBothWaysAndEnd() throws Exception {
    BulkEnd here = connect();
    here.send(20 << 20);
    await().until(() -> accepted.size() == 1);
    accepted.get(0).send(5 << 20);

    await().atMost(Duration.ofSeconds(30)).until(() -> here.inactive && accepted.get(0).inactive);

    assertThat(accepted.get(0).got).isEqualTo(20 << 20);
    assertThat(here.got).isEqualTo(5 << 20);
    assertThat(here.wrong || accepted.get(0).wrong).isFalse();
    assertThat(here.failure).isNull();
    await().until(() -> a.counters().open() == 0 && b.counters().open() == 0);
  }

  @Test
  void shouldHoldLittleForReaderThatPauses() throws Exception {
    BulkEnd here = connect();
    here.send(20 << 20);
    await().until(() -> accepted.size() == 1);
    BulkEnd there = accepted.get(0);
    there.channel.config().setAutoRead(false);
    long[] last = {-1};
    await().pollInterval(Duration.ofMillis(300)).until(() -> last[0] == (last[0] = here.written));
    assertThat(here.written - there.got).isLessThan(6 << 20);

    there.channel.config().setAutoRead(true);
    await().atMost(Duration.ofSeconds(30)).until(() -> there.got == 20 << 20);

    assertThat(there.wrong).isFalse();
  }

  @Test
  void shouldRefuseWhereNothingIsAccepted() throws Exception {
    BulkEnd end = new BulkEnd();
    get(
        loopA.call(
            () -> {
              a.connect(a.address(), channel -> channel.pipeline().addLast(end));
              return io.vertx.core.Future.succeededFuture();
            }));

    await().until(() -> end.failure != null);

    assertThat(end.failure).hasMessage("the other end refuses the connection");
  }

  @Test
  void shouldTellOtherEndThatItIsBrokenOff() throws Exception {
    BulkEnd here = connect();
    var unused = here.channel.writeAndFlush(Unpooled.copiedBuffer(new byte[10]));
    await().until(() -> accepted.size() == 1);

    here.channel.close().await();

    await().until(() -> accepted.get(0).inactive);
    assertThat(accepted.get(0).failure).hasMessage("the other end has reset the connection");
  }

  @Test
  void shouldSurviveGarbage() throws Exception {
    BulkEnd here = connect();
    try (DatagramSocket stranger = new DatagramSocket()) {
      for (String garbage :
          List.of(
              "",
              "00",
              "00000000",
              "00000001",
              "ff".repeat(1500),
              "2100".repeat(5),
              "1100" + "11".repeat(18),
              "21010000" + "00".repeat(16) + "00ff",
              "41" + "00".repeat(19))) {
        byte[] bytes = HexFormat.of().parseHex(garbage);
        stranger.send(new DatagramPacket(bytes, bytes.length, b.address()));
      }
    }
    here.send(1 << 20);

    await().until(() -> accepted.size() == 1 && accepted.get(0).got == 1 << 20);

    assertThat(b.counters().strange.sum()).isGreaterThan(4);
    assertThat(b.counters().halfOpen()).isEqualTo(1);
    assertThat(b.counters().unknown.sum()).isPositive();
  }

  @Test
  void shouldEndWithItsSocket() throws Exception {
    BulkEnd here = connect();
    Channel channel = here.channel;

    get(loopA.call(() -> a.close()));

    assertThat(channel.isOpen()).isFalse();
    await().until(() -> b.counters().open() == 0);
  }
}
