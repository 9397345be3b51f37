package dev.weft.mesh.link;

/** Tells which control messages of the other end are new. The first has any number but zero. */
final class ControlReceiver {
  enum Verdict {
    /** To be processed, then acknowledged. */
    NEXT,
    /** Processed before, but the acknowledgement was lost: to be acknowledged only. */
    AGAIN,
    WRONG
  }

  private boolean begun;
  private long first;
  private long processed;

  Verdict of(long sequence) {
    if (!begun) {
      return sequence == 0 ? Verdict.WRONG : Verdict.NEXT;
    }
    if (sequence == processed) {
      return Verdict.AGAIN;
    }
    return sequence == processed + 1 ? Verdict.NEXT : Verdict.WRONG;
  }

  void processed(long sequence) {
    if (!begun) {
      begun = true;
      first = sequence;
    }
    processed = sequence;
  }

  /** Whether this is the number of the very first message. */
  boolean isFirst(long sequence) {
    return begun && sequence == first;
  }
}
