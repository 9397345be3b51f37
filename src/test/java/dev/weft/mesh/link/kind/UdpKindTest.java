package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.identity.Identity;
import dev.weft.mesh.link.FrameLabel;
import dev.weft.mesh.link.LinkKind.Listening;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UdpKindTest extends ProvenLinkContract {
  private final List<UdpKind> kinds = new ArrayList<>();

  @AfterEach
  void closePorts() throws Exception {
    for (UdpKind kind : kinds) {
      result(kind.close());
    }
  }

  @Override
  UdpKind kind(Identity identity) {
    UdpKind kind = new UdpKind(vertx, List.of(Loop.of(vertx), Loop.of(vertx)), identity);
    kinds.add(kind);
    return kind;
  }

  /** By IPv6, and by IPv4 at a port that has both. */
  @ParameterizedTest
  @ValueSource(strings = {"[::1]", "127.0.0.1"})
  void shouldLinkOverBothKindsOfAddresses(String host) throws Exception {
    int port = listen(other, "[::]:0");

    Transport here = result(kind(one).dial(to(host + ":" + port, Optional.empty())));

    assertThat(here.proven()).contains(other.nodeId());
    assertThat(accepted().seenFrom()).startsWith(host.equals("127.0.0.1") ? host : "[::1]:");
  }

  @Test
  void shouldDialFromThePortThatItListensOn() throws Exception {
    int port = listen(other);
    UdpKind both = kind(one);
    Listening own = result(both.listen("127.0.0.1:0", accepted::add));

    result(both.dial(to(port)));

    assertThat("udp://" + accepted().seenFrom()).isEqualTo(own.address());
  }

  @Test
  void shouldKeepLinksOfAllLoopsApart() throws Exception {
    int port = listen(other);
    UdpKind dialling = kind(one);
    for (int i = 0; i < 8; i++) {
      Transport here = result(dialling.dial(to(port)));
      Transport there = accepted();
      ReceivedFrames got = ReceivedFrames.of(there);
      int length = 100 + i;
      await()
          .until(
              () -> {
                send(here, List.of(frame(length)));
                return got.frames().stream().anyMatch(f -> f.length == length);
              });
      assertThat(got.frames()).allSatisfy(f -> assertThat(f).isEqualTo(frame(length)));
      assertThat(got.elsewhere()).isZero();
    }
  }

  /** In TLS 1.3 the dialling end is through before the accepting end has looked at it. */
  @Test
  void shouldTellThatTheOtherEndRefusesThisNode() throws Exception {
    Clock later = Clock.offset(CLOCK, Duration.ofDays(10));
    Identity ahead = member(mesh, "ahead", 30, later);
    int port = listen(ahead);

    assertThatThrownBy(() -> result(kind(one).dial(to(port))))
        .hasMessageContaining("udp://127.0.0.1:" + port)
        .hasMessageContaining(" refused node " + one.nodeId() + ": TLS alert 42, bad certificate")
        .satisfies(ProvenLinkContract::isUnauthenticated);
    assertThat(accepted).isEmpty();
  }

  @Test
  void shouldShowARenewedCertificateToTheNextLink() throws Exception {
    int port = listen(member(mesh, "ahead", 30, Clock.offset(CLOCK, Duration.ofDays(10))));
    UdpKind dialling = kind(one);
    assertThatThrownBy(() -> result(dialling.dial(to(port)))).hasMessageContaining("refused");

    mesh.issueNode(directory.resolve("one"), "one", List.of(), 30);
    assertThat(one.reload()).isTrue();

    assertThat(result(dialling.dial(to(port))).proof()).isEqualTo("certificate");
  }

  @Test
  void shouldCountWhatIsNoLinks() throws Exception {
    UdpKind listening = kind(other);
    String at = result(listening.listen("127.0.0.1:0", accepted::add)).address();
    int port = Integer.parseInt(at.substring(at.lastIndexOf(':') + 1));

    try (DatagramSocket stranger = new DatagramSocket()) {
      stranger.send(new DatagramPacket(new byte[10], 10, InetAddress.getLoopbackAddress(), port));
    }

    await().until(() -> listening.strays().get("udp_unknown").getAsLong() == 1);
    assertThat(listening.strays().get("udp_busy").getAsLong()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:0", ":7000", "a b:1"})
  void shouldRefuseToDialWhatIsNoAddress(String text) {
    assertThatThrownBy(() -> result(kind(one).dial(to(text, Optional.empty()))))
        .hasMessage("link: udp://" + text + " (expected: udp://host:port)");
  }

  @Test
  void shouldEndWhenItsPortIsClosed() throws Exception {
    Listening listening = result(kind(other).listen("127.0.0.1:0", accepted::add));
    HostPort at =
        HostPort.parse(listening.address().substring("udp://".length()), -1).orElseThrow();
    ReceivedFrames here = ReceivedFrames.of(result(kind(one).dial(to(at.port()))));
    ReceivedFrames there = ReceivedFrames.of(accepted());

    result(listening.close());

    await().until(() -> !here.reasons().isEmpty() && !there.reasons().isEmpty());
    assertThat(here.reasons()).containsExactly("closed by the other end: the node stops listening");
  }

  /** Whoever reads slowly loses at his own end: a udp link has no way to hold the sender back. */
  @Override
  @Test
  void shouldBoundWhatWaitsForAPeerThatDoesNotRead() throws Exception {
    Ends ends = link();
    Transport here = ends.one();
    long before = PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    ByteBuf frame = Unpooled.copiedBuffer(frame(FrameLabel.MAX_FRAME));

    for (int burst = 0; burst < 20; burst++) {
      result(
          here.loop()
              .call(
                  () -> {
                    IntStream.range(0, 1000).forEach(i -> here.send(frame.retain()));
                    here.flush();
                    return Future.succeededFuture();
                  }));
    }

    assertThat(here.dropped()).as("frames for which QUIC had no room").isPositive();
    await().until(() -> frame.refCnt() == 1);
    assertThat(PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() - before)
        .isLessThan(32 << 20);
    ends.one().close("enough");
  }
}
