package dev.weft.mesh.link;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A relay allocates nothing on the heap for a frame. */
class ForwardingAllocationTest {
  private static final int FRAMES = 100_000;

  private final Relay relay = new Relay(0);
  private long now;
  private long allocated;

  /**
   * @param room of each buffer: the label goes behind the payload, or the frame is copied
   */
  @ParameterizedTest
  @ValueSource(ints = {FrameLabel.MAX_FRAME, FrameLabel.MAX_PAYLOAD})
  void shouldForwardWithoutAllocating(int room) throws InterruptedException {
    // As event loops are: buffers are pooled for each of these threads.
    Thread thread = new FastThreadLocalThread(() -> measure(room));
    ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
    // It would keep a record of each 128th buffer.
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    thread.start();
    thread.join();
    ResourceLeakDetector.setLevel(level);

    assertThat(relay.received()).isEqualTo(2 * FRAMES);
    assertThat(relay.dropped()).isZero();
    // What remains are pings, and now and then a queue that grows.
    assertThat(allocated).as("bytes for %d frames", FRAMES).isLessThan(FRAMES);
  }

  private void measure(int room) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    forward(room);

    long before = threads.getThreadAllocatedBytes(thread);
    forward(room);
    allocated = threads.getThreadAllocatedBytes(thread) - before;
  }

  private void forward(int room) {
    ByteBufAllocator pool = PooledByteBufAllocator.DEFAULT;
    for (int i = 0; i < FRAMES; i += 20) {
      for (int j = 0; j < 20; j++) {
        ByteBuf payload = pool.directBuffer(room, room);
        payload.writerIndex(FrameLabel.MAX_PAYLOAD);
        payload.setByte(0, 32);
        relay.send(payload);
      }
      now += MICROSECONDS.toNanos(100);
      relay.deliver(now);
    }
  }
}
