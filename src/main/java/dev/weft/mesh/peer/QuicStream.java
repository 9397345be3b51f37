package dev.weft.mesh.peer;

import dev.weft.mesh.stream.PeerStream;
import dev.weft.mesh.stream.StreamConnection;
import dev.weft.rpc.StreamEnd;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.handler.codec.quic.QuicStreamChannel;
import io.netty.handler.codec.quic.QuicStreamResetException;
import io.netty.handler.codec.quic.QuicStreamType;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;

/** A stream of a QUIC connection. Reads nothing before {@link #read}. */
final class QuicStream extends ChannelInboundHandlerAdapter implements PeerStream {
  /** What a stream that was broken off carries; no peer distinguishes codes. */
  private static final int BROKEN_OFF = 1;

  private static final String BY_PEER = "broken off by the other end";

  /** What its connection wants to know. */
  interface Owner extends StreamConnection {
    /** The stream exists no more. */
    void ended(QuicStream stream, boolean broken);

    /** Why the connection is over. */
    String reason();
  }

  private final Owner owner;
  private QuicStreamChannel channel;
  private Optional<Reader> reader = Optional.empty();

  /** Writes that QUIC has not taken yet. */
  private int waiting;

  private boolean oneWay;
  private boolean full;
  private boolean finished;
  private boolean finishedByPeer;
  private boolean endTold;

  /** What was read after the stream was paused: one read of the codec. */
  private final Queue<ByteBuf> held = new ArrayDeque<>(1);

  /** By its reader, or by whoever will give it one. */
  private boolean paused;

  /** Nothing is told any more: broken off by either end, or its connection is over. */
  private boolean over;

  QuicStream(Owner owner) {
    this.owner = owner;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    channel = (QuicStreamChannel) ctx.channel();
    channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    channel.config().setAutoRead(false);
    oneWay = channel.type() == QuicStreamType.UNIDIRECTIONAL;
  }

  @Override
  public long id() {
    return channel.streamId();
  }

  @Override
  public StreamConnection connection() {
    return owner;
  }

  @Override
  public boolean write(ByteBuf bytes) {
    if (over || finished) {
      bytes.release();
      return true;
    }
    send(bytes);
    full = waiting > 0 || !channel.isWritable();
    return !full;
  }

  private void send(ByteBuf bytes) {
    sent(channel.write(bytes));
  }

  private void sent(ChannelFuture sent) {
    if (sent.isSuccess()) {
      return;
    }
    waiting++;
    sent.addListener(
        done -> {
          waiting--;
          if (done.isSuccess()) {
            takeMore();
          } else {
            // Later: this may be the caller's own write.
            channel.eventLoop().execute(() -> broken(BY_PEER));
          }
        });
  }

  private void takeMore() {
    if (full && waiting == 0 && channel.isWritable() && !over) {
      full = false;
      reader.ifPresent(Reader::onWritable);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    takeMore();
  }

  @Override
  public void finish() {
    if (!over && !finished) {
      finished = true;
      sent(StreamEnd.send(channel));
    }
  }

  @Override
  public void reset() {
    if (!over) {
      end();
      breakOff();
    }
  }

  private void end() {
    over = true;
    while (!held.isEmpty()) {
      held.remove().release();
    }
  }

  private void breakOff() {
    var unused = channel.shutdown(BROKEN_OFF);
    unused = channel.close();
  }

  @Override
  public void read(Reader next) {
    reader = Optional.of(next);
    readOn();
  }

  @Override
  public void pause() {
    paused = true;
    channel.config().setAutoRead(false);
  }

  @Override
  public void resume() {
    paused = false;
    readOn();
  }

  private boolean waits() {
    return paused || reader.isEmpty();
  }

  private void readOn() {
    while (!over && !waits() && !held.isEmpty()) {
      give(held.remove());
    }
    if (!over && !waits()) {
      if (finishedByPeer) {
        tellEnd();
      } else {
        channel.config().setAutoRead(true);
      }
    }
  }

  private void give(ByteBuf bytes) {
    try {
      if (!over) {
        reader.ifPresent(r -> r.onBytes(bytes));
      }
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (over) {
      ReferenceCountUtil.release(message);
    } else if (waits()) {
      // The codec had begun to read when the stream was paused.
      held.add((ByteBuf) message);
    } else {
      give((ByteBuf) message);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ChannelInputShutdownReadComplete.INSTANCE && !finishedByPeer) {
      finishedByPeer = true;
      if (!waits()) {
        tellEnd();
      }
      if (oneWay) {
        // The codec closes by itself only what both ends have finished.
        var unused = channel.close();
      }
    }
  }

  private void tellEnd() {
    if (!over && !endTold) {
      endTold = true;
      reader.ifPresent(Reader::onEnd);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    broken(cause instanceof QuicStreamResetException ? BY_PEER : String.valueOf(cause));
  }

  private void broken(String why) {
    if (!over) {
      end();
      breakOff();
      reader.ifPresent(r -> r.onReset(why));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    boolean whole = oneWay ? finished || finishedByPeer : finished && finishedByPeer;
    boolean tell = !over && !whole;
    owner.ended(this, !whole);
    // What was read and is held back is given to its reader all the same.
    if (tell) {
      end();
      reader.ifPresent(r -> r.onReset(owner.reason()));
    }
  }
}
