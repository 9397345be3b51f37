package dev.weft.testkit;

import dev.weft.linux.Netns;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A plain UDP socket on a host of a {@link NatLab}: what NATs do to datagrams is seen with it. */
public final class UdpProbe implements AutoCloseable {
  private static final int SIZE = 1500;

  private final DatagramChannel channel;
  private final InetSocketAddress local;

  private UdpProbe(DatagramChannel channel, InetSocketAddress local) {
    this.channel = channel;
    this.local = local;
  }

  /** A datagram that came. */
  record Heard(InetSocketAddress from, String text) {}

  public static UdpProbe on(NatLab.Host host) throws Exception {
    DatagramChannel channel;
    try (Netns netns = host.netns().open()) {
      channel =
          netns.call(() -> DatagramChannel.open().bind(new InetSocketAddress(host.address(), 0)));
    }
    channel.configureBlocking(false);
    return new UdpProbe(channel, (InetSocketAddress) channel.getLocalAddress());
  }

  public InetSocketAddress local() {
    return local;
  }

  void send(InetSocketAddress to, String text) throws IOException {
    send(to, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Best effort, as UDP is. */
  public void send(InetSocketAddress to, byte[] datagram) throws IOException {
    channel.send(ByteBuffer.wrap(datagram), to);
  }

  /** Noise behind the first bytes of what a node's port takes: punching, STUN, QUIC, nothing. */
  public static byte[] garbage(Random random) {
    byte[] datagram = new byte[1 + random.nextInt(1400)];
    random.nextBytes(datagram);
    byte[] begin =
        switch (random.nextInt(4)) {
          case 0 -> new byte[] {0x0a, 'w', 'p', 1, (byte) random.nextInt(5)};
          case 1 ->
              new byte[] {0, 1, 0, (byte) (datagram.length - 20), 0x21, 0x12, (byte) 0xa4, 0x42};
          case 2 -> new byte[] {(byte) 0xc3, 0, 0, 0, 1, 8};
          default -> new byte[0];
        };
    System.arraycopy(begin, 0, datagram, 0, Math.min(begin.length, datagram.length));
    return datagram;
  }

  /** All that has come and was not asked for yet. */
  public List<byte[]> received() throws IOException {
    List<byte[]> all = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.allocate(SIZE);
    while (channel.receive(buffer) != null) {
      all.add(Arrays.copyOf(buffer.array(), buffer.position()));
      buffer.clear();
    }
    return all;
  }

  /** The next datagram, if one is here. */
  Optional<Heard> poll() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(SIZE);
    InetSocketAddress from = (InetSocketAddress) channel.receive(buffer);
    return Optional.ofNullable(from)
        .map(f -> new Heard(f, StandardCharsets.UTF_8.decode(buffer.flip()).toString()));
  }

  /**
   * The next datagram, awaited; namespaces are joined without delay, so what passes is soon here.
   */
  Optional<Heard> await(Duration atMost) throws IOException {
    long end = System.nanoTime() + atMost.toNanos();
    while (true) {
      Optional<Heard> heard = poll();
      if (heard.isPresent() || System.nanoTime() - end > 0) {
        return heard;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  /** How another socket sees this one: asks it, and has it answer nothing. */
  InetSocketAddress seenBy(UdpProbe other) throws IOException {
    send(other.local(), "who am I");
    return other.await(Duration.ofSeconds(5)).orElseThrow().from();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
