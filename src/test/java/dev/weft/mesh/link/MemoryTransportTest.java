package dev.weft.mesh.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class MemoryTransportTest {
  /** What an end received. */
  private static final class Received implements Transport.Receiver {
    private final List<String> events = new CopyOnWriteArrayList<>();

    @Override
    public void onFrame(ByteBuf frame) {
      events.add(ByteBufUtil.hexDump(frame));
    }

    @Override
    public void onIdle() {
      events.add("idle");
    }

    @Override
    public void onClosed(String reason) {
      events.add("closed: " + reason);
    }
  }

  @Test
  void shouldCarryFramesBetweenLoops() {
    Vertx vertx = Vertx.vertx();
    try {
      Loop a = Loop.of(vertx);
      Loop b = Loop.of(vertx);
      MemoryTransport.Pair pair =
          MemoryTransport.on(a, b, Impairment.none(), Impairment.delay(1_000_000));
      Received atA = new Received();
      Received atB = new Received();
      a.run(
          () -> {
            pair.a().receive(atA);
            pair.a().send(Unpooled.wrappedBuffer(new byte[] {1}));
          });
      b.run(
          () -> {
            pair.b().receive(atB);
            pair.b().send(Unpooled.wrappedBuffer(new byte[] {2}));
          });

      await().until(() -> atA.events.contains("02") && atB.events.contains("01"));
      pair.a().close("enough");

      await()
          .untilAsserted(
              () -> {
                assertThat(atA.events).last().isEqualTo("closed: enough");
                assertThat(atB.events).last().isEqualTo("closed: the other end was closed: enough");
              });
    } finally {
      vertx.close().await();
    }
  }

  @Test
  void shouldImpairFramesTheSameFromTheSameSeed() {
    assertThat(impaired(1)).isEqualTo(impaired(1)).isNotEqualTo(impaired(2));
  }

  private static List<String> impaired(long seed) {
    Random random = new Random(seed);
    Impairment all =
        Impairment.loss(0.2, random)
            .then(Impairment.repetition(0.2, random))
            .then(Impairment.corruption(0.2, random))
            .then(Impairment.jitter(1_000_000, random));
    SimulatedClock clock = new SimulatedClock();
    MemoryTransport.Pair pair = MemoryTransport.on(clock, all, all);
    Received received = new Received();
    pair.b().receive(received);
    List<String> sent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ByteBuf frame = Unpooled.buffer().writeInt(i);
      sent.add(ByteBufUtil.hexDump(frame));
      pair.a().send(frame);
      clock.pass(100_000);
    }
    clock.pass(2_000_000);
    received.events.removeIf("idle"::equals);
    assertThat(received.events).isNotEqualTo(sent).hasSizeBetween(70, 130);
    assertThat(received.events).filteredOn(sent::contains).hasSizeBetween(50, 110);
    return received.events;
  }
}
