package dev.weft.topology;

import dev.weft.address.Cidr;
import dev.weft.address.Mac;
import dev.weft.bus.WeftException;
import dev.weft.linux.InterfaceName;
import dev.weft.pod.PodRef;
import dev.weft.wire.NicUse;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import java.util.Locale;
import java.util.stream.Stream;

/** The fields of a link, each checked for type and value; a wrong one is a fault and null. */
final class LinkFields {
  /** Numbers above it do not survive JSON in every reader. */
  static final long MAX_UID = (1L << 53) - 1;

  static final String INTERFACE = "an interface name: " + InterfaceName.EXPECTED;

  private static final String ADDRESS =
      "an address and prefix length, as in 10.0.0.1/24 or 2001:db8::1/64";

  private LinkFields() {}

  static Long uid(DocumentNode node) {
    return node.number(0, MAX_UID);
  }

  static String intf(DocumentNode node) {
    String name = node.text();
    if (name == null) {
      if (node.value() == null) {
        node.wrong(INTERFACE);
      }
      return null;
    }
    try {
      return InterfaceName.check(name);
    } catch (IllegalArgumentException e) {
      node.wrong(INTERFACE);
      return null;
    }
  }

  /** A CIDR; an empty one is none. */
  static String address(DocumentNode node) {
    String text = node.text();
    if (text == null || text.isEmpty()) {
      return null;
    }
    if (Cidr.find(text).isEmpty()) {
      node.wrong(ADDRESS);
      return null;
    }
    return text;
  }

  /** A MAC in lower case; none is null. */
  static String mac(DocumentNode node) {
    String mac = node.text();
    if (mac == null || Mac.isOfInterface(mac)) {
      return mac == null ? null : mac.toLowerCase(Locale.ROOT);
    }
    node.wrong("a MAC address of one interface, as in 02:00:00:00:00:01");
    return null;
  }

  /** A name beside the interface's; none is null. */
  static String name(DocumentNode node) {
    String name = node.text();
    try {
      return name == null ? null : InterfaceName.checkOther(name);
    } catch (IllegalArgumentException e) {
      node.wrong(InterfaceName.EXPECTED_OTHER);
      return null;
    }
  }

  /** How an interface that is there is used; none is null. */
  static String nic(DocumentNode node) {
    String nic = node.text();
    if (nic != null && Stream.of(NicUse.values()).noneMatch(use -> use.toString().equals(nic))) {
      node.wrong(NicUse.EXPECTED);
      return null;
    }
    return nic;
  }

  /** Whether the ends are made before they can be joined; none is null. */
  static Boolean open(DocumentNode node) {
    if (node.value() == null || node.value() instanceof Boolean) {
      return (Boolean) node.value();
    }
    node.wrong("true or false");
    return null;
  }

  /** Notes what is asked of an interface that stays as it is. */
  static void checkUntouched(String nic, DocumentNode... changes) {
    for (DocumentNode change : changes) {
      if (nic != null && change.value() != null && !"".equals(change.value())) {
        change.wrong("none with nic: " + nic + ", since that interface stays as it is");
      }
    }
  }

  /** Notes what two ends may not have in common. */
  static void checkMacs(String one, DocumentNode otherNode, String other) {
    if (one != null && one.equalsIgnoreCase(other)) {
      otherNode.wrong("another MAC address than the other end's");
    }
  }

  /** Notes that a wire would send back what it brings, again and again. */
  static void checkUnderlay(String one, DocumentNode otherNode, String other) {
    String underlay = NicUse.USE_UNDERLAY.toString();
    if (underlay.equals(one) && underlay.equals(other)) {
      otherNode.wrong(
          NicUse.USE
              + ", since the other end is "
              + underlay
              + ": the wire's own packets would cross it without end");
    }
  }

  static Integer mtu(DocumentNode node) {
    if (node.value() == null) {
      return null;
    }
    Long mtu = node.number(WireSpec.MIN_MTU, WireSpec.MAX_MTU);
    return mtu == null ? null : Integer.valueOf(mtu.intValue());
  }

  static String kind(DocumentNode node) {
    String kind = node.text();
    if (kind != null && Stream.of(WireKind.values()).noneMatch(k -> k.toString().equals(kind))) {
      node.wrong(WireKind.EXPECTED);
      return null;
    }
    return kind;
  }

  static String podName(DocumentNode node) {
    String name = node.text();
    if (name == null) {
      if (node.value() == null) {
        node.wrong("a pod's name");
      }
      return null;
    }
    PodRef pod = pod(node, PodRef.DEFAULT_NAMESPACE, name);
    return pod == null ? null : name;
  }

  /** The pod, null and a fault if its name is none. */
  static PodRef pod(DocumentNode node, String ns, String name) {
    try {
      return new PodRef(ns, name);
    } catch (WeftException e) {
      node.faults().add(node.path(), e.getMessage());
      return null;
    }
  }
}
