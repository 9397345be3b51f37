package dev.weft.cli.demo;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/** A port of the host's 127.0.0.1 that leads to a node's Unix socket in another namespace. */
final class Forward implements AutoCloseable {
  private static final int MAX_CONNECTIONS = 64;
  private static final int BUFFER_BYTES = 16 << 10;
  private static final long STACK_BYTES = 128 << 10;

  private final ServerSocketChannel listener;
  private final Path target;
  private final Semaphore places = new Semaphore(MAX_CONNECTIONS);

  private Forward(ServerSocketChannel listener, Path target) {
    this.listener = listener;
    this.target = target;
  }

  /**
   * @param port the port wished for; any free one is taken if it is in use
   */
  static Forward open(int port, Path target) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open();
    listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    try {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (BindException taken) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }
    Forward forward = new Forward(listener, target);
    daemon("forward", forward::accept);
    return forward;
  }

  int port() {
    return listener.socket().getLocalPort();
  }

  private void accept() {
    while (listener.isOpen()) {
      try {
        SocketChannel client = listener.accept();
        if (places.tryAcquire()) {
          daemon("forward-connection", () -> carry(client));
        } else {
          client.close();
        }
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void carry(SocketChannel client) {
    try (client;
        SocketChannel node = SocketChannel.open(UnixDomainSocketAddress.of(target))) {
      Thread up = daemon("forward-up", () -> pump(client, node));
      pump(node, client);
      up.join();
    } catch (IOException e) {
      // The node is not there (yet): the client sees its connection closed.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      places.release();
    }
  }

  /** Copies until the source ends, then says so to the sink. */
  private static void pump(SocketChannel source, SocketChannel sink) {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    try {
      while (source.read(buffer.clear()) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          sink.write(buffer);
        }
      }
      sink.shutdownOutput();
    } catch (IOException hungUp) {
      // Either side may go at any time; both channels are closed by carry().
      return;
    }
  }

  private static Thread daemon(String name, Runnable body) {
    Thread thread = new Thread(null, body, name, STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
