package dev.weft.subnet;

import dev.weft.address.Cidr;
import dev.weft.bus.Fault;

/** What the room knows, in memory and on disk, and its way to the kernel. */
record SubnetState(
    SubnetRange range,
    LeaseKeeper keeper,
    MemberDirectory directory,
    Allocations allocations,
    InjectedRoutes injected,
    KernelWorker kernel) {

  /** The addresses that pods get; UNAVAILABLE before there is a subnet, CONFLICT if it was lost. */
  AddressPool pool() {
    Cidr own =
        keeper
            .subnet()
            .orElseThrow(
                () ->
                    Fault.UNAVAILABLE.because(
                        "this node has no subnet yet"
                            + keeper.refusal().map(why -> ": " + why).orElse("")));
    if (!keeper.held()) {
      throw Fault.CONFLICT.because(
          "subnet " + own + " belongs to another node; this one gets another when it is empty");
    }
    return new AddressPool(own);
  }
}
