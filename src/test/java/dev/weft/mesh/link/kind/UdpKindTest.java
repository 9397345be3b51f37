package dev.weft.mesh.link.kind;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.bus.WeftException;
import dev.weft.config.MeshConfig;
import dev.weft.config.SecurityConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.Identity;
import dev.weft.mesh.link.LinkKind.Listening;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UdpKindTest {
  private static final Clock CLOCK = Clock.systemUTC();

  @TempDir Path directory;
  final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final BlockingQueue<Transport> accepted = new LinkedBlockingQueue<>();
  private final List<UdpKind> kinds = new ArrayList<>();
  private CertificateAuthority mesh;
  private Identity one;
  private Identity other;

  @BeforeEach
  void makeMesh() {
    mesh = CertificateAuthority.create(directory.resolve("ca"), "mesh", 10, CLOCK);
    one = member(mesh, "one");
    other = member(mesh, "other");
  }

  @AfterEach
  void close() throws Exception {
    for (UdpKind kind : kinds) {
      result(kind.close());
    }
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

  private Identity alone(String name) {
    SecurityConfig insecure =
        new SecurityConfig(Optional.empty(), Optional.empty(), Optional.empty(), true);
    return Identity.load(insecure, directory.resolve(name), CLOCK);
  }

  private UdpKind kind(Identity identity) {
    UdpKind kind = new UdpKind(vertx, List.of(Loop.of(vertx), Loop.of(vertx)), identity);
    kinds.add(kind);
    return kind;
  }

  private int listen(Identity identity) throws Exception {
    Listening listening = result(kind(identity).listen("127.0.0.1:0", accepted::add));
    return HostPort.parse(listening.address().substring("udp://".length()), -1)
        .orElseThrow()
        .port();
  }

  private static MeshConfig.Link to(int port) {
    return new MeshConfig.Link(
        new MeshConfig.LinkAddress("udp", "127.0.0.1:" + port),
        Optional.empty(),
        Optional.empty(),
        0);
  }

  private static MeshConfig.Link to(int port, Identity node) {
    return new MeshConfig.Link(
        to(port).to(), Optional.of(node.nodeId().value()), Optional.empty(), 0);
  }

  private static <T> T result(Future<T> future) throws Exception {
    try {
      return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private Transport accepted() throws InterruptedException {
    Transport transport = accepted.poll(20, TimeUnit.SECONDS);
    assertThat(transport).as("a link that was accepted").isNotNull();
    return transport;
  }

  @Test
  void shouldTellEachEndWhoTheOtherIsAndWhereItComesFrom() throws Exception {
    int port = listen(other);

    Transport here = result(kind(one).dial(to(port, other)));
    Transport there = accepted();

    assertThat(here.proven()).contains(other.nodeId());
    assertThat(there.proven()).contains(one.nodeId());
    assertThat(List.of(here.proof(), there.proof())).containsOnly("certificate");
    assertThat(here.remote()).isEqualTo("127.0.0.1:" + port);
    assertThat(here.seenFrom()).isEqualTo("127.0.0.1:" + port);
    assertThat(there.seenFrom()).matches("127\\.0\\.0\\.1:\\d+").isEqualTo(there.remote());
  }

  @Test
  void shouldCarryFrames() throws Exception {
    int port = listen(other);
    Transport here = result(kind(one).dial(to(port, other)));
    Transport there = accepted();
    BlockingQueue<byte[]> got = new LinkedBlockingQueue<>();
    there
        .loop()
        .run(
            () ->
                there.receive(
                    new Transport.Receiver() {
                      @Override
                      public void onFrame(ByteBuf frame) {
                        got.add(ByteBufUtil.getBytes(frame));
                      }

                      @Override
                      public void onIdle() {}

                      @Override
                      public void onClosed(String reason) {}
                    }));

    here.loop()
        .run(
            () -> {
              here.send(Unpooled.wrappedBuffer(new byte[1400]));
              here.flush();
            });

    await().until(() -> !got.isEmpty());
    assertThat(got.poll()).hasSize(1400);
  }

  @Test
  void shouldRefuseAnotherNodeThanTheOneThatIsMeant() throws Exception {
    int port = listen(other);

    assertThatThrownBy(() -> result(kind(one).dial(to(port, one))))
        .hasMessageContaining("udp://127.0.0.1:" + port + ": ")
        .hasMessageContaining("node id " + other.nodeId() + " (expected: " + one.nodeId() + ")")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAUTHENTICATED));
  }

  @Test
  void shouldRefuseANodeOfAnotherMesh() throws Exception {
    CertificateAuthority foreign =
        CertificateAuthority.create(directory.resolve("ca2"), "foreign", 10, CLOCK);
    Identity stranger = member(foreign, "stranger");
    int port = listen(stranger);

    assertThatThrownBy(() -> result(kind(one).dial(to(port))))
        .hasMessageContaining("certificate of CN=stranger (" + stranger.nodeId() + ")")
        .hasMessageContaining("not signed by this mesh's CA")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAUTHENTICATED));
    assertThat(accepted).isEmpty();
  }

  @Test
  void shouldProveAnIdByItsKeyWithoutACa() throws Exception {
    Identity first = alone("first");
    Identity second = alone("second");
    int port = listen(second);

    Transport here = result(kind(first).dial(to(port, second)));

    assertThat(here.proven()).contains(second.nodeId());
    assertThat(accepted().proven()).contains(first.nodeId());
    assertThat(here.proof()).isEqualTo("key");
  }

  @Test
  void shouldRefuseAnIdWithoutACaIfItHasOne() throws Exception {
    Identity lone = alone("lone");
    int port = listen(lone);

    assertThatThrownBy(() -> result(kind(one).dial(to(port))))
        .hasMessageContaining("(" + lone.nodeId() + "): not signed by this mesh's CA")
        .satisfies(e -> assertThat(((WeftException) e).fault()).isEqualTo(Fault.UNAUTHENTICATED));
  }
}
