package dev.weft.bench;

import dev.weft.linux.Netns;
import dev.weft.testkit.TestNetns;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/** A TCP stream to each of many addresses, all as fast as they can, by one thread at each end. */
final class ManyStreams {
  /** What a stream gets in its turn. */
  private static final int CHUNK = 64 << 10;

  private final AtomicLongArray received;

  private ManyStreams(int streams) {
    received = new AtomicLongArray(streams);
  }

  /**
   * What arrived.
   *
   * @param bits a second, of all streams
   * @param jain their fairness (RFC 5166, 2.3): 1 where all got as much, 1/n where one got all
   * @param least the bytes of the slowest stream by the mean
   * @param most the bytes of the fastest stream by the mean
   */
  record Result(double bits, double jain, double least, double most) {}

  /**
   * Runs a stream to each address of the namespace {@code to}.
   *
   * @param warmUp seconds before anything is counted
   */
  static Result run(TestNetns from, TestNetns to, List<String> addresses, int warmUp, int seconds)
      throws Exception {
    ManyStreams streams = new ManyStreams(addresses.size());
    List<SocketChannel> open = new ArrayList<>();
    try (Netns inFrom = from.open();
        Netns inTo = to.open();
        Selector writable = Selector.open();
        Selector readable = Selector.open();
        ServerSocketChannel server =
            inTo.call(() -> ServerSocketChannel.open().bind(new InetSocketAddress(0)))) {
      int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
      for (int i = 0; i < addresses.size(); i++) {
        SocketAddress address = new InetSocketAddress(addresses.get(i), port);
        SocketChannel out = inFrom.call(() -> SocketChannel.open());
        open.add(out);
        out.connect(address);
        out.configureBlocking(false).register(writable, SelectionKey.OP_WRITE);
        SocketChannel in = server.accept();
        open.add(in);
        in.configureBlocking(false).register(readable, SelectionKey.OP_READ, i);
      }
      Thread writer = start("streams-writer", writable, ManyStreams::write);
      Thread reader = start("streams-reader", readable, streams::read);
      TimeUnit.SECONDS.sleep(warmUp);
      long[] before = streams.counts();
      long begun = System.nanoTime();
      TimeUnit.SECONDS.sleep(seconds);
      long[] after = streams.counts();
      double elapsed = (System.nanoTime() - begun) / 1e9;
      writer.interrupt();
      reader.interrupt();
      writer.join();
      reader.join();
      return result(before, after, elapsed);
    } finally {
      for (SocketChannel channel : open) {
        channel.close();
      }
    }
  }

  private static Result result(long[] before, long[] after, double seconds) {
    double sum = 0;
    double squares = 0;
    double least = Double.MAX_VALUE;
    double most = 0;
    for (int i = 0; i < before.length; i++) {
      double bytes = after[i] - before[i];
      sum += bytes;
      squares += bytes * bytes;
      least = Math.min(least, bytes);
      most = Math.max(most, bytes);
    }
    double mean = sum / before.length;
    return new Result(
        sum * 8 / seconds, sum * sum / (before.length * squares), least / mean, most / mean);
  }

  private long[] counts() {
    long[] counts = new long[received.length()];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = received.get(i);
    }
    return counts;
  }

  private interface Turn {
    void take(SelectionKey key, ByteBuffer buffer) throws IOException;
  }

  private static void write(SelectionKey key, ByteBuffer buffer) throws IOException {
    int unused = ((SocketChannel) key.channel()).write(buffer.clear());
  }

  private void read(SelectionKey key, ByteBuffer buffer) throws IOException {
    int stream = (Integer) key.attachment();
    int bytes = ((SocketChannel) key.channel()).read(buffer.clear());
    received.lazySet(stream, received.get(stream) + bytes);
  }

  /** Until it is interrupted. */
  private static Thread start(String name, Selector selector, Turn turn) {
    Thread thread =
        new Thread(
            () -> {
              ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
              try {
                while (!Thread.currentThread().isInterrupted()) {
                  selector.select();
                  for (SelectionKey key : selector.selectedKeys()) {
                    turn.take(key, buffer);
                  }
                  selector.selectedKeys().clear();
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
