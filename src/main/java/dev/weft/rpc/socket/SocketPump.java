package dev.weft.rpc.socket;

import dev.weft.bus.Reason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Carries bytes between a socket of this host and one end of a pipe. The end of either direction is
 * carried over by itself; a direction that is broken off breaks off the other one and the other
 * side. Neither side is read while the other is full. It is the socket's last handler; all on the
 * socket's loop, to which it brings what the pipe tells on another one.
 */
public final class SocketPump extends ChannelInboundHandlerAdapter {
  /** Bytes that may wait for a slow socket, from which on the pipe is not read, and no more. */
  private static final WriteBufferWaterMark UNSENT = new WriteBufferWaterMark(64 << 10, 256 << 10);

  /** Bytes that may be on their way from the pipe's loop to the socket's. */
  private static final int BETWEEN_LOOPS = 256 << 10;

  private final PipeTraffic traffic;
  private final Set<SocketPump> open;
  private final AtomicInteger betweenLoops = new AtomicInteger();
  private volatile boolean heldBetweenLoops;

  /** What was read before it was known where to. */
  private final Deque<ByteBuf> early = new ArrayDeque<>();

  private Channel socket;
  private PipeEnd pipe;
  private boolean socketEnded;

  /** Whether an end has been told on, behind all that came before it. */
  private boolean toldPipe;

  private boolean toldSocket;
  private boolean closed;
  private final Promise<Void> over = Promise.promise();

  /** What the other side is told; empty if nothing is missing. */
  private String failure = "";

  /**
   * Reads nothing until {@link #begin}.
   *
   * @param open holds all pumps of sockets that are open; of this loop
   */
  public SocketPump(PipeTraffic traffic, Set<SocketPump> open) {
    this.traffic = traffic;
    this.open = open;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    socket = ctx.channel();
    open.add(this);
    traffic.begins();
    socket.config().setAutoRead(false).setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    socket.config().setWriteBufferWaterMark(UNSENT);
    if (socket instanceof SocketChannel tcp) {
      tcp.config().setKeepAlive(true).setTcpNoDelay(true);
    }
  }

  /** Pumps between the connected socket and an end that nobody has read yet. */
  public void begin(PipeEnd end) {
    pipe = end;
    if (closed) {
      pipe.close(failure);
      return;
    }
    traffic.connected();
    pipe.read(new FromPipe());
    if (closed) {
      return;
    }
    for (ByteBuf bytes = early.poll(); bytes != null; bytes = early.poll()) {
      give(bytes);
    }
    if (socketEnded) {
      endPipe();
    }
    if (!pipe.isFull()) {
      socket.config().setAutoRead(true);
    }
  }

  /** Brings what the pipe tells to the socket's loop. */
  private final class FromPipe implements PipeEnd.Reader {
    @Override
    public void onBytes(Buffer bytes) {
      if (socket.eventLoop().inEventLoop()) {
        onPipeBytes(bytes);
        return;
      }
      if (betweenLoops.addAndGet(bytes.length()) > BETWEEN_LOOPS) {
        pipe.pause();
        // After the pause and before the turn below, so that a turn that undoes it comes behind it.
        heldBetweenLoops = true;
      }
      socket
          .eventLoop()
          .execute(
              () -> {
                int left = betweenLoops.addAndGet(-bytes.length());
                onPipeBytes(bytes);
                if (heldBetweenLoops && left <= BETWEEN_LOOPS / 2 && socket.isWritable()) {
                  heldBetweenLoops = false;
                  pipe.resume();
                }
              });
    }

    @Override
    public void onEnd() {
      onLoop(SocketPump.this::onPipeEnd);
    }

    @Override
    public void onClosed(String reason) {
      onLoop(() -> onPipeClosed(reason));
    }
  }

  private void onLoop(Runnable work) {
    if (socket.eventLoop().inEventLoop()) {
      work.run();
    } else {
      socket.eventLoop().execute(work);
    }
  }

  private void onPipeBytes(Buffer bytes) {
    if (closed) {
      return;
    }
    traffic.received(bytes.length());
    var unused = socket.writeAndFlush(Unpooled.wrappedBuffer(bytes.getBytes()));
    if (!socket.isWritable()) {
      pipe.pause();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable() && pipe != null && !closed) {
      pipe.resume();
    }
  }

  private void onPipeEnd() {
    if (!closed) {
      // Shutting down fails what is still to be written.
      socket
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(
              written ->
                  ((DuplexChannel) socket)
                      .shutdownOutput()
                      .addListener(
                          done -> {
                            toldSocket = true;
                            closeIfEnded();
                          }));
    }
  }

  private void onPipeClosed(String reason) {
    if (reason.isEmpty()) {
      // Nobody reads there any more, so nobody need be told of the socket's end.
      toldPipe = true;
      closeIfEnded();
    } else {
      breakOff(reason);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (closed) {
      bytes.release();
    } else if (pipe == null) {
      // Netty also reads what is not asked for when it hears that the other side has ended.
      early.add(bytes);
    } else {
      give(bytes);
    }
  }

  private void give(ByteBuf bytes) {
    traffic.sent(bytes.readableBytes());
    pipe.write(Buffer.buffer(ByteBufUtil.getBytes(bytes)));
    bytes.release();
    if (pipe.isFull()) {
      socket.config().setAutoRead(false);
      pipe.onDrained(() -> onLoop(() -> socket.config().setAutoRead(true)));
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ChannelInputShutdownEvent.INSTANCE && !socketEnded) {
      socketEnded = true;
      if (pipe != null) {
        endPipe();
      }
    }
  }

  private void endPipe() {
    pipe.end()
        .onComplete(
            done ->
                onLoop(
                    () -> {
                      toldPipe = true;
                      closeIfEnded();
                    }));
  }

  private void closeIfEnded() {
    if (toldPipe && toldSocket && !closed) {
      close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    breakOff(Reason.of(cause));
  }

  /** Also where a socket never was connected. */
  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    breakOff("the socket is closed");
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    breakOff("the socket is closed");
  }

  /**
   * Ends both sides so that both see that something is missing; any thread may call.
   *
   * @param reason what the other side is told
   */
  public void breakOff(String reason) {
    onLoop(() -> breakOffNow(reason == null || reason.isEmpty() ? "broken off" : reason));
  }

  /** As {@link #breakOff}, if {@link #begin} was called; nothing before that. */
  public void breakOffBegun(String reason) {
    onLoop(
        () -> {
          if (pipe != null) {
            breakOffNow(reason);
          }
        });
  }

  private void breakOffNow(String reason) {
    if (!closed) {
      failure = reason;
      if (pipe != null) {
        traffic.broken(reason);
      }
      if (socket instanceof SocketChannel tcp && tcp.isOpen()) {
        // RFC 9293 section 3.10.4: a reset instead of FIN.
        tcp.config().setSoLinger(0);
      }
      close();
    }
  }

  /** Done when the pump has let go of both sides; on the socket's loop. */
  public Future<Void> closed() {
    return over.future();
  }

  private void close() {
    closed = true;
    over.tryComplete();
    if (open.remove(this)) {
      traffic.ends();
    }
    early.forEach(ByteBuf::release);
    early.clear();
    if (pipe != null) {
      pipe.close(failure);
    }
    var unused = socket.close();
  }
}
