package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.bus.Fact;
import dev.weft.config.MeshConfig;
import dev.weft.identity.NodeId;
import dev.weft.mesh.link.Impairment;
import dev.weft.mesh.link.MemoryTransport;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinkTableTest {
  private static final String SELF = "0000000000000001";
  private static final NodeId GREEDY = new NodeId("0000000000000002");
  private static final NodeId OTHER = new NodeId("0000000000000003");

  private final Vertx vertx = Vertx.vertx();
  private final Loop loop = Loop.of(vertx);
  private final MeshNode mesh =
      new MeshNode(
          loop,
          new MeshNode.Settings(
              new NodeId(SELF),
              SELF.repeat(4),
              new MeshConfig(List.of(), List.of(), true, 0, false),
              Clock.systemUTC()),
          new Nobody());

  private static final class Nobody implements MeshNode.Observer {
    @Override
    public void happened(Fact fact) {}

    @Override
    public void trouble(String link, String remote, String reason) {}
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private void dialledBy(NodeId node) {
    mesh.accept(
        MemoryTransport.on(loop, loop, Impairment.none(), Impairment.none()).a().proved(node));
  }

  @AfterEach
  void close() {
    await(mesh.close());
    await(vertx.close());
  }

  @Test
  void shouldNotLetOneNodeTakeAllLinks() {
    for (int i = 0; i < LinkTable.MOST_WITH_ONE + 10; i++) {
      dialledBy(GREEDY);
    }
    dialledBy(OTHER);

    assertThat(await(mesh.links())).hasSize(LinkTable.MOST_WITH_ONE + 1);
  }
}
