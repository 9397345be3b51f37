package dev.weft.wire.meshnet;

import dev.weft.linux.InterfaceName;
import dev.weft.pod.PodRef;
import dev.weft.wire.WireSpec;
import dev.weft.wire.proto.WireDef;

/**
 * The key of a meshnet wire end.
 *
 * @param uid the link's number, unique among the links of its pods
 * @param intf the interface's name in the pod
 */
record EndKey(PodRef pod, long uid, String intf) {
  /** The namespace in lists of wires; no topology's namespace begins with a tilde. */
  static final String NAMESPACE = "~meshnet";

  /** The end that a call is about; INVALID names a wrong field. */
  static EndKey of(WireDef def) {
    String intf = Field.read("intf_name_in_pod", def.getIntfNameInPod(), InterfaceName::check);
    return new EndKey(podOf(def), def.getLinkUid(), intf);
  }

  static PodRef podOf(WireDef def) {
    return podOf(def.getTopoNs(), def.getLocalPodName());
  }

  static PodRef podOf(String ns, String name) {
    return new PodRef(ns.isEmpty() ? PodRef.DEFAULT_NAMESPACE : ns, name);
  }

  /** The wire's id, 16 hex digits. */
  String id() {
    return WireSpec.idOf(NAMESPACE, uid, pod, intf, pod, intf);
  }

  @Override
  public String toString() {
    return pod + ":" + intf + " uid " + uid;
  }
}
