package dev.weft.wire.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weft.linux.LinuxException;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.testkit.Need;
import dev.weft.testkit.Needs;
import dev.weft.testkit.TestNetns;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class SocketCloserIT {
  private static final int LOOPBACK = 1;

  private final SocketCloser closer = new SocketCloser();

  @Test
  @Needs({Need.ROOT, Need.IPROUTE2})
  void shouldCloseManyInTheTimeOfFew() throws Exception {
    try (TestNetns pod = TestNetns.create("p");
        Netns netns = pod.open()) {
      // Given
      int few = 20;
      int many = 200;
      List<PacketSocket> alone = open(netns, few);
      List<PacketSocket> together = open(netns, many);
      Duration each = time(() -> alone.forEach(PacketSocket::close)).dividedBy(few);
      assumeThat(each).as("a kernel that waits").isGreaterThan(Duration.ofMillis(2));

      // When
      Duration took =
          time(
              () ->
                  await(
                      Future.all(
                          together.stream().map(socket -> closer.run(socket::close)).toList())));

      // Then
      assertThat(took.dividedBy(many)).isLessThan(each.dividedBy(4));
    }
  }

  @Test
  void shouldNotHoldUpItsCaller() {
    CountDownLatch returned = new CountDownLatch(1);

    Future<Void> closed = closer.run(() -> awaitUninterrupted(returned));
    assertThat(closed.isComplete()).isFalse();
    returned.countDown();

    await(closed);
  }

  @Test
  void shouldTellThatAnEndCouldNotBeClosed() {
    IllegalStateException refused = new IllegalStateException("closed (expected: open)");

    Future<Void> closed =
        closer.run(
            () -> {
              throw refused;
            });

    assertThat(closed.toCompletionStage())
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .withCause(refused);
  }

  private static List<PacketSocket> open(Netns netns, int count) throws LinuxException {
    List<PacketSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(PacketSocket.open(netns, LOOPBACK, PacketOptions.DEFAULT));
    }
    return sockets;
  }

  private static Duration time(Runnable work) {
    long began = System.nanoTime();
    work.run();
    return Duration.ofNanos(System.nanoTime() - began);
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static <T> void await(Future<T> future) {
    future.toCompletionStage().toCompletableFuture().join();
  }
}
