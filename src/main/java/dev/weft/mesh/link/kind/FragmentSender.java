package dev.weft.mesh.link.kind;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Sends frames as fragments until they are acknowledged, a bounded number of frames at a time. What
 * is not acknowledged is sent again, {@value #MAX_ROUNDS} times in all; then the frame is dropped.
 * Pure: the caller tells the time, in nanoseconds.
 */
final class FragmentSender {
  static final int MAX_ROUNDS = 4;

  /** Frames that may be unacknowledged; fewer than the receiver keeps. */
  private static final int MAX_UNDERWAY = 16;

  private static final class Frame {
    final int number;
    final byte[] bytes;
    final int all;

    /** By index, those to be sent, and those that have arrived. */
    int toSend;

    int arrived;
    int rounds = 1;

    /** When what has not arrived is sent again; far away while some is still to be sent. */
    long due = Long.MAX_VALUE;

    Frame(int number, byte[] bytes) {
      this.number = number;
      this.bytes = bytes;
      this.all = (1 << Fragment.count(bytes.length)) - 1;
      this.toSend = all;
    }
  }

  private final Map<Integer, Frame> underway = new LinkedHashMap<>();
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private int waitingFragments;
  private int next;
  private long dropped;

  /**
   * @param first number of a frame; a random one, so that frames of a former sender are not
   *     confused with this one's
   */
  FragmentSender(int first) {
    this.next = first;
  }

  /** Takes a frame that is longer than a fragment. */
  void offer(byte[] frame) {
    waiting.add(frame);
    waitingFragments += Fragment.count(frame.length);
    fill();
  }

  private void fill() {
    while (underway.size() < MAX_UNDERWAY && !waiting.isEmpty()) {
      byte[] frame = waiting.remove();
      waitingFragments -= Fragment.count(frame.length);
      underway.put(next, new Frame(next, frame));
      next++;
    }
  }

  /** Fragments that were not sent, or are to be sent again. */
  int unsent() {
    int count = waitingFragments;
    for (Frame frame : underway.values()) {
      count += Integer.bitCount(frame.toSend);
    }
    return count;
  }

  /**
   * The next fragment to send.
   *
   * @param patience how long its acknowledgement may take, nanoseconds
   */
  Optional<Fragment> next(long now, long patience) {
    for (Frame frame : underway.values()) {
      if (frame.toSend != 0) {
        int index = Integer.numberOfTrailingZeros(frame.toSend);
        frame.toSend &= ~(1 << index);
        if (frame.toSend == 0) {
          frame.due = now + patience;
        }
        return Optional.of(Fragment.of(frame.number, frame.bytes, index));
      }
    }
    return Optional.empty();
  }

  void acknowledged(FragmentAck ack) {
    Frame frame = underway.get(ack.frame());
    if (frame == null) {
      return;
    }
    frame.arrived |= ack.arrived() & frame.all;
    if (frame.arrived == frame.all) {
      underway.remove(frame.number);
      fill();
    } else if (frame.toSend == 0) {
      // The receiver has seen the last fragment and tells what it lacks.
      again(frame);
    }
  }

  /** Sends again what is due, and drops what was sent often enough. */
  void expire(long now) {
    for (Iterator<Frame> all = underway.values().iterator(); all.hasNext(); ) {
      Frame frame = all.next();
      if (frame.due - now <= 0 && frame.due != Long.MAX_VALUE) {
        if (frame.rounds < MAX_ROUNDS) {
          again(frame);
        } else {
          all.remove();
          dropped++;
        }
      }
    }
    fill();
  }

  private static void again(Frame frame) {
    if (frame.rounds < MAX_ROUNDS) {
      frame.rounds++;
      frame.toSend = frame.all & ~frame.arrived;
      frame.due = Long.MAX_VALUE;
    }
  }

  /** When {@link #expire} is due; {@link Long#MAX_VALUE} for never. */
  long deadline() {
    long first = Long.MAX_VALUE;
    for (Frame frame : underway.values()) {
      if (frame.due != Long.MAX_VALUE && (first == Long.MAX_VALUE || frame.due - first < 0)) {
        first = frame.due;
      }
    }
    return first;
  }

  /** Frames that were given up. */
  long dropped() {
    return dropped;
  }
}
