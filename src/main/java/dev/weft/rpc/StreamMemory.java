package dev.weft.rpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.ByteToMessageDecoder.Cumulator;
import io.netty.util.UncheckedBooleanSupplier;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory that a connection is read into. While much comes over a connection that carries
 * streams of frames, one read follows the other in the same buffer, so that a DATA frame is read
 * where it lies, whole, although it came in parts; Netty would copy what it has of a frame with
 * each part that comes. One per channel, on its loop.
 */
final class StreamMemory extends DefaultMaxMessagesRecvByteBufAllocator {
  /**
   * A buffer. What is unread when it is full is copied to the next one, once. Small enough that
   * TLS's, which are of the same size, find room beside it in a chunk of Netty's: else the pool
   * makes a chunk for each of them, and fills it with zeros.
   */
  static final int BYTES = 256 << 10;

  /** Buffers of all connections; one that finds no more has small buffers, as others have. */
  static final int MOST = 64;

  private static final AtomicInteger LIVE = new AtomicInteger();

  /** Reads before others of the event loop get their turn, as Netty has it for other channels. */
  private static final int READS = 16;

  /** With less room a new buffer is taken. */
  private static final int LEAST_ROOM = 64 << 10;

  /** From this size of reads on; below, the buffers have the size of what comes. */
  private static final int LARGE_READ = 32 << 10;

  private final ExtendedHandle sizes =
      (ExtendedHandle) new AdaptiveRecvByteBufAllocator().newHandle();
  private boolean streams;

  /** Also held by whoever reads it; null for none. */
  private ByteBuf memory;

  /** The one before, if {@link #memory} begins with what was unread in it. */
  private ByteBuf before;

  private StreamMemory() {
    super(READS);
  }

  /** For a channel that is not registered yet. */
  static void give(Channel channel) {
    channel.config().setRecvByteBufAllocator(new StreamMemory());
  }

  /**
   * The channel carries streams of frames from now on.
   *
   * @param first the first handler that takes what was read apart
   */
  static void begin(Channel channel, ByteToMessageDecoder first) {
    if (channel.config().getRecvByteBufAllocator() instanceof StreamMemory memory
        && !memory.streams) {
      memory.streams = true;
      first.setCumulator(memory.cumulator());
      channel.closeFuture().addListener(closed -> memory.end());
    }
  }

  @SuppressWarnings("ReferenceEquality") // Equal buffers hold equal bytes.
  private Cumulator cumulator() {
    return (allocator, unread, read) -> {
      if (unread != read && unread == before && read == memory) {
        before = null;
        unread.release();
        return read;
      }
      return ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(allocator, unread, read);
    };
  }

  @Override
  public ExtendedHandle newHandle() {
    return new Reads();
  }

  private ByteBuf next(ByteBufAllocator allocator) {
    if (!streams || sizes.guess() < LARGE_READ) {
      drop();
      return sizes.allocate(allocator);
    }
    if (memory == null) {
      if (LIVE.incrementAndGet() > MOST) {
        LIVE.decrementAndGet();
        return sizes.allocate(allocator);
      }
      memory = allocator.directBuffer(BYTES, BYTES);
    } else if (memory.refCnt() == 1 && !memory.isReadable()) {
      memory.clear();
    } else if (memory.writableBytes() < LEAST_ROOM) {
      ByteBuf full = memory;
      memory = allocator.directBuffer(BYTES, BYTES);
      before = null;
      if (full.isReadable()) {
        memory.writeBytes(full, full.readerIndex(), full.readableBytes());
        before = full;
      }
      full.release();
    }
    return memory.retain();
  }

  private void end() {
    streams = false;
    drop();
  }

  private void drop() {
    if (memory != null) {
      LIVE.decrementAndGet();
      memory.release();
      memory = null;
      before = null;
    }
  }

  private final class Reads extends MaxMessageHandle {
    @Override
    public ByteBuf allocate(ByteBufAllocator allocator) {
      return next(allocator);
    }

    /** One read into a large buffer may be much already. */
    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
      return memory == null && super.continueReading(maybeMore);
    }

    @Override
    public void reset(ChannelConfig config) {
      sizes.reset(config);
      super.reset(config);
    }

    @Override
    public int guess() {
      return sizes.guess();
    }

    @Override
    public void attemptedBytesRead(int bytes) {
      sizes.attemptedBytesRead(bytes);
      super.attemptedBytesRead(bytes);
    }

    @Override
    public void lastBytesRead(int bytes) {
      sizes.lastBytesRead(bytes);
      super.lastBytesRead(bytes);
    }

    @Override
    public void readComplete() {
      sizes.readComplete();
      super.readComplete();
    }
  }
}
