package dev.weft.wire.path;

import dev.weft.linux.LinuxException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.vertx.core.Promise;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The driver without hand-offs: a packet socket is one more descriptor of the event loop that its
 * stream's connection is on. While the connection is full the socket is not asked for frames, so
 * they wait, or are dropped, in the kernel.
 */
final class EpollDriver implements Driver {
  private static final Logger log = LoggerFactory.getLogger(EpollDriver.class);

  /**
   * Not 0: Netty 4.2.18 takes a handle without operations out of epoll but keeps its registration,
   * and the next submit fails. EPOLLERR is always on, so it asks for nothing.
   */
  private static final EpollIoOps PAUSED = EpollIoOps.EPOLLERR;

  @Override
  public Handle attach(WireEnd end, FrameSink stream, Lane lane) {
    Reader reader = new Reader(end, stream, lane);
    IoEventLoop loop = (IoEventLoop) lane.loop().netty();
    loop.register(reader)
        .addListener(
            registered -> {
              if (registered.isSuccess()) {
                reader.open((IoRegistration) registered.getNow());
              } else {
                stream.fail(registered.cause());
              }
            });
    return () -> {
      Promise<Void> closed = Promise.promise();
      loop.execute(
          () -> {
            reader.close();
            closed.complete();
          });
      return closed.future();
    };
  }

  /** One wire's reading; all of it on its event loop. */
  private static final class Reader implements EpollIoHandle {
    private final FrameSink stream;
    private final BatchReader batches;
    private final Lane lane;
    private final FileDescriptor fd;
    private IoRegistration registration;
    private boolean closed;

    Reader(WireEnd end, FrameSink stream, Lane lane) {
      this.stream = stream;
      this.batches = new BatchReader(end, stream);
      this.lane = lane;
      this.fd = new FileDescriptor(end.socket().fd());
    }

    void open(IoRegistration registered) {
      registration = registered;
      if (closed) {
        registered.cancel();
      } else {
        registered.submit(EpollIoOps.EPOLLIN);
      }
    }

    @Override
    public FileDescriptor fd() {
      return fd;
    }

    @Override
    public void handle(IoRegistration registered, IoEvent event) {
      if (closed) {
        return;
      }
      read(true);
    }

    /**
     * Reads a batch into the stream.
     *
     * @param asked whether the socket is asked for frames
     */
    private void read(boolean asked) {
      boolean asks = true;
      try {
        ByteBuf batch = batches.read(lane.ring());
        if (batch != null) {
          asks = stream.write(batch, this::onDrained);
          if (asks) {
            batches.flowed();
          }
        }
      } catch (LinuxException e) {
        // The link went down or away; if it comes back the socket gives frames again.
        log.debug("{}", e.getMessage());
      } finally {
        if (asks != asked && !closed) {
          registration.submit(asks ? EpollIoOps.EPOLLIN : PAUSED);
        }
      }
    }

    /** It is the stream's turn: what the socket has goes now, or at the stream's next turn. */
    private void onDrained() {
      if (closed) {
        return;
      }
      try {
        batches.drained();
      } catch (LinuxException e) {
        log.debug("{}", e.getMessage());
      }
      read(false);
    }

    @Override
    public void close() {
      closed = true;
      if (registration != null) {
        registration.cancel();
      }
    }
  }
}
