package dev.weft.rpc;

import static dev.weft.rpc.TestMethods.ASK;
import static org.awaitility.Awaitility.await;

import dev.weft.nsm.proto.EndpointConnectionReply;
import dev.weft.nsm.proto.EndpointConnectionRequest;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixListenerTest {
  private final Vertx vertx = Vertx.vertx();

  @TempDir Path directory;

  @AfterEach
  void stop() throws Exception {
    vertx.close().await(20, TimeUnit.SECONDS);
  }

  /** A node opens one for each pod that comes, and pods go. */
  @Test
  void shouldLeaveNothingBehindWhenItIsClosed() throws Exception {
    WeakReference<Object> served = new WeakReference<>(openAndClose());

    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              System.gc();
              return served.refersTo(null);
            });
  }

  private Object openAndClose() throws Exception {
    Object owner = new Object();
    BiFunction<UnixPeer, EndpointConnectionRequest, Future<EndpointConnectionReply>> handler =
        (peer, request) -> Future.failedFuture(owner.toString());
    UnixListener listener =
        new UnixListener(vertx, directory.resolve("s"), directory, AcceptLimits.ofProcess());
    listener.serve(ASK, handler);
    listener.listen().compose(v -> listener.close()).await(20, TimeUnit.SECONDS);
    return owner;
  }
}
