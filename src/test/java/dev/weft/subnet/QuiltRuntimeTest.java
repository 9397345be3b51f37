package dev.weft.subnet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.room.RoomThread;
import dev.weft.subnet.proto.InjectRouteRequest;
import dev.weft.subnet.proto.InjectRouteResponse;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class QuiltRuntimeTest {
  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close();
  }

  @Test
  void shouldAnswerACallerWhoseCallThrewSomethingUnexpected() throws Exception {
    Subnets broken =
        (Subnets)
            Proxy.newProxyInstance(
                Subnets.class.getClassLoader(),
                new Class<?>[] {Subnets.class},
                (self, method, arguments) -> {
                  throw new IllegalStateException("a defect");
                });
    QuiltRuntime runtime = new QuiltRuntime(broken, new RoomThread(vertx.getOrCreateContext()));

    InjectRouteResponse answer =
        runtime
            .onInject(InjectRouteRequest.getDefaultInstance())
            .toCompletionStage()
            .toCompletableFuture()
            .get(5, TimeUnit.SECONDS);

    assertThat(answer.getSuccess()).isFalse();
    assertThat(answer.getError()).isEqualTo("a defect");
  }
}
