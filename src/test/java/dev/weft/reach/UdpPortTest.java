package dev.weft.reach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.rpc.Loop;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicClientCodecBuilder;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicSslContext;
import io.netty.handler.codec.quic.QuicSslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UdpPortTest {
  private static final String PROTOCOL = "test/1";
  private static final Clock CLOCK = Clock.systemUTC();

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private Identity one;
  private Identity other;

  /** Sends back what arrives. */
  private static final class Echo extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      var unused = ctx.writeAndFlush(message);
    }
  }

  /** Notes what arrives. */
  private static final class Notes extends ChannelInboundHandlerAdapter {
    final BlockingQueue<String> texts = new LinkedBlockingQueue<>();
    final BlockingQueue<QuicConnectionCloseEvent> closed = new LinkedBlockingQueue<>();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ByteBuf datagram = (ByteBuf) message;
      texts.add(datagram.toString(StandardCharsets.UTF_8));
      datagram.release();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof QuicConnectionCloseEvent close) {
        closed.add(close);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      // The close event tells.
    }
  }

  @BeforeEach
  void makeMesh() {
    CertificateAuthority mesh =
        CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, CLOCK);
    one = member(mesh, "one");
    other = member(mesh, "other");
  }

  @AfterEach
  void close() throws Exception {
    result(vertx.close());
  }

  private Identity member(CertificateAuthority ca, String name) {
    CertificateAuthority.Issued files = ca.issueNode(directory.resolve(name), name, List.of(), 5);
    return Identity.load(
        new SecurityConfig(
            Optional.of(files.ca()), Optional.of(files.cert()), Optional.of(files.key()), false),
        directory,
        CLOCK);
  }

  private static <T> T result(Future<T> future) throws Exception {
    try {
      return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private UdpPort open(Identity identity, String protocol, boolean accepting) throws Exception {
    List<Loop> loops = IntStream.range(0, 3).mapToObj(i -> Loop.of(vertx)).toList();
    UdpPort.Connected echo = (channel, loop) -> channel.pipeline().addLast(new Echo());
    return result(
        UdpPort.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            loops,
            identity,
            protocol,
            accepting ? Optional.of(echo) : Optional.empty()));
  }

  @Test
  void shouldSpeakOtherProtocolsBesides() throws Exception {
    UdpPort port = open(one, PROTOCOL, true);
    UdpPort peer = open(other, PROTOCOL, false);
    port.add(
        (from, datagram) -> {
          boolean its = datagram.readableBytes() == 4;
          if (its) {
            port.send(from, datagram.copy());
          }
          return its;
        });
    Notes notes = new Notes();
    QuicChannel beside =
        result(
            peer.dial(
                port.address(),
                Optional.of(one.nodeId()),
                (channel, loop) -> channel.pipeline().addLast(notes)));

    try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.setSoTimeout(10_000);
      socket.send(new DatagramPacket(new byte[5], 5, port.address()));
      socket.send(new DatagramPacket(new byte[] {1, 2, 3, 4}, 4, port.address()));
      DatagramPacket answer = new DatagramPacket(new byte[100], 100);
      socket.receive(answer);

      assertThat(answer.getLength()).isEqualTo(4);
      assertThat(answer.getSocketAddress()).isEqualTo(port.address());
    }
    assertThat(port.counters().unknown()).isEqualTo(1);
    answers(beside, notes, "still here");
    result(peer.close("end"));
    result(port.close("end"));
  }

  private static void answers(QuicChannel channel, Notes notes, String text) {
    await()
        .until(
            () -> {
              var unused =
                  channel.writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8));
              String got = notes.texts.poll(100, TimeUnit.MILLISECONDS);
              return text.equals(got);
            });
  }

  @Test
  void shouldFindTheLoopOfEveryConnection() throws Exception {
    UdpPort listening = open(other, PROTOCOL, true);
    UdpPort dialling = open(one, PROTOCOL, false);

    for (int i = 0; i < 12; i++) {
      Notes notes = new Notes();
      QuicChannel channel =
          result(
              dialling.dial(
                  listening.address(),
                  Optional.of(other.nodeId()),
                  (c, loop) -> {
                    assertThat(c.parent().eventLoop()).isSameAs(loop.netty());
                    c.pipeline().addLast(notes);
                  }));
      answers(channel, notes, "hello " + i);
    }

    // The kernel spreads them by addresses, which here differ in nothing but the loops' turns.
    assertThat(dialling.counters().handedOver()).isPositive();
    assertThat(dialling.counters().overflown()).isZero();
    assertThat(dialling.counters().unknown() + listening.counters().unknown()).isZero();
  }

  @Test
  void shouldRefuseAnotherProtocol() throws Exception {
    UdpPort listening = open(other, PROTOCOL, true);
    UdpPort dialling = open(one, "another/1", false);

    assertThatThrownBy(
            () -> result(dialling.dial(listening.address(), Optional.empty(), (c, loop) -> {})))
        .hasMessage(
            "udp://"
                + HostPort.of(listening.address())
                + " refused node "
                + one.nodeId()
                + ": TLS alert 120, another application protocol (ALPN) than another/1")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAUTHENTICATED));
  }

  @Test
  void shouldNotAnswerWithoutListening() throws Exception {
    UdpPort silent = open(other, PROTOCOL, false);
    UdpPort dialling = open(one, PROTOCOL, false);

    assertThatThrownBy(
            () -> result(dialling.dial(silent.address(), Optional.empty(), (c, loop) -> {})))
        .hasMessageContaining(HostPort.of(silent.address()) + ": no answer within 5 s")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAVAILABLE));
    assertThat(silent.counters().unknown()).isPositive();
  }

  /** A client made of nothing but Netty. */
  private QuicChannel plainClient(QuicSslContextBuilder tls, InetSocketAddress to, Notes notes)
      throws Exception {
    QuicSslContext context =
        tls.trustManager(InsecureTrustManagerFactory.INSTANCE)
            .endpointIdentificationAlgorithm(null)
            .applicationProtocols(PROTOCOL)
            .build();
    Channel socket =
        new Bootstrap()
            .group(Loop.of(vertx).netty())
            .channel(EpollDatagramChannel.class)
            .handler(new QuicClientCodecBuilder().sslContext(context).datagram(8, 8).build())
            .bind("127.0.0.1", 0)
            .sync()
            .channel();
    return QuicChannel.newBootstrap(socket)
        .handler(notes)
        .streamHandler(new ChannelInboundHandlerAdapter())
        .remoteAddress(to)
        .connect()
        .get();
  }

  @Test
  void shouldRefuseAClientWithoutACertificate() throws Exception {
    UdpPort listening = open(other, PROTOCOL, true);
    Notes notes = new Notes();

    plainClient(QuicSslContextBuilder.forClient(), listening.address(), notes);

    QuicConnectionCloseEvent event = notes.closed.poll(20, TimeUnit.SECONDS);
    assertThat(event).isNotNull();
    assertThat(Refusal.of("it", one.nodeId(), event).getMessage())
        .isEqualTo(
            "it refused node " + one.nodeId() + ": TLS alert 116, a certificate is required");
  }

  @Test
  void shouldTakeAClientOfAnotherMake() throws Exception {
    UdpPort listening = open(other, PROTOCOL, true);
    Notes notes = new Notes();
    QuicSslContextBuilder tls =
        QuicSslContextBuilder.forClient().keyManager(one.keyManager(), null);

    QuicChannel channel = plainClient(tls, listening.address(), notes);

    answers(channel, notes, "hello");
  }

  @Test
  void shouldDropAndCountWhatIsNoQuic() throws Exception {
    UdpPort listening = open(other, PROTOCOL, true);
    SplittableRandom random = new SplittableRandom(3);
    try (DatagramSocket stranger = new DatagramSocket()) {
      for (int i = 0; i < 500; i++) {
        byte[] bytes = new byte[random.nextInt(1, 1500)];
        random.nextBytes(bytes);
        stranger.send(new DatagramPacket(bytes, bytes.length, listening.address()));
      }
    }

    await().until(() -> listening.counters().unknown() > 400);
    Notes notes = new Notes();
    QuicChannel channel =
        result(
            open(one, PROTOCOL, false)
                .dial(
                    listening.address(),
                    Optional.empty(),
                    (c, loop) -> c.pipeline().addLast(notes)));
    answers(channel, notes, "still here");
  }

  /** First packets of somebody who never answers. */
  @Test
  void shouldBoundWhatOthersBegin() throws Exception {
    UdpPort listening = open(other, PROTOCOL, true);
    UdpPort dialling = open(one, PROTOCOL, false);
    try (DatagramSocket stranger = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      stranger.setSoTimeout(20_000);
      for (int i = 0; i < 300; i++) {
        dialling.dial(
            new InetSocketAddress(stranger.getLocalAddress(), stranger.getLocalPort()),
            Optional.empty(),
            (c, loop) -> {});
        DatagramPacket first = new DatagramPacket(new byte[1500], 1500);
        do {
          stranger.receive(first);
        } while (first.getPort() != dialling.address().getPort());
        first.setSocketAddress(listening.address());
        stranger.send(first);
      }
    }

    await().until(() -> listening.begun() == RetryTokens.MANY);

    Notes notes = new Notes();
    QuicChannel honest =
        result(
            dialling.dial(
                listening.address(), Optional.empty(), (c, loop) -> c.pipeline().addLast(notes)));
    answers(honest, notes, "still here");
    assertThat(listening.begun()).isEqualTo(RetryTokens.MANY);
  }

  @Test
  void shouldTellWhyAConnectionIsClosed() throws Exception {
    UdpPort listening = open(other, PROTOCOL, true);
    Notes notes = new Notes();
    QuicChannel channel =
        result(
            open(one, PROTOCOL, false)
                .dial(
                    listening.address(),
                    Optional.empty(),
                    (c, loop) -> c.pipeline().addLast(notes)));
    answers(channel, notes, "hello");

    result(listening.close("enough\n\u0007 for today"));

    QuicConnectionCloseEvent event = notes.closed.poll(20, TimeUnit.SECONDS);
    assertThat(event).isNotNull();
    assertThat(Refusal.reason(event)).isEqualTo("closed by the other end: enough for today");
  }
}
