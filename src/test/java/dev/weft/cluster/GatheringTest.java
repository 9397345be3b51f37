package dev.weft.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.address.HostPort;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GatheringTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final HostPort SELF = new HostPort("127.0.0.1", 1);

  private final Vertx vertx = Vertx.vertx();
  private final AtomicBoolean alone = new AtomicBoolean(true);

  @AfterEach
  void close() {
    vertx.close().await();
  }

  private Future<Void> gather(HostPort self, Duration limit, HostPort... join) {
    return Gathering.wait(vertx, self, List.of(join), limit, alone::get);
  }

  private static HostPort at(ServerSocket server) {
    return new HostPort("127.0.0.1", server.getLocalPort());
  }

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  private static void awaitDone(Future<Void> gathered) {
    await().atMost(Duration.ofSeconds(20)).until(gathered::isComplete);
  }

  @Test
  void shouldWaitForOneThatListensUntilBothAreOneCluster() throws Exception {
    try (ServerSocket other = listen()) {
      Future<Void> gathered = gather(SELF, LONG, at(other));

      await()
          .during(Duration.ofMillis(1200))
          .atMost(Duration.ofSeconds(5))
          .until(() -> !gathered.isComplete());
      alone.set(false);

      awaitDone(gathered);
    }
  }

  @Test
  void shouldNotWaitWhereNobodyListens() throws Exception {
    HostPort free;
    try (ServerSocket closed = listen()) {
      free = at(closed);
    }

    awaitDone(gather(SELF, LONG, free));
  }

  @Test
  void shouldNotWaitForItself() throws Exception {
    try (ServerSocket own = listen()) {
      awaitDone(gather(at(own), LONG, at(own)));
    }
  }

  @Test
  void shouldNotWaitForEverForAnotherProgram() throws Exception {
    try (ServerSocket other = listen()) {
      Future<Void> gathered = gather(SELF, Duration.ofMillis(100), at(other));

      awaitDone(gathered);
      assertThat(alone).isTrue();
    }
  }
}
