package dev.weft.nsm.endpoint;

import dev.weft.bus.Fault;
import dev.weft.config.NsmConfig;
import dev.weft.linux.Netns;
import dev.weft.nsm.Endpoint;
import dev.weft.nsm.connection.ClientPod;
import dev.weft.nsm.connection.Names;
import dev.weft.nsm.connection.NamespaceReferences;
import dev.weft.nsm.connection.RequestedInterface;
import dev.weft.nsm.proto.NetworkServiceEndpoint;
import dev.weft.pod.Pod;
import dev.weft.rpc.UnixPeer;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Decides who may request and who may advertise a service, by the caller's uid and pid. */
public final class Admission {
  private final NsmConfig config;

  public Admission(NsmConfig config) {
    this.config = config;
  }

  /** DENIED unless the caller is a process of that pod. */
  public void checkClient(UnixPeer peer, ClientPod pod) {
    checkUser(peer);
    if (NamespaceReferences.inodeOfProcess(peer.pid()) != pod.inode()) {
      throw Fault.DENIED.because(
          "caller: process "
              + peer.pid()
              + " (expected: one in the network namespace of pod "
              + pod.ref()
              + ", whose socket this is)");
    }
  }

  public void checkUser(UnixPeer peer) {
    if (peer.uid() != 0 && !config.clientUids().contains(peer.uid())) {
      throw Fault.DENIED.because(
          "caller: uid " + peer.uid() + " (expected: 0, or one of nsm.client-uids)");
    }
  }

  /** DENIED if {@code nsm.allow} names the service and not this caller. */
  public void checkMayAdvertise(UnixPeer peer, String service, Collection<Pod> pods) {
    List<String> allowed = config.advertisers(service);
    if (allowed.isEmpty() || allowed.contains(Integer.toString(peer.uid()))) {
      return;
    }
    long inode = NamespaceReferences.inodeOfProcess(peer.pid());
    Optional<String> pod =
        pods.stream()
            .filter(p -> NamespaceReferences.inodeIfThere(p.netns()) == inode)
            .map(p -> p.ref().toString())
            .findFirst();
    if (pod.isEmpty() || !allowed.contains(pod.get())) {
      throw Fault.DENIED.because(
          "service %s: advertised by uid %s%s (expected: one of nsm.allow: %s)"
              .formatted(
                  service,
                  peer.uid(),
                  pod.map(p -> " in pod " + p).orElse(""),
                  String.join(", ", allowed)));
    }
  }

  /**
   * DENIED if an endpoint may not have its connections in another namespace than its own: a user's
   * may not, nor may root's that runs in a pod, unless {@code nsm.allow} names the pod.
   *
   * @param own the identity of the namespace of the endpoint's process
   */
  void checkMayBeElsewhere(
      UnixPeer endpoint, String service, String named, long own, Collection<Pod> pods) {
    if (endpoint.uid() != 0) {
      throw Fault.DENIED.because(
          "linux_namespace: "
              + named
              + " (expected: that of the endpoint's process, since it is not root's)");
    }
    for (Pod pod : pods) {
      boolean its =
          pod.alive()
              && pod.identity() == own
              && !pod.netns().equals(Netns.HOST)
              && !EndpointPods.owns(pod.ref());
      if (its && !config.advertisers(service).contains(pod.ref().toString())) {
        throw Fault.DENIED.because(
            "linux_namespace: %s (expected: that of pod %s, unless nsm.allow names it for service %s)"
                .formatted(named, pod.ref(), service));
      }
    }
  }

  /** The endpoint that a message advertises on this node; INVALID names the wrong value. */
  public static Endpoint endpoint(String node, NetworkServiceEndpoint message) {
    String namespace = message.getNseProviderNamesapce();
    return new Endpoint(
        node,
        namespace.isEmpty() ? "" : Names.name("nse_provider_namesapce", namespace),
        Names.name("nse_provider_name", message.getNseProviderName()),
        Names.name("network_service_name", message.getNetworkServiceName()),
        RequestedInterface.of(message.getInterfaceList()).stream()
            .map(RequestedInterface::type)
            .toList());
  }
}
