package dev.weft.dial;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.weft.address.HostPort;
import dev.weft.bus.Fault;
import dev.weft.rpc.Caller;
import dev.weft.rpc.GrpcListener;
import dev.weft.rpc.GrpcSettings;
import dev.weft.rpc.Http2Client;
import dev.weft.rpc.InStream;
import dev.weft.rpc.Loop;
import dev.weft.rpc.MemoryConnection;
import dev.weft.rpc.QuicConnection;
import dev.weft.rpc.RpcConnection;
import dev.weft.rpc.TwoPorts;
import dev.weft.wire.proto.Meshnet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stream of numbers that goes from way to way must arrive as one that stays where it is. */
class MovableStreamTest {
  private static final ServiceDescriptor SERVICE =
      Meshnet.getDescriptor().findServiceByName("WireProtocol");
  private static final String PATH = "/meshnet.v1beta1.WireProtocol/SendToStream";
  private static final String NAME = "0123456789abcdef";
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path directory;
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true));
  private final Loop loop = Loop.of(vertx);
  private final GrpcListener listener = new GrpcListener(vertx);
  private final Http2Client client = new Http2Client(vertx, GrpcSettings.client(), Map.of());
  private final Numbers received = new Numbers();
  private HostPort at;

  @BeforeEach
  void listen() {
    listener.stream(SERVICE, "SendToStream", in -> in.read(received.reader(in)));
    at = new HostPort("127.0.0.1", await(listener.listenLocally("127.0.0.1", 0)));
  }

  @AfterEach
  void close() {
    await(client.close());
    await(listener.close());
    await(vertx.close());
  }

  /** What came in: numbers of 8 bytes, of any number of legs. */
  private static final class Numbers {
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong last = new AtomicLong(-1);

    /** The first number that was not the next one. */
    private final AtomicReference<String> wrong = new AtomicReference<>();

    /** The first number that came after a higher one, or again. */
    private final AtomicReference<String> late = new AtomicReference<>();

    private final AtomicInteger legs = new AtomicInteger();

    InStream.Reader reader(InStream in) {
      legs.incrementAndGet();
      return new InStream.Reader() {
        private final ByteBuf partial = PooledByteBufAllocator.DEFAULT.buffer();

        @Override
        public void onData(ByteBuf data) {
          partial.writeBytes(data);
          while (partial.readableBytes() >= Long.BYTES) {
            long number = partial.readLong();
            long expected = next.getAndIncrement();
            long before = last.getAndSet(number);
            if (number <= before) {
              late.compareAndSet(null, number + " after " + before);
            }
            if (number != expected) {
              wrong.compareAndSet(null, number + " (expected: " + expected + ")");
            }
          }
          partial.discardSomeReadBytes();
        }

        @Override
        public void onPause() {
          // Numbers are counted as they come.
        }

        @Override
        public void onEnd() {
          partial.release();
          in.end(Buffer.buffer());
        }

        @Override
        public void onFailed(Throwable why) {
          partial.release();
        }
      };
    }
  }

  /** Writes numbers as fast as the stream takes them. */
  private final class Traffic {
    private final MovableStream stream;
    private long next;
    private boolean stopped;
    private final Promise<Long> done = Promise.promise();

    Traffic(MovableStream stream) {
      this.stream = stream;
    }

    void write() {
      if (stopped) {
        done.tryComplete(next);
        return;
      }
      ByteBuf batch = PooledByteBufAllocator.DEFAULT.directBuffer(256 * Long.BYTES);
      for (int i = 0; i < 256; i++) {
        batch.writeLong(next++);
      }
      if (stream.write(batch, this::write)) {
        loop.run(this::write);
      }
    }

    long stop() {
      loop.run(() -> stopped = true);
      return await(done.future());
    }
  }

  private static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  private RpcConnection http() {
    return await(client.connect(at, "127.0.0.1", "the peer", loop));
  }

  private RpcConnection memory() {
    return memory(Loop.of(vertx));
  }

  private RpcConnection memory(Loop there) {
    return new MemoryConnection(listener, Caller.local("127.0.0.1"), loop, there);
  }

  private MovableStream open(RpcConnection connection) {
    return open(connection, () -> Future.failedFuture("no other way"));
  }

  private MovableStream open(RpcConnection connection, Supplier<Future<RpcConnection>> rescue) {
    return await(MovableStream.open(connection, PATH, NAME, rescue));
  }

  private void moveUnderTraffic(List<RpcConnection> ways, int moves) {
    // Given: traffic
    MovableStream stream = open(ways.get(0));
    Traffic traffic = new Traffic(stream);
    loop.run(traffic::write);

    // When
    for (int i = 1; i <= moves; i++) {
      await(stream.moveTo(ways.get(i % ways.size())));
    }

    // Then: the stream was one stream, and the peer has all of it
    assertThat(stream.ended().isComplete()).isFalse();
    long sent = traffic.stop();
    Future<Void> finished = Future.future(p -> loop.run(() -> stream.finish().onComplete(p)));
    await(finished);
    assertThat(received.wrong.get()).isNull();
    assertThat(received.next.get()).isEqualTo(sent).isPositive();
    assertThat(received.legs.get()).isEqualTo(moves + 1);
  }

  @Test
  void shouldNotBeHeldByItsConnectionOnceItHasEnded() {
    RpcConnection connection = http();
    WeakReference<MovableStream> stream = new WeakReference<>(open(connection));

    await(Future.<Void>future(p -> loop.run(() -> stream.get().finish().onComplete(p))));

    Awaitility.await()
        .atMost(SOON)
        .until(
            () -> {
              System.gc();
              return stream.get() == null;
            });
    assertThat(connection.lost().isComplete()).isFalse();
  }

  @Test
  void shouldMoveAThousandTimesBetweenConnectionsUnderTraffic() {
    moveUnderTraffic(List.of(http(), http(), http()), 1000);
  }

  @Test
  void shouldMoveAThousandTimesBetweenDifferentWaysUnderTraffic() {
    moveUnderTraffic(List.of(http(), memory(), memory(), http()), 1000);
  }

  @Test
  void shouldMoveAThousandTimesBetweenHttp2AndQuicUnderTraffic() {
    TwoPorts ports =
        new TwoPorts(directory, loop, listener, Loop.of(vertx), Caller.local("127.0.0.1"));
    RpcConnection other = new QuicConnection(ports.dial(), loop);

    moveUnderTraffic(List.of(http(), other), 1000);

    other.close();
    ports.close();
  }

  @Test
  void shouldGoOnOverAnotherWayWhenItsOwnIsLost() {
    // Given: traffic over a connection
    RpcConnection lost = http();
    RpcConnection other = http();
    MovableStream stream = open(lost, () -> Future.succeededFuture(other));
    Traffic traffic = new Traffic(stream);
    loop.run(traffic::write);
    Awaitility.await().atMost(SOON).until(() -> received.next.get() > 10_000);

    // When
    lost.close();

    // Then: some numbers may be missing, but none comes late or twice
    Awaitility.await().atMost(SOON).until(() -> received.legs.get() == 2);
    long before = received.last.get();
    Awaitility.await().atMost(SOON).until(() -> received.last.get() > before + 10_000);
    assertThat(received.late.get()).isNull();
    traffic.stop();
    await(Future.<Void>future(p -> loop.run(() -> stream.finish().onComplete(p))));
  }

  @Test
  void shouldTakeNoMoreWhileItHasNoWay() {
    Promise<RpcConnection> rescued = Promise.promise();
    RpcConnection lost = http();
    MovableStream stream = open(lost, rescued::future);
    lost.close();
    await(lost.lost());
    Promise<Boolean> drained = Promise.promise();

    Awaitility.await()
        .atMost(SOON)
        .until(
            () ->
                !await(
                    loop.call(
                        () ->
                            Future.succeededFuture(
                                stream.write(
                                    PooledByteBufAllocator.DEFAULT.buffer(),
                                    () -> drained.tryComplete(true))))));

    assertThat(drained.future().isComplete()).isFalse();
    rescued.complete(http());
    assertThat(await(drained.future())).isTrue();
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldNotBeHeldUpByALegWhoseConnectionWasLostBeforeItWasTakenWhole() {
    // Given: a stream that has moved, while the peer does not read on
    Promise<Void> free = Promise.promise();
    Loop there = Loop.of(vertx);
    RpcConnection lost = memory(there);
    RpcConnection other = memory();
    MovableStream stream = open(lost, () -> Future.succeededFuture(other));
    Traffic traffic = new Traffic(stream);
    loop.run(traffic::write);
    Awaitility.await().atMost(SOON).until(() -> received.next.get() > 10_000);
    there.run(() -> await(free.future()));
    await(stream.moveTo(other));

    // When
    lost.close();

    // Then
    Awaitility.await().atMost(SOON).until(() -> received.legs.get() == 2);
    long before = received.last.get();
    Awaitility.await().atMost(SOON).until(() -> received.last.get() > before + 10_000);
    free.complete();
    traffic.stop();
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldGoOnWhereItIsIfTheOtherWayCannotCarry() {
    MovableStream stream = open(http());
    RpcConnection dead = memory();
    dead.close();
    Traffic traffic = new Traffic(stream);
    loop.run(traffic::write);

    assertThatThrownBy(() -> await(stream.moveTo(dead))).isInstanceOf(CompletionException.class);
    await(stream.moveTo(memory()));

    long sent = traffic.stop();
    Awaitility.await().atMost(SOON).untilAsserted(() -> assertThat(received.next).hasValue(sent));
    assertThat(received.wrong.get()).isNull();
    assertThat(stream.ended().isComplete()).isFalse();
  }

  @Test
  void shouldFailWhenItsWayIsLost() {
    RpcConnection only = http();
    MovableStream stream = open(only);

    only.close();

    assertThatThrownBy(() -> await(stream.ended())).isInstanceOf(CompletionException.class);
  }

  @Test
  void shouldNotEndBecauseAWayThatItLeftIsLost() {
    RpcConnection left = http();
    MovableStream stream = open(left);
    await(stream.moveTo(http()));
    Awaitility.await().atMost(SOON).until(() -> received.legs.get() == 2);

    left.close();
    await(left.lost());

    Future<Void> finished = Future.future(p -> loop.run(() -> stream.finish().onComplete(p)));
    await(finished);
    assertThat(stream.ended().succeeded()).isTrue();
  }

  @Test
  void shouldTellWhyThePeerRefused() {
    GrpcListener other = new GrpcListener(vertx);
    other.stream(SERVICE, "SendToStream", in -> in.refuse(Fault.DENIED, "not yours"));
    RpcConnection way =
        new MemoryConnection(other, Caller.local("127.0.0.1"), loop, Loop.of(vertx));

    assertThatThrownBy(() -> await(open(way).ended())).hasMessageContaining("not yours");
  }
}
