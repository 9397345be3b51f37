package dev.weft.reach;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.SegmentedDatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SegmentedSendsTest {
  private static final int EIO = 5;
  private static final int EMSGSIZE = 90;

  private final AtomicBoolean givenUp = new AtomicBoolean();
  private final List<Integer> errors = new ArrayList<>();
  private final EmbeddedChannel socket =
      new EmbeddedChannel(new Kernel(), new SegmentedSends(givenUp));

  /** The numbers of errors are native code's. */
  @BeforeAll
  static void load() {
    Epoll.ensureAvailability();
  }

  /** Refuses runs as long as there are errors to refuse them with. */
  private final class Kernel extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      if (message instanceof SegmentedDatagramPacket && !errors.isEmpty()) {
        ReferenceCountUtil.release(message);
        promise.setFailure(new NativeIoException("sendmmsg", -errors.remove(0)));
      } else {
        var unused = ctx.write(message, promise);
      }
    }
  }

  private static SegmentedDatagramPacket run(int... lengths) {
    ByteBuf all = Unpooled.buffer();
    for (int length : lengths) {
      all.writeBytes(new byte[length]);
    }
    return new SegmentedDatagramPacket(
        all, lengths[0], new InetSocketAddress(InetAddress.getLoopbackAddress(), 7));
  }

  /** Writes what the kernel refuses. */
  private void refused(SegmentedDatagramPacket run) {
    assertThat(socket.writeAndFlush(run).isSuccess()).isFalse();
    socket.runPendingTasks();
  }

  /** The lengths of what reached the kernel, a run's as it is. */
  private List<Integer> sent() {
    List<Integer> lengths = new ArrayList<>();
    DatagramPacket packet;
    while ((packet = socket.readOutbound()) != null) {
      lengths.add(packet.content().readableBytes());
      packet.release();
    }
    return lengths;
  }

  @Test
  void shouldSendARunAsOne() {
    socket.writeOutbound(run(100, 100, 100));

    assertThat(sent()).containsExactly(300);
  }

  @Test
  void shouldSendARunAgainOneByOneAfterEio() {
    errors.add(EIO);
    SegmentedDatagramPacket first = run(100, 100, 40);

    refused(first);

    assertThat(sent()).containsExactly(100, 100, 40);
    assertThat(first.refCnt()).isZero();
  }

  @Test
  void shouldGiveUpForGoodAfterEio() {
    errors.add(EIO);
    refused(run(100, 100));
    sent();

    socket.writeOutbound(run(50, 50));

    assertThat(givenUp).isTrue();
    assertThat(sent()).containsExactly(50, 50);
  }

  @Test
  void shouldGiveUpAlsoAfterRunsThatPassed() {
    socket.writeOutbound(run(100, 100));
    errors.add(EIO);
    refused(run(100, 100));
    sent();

    socket.writeOutbound(run(50, 50));

    assertThat(sent()).containsExactly(50, 50);
  }

  @Test
  void shouldGoOnAfterOtherErrors() {
    errors.add(EMSGSIZE);
    SegmentedDatagramPacket lost = run(100, 100);
    refused(lost);

    socket.writeOutbound(run(50, 50));

    assertThat(sent()).containsExactly(100);
    assertThat(lost.refCnt()).isZero();
  }
}
