package dev.weft.wire.meshnet;

import dev.weft.address.IpAddress;
import dev.weft.bus.Fault;
import dev.weft.rpc.Caller;

/**
 * The address that identifies a foreign daemon.
 *
 * @param text canonical, so that equal addresses are equal texts
 */
public record PeerAddress(String text) {
  /** INVALID names the field if the text is no IP address. */
  public static PeerAddress parse(String field, String text) {
    try {
      return new PeerAddress(IpAddress.format(IpAddress.parse(text)));
    } catch (IllegalArgumentException e) {
      throw Fault.invalid(field, text, "an IPv4 or IPv6 address");
    }
  }

  public static PeerAddress of(Caller caller) {
    String address = caller.address();
    int zone = address.indexOf('%');
    return parse("caller", zone < 0 ? address : address.substring(0, zone));
  }

  /** False for nodes of other meshes: certificates identify them. */
  public boolean isOf(Caller caller) {
    return !caller.external() && equals(of(caller));
  }

  @Override
  public String toString() {
    return text;
  }
}
