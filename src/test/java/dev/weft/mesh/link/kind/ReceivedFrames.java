package dev.weft.mesh.link.kind;

import dev.weft.mesh.link.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Notes what a transport gives. */
final class ReceivedFrames implements Transport.Receiver {
  private final Transport transport;
  private final List<byte[]> frames = Collections.synchronizedList(new ArrayList<>());
  private final List<String> reasons = new CopyOnWriteArrayList<>();
  private final AtomicInteger idle = new AtomicInteger();
  private final AtomicInteger elsewhere = new AtomicInteger();

  private ReceivedFrames(Transport transport) {
    this.transport = transport;
  }

  static ReceivedFrames of(Transport transport) {
    ReceivedFrames received = new ReceivedFrames(transport);
    transport.loop().run(() -> transport.receive(received));
    return received;
  }

  @Override
  public void onFrame(ByteBuf frame) {
    note();
    frames.add(ByteBufUtil.getBytes(frame));
  }

  @Override
  public void onIdle() {
    note();
    idle.incrementAndGet();
  }

  @Override
  public void onClosed(String reason) {
    note();
    reasons.add(reason);
  }

  private void note() {
    if (!transport.loop().netty().inEventLoop()) {
      elsewhere.incrementAndGet();
    }
  }

  List<byte[]> frames() {
    synchronized (frames) {
      return List.copyOf(frames);
    }
  }

  /** Why it was closed; one if all is well. */
  List<String> reasons() {
    return reasons;
  }

  int idle() {
    return idle.get();
  }

  /** How often it was called on another thread than the transport's loop. */
  int elsewhere() {
    return elsewhere.get();
  }
}
