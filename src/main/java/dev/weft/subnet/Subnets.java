package dev.weft.subnet;

import dev.weft.bus.ForMembers;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.List;

/** What can be asked of the subnet room. */
public interface Subnets {
  /**
   * A part of the cluster's range that is leased.
   *
   * @param holder a node id, or {@code agent/} and the id of an agent's node
   * @param live whether the holder is a member now
   * @param endpoint underlay address that pods' packets for it are sent to; null if not known
   * @param mtu of the overlay there, bytes; 0 if not known
   */
  record SubnetView(
      String subnet,
      String holder,
      String name,
      boolean self,
      boolean live,
      String endpoint,
      int mtu) {}

  /**
   * An address of this node's subnet in use.
   *
   * @param address with the subnet's prefix length
   * @param gateway the default route of its pod
   * @param attached whether the node gives the pod an interface with it
   * @param problem why the pod has no such interface yet, null if it has or wants none
   */
  record AddressView(
      PodRef pod, String node, String address, String gateway, boolean attached, String problem) {}

  /**
   * A route that this node keeps.
   *
   * @param via the device
   * @param member the member whose subnet it leads to, null for one that was injected
   * @param up whether the kernel has it
   * @param reason why not
   */
  record RouteView(
      String node, String destination, String via, String member, boolean up, String reason) {}

  /** What this node knows of all leases, by subnet. */
  Future<List<SubnetView>> leases();

  /**
   * Leases a subnet to one that is no member; the same holder gets the same again.
   *
   * @param outsider {@code agent/} and the id of an agent's node
   */
  Future<String> lease(String outsider);

  /**
   * Frees the subnet of a node that is gone for good. CONFLICT while it is a member; one that has
   * none is success.
   */
  Future<Void> free(String holder);

  /**
   * Makes this subnet the one that pods' addresses come from. The same again is success; another
   * one while addresses are in use, or one that another node has, is CONFLICT.
   */
  Future<Void> configure(String subnet);

  @ForMembers
  Future<List<AddressView>> addresses();

  /**
   * Gives a pod an address of this node's subnet; the same pod gets the same again.
   *
   * @param address {@code auto}, or one of the subnet
   */
  Future<AddressView> allocate(PodRef pod, String address);

  /**
   * {@link #allocate}, and an interface with it in the pod, which must be one of this node. Success
   * says that the kernel shows the interface; else PRECONDITION with the reason, and the address is
   * free again unless the pod had it before.
   */
  Future<AddressView> attach(PodRef pod, String address);

  /** Takes the address back, and the interface; a pod that has none is success. */
  Future<Void> release(PodRef pod);

  /** Routes to members and injected ones, by destination. */
  @ForMembers
  Future<List<RouteView>> routes();

  /**
   * Makes a kernel route, as {@code ip route add DESTINATION dev DEVICE}, and keeps it over
   * restarts. The same again is success; another device moves it.
   */
  Future<Void> inject(String destination, String device);

  /** Removes an injected route; one that is not there is success. */
  Future<Void> remove(String destination);
}
