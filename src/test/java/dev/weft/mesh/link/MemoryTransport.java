package dev.weft.mesh.link;

import dev.weft.identity.NodeId;
import dev.weft.rpc.Loop;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A transport within this JVM: frames given to one end arrive at the other. */
public final class MemoryTransport implements Transport {
  /** Frames on their way to one end, at most; further ones are lost. */
  public static final int ROOM = 4096;

  /** Where and when the events of one end happen. */
  private interface Scheduler {
    void after(long nanos, Runnable work);
  }

  private final String remote;
  private final Loop loop;
  private final Scheduler scheduler;
  private final Impairment impairment;
  private final AtomicInteger onTheirWay = new AtomicInteger();
  private final Queue<ByteBuf> early = new ArrayDeque<>();
  private MemoryTransport other;
  private Optional<NodeId> proven = Optional.empty();
  private Receiver receiver;
  private boolean idleDue;
  private boolean closed;

  private MemoryTransport(String remote, Loop loop, Scheduler scheduler, Impairment impairment) {
    this.remote = remote;
    this.loop = loop;
    this.scheduler = scheduler;
    this.impairment = impairment;
  }

  /** Two ends. */
  public record Pair(MemoryTransport a, MemoryTransport b) {}

  private static Pair joined(MemoryTransport a, MemoryTransport b) {
    a.other = b;
    b.other = a;
    return new Pair(a, b);
  }

  /** Two ends, each on its loop, with what happens to frames from a to b and from b to a. */
  public static Pair on(Loop a, Loop b, Impairment toB, Impairment toA) {
    return joined(
        new MemoryTransport("memory:b", a, real(a), toB),
        new MemoryTransport("memory:a", b, real(b), toA));
  }

  private static Scheduler real(Loop loop) {
    return (nanos, work) -> {
      if (nanos == 0) {
        loop.run(work);
      } else {
        var unused = loop.netty().schedule(work, nanos, TimeUnit.NANOSECONDS);
      }
    };
  }

  /** Two ends in simulated time; they have no loop. */
  public static Pair on(SimulatedClock clock, Impairment toB, Impairment toA) {
    return joined(
        new MemoryTransport("memory:b", null, clock::after, toB),
        new MemoryTransport("memory:a", null, clock::after, toA));
  }

  @Override
  public String kind() {
    return "memory";
  }

  @Override
  public String remote() {
    return remote;
  }

  @Override
  public String seenFrom() {
    return "";
  }

  @Override
  public Optional<NodeId> proven() {
    return proven;
  }

  /** The other end has proved to be this node. */
  public MemoryTransport proved(NodeId node) {
    proven = Optional.of(node);
    return this;
  }

  @Override
  public Loop loop() {
    return loop;
  }

  @Override
  public void receive(Receiver to) {
    receiver = to;
    early.forEach(this::arrived);
    early.clear();
  }

  @Override
  public void send(ByteBuf frame) {
    if (closed) {
      frame.release();
      return;
    }
    impairment.pass(frame, 0, other::carry);
  }

  private void carry(ByteBuf frame, long nanos) {
    if (onTheirWay.incrementAndGet() > ROOM) {
      onTheirWay.decrementAndGet();
      frame.release();
      return;
    }
    scheduler.after(
        nanos,
        () -> {
          onTheirWay.decrementAndGet();
          arrived(frame);
        });
  }

  private void arrived(ByteBuf frame) {
    if (closed) {
      frame.release();
    } else if (receiver == null) {
      early.add(frame);
    } else {
      try {
        receiver.onFrame(frame);
      } finally {
        frame.release();
      }
      idle();
    }
  }

  private void idle() {
    if (!idleDue) {
      idleDue = true;
      scheduler.after(
          0,
          () -> {
            idleDue = false;
            if (!closed) {
              receiver.onIdle();
            }
          });
    }
  }

  @Override
  public void flush() {
    // Frames are on their way as soon as they are sent.
  }

  @Override
  public void close(String reason) {
    scheduler.after(0, () -> ended(reason));
    other.scheduler.after(0, () -> other.ended("the other end was closed: " + reason));
  }

  private void ended(String reason) {
    if (closed) {
      return;
    }
    closed = true;
    early.forEach(ByteBuf::release);
    early.clear();
    if (receiver != null) {
      receiver.onClosed(reason);
    }
  }
}
