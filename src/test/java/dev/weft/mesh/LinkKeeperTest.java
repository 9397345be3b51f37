package dev.weft.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.config.MeshConfig;
import dev.weft.mesh.link.LinkKind;
import dev.weft.mesh.link.Transport;
import dev.weft.rpc.Loop;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinkKeeperTest {
  private static final MeshConfig.Link LINK =
      new MeshConfig.Link(
          new MeshConfig.LinkAddress("odd", "b"), Optional.empty(), Optional.empty(), 0);

  private final Vertx vertx = Vertx.vertx();

  /** Throws whenever it is to dial. */
  private static final class Throwing implements LinkKind {
    @Override
    public String scheme() {
      return "odd";
    }

    @Override
    public Future<Transport> dial(MeshConfig.Link link) {
      throw new IllegalStateException();
    }

    @Override
    public Future<Listening> listen(String address, Consumer<Transport> accepted) {
      throw new UnsupportedOperationException();
    }
  }

  private static final class Failures implements LinkKeeper.Watcher {
    private final Queue<String> reasons = new ConcurrentLinkedQueue<>();

    @Override
    public void dialled(LinkKeeper keeper, Transport transport) {
      throw new AssertionError(transport.remote());
    }

    @Override
    public void failed(LinkKeeper keeper, String reason) {
      reasons.add(reason);
    }
  }

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldTryAgainWhenDiallingThrows() {
    Loop loop = Loop.of(vertx);
    Failures failures = new Failures();
    LinkKeeper keeper = new LinkKeeper(loop, new Throwing(), LINK, new Random(1), failures);

    loop.run(keeper::dial);

    Awaitility.await("two attempts")
        .atMost(Duration.ofSeconds(10))
        .until(() -> failures.reasons.size() >= 2);
    loop.run(keeper::close);
    assertThat(failures.reasons).first().isEqualTo("illegal state");
  }
}
