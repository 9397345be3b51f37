package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.bus.Fault;
import dev.weft.wire.proto.BoolResponse;
import dev.weft.wire.proto.Meshnet;
import dev.weft.wire.proto.PodQuery;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every kind of connection must do with calls and pipes. */
abstract class ConnectionContract {
  private static final GrpcMethod<PodQuery, BoolResponse> METHOD =
      new GrpcMethod<>(
          Meshnet.getDescriptor().findServiceByName("Local"),
          "Get",
          PodQuery.getDefaultInstance(),
          BoolResponse.getDefaultInstance());
  static final String NOBODY = "/meshnet.v1beta1.WireProtocol/Nobody";
  private static final BoolResponse YES = BoolResponse.newBuilder().setResponse(true).build();
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  final Loop loop = Loop.of(vertx);
  final GrpcListener listener = new GrpcListener(vertx);
  private final Promise<BoolResponse> later = Promise.promise();
  private volatile boolean asked;
  private RpcConnection connection;

  final RpcConnection connection() {
    return connection;
  }

  /** Connects to what the listener serves, as a program of this host. */
  abstract RpcConnection connect();

  /** What stands between connection and listener. */
  void closePeer() {
    // Nothing, for most.
  }

  @BeforeEach
  void open() {
    listener.serve(METHOD, (caller, query) -> answer(query.getName()));
    listener.pipe("echo", Set.of(Listener.LOCAL), (caller, pipe) -> pipe.in().pipeTo(pipe.out()));
    listener.pipe("members", Set.of(Listener.MEMBERS), (caller, pipe) -> pipe.out().end());
    listener.stream(Meshnet.getDescriptor().findServiceByName("WireProtocol"), "Nobody", in -> {});
    connection = connect();
  }

  @AfterEach
  void close() {
    connection.close();
    closePeer();
    await(listener.close());
    await(vertx.close());
  }

  private Future<BoolResponse> answer(String name) {
    return switch (name) {
      case "yes" -> Future.succeededFuture(YES);
      case "throw" -> throw new IllegalStateException("unforeseen");
      case "later" -> {
        asked = true;
        yield later.future();
      }
      case "never" -> Promise.<BoolResponse>promise().future();
      default -> Future.failedFuture(Fault.NOT_FOUND.because("name: " + name));
    };
  }

  static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private BoolResponse call(String name, Duration deadline) {
    return await(connection.call(METHOD, named(name), deadline));
  }

  private static PodQuery named(String name) {
    return PodQuery.newBuilder().setName(name).build();
  }

  @Test
  void shouldBringAnAnswer() {
    assertThat(call("yes", DEADLINE)).isEqualTo(YES);
  }

  @Test
  void shouldBringTheReasonOfARefusal() {
    assertThatThrownBy(() -> call("r9", DEADLINE)).hasMessageContaining("name: r9");
  }

  @Test
  void shouldAnswerACallWhoseHandlerThrows() {
    assertThatThrownBy(() -> call("throw", DEADLINE)).hasMessageContaining("unforeseen");
  }

  @Test
  void shouldNotWaitLongerThanTheDeadline() {
    assertThatThrownBy(() -> call("never", Duration.ofMillis(200)))
        .hasRootCauseInstanceOf(java.util.concurrent.TimeoutException.class);
  }

  @Test
  void shouldLetACallThatIsUnderWayEndAndBeginNoOther() {
    Future<BoolResponse> underWay = connection.call(METHOD, named("later"), DEADLINE);
    Awaitility.await().until(() -> asked);
    connection.drain();

    for (Future<?> late :
        List.of(
            connection.call(METHOD, named("yes"), DEADLINE),
            connection.stream(NOBODY, Optional.empty()),
            connection.pipe("echo"))) {
      assertThatThrownBy(() -> await(late))
          .hasRootCauseInstanceOf(NotBegun.class)
          .hasMessageContaining("the connection is being closed");
    }
    later.complete(YES);

    assertThat(await(underWay)).isEqualTo(YES);
    await(connection.lost().timeout(DEADLINE.toSeconds(), TimeUnit.SECONDS));
  }

  @Test
  void shouldHaveItsStreamsOnItsLoopWhoeverOpensThem() {
    Loop other = Loop.of(vertx);

    Thread opened =
        await(
            Future.future(
                thread ->
                    other.run(
                        () ->
                            connection.stream(NOBODY, Optional.empty())
                                .onComplete(s -> thread.complete(Thread.currentThread())))));

    assertThat(loop.netty().inEventLoop(opened)).isTrue();
  }

  @Test
  void shouldCarryBytesBothWaysAndEachEnd() {
    byte[] sent = new byte[3_000_000];
    new SplittableRandom(1).nextBytes(sent);
    Pipe pipe = await(connection.pipe("echo"));
    Promise<byte[]> echoed = Promise.promise();
    Buffer received = Buffer.buffer();
    pipe.in().handler(received::appendBuffer).endHandler(v -> echoed.complete(received.getBytes()));
    pipe.in().resume();

    for (int at = 0; at < sent.length; at += 100_000) {
      pipe.out().write(Buffer.buffer(Arrays.copyOfRange(sent, at, at + 100_000)));
    }
    pipe.out().end();

    assertThat(await(echoed.future())).isEqualTo(sent);
  }

  @Test
  void shouldWaitForASlowReader() {
    Pipe pipe = await(connection.pipe("echo"));
    ReadStream<Buffer> in = pipe.in();
    AtomicLong written = new AtomicLong();
    Buffer block = Buffer.buffer(new byte[1 << 20]);

    // Nobody reads: the writer is stopped after what windows and queues hold.
    Awaitility.await()
        .until(
            () -> {
              if (!pipe.out().writeQueueFull()) {
                pipe.out().write(block);
                written.incrementAndGet();
                return false;
              }
              return true;
            });

    AtomicLong read = new AtomicLong();
    in.handler(data -> read.addAndGet(data.length()));
    in.resume();
    Awaitility.await().until(() -> read.get() == written.get() << 20);
  }

  @Test
  void shouldRefuseAPipeToAnUnknownService() {
    assertThatThrownBy(() -> await(connection.pipe("nobody")))
        .hasMessageContaining("service nobody is not served here");
  }

  @Test
  void shouldRefuseAPipeToWhomItIsNotFor() {
    assertThatThrownBy(() -> await(connection.pipe("members")))
        .hasMessageContaining("service members is not for 127.0.0.1");
  }
}
