package dev.weft.reach;

import static dev.weft.reach.PeerPorts.result;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.rpc.Loop;
import dev.weft.rpc.StreamEnd;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.quic.QuicChannel;
import io.netty.handler.codec.quic.QuicConnectionCloseEvent;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerPortTest {
  private static final String PROTOCOL = "test/1";
  private static final UdpPort.Connected NOTHING = (channel, loop) -> {};

  @TempDir Path directory;
  private PeerPorts ports;
  private PeerPorts.Node one;
  private PeerPorts.Node other;

  /** Notes why a connection ends. */
  private static final class Ending extends ChannelInboundHandlerAdapter {
    final BlockingQueue<String> reasons = new LinkedBlockingQueue<>();

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof QuicConnectionCloseEvent close) {
        reasons.add(Refusal.reason(close));
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      // The close event tells.
    }
  }

  /** Answers each stream with its name and what it brought. */
  private record Echo(String name) implements UdpPort.Connected {
    @Override
    public void ready(QuicChannel channel, Loop loop) {
      channel
          .pipeline()
          .addLast(
              new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext ctx, Object stream) {
                  ((QuicStreamChannel) stream).pipeline().addLast(new EchoStream(name + ": "));
                  ctx.fireChannelRead(stream);
                }
              });
    }
  }

  private static final class EchoStream extends ChannelInboundHandlerAdapter {
    private String greeting;

    EchoStream(String greeting) {
      this.greeting = greeting;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object bytes) {
      var unused = ctx.write(Unpooled.copiedBuffer(greeting, StandardCharsets.UTF_8));
      greeting = "";
      unused = ctx.writeAndFlush(bytes);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof ChannelInputShutdownReadComplete) {
        var unused = StreamEnd.send((QuicStreamChannel) ctx.channel());
      }
    }
  }

  /** Says something on a stream of its own, and gives what comes back. */
  private static String said(QuicChannel channel, String text) throws Exception {
    StringBuilder got = new StringBuilder();
    BlockingQueue<String> whole = new LinkedBlockingQueue<>();
    QuicStreamChannel stream =
        channel
            .createStream(
                QuicStreamType.BIDIRECTIONAL,
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelRead(ChannelHandlerContext ctx, Object bytes) {
                    got.append(((ByteBuf) bytes).toString(StandardCharsets.UTF_8));
                    ((ByteBuf) bytes).release();
                  }

                  @Override
                  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                    if (event instanceof ChannelInputShutdownReadComplete) {
                      whole.add(got.toString());
                    }
                  }
                })
            .get(20, TimeUnit.SECONDS);
    var unused =
        stream
            .writeAndFlush(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8))
            .addListener(QuicStreamChannel.SHUTDOWN_OUTPUT);
    return whole.poll(20, TimeUnit.SECONDS);
  }

  @BeforeEach
  void open() throws Exception {
    ports = PeerPorts.open(directory, 2, 2);
    one = ports.node(0);
    other = ports.node(1);
  }

  @AfterEach
  void close() throws Exception {
    ports.close();
  }

  private QuicChannel dial(PeerPorts.Node from, PeerPorts.Node to) throws Exception {
    return result(from.port().dial(to.id(), PROTOCOL, from.loop(), NOTHING));
  }

  @Test
  void shouldConnectBothWays() throws Exception {
    one.port().accept(PROTOCOL, one.loop(), new Echo("one"));
    other.port().accept(PROTOCOL, other.loop(), new Echo("other"));

    QuicChannel there = dial(one, other);
    QuicChannel back = dial(other, one);

    assertThat(said(there, "hello")).isEqualTo("other: hello");
    assertThat(said(back, "hello")).isEqualTo("one: hello");
    assertThat(PeerPort.nodeOf(there)).isEqualTo(other.id());
    assertThat(one.port().counters().unknown() + other.port().counters().unknown()).isZero();
  }

  @Test
  void shouldTakeNoMoreThanTheLongestDatagramForAHandshake() throws Exception {
    ports.delay(Duration.ofMillis(10));
    other.port().accept(PROTOCOL, other.loop(), new Echo("other"));
    long begin = System.nanoTime();

    dial(one, other);

    // A second is what the first timeout takes; without the codec's wake-up it would be needed.
    assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.MILLISECONDS.toNanos(900));
  }

  @Test
  void shouldAcceptEachProtocolOnItsLoops() throws Exception {
    Set<Loop> loops = ConcurrentHashMap.newKeySet();
    other.port().accept("first/1", other.loops().get(1), new Echo("first"));
    for (Loop loop : other.loops()) {
      other
          .port()
          .accept(
              "second/1",
              loop,
              (channel, on) -> {
                assertThat(channel.parent().eventLoop()).isSameAs(on.netty());
                loops.add(on);
                new Echo("second").ready(channel, on);
              });
    }

    for (Loop from : one.loops()) {
      QuicChannel first = result(one.port().dial(other.id(), "first/1", from, NOTHING));
      QuicChannel second = result(one.port().dial(other.id(), "second/1", from, NOTHING));
      assertThat(first.parent().eventLoop()).isSameAs(from.netty());
      assertThat(said(first, "x")).isEqualTo("first: x");
      assertThat(said(second, "x")).isEqualTo("second: x");
    }

    assertThat(loops).containsExactlyInAnyOrderElementsOf(other.loops());
  }

  @Test
  void shouldRefuseAnotherProtocol() {
    other.port().accept("weft/2", other.loop(), new Echo("other"));

    assertThatThrownBy(() -> result(one.port().dial(other.id(), "weft/3", one.loop(), NOTHING)))
        .hasMessageContaining("node " + other.id())
        .hasMessageContaining("weft/3")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAUTHENTICATED));
  }

  @Test
  void shouldRefuseANodeOfAnotherMesh() throws Exception {
    CertificateAuthority foreign =
        CertificateAuthority.create(directory.resolve("foreign"), "foreign", 10, Clock.systemUTC());
    PeerPorts.Node stranger = ports.add(PeerPorts.identity(directory, foreign, "stranger"), 1);
    stranger.port().accept(PROTOCOL, stranger.loop(), new Echo("stranger"));

    assertThatThrownBy(() -> dial(one, stranger))
        .hasMessageContaining("node " + stranger.id())
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAUTHENTICATED));
  }

  /** A node that gives itself out for another one: the datagrams bear the other's id. */
  @Test
  void shouldRefuseWhoGivesAnothersIdAsSource() {
    Identity third =
        PeerPorts.identity(
            directory,
            CertificateAuthority.create(directory.resolve("x"), "x", 10, Clock.systemUTC()),
            "third");
    one.port()
        .path(
            new PeerPort.DatagramPath() {
              @Override
              public boolean reaches(long node) {
                return true;
              }

              @Override
              public void send(long node, ByteBuf datagram) {
                other.port().arrived(third.nodeId().number(), datagram);
              }
            });
    other
        .port()
        .path(
            new PeerPort.DatagramPath() {
              @Override
              public boolean reaches(long node) {
                return true;
              }

              @Override
              public void send(long node, ByteBuf datagram) {
                one.port().arrived(other.id().number(), datagram);
              }
            });
    AtomicBoolean taken = new AtomicBoolean();
    other
        .port()
        .accept(
            PROTOCOL,
            other.loop(),
            (channel, loop) ->
                channel
                    .pipeline()
                    .addLast(
                        new ChannelInboundHandlerAdapter() {
                          @Override
                          public void channelActive(ChannelHandlerContext ctx) {
                            taken.set(true);
                          }
                        }));

    var unused = one.port().dial(other.id(), PROTOCOL, one.loop(), NOTHING);

    await().until(() -> other.port().counters().refused() == 1);
    await().until(() -> one.port().counters().connections() == 0);
    assertThat(taken).isFalse();
  }

  @Test
  void shouldShowARenewedCertificateOnNewConnections() throws Exception {
    other.port().accept(PROTOCOL, other.loop(), new Echo("other"));
    QuicChannel before = dial(one, other);

    ports.renew(1);

    QuicChannel after = dial(one, other);
    assertThat(after.sslEngine().getSession().getPeerCertificates()[0])
        .isEqualTo(other.identity().certificate())
        .isNotEqualTo(before.sslEngine().getSession().getPeerCertificates()[0]);
  }

  @Test
  void shouldNotDialWhereNoPathLeads() {
    ports.cut(0, 1);

    assertThatThrownBy(() -> dial(one, other))
        .hasMessage("node " + other.id() + ": no path leads there");
  }

  @Test
  void shouldTellWhyConnectionsAreClosed() throws Exception {
    other.port().accept(PROTOCOL, other.loop(), new Echo("other"));
    Ending ending = new Ending();
    QuicChannel channel =
        result(
            one.port()
                .dial(other.id(), PROTOCOL, one.loop(), (c, l) -> c.pipeline().addLast(ending)));
    said(channel, "hello");

    result(other.port().close("enough for today"));

    assertThat(ending.reasons.poll(20, TimeUnit.SECONDS))
        .isEqualTo("closed by the other end: enough for today");
    await().until(() -> one.port().counters().connections() == 0);
  }
}
