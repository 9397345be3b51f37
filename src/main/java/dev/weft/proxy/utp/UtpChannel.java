package dev.weft.proxy.utp;

import dev.weft.proxy.utp.machine.UtpConnection;
import dev.weft.proxy.utp.machine.UtpEnding;
import dev.weft.proxy.utp.machine.UtpUser;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AbstractChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelOutputShutdownException;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/**
 * A uTP connection as a channel, so that TLS and whatever else stands on channels can stand on it.
 * The end of one direction does not end the other. On its socket's loop.
 */
final class UtpChannel extends AbstractChannel implements DuplexChannel, UtpUser {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false);
  private static final int FIRST_GATHERED = 16 << 10;

  private final UtpSocket socket;
  private final InetSocketAddress remote;
  private final DefaultChannelConfig config = new DefaultChannelConfig(this);
  private UtpConnection connection;
  private ByteBuf gathered = Unpooled.EMPTY_BUFFER;
  private boolean connected;
  private boolean wanted;
  private boolean othersEnd;
  private boolean toldEnd;
  private boolean ended;
  private boolean over;
  private boolean inUse = true;
  private volatile boolean open = true;

  UtpChannel(UtpSocket socket, Channel parent, InetSocketAddress remote) {
    super(parent);
    this.socket = socket;
    this.remote = remote;
    config.setWriteBufferWaterMark(new WriteBufferWaterMark(64 << 10, 256 << 10));
  }

  void begin(UtpConnection machine, boolean isConnected) {
    connection = machine;
    connected = isConnected;
  }

  UtpConnection connection() {
    return connection;
  }

  /** It only shows that the other end is there. */
  void notInUse() {
    inUse = false;
  }

  boolean isInUse() {
    return inUse && open;
  }

  InetSocketAddress remote() {
    return remote;
  }

  @Override
  public void onConnected() {
    connected = true;
    pipeline().fireChannelActive();
  }

  @Override
  public void onBytes(ByteBuffer bytes) {
    if (gathered.capacity() == 0) {
      gathered = alloc().ioBuffer(FIRST_GATHERED);
    }
    gathered.writeBytes(bytes);
  }

  @Override
  public void onEnd() {
    othersEnd = true;
  }

  /** Hands on what has arrived, if it is wanted. */
  void deliver() {
    if (wanted && isRegistered() && gathered.isReadable()) {
      wanted = false;
      ByteBuf bytes = gathered;
      gathered = Unpooled.EMPTY_BUFFER;
      connection.read(bytes.readableBytes());
      pipeline().fireChannelRead(bytes);
      pipeline().fireChannelReadComplete();
    }
    if (othersEnd && !toldEnd && isRegistered() && !gathered.isReadable()) {
      toldEnd = true;
      pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    }
    if (over && toldEnd) {
      unsafe().close(unsafe().voidPromise());
    }
  }

  @Override
  public void onWritable() {
    ((UtpUnsafe) unsafe()).writeAgain();
  }

  @Override
  public void onClosed(UtpEnding ending) {
    over = true;
    if (ending == UtpEnding.DONE) {
      deliver();
    } else {
      if (ending != UtpEnding.BROKEN_OFF && open) {
        pipeline().fireExceptionCaught(new IOException(ending.why()));
      }
      unsafe().close(unsafe().voidPromise());
    }
  }

  @Override
  protected void doWrite(ChannelOutboundBuffer in) {
    for (Object message = in.current(); message != null; message = in.current()) {
      ByteBuf bytes = (ByteBuf) message;
      int length = bytes.readableBytes();
      ByteBuffer view = bytes.nioBuffer();
      connection.write(view);
      if (view.hasRemaining()) {
        int taken = length - view.remaining();
        bytes.skipBytes(taken);
        in.progress(taken);
        break;
      }
      in.remove();
    }
    socket.settleSoon(this);
  }

  @Override
  protected void doBeginRead() {
    wanted = true;
    if (gathered.isReadable() || (othersEnd && !toldEnd)) {
      eventLoop()
          .execute(
              () -> {
                deliver();
                socket.settleSoon(this);
              });
    }
  }

  @Override
  protected void doClose() {
    open = false;
    gathered.release();
    gathered = Unpooled.EMPTY_BUFFER;
    if (!(ended && othersEnd)) {
      connection.abort();
    }
    socket.settleSoon(this);
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open && connected;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  @Override
  protected boolean isCompatible(EventLoop any) {
    return true;
  }

  @Override
  protected SocketAddress localAddress0() {
    return parent().localAddress();
  }

  @Override
  protected SocketAddress remoteAddress0() {
    return remote;
  }

  @Override
  protected void doBind(SocketAddress local) {
    throw new UnsupportedOperationException("the socket is bound");
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  public boolean isInputShutdown() {
    return othersEnd;
  }

  @Override
  public ChannelFuture shutdownInput() {
    return shutdownInput(newPromise());
  }

  @Override
  public ChannelFuture shutdownInput(ChannelPromise promise) {
    return promise.setFailure(
        new UnsupportedOperationException("uTP cannot tell that an end reads no more"));
  }

  @Override
  public boolean isOutputShutdown() {
    return ended;
  }

  @Override
  public ChannelFuture shutdownOutput() {
    return shutdownOutput(newPromise());
  }

  /** Writes no more, behind all that was flushed. */
  @Override
  public ChannelFuture shutdownOutput(ChannelPromise promise) {
    if (eventLoop().inEventLoop()) {
      end(promise);
    } else {
      eventLoop().execute(() -> end(promise));
    }
    return promise;
  }

  private void end(ChannelPromise promise) {
    if (!connection.isOpen()) {
      promise.setFailure(new ChannelOutputShutdownException("the connection is over"));
      return;
    }
    ended = true;
    connection.end();
    socket.settleSoon(this);
    promise.setSuccess();
  }

  @Override
  public boolean isShutdown() {
    return ended && othersEnd;
  }

  @Override
  public ChannelFuture shutdown() {
    return shutdown(newPromise());
  }

  @Override
  public ChannelFuture shutdown(ChannelPromise promise) {
    return shutdownOutput(promise);
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new UtpUnsafe();
  }

  private final class UtpUnsafe extends AbstractUnsafe {
    @Override
    public void connect(SocketAddress to, SocketAddress local, ChannelPromise promise) {
      promise.setFailure(new UnsupportedOperationException("its socket connects it"));
    }

    private void writeAgain() {
      flush0();
    }
  }
}
