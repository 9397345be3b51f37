package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.Alarm;
import dev.weft.mesh.link.FrameLabel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Frames as lines of text on a serial line, among lines that are for the log. A frame of up to 160
 * bytes is one line, a longer one goes in fragments, which are acknowledged; see {@link
 * SerialLine}.
 *
 * <p>Short frames go before fragments, so that a ping does not wait for a long frame. What waits is
 * at most what the line carries in a second; beyond that, frames are dropped.
 */
final class SerialTransport extends ByteStreamTransport implements SerialReader.Output {
  /** A start bit, eight, and a stop bit. */
  private static final int BITS_PER_BYTE = 10;

  /** Lines that go before fragments, at a time: a flood of them does not keep fragments back. */
  private static final int SHORT_RUN = 4;

  /** For the other end to turn round, beyond what the line takes. */
  private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private final Consumer<String> log;
  private final int bytesPerSecond;

  /** Bytes that may wait: a second's, and one frame on the slowest line. */
  private final int mayWait;

  /**
   * Bytes that are given to the stream at a time: they keep the line busy, and nothing overtakes
   * them.
   */
  private final int ahead;

  private final SerialReader lines = new SerialReader(this);
  private final FragmentAssembler assembler = new FragmentAssembler();
  private final FragmentSender fragments;
  private final Alarm alarm;
  private final Deque<byte[]> shortLines = new ArrayDeque<>();
  private int shortBytes;
  private int shortRun;
  private long refused;
  private volatile long dropped;

  /**
   * @param speed of the line, bits a second
   * @param firstNumber of the frames that go in fragments; random
   * @param log gets the lines that are not for this node
   */
  SerialTransport(
      FarEnd farEnd, ByteStream stream, int speed, int firstNumber, Consumer<String> log) {
    super(farEnd, stream);
    this.log = log;
    this.bytesPerSecond = Math.max(1, speed / BITS_PER_BYTE);
    int fragmentLine = SerialLine.lineLength(Fragment.SIZE);
    this.mayWait = Math.max(bytesPerSecond, Fragment.count(FrameLabel.MAX_FRAME) * fragmentLine);
    this.ahead = Math.max(bytesPerSecond / 4, fragmentLine);
    this.fragments = new FragmentSender(firstNumber);
    this.alarm = new Alarm(loop().netty(), this::deadline, this::expire);
  }

  @Override
  public long dropped() {
    return dropped;
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    byte[] read = ByteBufUtil.getBytes(bytes);
    lines.read(read, 0, read.length);
    count();
  }

  @Override
  public void onText(String text) {
    log.accept(text);
  }

  @Override
  public void onLine(SerialLine line) {
    switch (line.kind()) {
      case FRAME -> give(line.body());
      case FRAGMENT -> Fragment.parse(line.body()).ifPresentOrElse(this::onFragment, this::drop);
      case ACKNOWLEDGEMENT ->
          FragmentAck.parse(line.body()).ifPresentOrElse(fragments::acknowledged, this::drop);
    }
  }

  private void onFragment(Fragment fragment) {
    FragmentAssembler.Added added = assembler.add(fragment);
    added.answer().ifPresent(ack -> sendShort(ack.line()));
    added.frame().ifPresent(this::give);
  }

  private void give(byte[] frame) {
    if (!stands()) {
      return;
    }
    if (frame.length > FrameLabel.MAX_FRAME) {
      drop();
    } else {
      receiver().onFrame(Unpooled.wrappedBuffer(frame));
    }
  }

  @Override
  public void onPause() {
    if (stands()) {
      receiver().onIdle();
      pump();
    }
  }

  @Override
  public void onDrained() {
    pump();
  }

  @Override
  public void send(ByteBuf frame) {
    int length = frame.readableBytes();
    if (!stands() || length < 1 || length > FrameLabel.MAX_FRAME) {
      drop();
    } else if (length <= Fragment.SIZE) {
      sendShort(new SerialLine(SerialLine.Kind.FRAME, ByteBufUtil.getBytes(frame)));
    } else if (waiting() + Fragment.count(length) * SerialLine.lineLength(Fragment.SIZE)
        > mayWait) {
      drop();
    } else {
      fragments.offer(ByteBufUtil.getBytes(frame));
    }
    frame.release();
  }

  private void sendShort(SerialLine line) {
    byte[] bytes = line.bytes();
    if (waiting() + bytes.length > mayWait) {
      drop();
    } else {
      shortLines.add(bytes);
      shortBytes += bytes.length;
    }
  }

  /** Bytes on the line that were taken and have not been sent. */
  private int waiting() {
    return stream.unsent() + shortBytes + fragments.unsent() * SerialLine.lineLength(Fragment.SIZE);
  }

  private void drop() {
    refused++;
    count();
  }

  private void count() {
    dropped = refused + fragments.dropped() + lines.damaged();
  }

  @Override
  public void flush() {
    pump();
  }

  /** Gives the stream what it needs to be busy. */
  private void pump() {
    while (stands() && stream.unsent() < ahead) {
      byte[] line = next();
      if (line == null) {
        break;
      }
      stream.write(Unpooled.wrappedBuffer(line));
    }
    alarm.check();
  }

  private byte[] next() {
    if (!shortLines.isEmpty() && shortRun < SHORT_RUN) {
      return nextShort();
    }
    shortRun = 0;
    Optional<Fragment> fragment = fragments.next(System.nanoTime(), patience());
    if (fragment.isPresent()) {
      return fragment.get().line().bytes();
    }
    return shortLines.isEmpty() ? null : nextShort();
  }

  private byte[] nextShort() {
    byte[] line = shortLines.remove();
    shortBytes -= line.length;
    shortRun++;
    return line;
  }

  /** How long an answer may take to what is sent now: behind what both ends have sent ahead. */
  private long patience() {
    long bytes = stream.unsent() + ahead + 2L * SerialLine.lineLength(Fragment.SIZE);
    return TURN_NANOS + TimeUnit.SECONDS.toNanos(bytes) / bytesPerSecond;
  }

  private long deadline() {
    return stands() ? fragments.deadline() : Long.MAX_VALUE;
  }

  private void expire() {
    fragments.expire(System.nanoTime());
    count();
    pump();
  }

  @Override
  void release() {
    alarm.stop();
    shortLines.clear();
  }
}
