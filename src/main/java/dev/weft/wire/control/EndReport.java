package dev.weft.wire.control;

import dev.weft.pod.PodRef;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.WireState;
import dev.weft.wire.control.WireLife.Report;
import dev.weft.wire.kernel.EndState;
import java.util.Optional;

/** A wire's state as users see it: what its nodes have made of it, and what the pods have. */
final class EndReport {
  private EndReport() {}

  static Report of(WireSpec spec, Report nodes, EndWords words) {
    if (spec.cut()) {
      return new Report(WireState.DOWN, "cut by command");
    }
    if (nodes.state() != WireState.UP) {
      return nodes;
    }
    if (words.isOwnDown() || words.isPeerDown()) {
      return new Report(WireState.DOWN, down(spec, words));
    }
    return new Report(
        WireState.UP,
        odd(spec, spec.local(), words.own())
            .or(() -> odd(spec, spec.peer(), words.peer()))
            .orElse(null));
  }

  private static String down(WireSpec spec, EndWords words) {
    String here = name(spec.local());
    String there = name(spec.peer());
    if (words.isOwnDown() && words.isPeerDown()) {
      return here + " and " + there + " are down";
    }
    return (words.isOwnDown() ? here : there) + " is down";
  }

  /** A vxlan and a macvlan have the MTU that what carries them leaves. */
  private static Optional<String> odd(WireSpec spec, WireSpec.End end, Optional<EndState> state) {
    boolean fixed = spec.kind() != WireKind.VXLAN && spec.kind() != WireKind.MACVLAN;
    return state
        .filter(s -> fixed && s.mtu() != spec.mtu())
        .map(s -> name(end) + " has MTU " + s.mtu() + " (expected: " + spec.mtu() + ")");
  }

  private static String name(WireSpec.End end) {
    PodRef pod = end.pod();
    return end.intf() + " of " + pod;
  }
}
