package dev.weft.reach.path;

import static dev.weft.reach.PeerPorts.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.bus.Fact;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.reach.BulkStream;
import dev.weft.reach.PeerPort;
import dev.weft.reach.PeerPorts;
import dev.weft.reach.UdpPort;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PunchedPathsTest {
  private static final String PROTOCOL = "test/1";
  private static final long MANY = 30 << 20;
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir Path directory;
  private PeerPorts nodes;
  private Side one;
  private Side other;
  private final List<Cable> cables = new ArrayList<>();

  /** A node with a UDP port. */
  private record Side(
      PeerPorts.Node node, UdpPort udp, PunchedPaths paths, List<PathChanged> changes) {
    static Side open(PeerPorts.Node node) throws Exception {
      List<PathChanged> changes = new CopyOnWriteArrayList<>();
      UdpPort udp =
          result(
              UdpPort.open(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                  node.loops(),
                  node.identity(),
                  PROTOCOL,
                  Optional.of((channel, loop) -> {})));
      PunchedPaths paths =
          result(
              PunchedPaths.open(
                  node.loop(),
                  udp,
                  node.port(),
                  node.identity(),
                  () -> Duration.ofSeconds(3),
                  fact -> note(changes, fact)));
      return new Side(node, udp, paths, changes);
    }

    private static void note(List<PathChanged> changes, Fact fact) {
      changes.add((PathChanged) fact);
    }

    boolean reaches(Side to) {
      return paths.to(to.node.id()).filter(path -> !path.doubtful()).isPresent();
    }
  }

  /** What carries datagrams between two ports, as a NAT does, until it is cut. */
  private static final class Cable implements AutoCloseable {
    final DatagramSocket near;
    final DatagramSocket far;
    volatile InetSocketAddress from;
    volatile boolean cut;

    Cable(InetSocketAddress to) throws IOException {
      near = new DatagramSocket(0, InetAddress.getLoopbackAddress());
      far = new DatagramSocket(0, InetAddress.getLoopbackAddress());
      pump(near, far, to);
      pump(far, near, null);
    }

    private void pump(DatagramSocket in, DatagramSocket out, InetSocketAddress to) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  while (true) {
                    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
                    in.receive(packet);
                    if (to != null) {
                      from = (InetSocketAddress) packet.getSocketAddress();
                    }
                    if (!cut) {
                      packet.setSocketAddress(to == null ? from : to);
                      out.send(packet);
                    }
                  }
                } catch (IOException closed) {
                  // The test is over.
                }
              });
      thread.setDaemon(true);
      thread.start();
    }

    HostPort at() {
      return new HostPort("127.0.0.1", near.getLocalPort());
    }

    @Override
    public void close() {
      near.close();
      far.close();
    }
  }

  /** Sends numbers back as they come. */
  private static final class EchoNumbers extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) {
      var unused = ctx.writeAndFlush(bytes);
    }
  }

  /** Sends a number each 5 ms, and looks when they come back. */
  private static final class Numbers extends ChannelInboundHandlerAdapter {
    private final ByteBuf got = Unpooled.buffer();
    private long next;
    private long expected;
    private long last = System.nanoTime();
    volatile long longestGap;
    volatile long count;
    volatile String wrong;

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      last = System.nanoTime();
      ScheduledFuture<?> ticks =
          ctx.executor()
              .scheduleAtFixedRate(
                  () -> {
                    var unused =
                        ctx.writeAndFlush(Unpooled.buffer(1008).writeLong(next++).writeZero(1000));
                  },
                  5,
                  5,
                  TimeUnit.MILLISECONDS);
      ctx.channel().closeFuture().addListener(closed -> ticks.cancel(false));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) {
      got.writeBytes((ByteBuf) bytes);
      ((ByteBuf) bytes).release();
      while (got.readableBytes() >= 1008) {
        long number = got.readLong();
        got.skipBytes(1000);
        if (number != expected++) {
          wrong = number + " (expected: " + (expected - 1) + ")";
        }
        long now = System.nanoTime();
        longestGap = Math.max(longestGap, now - last);
        last = now;
        count = expected;
      }
      got.discardReadBytes();
    }

    long takeGapMillis() {
      long gap = longestGap;
      longestGap = 0;
      return TimeUnit.NANOSECONDS.toMillis(gap);
    }
  }

  @BeforeEach
  void open() throws Exception {
    nodes = PeerPorts.open(directory, 2, 2);
    one = Side.open(nodes.node(0));
    other = Side.open(nodes.node(1));
    other
        .node
        .port()
        .accept(
            PROTOCOL,
            other.node.loop(),
            (channel, loop) ->
                channel
                    .pipeline()
                    .addLast(
                        new ChannelInboundHandlerAdapter() {
                          @Override
                          public void channelRead(ChannelHandlerContext ctx, Object stream) {
                            ((QuicStreamChannel) stream).pipeline().addLast(new EchoNumbers());
                            ctx.fireChannelRead(stream);
                          }
                        }));
  }

  @AfterEach
  void close() throws Exception {
    for (Side side : List.of(one, other)) {
      result(side.paths.close());
      result(side.udp.close("the test is over"));
    }
    nodes.close();
    cables.forEach(Cable::close);
  }

  private Cable cable(Side to) throws IOException {
    Cable cable = new Cable(to.udp.address());
    cables.add(cable);
    return cable;
  }

  private Numbers numbers() throws Exception {
    Numbers numbers = new Numbers();
    QuicChannel channel =
        result(one.node.port().dial(other.node.id(), PROTOCOL, one.node.loop(), (c, l) -> {}));
    channel.createStream(QuicStreamType.BIDIRECTIONAL, numbers).get(20, TimeUnit.SECONDS);
    return numbers;
  }

  private static void awaitMore(Numbers numbers) {
    long before = numbers.count;
    await().atMost(SOON).until(() -> numbers.count > before + 50);
  }

  @Test
  void shouldKeepAStreamWhilePathsComeAndGo() throws Exception {
    nodes.delay(Duration.ofMillis(5));
    Numbers numbers = numbers();
    awaitMore(numbers);
    numbers.takeGapMillis();

    Cable cable = cable(other);
    one.paths.keep(new PathTarget(cable.at(), Optional.of(other.node.id()), SOON), status -> {});
    await().atMost(SOON).until(() -> one.reaches(other) && other.reaches(one));
    awaitMore(numbers);
    long sent = one.node.port().counters().direct();
    awaitMore(numbers);
    assertThat(one.node.port().counters().direct()).isGreaterThan(sent + 20);
    assertThat(other.node.port().counters().direct()).isPositive();
    final long appeared = numbers.takeGapMillis();

    cable.cut = true;
    await().atMost(SOON).until(() -> !one.reaches(other));
    awaitMore(numbers);
    final long cut = numbers.takeGapMillis();
    await().atMost(SOON).until(() -> one.paths.to(other.node.id()).isEmpty());

    cable.cut = false;
    await().atMost(SOON).until(() -> one.reaches(other) && other.reaches(one));
    awaitMore(numbers);
    System.out.printf(
        "longest gap: path appears %d ms, is cut %d ms, reappears %d ms%n",
        appeared, cut, numbers.takeGapMillis());
    assertThat(numbers.wrong).isNull();
    assertThat(one.changes).extracting(PathChanged::why).contains("no answer for 4 s");
  }

  @Test
  void shouldCarryManyBytesInRunsOfDatagrams() throws Exception {
    nodes.cut(0, 1);
    BulkStream in = new BulkStream(0);
    other
        .node
        .port()
        .accept(
            "bulk/1",
            other.node.loops().get(1),
            (channel, loop) ->
                channel
                    .pipeline()
                    .addLast(
                        new ChannelInboundHandlerAdapter() {
                          @Override
                          public void channelRead(ChannelHandlerContext ctx, Object stream) {
                            ((QuicStreamChannel) stream).pipeline().addLast(in);
                            ctx.fireChannelRead(stream);
                          }
                        }));
    Paths.Kept kept =
        one.paths.keep(
            new PathTarget(HostPort.of(other.udp.address()), Optional.empty(), SOON), s -> {});
    result(one.paths.established(kept));

    QuicChannel channel =
        result(
            one.node.port().dial(other.node.id(), "bulk/1", one.node.loops().get(1), (c, l) -> {}));
    long began = System.nanoTime();
    channel.createStream(QuicStreamType.BIDIRECTIONAL, new BulkStream(MANY)).sync();

    assertThat(in.whole().get(60, TimeUnit.SECONDS)).isEqualTo(MANY);
    System.out.printf(
        "one stream by a path: %.2f Gbit/s%n", MANY * 8.0 / (System.nanoTime() - began));
    assertThat(one.node.port().counters().direct()).isGreaterThan(MANY / PeerPort.MAX_DATAGRAM);
  }

  @Test
  void shouldReachANodeThatNoOtherPathLeadsTo() throws Exception {
    nodes.cut(0, 1);
    Paths.Kept kept =
        one.paths.keep(
            new PathTarget(HostPort.of(other.udp.address()), Optional.empty(), SOON), s -> {});

    assertThat(result(one.paths.established(kept))).isEqualTo(other.node.id());
    awaitMore(numbers());

    kept.remove();
    await().atMost(SOON).until(() -> !one.node.port().reaches(other.node.id()));
    assertThat(kept.status().state()).isEqualTo(PathState.REMOVED);
  }

  @Test
  void shouldTellThatAnotherNodeIsThere() {
    Paths.Kept kept =
        one.paths.keep(
            new PathTarget(HostPort.of(other.udp.address()), Optional.of(one.node.id()), SOON),
            s -> {});
    assertThatThrownBy(() -> result(one.paths.established(kept)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("is this one");
  }

  @Test
  void shouldTellOfAHostThatDoesNotExist() {
    Paths.Kept kept =
        one.paths.keep(
            new PathTarget(new HostPort("nowhere.invalid", 1), Optional.empty(), SOON), s -> {});

    assertThatThrownBy(() -> result(one.paths.established(kept)))
        .isInstanceOf(WeftException.class)
        .hasMessage("nowhere.invalid:1: no such host");
    assertThat(kept.status().fault()).isEqualTo(Fault.UNAVAILABLE);
  }

  @Test
  void shouldGoOnAfterGarbageOnThePort() throws Exception {
    one.paths.keep(
        new PathTarget(HostPort.of(other.udp.address()), Optional.empty(), SOON), s -> {});
    await().atMost(SOON).until(() -> one.reaches(other) && other.reaches(one));
    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      byte[] bytes = new byte[1300];
      for (int i = 0; i < 2000; i++) {
        System.arraycopy(new byte[] {0x0a, 0x77, 0x70, 0x01, (byte) (i % 5)}, 0, bytes, 0, 5);
        socket.send(new DatagramPacket(bytes, 5 + i % 1290, other.udp.address()));
      }
    }

    awaitMore(numbers());
    assertThat(other.reaches(one)).isTrue();
    assertThat(PeerPort.MAX_DATAGRAM).isEqualTo(PunchCodec.LONGEST);
  }
}
