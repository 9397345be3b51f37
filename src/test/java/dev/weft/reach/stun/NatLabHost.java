package dev.weft.reach.stun;

import dev.weft.linux.Netns;
import dev.weft.reach.ProbeSocket;
import dev.weft.reach.Timers;
import dev.weft.testkit.NatLab;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** STUN on real sockets of a host of the laboratory, without a node. One thread does all. */
final class NatLabHost implements StunSockets, Timers, AutoCloseable {
  static final int PORT = 7654;

  private final NatLab.Host host;
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  final StunClient client = new StunClient(this, new SecureRandom());
  private final Socket first;
  private final Socket second;
  private final StunResponder responder;

  private final class Socket implements ProbeSocket {
    private final DatagramChannel channel;

    Socket(int port) throws Exception {
      try (Netns netns = host.netns().open()) {
        channel =
            netns.call(
                () -> DatagramChannel.open().bind(new InetSocketAddress(host.address(), port)));
      }
      open.add(this);
      Thread reader = new Thread(this::read, "socket of " + host.address());
      reader.setDaemon(true);
      reader.start();
    }

    int port() throws IOException {
      return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    private void read() {
      try {
        while (true) {
          ByteBuffer buffer = ByteBuffer.allocate(1500);
          InetSocketAddress from = (InetSocketAddress) channel.receive(buffer);
          thread.execute(() -> take(this, from, buffer.flip()));
        }
      } catch (ClosedChannelException | RejectedExecutionException closed) {
        // As it should be.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void send(InetSocketAddress to, byte[] datagram) {
      try {
        channel.send(ByteBuffer.wrap(datagram), to);
      } catch (IOException lost) {
        // As on any path.
      }
    }

    @Override
    public void close() {
      open.remove(this);
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Opens its two ports.
   *
   * @param members whom it passes questions on to
   */
  NatLabHost(NatLab.Host host, List<InetSocketAddress> members) throws Exception {
    this.host = host;
    this.first = new Socket(PORT);
    this.second = new Socket(0);
    this.responder =
        new StunResponder(
            new StunResponder.Ports(first, Optional.of(second), OptionalInt.of(second.port())),
            () -> members,
            this);
  }

  InetSocketAddress address() {
    return new InetSocketAddress(host.address(), PORT);
  }

  private void take(Socket at, InetSocketAddress from, ByteBuffer datagram) {
    int bytes = datagram.remaining();
    StunCodec.read(Unpooled.wrappedBuffer(datagram))
        .ifPresent(
            message -> {
              if (!client.arrived(at, from, message) && (at == first || at == second)) {
                responder.arrived(at, from, message, bytes);
              }
            });
  }

  void run(Runnable work) {
    thread.execute(work);
  }

  @Override
  public ProbeSocket first() {
    return first;
  }

  @Override
  public Future<ProbeSocket> open() {
    try {
      return Future.succeededFuture(new Socket(0));
    } catch (Exception e) {
      return Future.failedFuture(e);
    }
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public Runnable after(long nanos, Runnable work) {
    ScheduledFuture<?> later = thread.schedule(work, nanos, TimeUnit.NANOSECONDS);
    return () -> later.cancel(false);
  }

  @Override
  public void close() {
    thread.shutdownNow();
    open.forEach(Socket::close);
  }
}
