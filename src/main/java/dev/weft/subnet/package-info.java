/**
 * Node subnets, pods' addresses, kernel routes and the overlay: every pod reaches every pod by
 * address.
 *
 * <p>Enters: membership and the members' signed records (subnet, underlay address, MAC), pods with
 * an address, and calls of {@code quilt.QuiltRuntime} and the API. Leaves: this node's lease, its
 * record in the owned table {@code subnets}, and kernel objects of the namespace that the node runs
 * in: the VXLAN device, one neighbour, one forwarding entry and one route for each other member,
 * injected routes, and a bridge with a veth pair for each pod with an address. Where VXLAN does not
 * reach a member, or is not wanted, a tunnel of {@code dev.weft.subnet.tunnel} or the devices of
 * {@code dev.weft.subnet.wireguard} take its place.
 *
 * <p>Kernel marks: links carry the alias {@code weft:<node id>:subnet:<what>}, routes the protocol
 * number 173. Nothing else is ever changed. Intents are on disk before the kernel is changed; a
 * pass on every change and every 5 s compares them with the kernel and corrects the differences.
 *
 * <p>Inside: {@code SubnetVerticle} starts and stops the room, {@code SubnetService} answers calls,
 * {@code SubnetPass} is one pass, {@code KernelWorker} runs what blocks, and {@code AgentVerticle}
 * keeps the agents' hosts, whose subnets come from the same {@code LeaseKeeper}.
 */
package dev.weft.subnet;
