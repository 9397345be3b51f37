package dev.weft.testkit;

import static org.awaitility.Awaitility.await;

import dev.weft.linux.Netns;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Numbered datagrams from one pod to another, a thousand a second. */
public final class NumberedDatagrams implements AutoCloseable {
  private static final Duration MORE_WITHIN = Duration.ofSeconds(60);

  private final DatagramSocket out;
  private final DatagramSocket in;
  private long first = -1;
  private long last = -1;
  private long received;
  private long late;
  private long heardAt;
  private long longestPause;
  private volatile boolean closed;

  private NumberedDatagrams(DatagramSocket out, DatagramSocket in) {
    this.out = out;
    this.in = in;
  }

  public static NumberedDatagrams start(TestNetns from, TestNetns to, String address)
      throws Exception {
    DatagramSocket in;
    DatagramSocket out;
    try (Netns netns = to.open()) {
      in = netns.call(() -> new DatagramSocket(new InetSocketAddress(address, 0)));
    }
    try (Netns netns = from.open()) {
      out = netns.call(() -> new DatagramSocket());
    }
    NumberedDatagrams numbers = new NumberedDatagrams(out, in);
    Thread receiver = new Thread(numbers::receive);
    Thread sender = new Thread(() -> numbers.send((InetSocketAddress) in.getLocalSocketAddress()));
    receiver.setDaemon(true);
    sender.setDaemon(true);
    receiver.start();
    sender.start();
    return numbers;
  }

  private void send(InetSocketAddress to) {
    ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    long begun = System.nanoTime();
    for (long next = 0; !closed; next++) {
      try {
        number.clear().putLong(next);
        out.send(new DatagramPacket(number.array(), Long.BYTES, to));
        long wait = begun + next * 1_000_000 - System.nanoTime();
        if (wait > 0) {
          LockSupport.parkNanos(wait);
        }
      } catch (IOException e) {
        // The socket is closed, or its queue full: the number counts as lost.
      }
    }
  }

  private void receive() {
    DatagramPacket packet = new DatagramPacket(new byte[Long.BYTES], Long.BYTES);
    while (!closed) {
      try {
        in.receive(packet);
        onNumber(ByteBuffer.wrap(packet.getData()).getLong());
      } catch (IOException e) {
        // The socket is closed.
      }
    }
  }

  private synchronized void onNumber(long number) {
    long now = System.nanoTime();
    if (first < 0) {
      first = number;
    } else {
      longestPause = Math.max(longestPause, now - heardAt);
    }
    heardAt = now;
    if (number <= last) {
      late++;
    } else {
      last = number;
      received++;
    }
  }

  public synchronized long lost() {
    return last - first + 1 - received;
  }

  public synchronized long late() {
    return late;
  }

  public synchronized long longestPauseMillis() {
    return longestPause / 1_000_000;
  }

  /** The longest pause is counted anew. */
  public synchronized void forgetPauses() {
    longestPause = 0;
  }

  synchronized long last() {
    return last;
  }

  public void awaitMore(int count) {
    long from = last();
    await(count + " more numbers").atMost(MORE_WITHIN).until(() -> last() >= from + count);
  }

  @Override
  public void close() {
    closed = true;
    out.close();
    in.close();
  }
}
