package dev.weft.api;

import dev.weft.bus.Fault;
import dev.weft.pod.PodRef;
import dev.weft.subnet.Agents;
import dev.weft.subnet.Subnets;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Subnets and agents that remember what they are told and have no kernel. */
final class MemorySubnets implements Subnets, Agents {
  private final Map<PodRef, AddressView> addresses = new TreeMap<>();
  private final Map<String, RouteView> routes;

  /**
   * @param routes by destination
   */
  MemorySubnets(Map<String, RouteView> routes) {
    this.routes = routes;
  }

  @Override
  public Future<List<SubnetView>> leases() {
    return Future.succeededFuture(
        List.of(
            new SubnetView(
                "10.42.1.0/24",
                null,
                TestNode.ID,
                "n1",
                true,
                true,
                "192.0.2.1",
                1450,
                null,
                null,
                null)));
  }

  @Override
  public Future<String> lease(String outsider) {
    return Future.succeededFuture("10.42.9.0/24");
  }

  @Override
  public Future<Void> free(String holder) {
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> configure(String subnet) {
    return Future.succeededFuture();
  }

  @Override
  public Future<List<AddressView>> addresses() {
    return Future.succeededFuture(List.copyOf(addresses.values()));
  }

  @Override
  public Future<AddressView> allocate(PodRef pod, String address) {
    return give(pod, false);
  }

  @Override
  public Future<Void> checkAddress(PodRef pod, String address) {
    return address.equals("auto")
        ? Future.succeededFuture()
        : Future.failedFuture(Fault.invalid("address", address, "auto"));
  }

  @Override
  public Future<AddressView> attach(PodRef pod, String address) {
    return checkAddress(pod, address).compose(v -> give(pod, true));
  }

  private Future<AddressView> give(PodRef pod, boolean attached) {
    AddressView view =
        new AddressView(pod, TestNode.ID, "10.42.1.10/24", "10.42.1.1", null, null, attached, null);
    addresses.put(pod, view);
    return Future.succeededFuture(view);
  }

  @Override
  public Future<Void> release(PodRef pod) {
    addresses.remove(pod);
    return Future.succeededFuture();
  }

  @Override
  public Future<List<RouteView>> routes() {
    return Future.succeededFuture(List.copyOf(routes.values()));
  }

  @Override
  public Future<Boolean> keeps(String destination) {
    return Future.succeededFuture(false);
  }

  @Override
  public Future<Void> inject(String destination, String device) {
    routes.put(destination, new RouteView(TestNode.ID, destination, device, null, true, null));
    return Future.succeededFuture();
  }

  @Override
  public Future<Void> remove(String destination) {
    routes.remove(destination);
    return Future.succeededFuture();
  }

  @Override
  public Future<Registered> register(Registration host) {
    return Future.succeededFuture(new Registered(TestNode.ID, "10.42.9.0/24"));
  }

  @Override
  public Future<Void> heartbeat(String nodeId) {
    return Future.failedFuture(Fault.NOT_FOUND.because("node: " + nodeId));
  }

  @Override
  public Future<Void> deregister(String nodeId) {
    return Future.succeededFuture();
  }

  @Override
  public Future<List<AgentNode>> list() {
    return Future.succeededFuture(List.of());
  }
}
