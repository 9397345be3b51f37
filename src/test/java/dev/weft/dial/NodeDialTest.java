package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcMethod;
import dev.weft.rpc.Loop;
import dev.weft.rpc.MemoryConnection;
import dev.weft.rpc.OutStream;
import dev.weft.rpc.RpcConnection;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.PodQuery;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NodeDialTest {
  private static final String NODE = "0123456789abcdef";
  private static final GrpcMethod<PodQuery, BoolResponse> METHOD =
      new GrpcMethod<>(
          Meshnet.getDescriptor().findServiceByName("Local"),
          "Get",
          PodQuery.getDefaultInstance(),
          BoolResponse.getDefaultInstance());

  private final Vertx vertx = Vertx.vertx();
  private final Loop loop = Loop.of(vertx);
  private final GrpcListener peer = new GrpcListener(vertx);
  private final AtomicInteger legs = CountedLegs.at(peer);
  private final MemoryWay way = new MemoryWay();
  private final NodeDial dial = new NodeDial(vertx, List.of(way));

  /** Leads to one node, which is this process. */
  private final class MemoryWay implements Way {
    private final List<MemoryConnection> made = new CopyOnWriteArrayList<>();
    private volatile boolean cut;
    private volatile Future<Void> open = Future.succeededFuture();

    @Override
    public String kind() {
      return "memory";
    }

    @Override
    public boolean leadsTo(String nodeId) {
      return nodeId.equals(NODE);
    }

    @Override
    public Future<? extends RpcConnection> connect(String nodeId, Loop on) {
      if (cut) {
        return Future.failedFuture(Fault.UNAVAILABLE.because("the way is cut"));
      }
      MemoryConnection connection =
          new MemoryConnection(peer, Caller.member("n1", "127.0.0.1"), on, Loop.of(vertx));
      made.add(connection);
      return open.map(connection);
    }
  }

  @BeforeEach
  void serve() {
    BoolResponse yes = BoolResponse.newBuilder().setResponse(true).build();
    peer.serve(METHOD, (caller, query) -> Future.succeededFuture(yes));
  }

  @AfterEach
  void close() {
    await(vertx.close());
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private BoolResponse call() {
    return await(dial.call(NODE, METHOD, PodQuery.getDefaultInstance(), Duration.ofSeconds(5)));
  }

  @Test
  void shouldMakeAllCallsOverOneConnection() {
    call();
    call();

    assertThat(way.made).hasSize(1);
  }

  @Test
  void shouldConnectAgainOnceAConnectionIsLost() {
    call();
    way.made.get(0).close();

    Awaitility.await().untilAsserted(() -> assertThat(call().getResponse()).isTrue());

    assertThat(way.made).hasSize(2);
  }

  @Test
  void shouldSayThatNothingLeadsToANode() {
    assertThatThrownBy(
            () ->
                await(
                    dial.call("n9", METHOD, PodQuery.getDefaultInstance(), Duration.ofSeconds(5))))
        .hasMessageContaining("node n9 is no live member");
  }

  @Test
  void shouldAnswerOnTheCallersContext() {
    Loop caller = Loop.of(vertx);

    Thread answered =
        await(
            Future.future(
                thread ->
                    caller.run(
                        () ->
                            dial.call(
                                    NODE,
                                    METHOD,
                                    PodQuery.getDefaultInstance(),
                                    Duration.ofSeconds(5))
                                .onComplete(done -> thread.complete(Thread.currentThread())))));

    assertThat(caller.netty().inEventLoop(answered)).isTrue();
  }

  @Test
  void shouldHaveStreamsGoOnOverNewConnectionsWhenRenewed() {
    OutStream stream = await(dial.stream(NODE, CountedLegs.PATH, loop));
    Awaitility.await().until(() -> legs.get() == 1);

    await(dial.renew());

    Awaitility.await().until(() -> legs.get() == 2);
    assertThat(way.made).hasSize(2);
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldCallOverTheNewConnectionIfTheOldOneIsReplacedJustThen() {
    call();
    way.made.get(0).beforeCalls(() -> await(dial.renew()));

    assertThat(call().getResponse()).isTrue();

    assertThat(way.made).hasSize(2);
  }

  @Test
  void shouldRenewAgainWhatIsBeingRenewed() {
    OutStream stream = await(dial.stream(NODE, CountedLegs.PATH, loop));
    Promise<Void> open = Promise.promise();
    way.open = open.future();

    Future<Void> first = dial.renew();
    Future<Void> second = dial.renew();
    open.complete();
    await(Future.all(first, second));

    Awaitility.await().until(() -> legs.get() == 3);
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldMoveAStreamThatIsOpenedWhileItsConnectionIsRenewed() {
    await(dial.stream(NODE, CountedLegs.PATH, loop));
    Promise<Void> free = Promise.promise();
    loop.run(() -> await(free.future()));

    Future<OutStream> opening = dial.stream(NODE, CountedLegs.PATH, loop);
    Future<Void> renewed = dial.renew();
    free.complete();
    await(Future.all(opening, renewed));

    Awaitility.await().until(() -> legs.get() == 4);
  }

  @Test
  void shouldStayWhereItIsWhenItCannotBeRenewed() {
    OutStream stream = await(dial.stream(NODE, CountedLegs.PATH, loop));
    way.cut = true;

    assertThatThrownBy(() -> await(dial.renew())).hasMessageContaining("the way is cut");

    assertThat(stream.ended().isComplete()).isFalse();
    Future<Void> finished = Future.future(p -> loop.run(() -> stream.finish().onComplete(p)));
    await(finished);
  }
}
