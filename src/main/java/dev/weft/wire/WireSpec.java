package dev.weft.wire;

import com.fasterxml.jackson.annotation.JsonIgnore;
import dev.weft.bus.Digest;
import dev.weft.bus.Fault;
import dev.weft.pod.PodRef;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a wire should be: the intent that this node keeps.
 *
 * @param id 16 hex digits, the same on both nodes
 * @param ns topology namespace
 * @param uid the link's number, unique among the links of its pods
 * @param mtu bytes of payload in a frame, {@value #MIN_MTU} to {@value #MAX_MTU}
 * @param local the end on this node
 * @param peer the other end; on this node too for a {@code veth} or {@code patch}
 * @param cut by command: it is to carry nothing, as a cable that was pulled
 */
public record WireSpec(
    String id, String ns, long uid, WireKind kind, int mtu, End local, End peer, boolean cut) {
  public static final int MIN_MTU = 68;
  public static final int MAX_MTU = 65535;

  public WireSpec {
    checkMtu(mtu);
  }

  /** A wire that is not cut. */
  public WireSpec(String id, String ns, long uid, WireKind kind, int mtu, End local, End peer) {
    this(id, ns, uid, kind, mtu, local, peer, false);
  }

  public WireSpec withCut(boolean isCut) {
    return new WireSpec(id, ns, uid, kind, mtu, local, peer, isCut);
  }

  /**
   * Whether it is a link of a topology, or a single one: other rooms' namespaces begin with a
   * tilde.
   */
  @JsonIgnore
  public boolean isOfTopology() {
    return !ns.startsWith("~");
  }

  /**
   * One end of a wire.
   *
   * @param intf the interface's name in the pod
   * @param address its address as CIDR, null for none
   * @param address6 another one, of IPv6, null for none
   * @param mac that the interface is to have, null for one that follows from the wire
   * @param name one more name of the interface, null for none
   * @param nic for an interface of the host that is there and stays as it is; null for one that is
   *     made
   * @param node id of the node the pod is registered on; null if there is none, and for a device of
   *     the other end's node
   */
  public record End(
      PodRef pod,
      String intf,
      String address,
      String address6,
      String mac,
      String name,
      NicUse nic,
      String node) {
    /** An end with the MAC that follows from its wire, and no second name. */
    public End(PodRef pod, String intf, String address, String address6, String node) {
      this(pod, intf, address, address6, null, null, null, node);
    }

    /** The same with one address, or none. */
    public End(PodRef pod, String intf, String address, String node) {
      this(pod, intf, address, null, node);
    }

    /** Whether the interface of this end can serve the other one as it is. */
    public boolean isMadeAlike(End other) {
      return isSameInterface(other)
          && Objects.equals(mac, other.mac)
          && Objects.equals(name, other.name)
          && nic == other.nic;
    }

    /** Its addresses as CIDR. */
    public List<String> addresses() {
      return Stream.of(address, address6).filter(Objects::nonNull).toList();
    }

    /** {@code default/r1:eth1}. */
    public String text() {
      return pod + ":" + intf;
    }

    /** Whether both ends name the same interface; addresses and nodes may differ. */
    public boolean isSameInterface(End other) {
      return pod.equals(other.pod) && intf.equals(other.intf);
    }
  }

  /** The same with another MTU. */
  public WireSpec withMtu(int other) {
    return new WireSpec(id, ns, uid, kind, other, local, peer, cut);
  }

  /** Whether only this node's end is there, and no node has the other one yet. */
  public boolean isOpen() {
    return kind == WireKind.GRPC && peer.node() == null;
  }

  /** Whether an end is that interface of the host, as it is. */
  public boolean hasNic(String interfaceName) {
    return nics().anyMatch(end -> end.intf().equals(interfaceName));
  }

  public boolean hasNic() {
    return nics().findAny().isPresent();
  }

  private Stream<End> nics() {
    return Stream.of(local, peer).filter(end -> end.nic() != null);
  }

  public static int checkMtu(int mtu) {
    if (mtu < MIN_MTU || mtu > MAX_MTU) {
      throw Fault.invalid("mtu", mtu, MIN_MTU + ".." + MAX_MTU);
    }
    return mtu;
  }

  /** The wire's id: both nodes derive the same one, whichever end is local to them. */
  public static String idOf(String ns, long uid, PodRef podA, String intfA, PodRef podB, String b) {
    String ends =
        Stream.of(podA + ":" + intfA, podB + ":" + b).sorted().collect(Collectors.joining("\0"));
    return Digest.id(ns + "\0" + uid + "\0" + ends);
  }

  /**
   * The MAC address of an end's interface, unless it asks for one: an interface that is created
   * again has the same one, so that the other pod's neighbour table stays right. Unicast, locally
   * administered (IEEE 802).
   */
  public String macOf(End end) {
    if (end.mac() != null) {
      return end.mac();
    }
    byte[] mac = Arrays.copyOf(Digest.of(id + "\0" + end.text()), 6);
    mac[0] = (byte) ((mac[0] & 0xfc) | 0x02);
    return HexFormat.ofDelimiter(":").formatHex(mac);
  }
}
