package dev.weft.bench;

import dev.weft.linux.Netlink;
import dev.weft.linux.Netns;
import dev.weft.linux.PacketOptions;
import dev.weft.linux.PacketSocket;
import dev.weft.linux.RecvRing;
import dev.weft.linux.SendRing;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Carries Ethernet frames between two ports that nothing else joins, in each direction with a delay
 * and losing some at random, as netem(8) would do it: a thread and two packet sockets for each.
 */
final class LossyPath implements AutoCloseable {
  /** The clock's step: frames are this much late at most, while the thread has a core. */
  private static final long STEP_NANOS = 100_000;

  /** Frames are single ones: who sends must not leave segmentation to its device. */
  private static final int MOST_BYTES = 2048;

  private final Thread there;
  private final Thread back;
  private volatile boolean closed;

  private record Frame(ByteBuffer bytes, long word, int checksumOffset, long due) {}

  /**
   * Begins at once.
   *
   * @param one a port in the namespace
   * @param two the other port
   * @param delay in each direction
   * @param loss 0 to 1, of the frames in each direction
   */
  LossyPath(TestNetns netns, String one, String two, Duration delay, double loss)
      throws IOException {
    there = start(netns, one, two, delay, loss);
    back = start(netns, two, one, delay, loss);
  }

  private Thread start(TestNetns netns, String from, String to, Duration delay, double loss)
      throws IOException {
    PacketSocket in = open(netns, from);
    PacketSocket out = open(netns, to);
    Thread thread =
        new Thread(
            () -> {
              try (in;
                  out) {
                carry(in, out, delay.toNanos(), loss);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            "lossy-" + from);
    thread.start();
    return thread;
  }

  private static PacketSocket open(TestNetns netns, String port) throws IOException {
    try (Netns there = netns.open();
        Netlink netlink = Netlink.open(there)) {
      return PacketSocket.open(there, netlink.require(port).index(), PacketOptions.PROMISCUOUS);
    }
  }

  private void carry(PacketSocket in, PacketSocket out, long delay, double loss)
      throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    RecvRing received = new RecvRing(64, MOST_BYTES);
    SendRing sent = new SendRing(64, 64 * MOST_BYTES);
    Queue<Frame> under = new ArrayDeque<>();
    while (!closed) {
      int frames = in.receive(received);
      long now = System.nanoTime();
      for (int i = 0; i < frames; i++) {
        if (received.truncated(i)) {
          throw new IOException("a frame of more than " + MOST_BYTES + " bytes");
        }
        if (random.nextDouble() >= loss) {
          ByteBuffer bytes = ByteBuffer.allocate(received.length(i)).put(received.frame(i)).flip();
          long word = received.vnetWord(i);
          under.add(new Frame(bytes, word, received.checksumOffset(i), now + delay));
        }
      }
      while (!under.isEmpty() && under.peek().due <= now && sent.size() < sent.slots()) {
        Frame frame = under.remove();
        sent.addCopy(frame.bytes, frame.word, frame.checksumOffset);
      }
      for (int next = 0; next < sent.size(); ) {
        next += Math.max(1, out.send(sent, next, sent.size() - next));
      }
      sent.clear();
      if (frames == 0 && (under.isEmpty() || under.peek().due > now)) {
        LockSupport.parkNanos(STEP_NANOS);
      }
    }
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    there.join();
    back.join();
  }
}
