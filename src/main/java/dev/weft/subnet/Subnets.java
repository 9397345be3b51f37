package dev.weft.subnet;

import dev.weft.bus.ForMembers;
import dev.weft.pod.PodRef;
import io.vertx.core.Future;
import java.util.List;

/** The calls that the subnet room answers. */
public interface Subnets {
  /**
   * A part of the cluster's range that is leased.
   *
   * @param subnet6 the part of {@code subnets.cidr6} beside it; null without
   * @param holder a node id, or {@code agent/} and the id of an agent's node
   * @param live whether the holder is a member now
   * @param endpoint underlay address to which pods' packets for it are sent; null if not known
   * @param mtu of the pods there, bytes; 0 if not known
   * @param carrier of packets from this node to another member: {@code vxlan}, {@code mesh} or
   *     {@code wireguard}; null if there is none
   * @param encrypted whether these packets are; null where there is no carrier
   * @param problem why they do not get there; null if they do, as far as this node can see
   */
  record SubnetView(
      String subnet,
      String subnet6,
      String holder,
      String name,
      boolean self,
      boolean live,
      String endpoint,
      int mtu,
      String carrier,
      Boolean encrypted,
      String problem) {}

  /**
   * An address of this node's subnet in use.
   *
   * @param address with the subnet's prefix length; null while the node has no subnet
   * @param gateway the default route of its pod; null as {@code address}
   * @param address6 its IPv6 address beside, with the prefix length; null without
   * @param gateway6 the default route of its pod for IPv6; null as {@code address6}
   * @param attached whether the node gives the pod an interface with it
   * @param problem why the pod has no such interface yet; null if it has or wants none
   */
  record AddressView(
      PodRef pod,
      String node,
      String address,
      String gateway,
      String address6,
      String gateway6,
      boolean attached,
      String problem) {}

  /**
   * A route that this node keeps.
   *
   * @param via the device
   * @param member the member to whose subnet the route leads; null for an injected route
   * @param up whether the kernel has the route
   * @param reason why the kernel does not have it; null if it does
   */
  record RouteView(
      String node, String destination, String via, String member, boolean up, String reason) {}

  /** All leases that this node knows, by subnet. */
  Future<List<SubnetView>> leases();

  /**
   * Leases a subnet to a host that is no member; the same holder gets the same subnet again.
   *
   * @param outsider {@code agent/} and the id of an agent's node
   */
  Future<String> lease(String outsider);

  /**
   * Frees the subnet of a node that is gone for good. CONFLICT while the node is a member, or an
   * agent's node that is up; NOT_FOUND for an id that has no subnet.
   *
   * @param holder a node's id, or that of an agent's node; with {@code agent/} before it the subnet
   *     alone is freed, which is success also if there is none
   */
  Future<Void> free(String holder);

  /**
   * Chooses the subnet from which pods get their addresses. Success also if it is the present one.
   * CONFLICT for another one while addresses are in use, and for one that another node has.
   */
  Future<Void> configure(String subnet);

  @ForMembers
  Future<List<AddressView>> addresses();

  /**
   * Gives a pod an address of this node's subnet; the same pod gets the same address again.
   *
   * @param address {@code auto}, or one of the subnet
   */
  Future<AddressView> allocate(PodRef pod, String address);

  /**
   * Fails as {@link #attach} would for an address that the pod cannot have, and changes nothing:
   * for callers that have more to do.
   */
  Future<Void> checkAddress(PodRef pod, String address);

  /**
   * As {@link #allocate}, and gives the pod, which must be one of this node, an interface with the
   * address. The wish is on disk when this completes, and the kernel has been tried once: the
   * view's {@code problem} says why the interface is not there yet. Before the node has a subnet
   * the pod waits for its address.
   */
  Future<AddressView> attach(PodRef pod, String address);

  /** Removes a pod's address and interface. Success also for a pod that has none. */
  Future<Void> release(PodRef pod);

  /** Routes to members and injected ones, by destination. */
  @ForMembers
  Future<List<RouteView>> routes();

  /**
   * Adds a kernel route, as {@code ip route add DESTINATION dev DEVICE}, and keeps it over
   * restarts. Success also if it exists; with another device the route is moved there.
   */
  Future<Void> inject(String destination, String device);

  /**
   * Whether a destination is exactly a member's subnet, to which the node itself keeps the route.
   */
  Future<Boolean> keeps(String destination);

  /** Removes an injected route. Success also if there is none. */
  Future<Void> remove(String destination);
}
