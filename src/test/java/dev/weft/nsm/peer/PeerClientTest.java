package dev.weft.nsm.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.dial.Dial;
import dev.weft.nsm.Calls;
import dev.weft.nsm.proto.ProxyConnectionRequest;
import dev.weft.room.RoomThread;
import dev.weft.rpc.GrpcMethod;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The order in which nodes are told of one connection. */
class PeerClientTest {
  private static final String GONE = "00000000000000a1";
  private static final String ALIVE = "00000000000000b1";
  private static final String ID = "00000000000000c1";

  private final Vertx vertx = Vertx.vertx();
  private final RoomThread thread = new RoomThread(vertx.getOrCreateContext());
  private final List<String> called = new CopyOnWriteArrayList<>();
  private final Promise<Object> answer = Promise.promise();
  private final PeerClient peers = new PeerClient(dial(), thread);

  @AfterEach
  void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void shouldAskANodeThatLivesWithoutWaitingForOneThatIsGone() {
    thread.run(
        () -> {
          peers.end(GONE, ID, "the client heals", false);
          peers.proxy(ALIVE, request());
        });

    await().until(() -> called.size() == 2);
    assertThat(called).containsExactly(GONE + " End", ALIVE + " RequestProxyConnection");
  }

  @Test
  void shouldNotAskANodeBeforeItKnowsThatTheFormerHalfEnded() {
    thread.run(
        () -> {
          peers.end(GONE, ID, "the client heals", false);
          peers.proxy(GONE, request());
          peers.proxy(ALIVE, request());
        });
    await().until(() -> called.size() == 2);
    assertThat(called).containsExactly(GONE + " End", ALIVE + " RequestProxyConnection");

    answer.fail("no answer");

    await().until(() -> called.contains(GONE + " RequestProxyConnection"));
  }

  private static ProxyConnectionRequest request() {
    return ProxyConnectionRequest.newBuilder().setConnectionId(ID).build();
  }

  /** Notes each call; the end of a connection at the node that is gone is answered by the test. */
  private Dial dial() {
    return (Dial)
        Proxy.newProxyInstance(
            Dial.class.getClassLoader(),
            new Class<?>[] {Dial.class},
            (proxy, method, arguments) -> {
              GrpcMethod<?, ?> called = (GrpcMethod<?, ?>) arguments[1];
              this.called.add(arguments[0] + " " + called.name());
              return called.equals(Calls.END) ? answer.future() : Future.succeededFuture();
            });
  }
}
