package dev.weft.linux;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A wire within one process: what one packet socket receives, the other sends, both ways. */
final class Forwarder implements AutoCloseable {
  private static final int MACS = 12;
  private static final int TAG = 4;

  private final Way forth;
  private final Way back;

  private Forwarder(Way forth, Way back) {
    this.forth = forth;
    this.back = back;
  }

  /** Frames cross as they are, without a copy. */
  static Forwarder join(PacketSocket a, PacketSocket b) throws LinuxException {
    Passing asIs =
        (in, i, out) -> out.add(in.address(i), in.length(i), in.vnetWord(i), in.checksumOffset(i));
    return new Forwarder(new Way(a, b, asIs), new Way(b, a, asIs));
  }

  /** Frames get a VLAN tag towards b; towards a they must have it, and lose it. */
  static Forwarder tag(PacketSocket a, PacketSocket b, int tag) throws LinuxException {
    return new Forwarder(
        new Way(a, b, (in, i, out) -> tagged(in, i, out, tag)),
        new Way(b, a, (in, i, out) -> untagged(in, i, out, tag)));
  }

  private static boolean tagged(RecvRing in, int slot, SendRing out, int tag) {
    ByteBuffer frame = in.frame(slot);
    ByteBuffer copy = ByteBuffer.allocate(frame.remaining() + TAG);
    copy.put(0, frame, frame.position(), MACS).position(MACS);
    copy.putInt(tag).put(frame.position(frame.position() + MACS)).flip();
    return out.addCopy(copy, VnetHeader.tagged(in.vnetWord(slot)), in.checksumOffset(slot));
  }

  private static boolean untagged(RecvRing in, int slot, SendRing out, int tag) {
    ByteBuffer frame = in.frame(slot);
    int at = frame.position();
    if (frame.getInt(at + MACS) != tag) {
      return true;
    }
    ByteBuffer copy = ByteBuffer.allocate(frame.remaining() - TAG);
    copy.put(0, frame, at, MACS).position(MACS);
    copy.put(frame.position(at + MACS + TAG)).flip();
    long word = in.vnetWord(slot);
    boolean partial = (VnetHeader.flags(word) & VnetHeader.NEEDS_CHECKSUM) != 0;
    boolean isSuper = VnetHeader.gsoType(word) != VnetHeader.GSO_NONE;
    long plain =
        VnetHeader.word(
            VnetHeader.flags(word),
            VnetHeader.gsoType(word),
            VnetHeader.headerLength(word) - (isSuper ? TAG : 0),
            VnetHeader.gsoSize(word),
            VnetHeader.checksumStart(word) - (partial ? TAG : 0));
    return out.addCopy(copy, plain, in.checksumOffset(slot));
  }

  /** How a received frame gets into what is sent. */
  private interface Passing {
    boolean pass(RecvRing in, int slot, SendRing out);
  }

  /** From a to b. */
  Way forth() {
    return forth;
  }

  /** From b to a. */
  Way back() {
    return back;
  }

  @Override
  public void close() throws Exception {
    forth.close();
    back.close();
  }

  /** One direction, on its own thread. Its counters may be read when it is closed. */
  static final class Way implements AutoCloseable {
    private final PacketSocket from;
    private final PacketSocket to;
    private final Poller<PacketSocket> readable = new Poller<>();
    private final Poller<PacketSocket> writable = new Poller<>();
    private final RecvRing in = new RecvRing(64, 65_600);
    private final SendRing out = new SendRing(64, 64 * 65_600);
    private final Passing passing;
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private volatile boolean closed;
    private long calls;
    private long frames;
    private long bytes;
    private long superFrames;
    private int longest;
    private long refused;
    private long waits;
    private long allocated;

    private Way(PacketSocket from, PacketSocket to, Passing passing) throws LinuxException {
      this.from = from;
      this.to = to;
      this.passing = passing;
      new Thread(this::run, "forward").start();
    }

    private void run() {
      try {
        readable.add(from.fd(), from);
        writable.add(to.fd(), to);
        writable.enableWrite(to.fd(), true);
        long before = allocatedByThisThread();
        while (!closed) {
          readable.poll(-1, (socket, events) -> {});
          while (forward()) {
            calls++;
          }
        }
        allocated = allocatedByThisThread() - before;
        end.complete(null);
      } catch (LinuxException | RuntimeException e) {
        end.completeExceptionally(e);
      }
    }

    private boolean forward() throws LinuxException {
      int count = from.receive(in);
      out.clear();
      for (int i = 0; i < count; i++) {
        if (!passing.pass(in, i, out)) {
          throw new IllegalStateException("no room for frame " + i);
        }
        bytes += in.length(i);
        longest = Math.max(longest, in.length(i));
        superFrames += VnetHeader.gsoType(in.vnetWord(i)) == VnetHeader.GSO_NONE ? 0 : 1;
      }
      frames += count;
      int sent = 0;
      while (sent < out.size() && !closed) {
        int result = to.send(out, sent, out.size() - sent);
        if (result > 0) {
          sent += result;
        } else if (result == 0) {
          waits++;
          writable.poll(1000, (socket, events) -> {});
        } else {
          refused++;
          sent++;
        }
      }
      return count > 0 && !closed;
    }

    private static long allocatedByThisThread() {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      return threads.getCurrentThreadAllocatedBytes();
    }

    /** Bytes of heap for each frame. */
    long allocatedPerFrame() {
      return allocated / Math.max(1, frames);
    }

    long superFrames() {
      return superFrames;
    }

    int longest() {
      return longest;
    }

    long refused() {
      return refused;
    }

    @Override
    public String toString() {
      return String.format(
          "%,d frames (%,d super-frames, longest %,d bytes, mean %,d), %.1f frames per call,"
              + " %d waits for room, %d refused, %d bytes of heap",
          frames,
          superFrames,
          longest,
          bytes / Math.max(1, frames),
          (double) frames / Math.max(1, calls),
          waits,
          refused,
          allocated);
    }

    @Override
    public void close() throws InterruptedException, ExecutionException {
      closed = true;
      readable.wakeup();
      end.get();
      readable.close();
      writable.close();
    }
  }
}
