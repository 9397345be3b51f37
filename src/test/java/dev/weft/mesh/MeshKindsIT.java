package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.identity.NodeId;
import dev.weft.linux.NullModem;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.kind.ExecKind;
import dev.weft.mesh.link.kind.SerialKind;
import dev.weft.mesh.link.kind.UnixKind;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes in this JVM with links between them that prove nothing and go through processes. */
@Timeout(120)
class MeshKindsIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final Node one = new Node("0000000000000001");
  private final Node other = new Node("0000000000000002");
  private final List<NullModem> cables = new ArrayList<>();

  private final class Node implements MeshNode.Observer {
    final String id;
    final MeshNode mesh;
    final Queue<byte[]> datagrams = new ConcurrentLinkedQueue<>();

    Node(String id) {
      this.id = id;
      this.mesh =
          new MeshNode(
              Loop.of(vertx),
              new MeshNode.Settings(
                  new NodeId(id),
                  id.repeat(4),
                  new MeshConfig(List.of(), List.of(), true, 0, false),
                  Clock.systemUTC()),
              this);
      mesh.takeDatagrams((from, data) -> datagrams.add(ByteBufUtil.getBytes(data)));
    }

    @Override
    public void happened(Fact fact) {}

    @Override
    public void trouble(String link, String remote, String reason) {}

    void keep(LinkKind kind, String rest, int speed) {
      mesh.keep(
          kind,
          new MeshConfig.Link(
              new MeshConfig.LinkAddress(kind.scheme(), rest),
              Optional.empty(),
              Optional.empty(),
              speed),
          false);
    }

    List<String> linksUp() throws Exception {
      return result(mesh.links()).stream()
          .filter(link -> link.state().equals("up"))
          .map(MeshLink::kind)
          .toList();
    }
  }

  private static <T> T result(Future<T> future) throws Exception {
    return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  @BeforeEach
  void listen() throws Exception {
    result(
        new UnixKind(vertx, () -> Loop.of(vertx)).listen(socket().toString(), other.mesh::accept));
  }

  @AfterEach
  void close() throws Exception {
    result(one.mesh.close());
    result(other.mesh.close());
    result(vertx.close());
    for (NullModem cable : cables) {
      cable.close();
    }
  }

  private Path socket() {
    return directory.resolve("mesh.sock");
  }

  private void linkBySerialLine(int speed, UnaryOperator<byte[]> noise) throws Exception {
    NullModem cable = new NullModem(noise);
    cables.add(cable);
    SerialKind kind = new SerialKind(vertx, () -> Loop.of(vertx));
    one.keep(kind, cable.one().toString(), speed);
    other.keep(kind, cable.other().toString(), speed);
  }

  private void linkByCommand() {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    one.keep(
        new ExecKind(vertx, () -> Loop.of(vertx)),
        "sh -c 'echo $$ > %s; exec %s -jar %s link-stdio --socket %s'"
            .formatted(directory.resolve("pid"), java, System.getProperty("weft.jar"), socket()),
        0);
  }

  private void awaitUp(String... kinds) {
    Awaitility.await("links up")
        .atMost(SOON)
        .untilAsserted(() -> assertThat(one.linksUp()).containsExactlyInAnyOrder(kinds));
  }

  /** Sends until one arrives: links may lose. */
  private void exchange() {
    byte[] longest = new byte[MeshNode.MAX_DATAGRAM];
    Awaitility.await("datagrams both ways")
        .atMost(SOON)
        .until(
            () -> {
              one.mesh.send(other.id, longest);
              other.mesh.send(one.id, longest);
              return !one.datagrams.isEmpty() && !other.datagrams.isEmpty();
            });
    assertThat(one.datagrams).allSatisfy(data -> assertThat(data).isEqualTo(longest));
    assertThat(other.datagrams).allSatisfy(data -> assertThat(data).isEqualTo(longest));
  }

  @Test
  void shouldLinkOverASerialLine() throws Exception {
    linkBySerialLine(115_200, bytes -> bytes);
    awaitUp("serial");

    exchange();

    assertThat(result(one.mesh.ping(other.id))).extracting(MeshHop::node).containsExactly(other.id);
  }

  @Test
  void shouldLinkThroughACommandAndAgainWhenItEnds() throws Exception {
    linkByCommand();
    awaitUp("exec");
    exchange();
    String pid = Files.readString(directory.resolve("pid")).strip();

    ProcessHandle.of(Long.parseLong(pid)).orElseThrow().destroyForcibly();

    Awaitility.await("another command")
        .atMost(SOON)
        .until(() -> !Files.readString(directory.resolve("pid")).strip().equals(pid));
    awaitUp("exec");
    one.datagrams.clear();
    other.datagrams.clear();
    exchange();
  }

  @Test
  void shouldTakeTheSerialLineWhenTheCommandEnds() throws Exception {
    linkBySerialLine(115_200, bytes -> bytes);
    linkByCommand();
    awaitUp("serial", "exec");
    Files.delete(socket());

    ProcessHandle.of(Long.parseLong(Files.readString(directory.resolve("pid")).strip()))
        .orElseThrow()
        .destroyForcibly();

    awaitUp("serial");
    one.datagrams.clear();
    other.datagrams.clear();
    exchange();
  }
}
