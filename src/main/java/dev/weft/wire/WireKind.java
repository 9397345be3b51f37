package dev.weft.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.weft.bus.Fault;
import java.util.Locale;

/** How a wire's two ends are joined. */
public enum WireKind {
  /** Frames cross a gRPC stream between two nodes; the MTU is what the link asks for. */
  GRPC,
  /** Both pods are on this node: one veth pair. */
  VETH,
  /** A kernel VXLAN device in each pod, VNI 5000 + uid, as in meshnet. */
  VXLAN,
  /** Both ends are on this node, which passes frames between them itself. */
  PATCH,
  /** A macvlan interface on a device of the pod's node. */
  MACVLAN;

  /** The expected values, as a message lists them. */
  public static final String EXPECTED = "grpc, veth, vxlan, patch or macvlan";

  /** Whether both ends are on one node. */
  public boolean isOnOneNode() {
    return this == VETH || this == PATCH;
  }

  /** Whether the node reads and writes the frames, and counts them; else the kernel does. */
  public boolean isCarriedByNode() {
    return this == GRPC || this == PATCH;
  }

  @JsonCreator
  public static WireKind parse(String text) {
    for (WireKind kind : values()) {
      if (kind.toString().equals(text)) {
        return kind;
      }
    }
    throw Fault.invalid("kind", text, EXPECTED);
  }

  @JsonValue
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
