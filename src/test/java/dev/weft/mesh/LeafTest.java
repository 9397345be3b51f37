package dev.weft.mesh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.identity.CertificateAuthority;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.kind.UnixKind;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeafTest {
  private static final String NODE = "0000000000000001";
  private static final String NOBODY = "00000000000000ff";
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final Queue<Fact> facts = new ConcurrentLinkedQueue<>();
  private final MeshNode node =
      new MeshNode(
          Loop.of(vertx),
          new MeshNode.Settings(
              new NodeId(NODE),
              NODE.repeat(4),
              new MeshConfig(List.of(), List.of(), true, 0, false),
              Clock.systemUTC()),
          new Observer());

  private final class Observer implements MeshNode.Observer {
    @Override
    public void happened(Fact fact) {
      facts.add(fact);
    }

    @Override
    public void trouble(String link, String remote, String reason) {}
  }

  private Leaf open() {
    Path ca = directory.resolve("ca");
    CertificateAuthority.create(ca, "test", 30, Clock.systemUTC());
    CertificateAuthority.Issued issued =
        CertificateAuthority.load(ca, Clock.systemUTC())
            .issueNode(directory.resolve("leaf"), "leaf", List.of(), 29);
    return Leaf.open(directory.resolve("mesh.sock"), issued.ca(), issued.cert(), issued.key());
  }

  private static <T> T await(Future<T> future) {
    return future.timeout(10, TimeUnit.SECONDS).toCompletionStage().toCompletableFuture().join();
  }

  @AfterEach
  void close() {
    await(node.close());
    await(vertx.close());
  }

  @Test
  void shouldFailWhatIsWaitedForWhenItCloses() {
    Leaf leaf = open();
    Future<Void> waiting = leaf.awaitRoute(NOBODY);

    leaf.close();
    leaf.close();

    assertThat(waiting.failed()).isTrue();
    assertThat(waiting.cause()).hasMessage("this node leaves the mesh");
  }

  @Test
  void shouldOutliveATakerThatThrows() {
    UnixKind unix = new UnixKind(vertx, () -> Loop.of(vertx));
    await(unix.listen(directory.resolve("mesh.sock").toString(), node::accept));
    try (Leaf leaf = open()) {
      Queue<String> taken = new ConcurrentLinkedQueue<>();
      leaf.onDatagram(
          (from, data) -> {
            taken.add(new String(data, UTF_8));
            throw new IllegalStateException("a defect of the program");
          });
      await(node.awaitRoute(leaf.id()));

      assertThat(node.send(leaf.id(), "one".getBytes(UTF_8))).isTrue();
      Awaitility.await("one").atMost(SOON).until(() -> taken.contains("one"));
      assertThat(node.send(leaf.id(), "two".getBytes(UTF_8))).isTrue();
      Awaitility.await("two").atMost(SOON).until(() -> taken.contains("two"));

      assertThat(facts).noneMatch(LinkDown.class::isInstance);
    }
  }
}
