package dev.weft.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.weft.bus.Fault;

/** That an end is an interface which is there, as a physical NIC or a VLAN of one, and stays. */
public enum NicUse {
  /** Unless this node's own traffic goes over it. */
  USE("use"),
  /** In any case. */
  USE_UNDERLAY("use-underlay");

  /** The expected values, as a message lists them. */
  public static final String EXPECTED = "use or use-underlay";

  private final String text;

  NicUse(String text) {
    this.text = text;
  }

  @JsonCreator
  public static NicUse parse(String text) {
    for (NicUse use : values()) {
      if (use.text.equals(text)) {
        return use;
      }
    }
    throw Fault.invalid("nic", text, EXPECTED);
  }

  @JsonValue
  @Override
  public String toString() {
    return text;
  }
}
