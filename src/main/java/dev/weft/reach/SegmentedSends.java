package dev.weft.reach;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.SegmentedDatagramPacket;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up UDP_SEGMENT, for all sockets of the port and for good, when the kernel answers EIO: the
 * device cannot compute the checksums (udp(7)). Runs are then sent as the datagrams that they are,
 * and so is the one that failed, as long as none had passed before.
 */
final class SegmentedSends extends ChannelOutboundHandlerAdapter {
  private static final Logger log = LoggerFactory.getLogger(SegmentedSends.class);
  private static final int EIO = 5;

  private final AtomicBoolean givenUp;
  private final ChannelFutureListener check = this::check;
  private boolean proven;

  /**
   * @param givenUp shared by the port's sockets
   */
  SegmentedSends(AtomicBoolean givenUp) {
    this.givenUp = givenUp;
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (!(message instanceof SegmentedDatagramPacket run)) {
      var unused = ctx.write(message, promise);
    } else if (givenUp.get()) {
      split(ctx, run);
      promise.trySuccess();
    } else if (proven) {
      ctx.write(run, promise).addListener(check);
    } else {
      SegmentedDatagramPacket again = run.retainedDuplicate();
      ctx.write(run, promise)
          .addListener(
              (ChannelFuture sent) -> {
                check(sent);
                if (isEio(sent.cause())) {
                  split(ctx, again);
                  ctx.flush();
                } else {
                  again.release();
                }
              });
    }
  }

  private void check(ChannelFuture sent) {
    if (sent.isSuccess()) {
      proven = true;
    } else if (isEio(sent.cause()) && givenUp.compareAndSet(false, true)) {
      log.info("UDP_SEGMENT failed with EIO: datagrams are sent one by one from now on");
    }
  }

  private static boolean isEio(Throwable cause) {
    return cause instanceof NativeIoException e && e.expectedErr() == -EIO;
  }

  private static void split(ChannelHandlerContext ctx, SegmentedDatagramPacket run) {
    ByteBuf all = run.content();
    while (all.isReadable()) {
      ByteBuf one = all.readRetainedSlice(Math.min(run.segmentSize(), all.readableBytes()));
      var unused = ctx.write(new DatagramPacket(one, run.recipient()));
    }
    run.release();
  }
}
