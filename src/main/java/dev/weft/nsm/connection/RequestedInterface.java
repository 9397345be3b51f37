package dev.weft.nsm.connection;

import dev.weft.bus.Fault;
import dev.weft.nsm.proto.Interface;
import dev.weft.nsm.proto.InterfacePreference;
import dev.weft.nsm.proto.InterfaceType;
import java.util.List;

/** An interface type that a client or an endpoint named, and the preference for it. */
public record RequestedInterface(InterfaceType type, InterfacePreference preference) {
  public static final RequestedInterface DEFAULT =
      new RequestedInterface(InterfaceType.DEFAULT_INTERFACE, InterfacePreference.NO_PREFERENCE);

  private static final int MAX_WISHES = 16;

  /** The interfaces of a message; INVALID for values that the protocol does not define. */
  public static List<RequestedInterface> of(List<Interface> interfaces) {
    if (interfaces.size() > MAX_WISHES) {
      throw Fault.invalid("interface", interfaces.size() + " of them", "at most " + MAX_WISHES);
    }
    for (Interface i : interfaces) {
      if (i.getType() == InterfaceType.UNRECOGNIZED
          || i.getPreference() == InterfacePreference.UNRECOGNIZED) {
        throw Fault.invalid(
            "interface",
            "type " + i.getTypeValue() + " preference " + i.getPreferenceValue(),
            "a type of 0..5 and a preference of 0..5");
      }
    }
    return interfaces.stream()
        .map(i -> new RequestedInterface(i.getType(), i.getPreference()))
        .toList();
  }

  public Interface message() {
    return Interface.newBuilder().setType(type).setPreference(preference).build();
  }
}
