package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;
import java.util.Optional;

/** The parts of the room that hold its state, in memory, on disk and in the kernel. */
record SubnetState(
    SubnetRange range,
    Optional<SecondRange> second,
    LeaseKeeper keeper,
    MemberDirectory directory,
    PeerCarriers carriers,
    PeerReach reach,
    Allocations allocations,
    InjectedRoutes injected,
    KernelWorker kernel) {

  /** The addresses for pods; UNAVAILABLE before there is a subnet, CONFLICT if it was lost. */
  AddressPool pool() {
    Cidr own = keeper.subnet().orElseThrow(() -> Fault.UNAVAILABLE.because(noSubnet()));
    if (!keeper.held()) {
      throw Fault.CONFLICT.because(
          "subnet " + own + " belongs to another node; this one gets another when it is empty");
    }
    return new AddressPool(own);
  }

  /** Says that there is no subnet, and why. */
  String noSubnet() {
    return "this node has no subnet yet" + keeper.refusal().map(why -> ": " + why).orElse("");
  }
}
