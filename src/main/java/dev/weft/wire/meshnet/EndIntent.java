package dev.weft.wire.meshnet;

import dev.weft.address.IpAddress;
import dev.weft.pod.PodRef;
import dev.weft.wire.WireKind;
import dev.weft.wire.WireSpec;
import dev.weft.wire.proto.WireDef;

/**
 * A wire end that meshnet's plugin or a foreign daemon asked for; kept in the store, so that its
 * ids stay valid over a restart.
 *
 * @param netns the pod's namespace, as given
 * @param peer address of the other end's daemon
 * @param peerId interface id there, 0 while the other end is gone
 * @param interfaceId of this end
 * @param alias index that the end had on the host, by which its peer may know it; 0 for none
 * @param mtu of the pod's interface
 */
record EndIntent(
    EndKey key,
    String netns,
    String address,
    PeerAddress peer,
    long peerId,
    long interfaceId,
    int alias,
    int mtu) {

  /** Whether a call that leaves fields empty, as the plugin does, means this end. */
  boolean matches(WireDef def) {
    boolean samePod = def.getLocalPodName().isEmpty() || EndKey.podOf(def).equals(key.pod());
    boolean sameNetns = def.getLocalPodNetNs().isEmpty() || def.getLocalPodNetNs().equals(netns);
    boolean sameIntf =
        def.getIntfNameInPod().isEmpty() || def.getIntfNameInPod().equals(key.intf());
    boolean sameNs = def.getTopoNs().isEmpty() || def.getTopoNs().equals(key.pod().ns());
    return samePod && sameNetns && sameIntf && sameNs;
  }

  /** The end that a call asks for, without ids and MTU; INVALID names a wrong field. */
  static EndIntent asked(WireDef def) {
    return new EndIntent(
        EndKey.of(def),
        def.getLocalPodNetNs(),
        def.getLocalPodIp(),
        PeerAddress.parse("peer_node_ip", def.getPeerNodeIp()),
        def.getWireIfIdOnPeerNode(),
        0,
        0,
        WireSpec.MAX_MTU);
  }

  EndIntent with(long newInterfaceId, int newAlias, int newMtu) {
    return new EndIntent(key, netns, address, peer, peerId, newInterfaceId, newAlias, newMtu);
  }

  EndIntent at(PeerAddress newPeer, long newPeerId) {
    return new EndIntent(key, netns, address, newPeer, newPeerId, interfaceId, alias, mtu);
  }

  /**
   * The end as a wire; the address of the peer's daemon stands for the other pod's unknown name.
   */
  WireSpec spec(String self) {
    String daemon = peer.text().contains(":") ? "ip6-" + expanded().replace(':', '-') : peer.text();
    return new WireSpec(
        key.id(),
        EndKey.NAMESPACE,
        key.uid(),
        WireKind.GRPC,
        mtu,
        new WireSpec.End(key.pod(), key.intf(), address.isEmpty() ? null : address, self),
        new WireSpec.End(
            new PodRef(key.pod().ns(), daemon), String.valueOf(peerId), null, peer.text()));
  }

  private String expanded() {
    return IpAddress.parse(peer.text()).getHostAddress();
  }
}
