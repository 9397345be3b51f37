package dev.weft.wire.path;

import java.util.Locale;

/** Why a frame was lost on this node. */
public enum DropCause {
  /** The packet socket's buffer, or the queue of the pod's interface, was full. */
  QUEUE,
  /** Longer than a batch's slot, or than the pod's interface takes. */
  TOO_LONG,
  /** No Ethernet frame, or its offload header does not fit it. */
  MALFORMED,
  /** The wire's filter, the peer's daemon or the kernel does not take it. */
  REFUSED;

  /** As in metrics. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
