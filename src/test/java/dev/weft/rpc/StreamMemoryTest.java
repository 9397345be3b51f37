package dev.weft.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StreamMemoryTest {
  private final Messages messages = new Messages();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Random random = new Random(7);

  /** By identity: equal buffers hold equal bytes. */
  private final Set<ByteBuf> given = Collections.newSetFromMap(new IdentityHashMap<>());

  private RecvByteBufAllocator.ExtendedHandle reads;

  /** What a socket holds. */
  private final ByteBuf socket = Unpooled.buffer();

  /** Messages of a length and that many bytes; some are held for a while, as DATA frames are. */
  private static final class Messages extends ByteToMessageDecoder {
    final List<Integer> read = new ArrayList<>();
    final Deque<ByteBuf> held = new ArrayDeque<>();
    int hold;

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      if (in.readableBytes() < 4 || in.readableBytes() < 4 + in.getInt(in.readerIndex())) {
        return;
      }
      ByteBuf message = in.readSlice(4 + in.getInt(in.readerIndex()));
      held.add(message.retain());
      while (held.size() > hold) {
        take(held.remove());
      }
    }

    void take(ByteBuf message) {
      read.add(message.readInt());
      byte first = message.getByte(message.readerIndex());
      while (message.isReadable()) {
        if (message.readByte() != first++) {
          throw new AssertionError("not what was sent");
        }
      }
      message.release();
    }
  }

  @BeforeEach
  void open() {
    StreamMemory.give(channel);
    channel.pipeline().addLast(messages);
    StreamMemory memory = channel.config().getRecvByteBufAllocator();
    reads = memory.newHandle();
  }

  @AfterEach
  void shouldLeaveNothing() {
    messages.held.forEach(messages::take);
    channel.finishAndReleaseAll();
    assertThat(given).allMatch(memory -> memory.refCnt() == 0);
  }

  private void send(int length) {
    socket.writeInt(length);
    byte value = (byte) random.nextInt();
    for (int i = 0; i < length; i++) {
      socket.writeByte(value++);
    }
  }

  /** As a channel reads: at most so many bytes at once, as long as there are some. */
  private void receive(int most) {
    reads.reset(channel.config());
    while (socket.isReadable()) {
      ByteBuf into = reads.allocate(PooledByteBufAllocator.DEFAULT);
      given.add(into);
      reads.attemptedBytesRead(into.writableBytes());
      int bytes = Math.min(Math.min(most, socket.readableBytes()), into.writableBytes());
      into.writeBytes(socket, bytes);
      reads.lastBytesRead(bytes);
      channel.pipeline().fireChannelRead(into);
    }
    reads.readComplete();
    channel.pipeline().fireChannelReadComplete();
    socket.clear();
  }

  @Test
  void shouldReadWhatComesInPartsOfAnySize() {
    StreamMemory.begin(channel, messages);
    List<Integer> sent = new ArrayList<>();
    for (int round = 0; round < 1000; round++) {
      messages.hold = random.nextInt(10);
      // Quiet and busy times, so that it changes between its two kinds of buffers.
      boolean busy = round / 100 % 2 == 0;
      for (int i = random.nextInt(busy ? 8 : 2); i >= 0; i--) {
        int length = 1 + random.nextInt(busy ? 64 << 10 : 300);
        send(length);
        sent.add(length);
      }
      receive(1 + random.nextInt(busy ? 150 << 10 : 200));
    }
    messages.held.forEach(messages::take);
    messages.held.clear();
    assertThat(messages.read).isEqualTo(sent);
  }

  @Test
  void shouldReadWhatWasBegunBeforeTheStreams() {
    for (int i = 0; i < 100; i++) {
      send(60_000);
      // A rest of some bytes, always.
      int whole = socket.writerIndex();
      socket.writerIndex(whole - 10 + (i & 7));
      ByteBuf rest = socket.copy(socket.writerIndex(), whole - socket.writerIndex());
      receive(10_000 + i * 1000);
      socket.writeBytes(rest);
      rest.release();
      if (i == 50) {
        StreamMemory.begin(channel, messages);
      }
    }
    receive(100);
    assertThat(messages.read).hasSize(100).containsOnly(60_000);
  }

  @Test
  void shouldGiveItsBufferBackWhenLittleComes() {
    StreamMemory.begin(channel, messages);
    for (int i = 0; i < 20; i++) {
      send(60_000);
      receive(100_000);
    }
    given.clear();
    for (int i = 0; i < 20; i++) {
      send(300);
      receive(100_000);
    }

    assertThat(given).filteredOn(memory -> memory.capacity() < StreamMemory.BYTES).isNotEmpty();
    assertThat(given).allMatch(memory -> memory.refCnt() == 0);
  }

  @Test
  void shouldHaveNoMoreLargeBuffersThanAProcessCanSpare() {
    List<EmbeddedChannel> channels = new ArrayList<>();
    for (int i = 0; i < StreamMemory.MOST; i++) {
      channels.add(new EmbeddedChannel());
      assertThat(busyBuffer(channels.get(i))).isEqualTo(StreamMemory.BYTES);
    }
    EmbeddedChannel late = new EmbeddedChannel();
    assertThat(busyBuffer(late)).isLessThan(StreamMemory.BYTES);

    channels.forEach(EmbeddedChannel::finishAndReleaseAll);
    assertThat(busyBuffer(channel)).isEqualTo(StreamMemory.BYTES);
  }

  /** The size of the buffer that a channel with much to read gets. */
  private static int busyBuffer(EmbeddedChannel busy) {
    StreamMemory.give(busy);
    StreamMemory memory = busy.config().getRecvByteBufAllocator();
    StreamMemory.begin(busy, new Messages());
    RecvByteBufAllocator.ExtendedHandle reads = memory.newHandle();
    int size = 0;
    for (int i = 0; i < 10; i++) {
      reads.reset(busy.config());
      ByteBuf into = reads.allocate(PooledByteBufAllocator.DEFAULT);
      size = into.capacity();
      reads.attemptedBytesRead(into.writableBytes());
      reads.lastBytesRead(into.writableBytes());
      reads.readComplete();
      into.release();
    }
    return size;
  }

  @Test
  void shouldReadABusyStreamInOneBuffer() {
    StreamMemory.begin(channel, messages);
    for (int i = 0; i < 100; i++) {
      send(60_000);
      receive(20_000);
    }
    given.clear();
    for (int i = 0; i < 1000; i++) {
      send(60_000);
      receive(20_000);
    }
    assertThat(given).hasSize(1);
    assertThat(messages.read).hasSize(1100).containsOnly(60_000);
  }
}
